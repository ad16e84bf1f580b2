// verdict_of, overall_verdict, judge_report: what findings, parts of a report and a whole report are worth. Nothing
// else computes that.
//
// Layer: report. A part is worth the worst of what it states and what it holds: a report that contradicts itself is
// worth its worst part. Example: result.complete = true; judge_report(result, {location{}, "nothing there", "look"});
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// A defect outweighs what could not be checked.
inline verdict verdict_of(const std::vector<finding>& findings, const std::vector<unchecked_item>& unchecked = {}) {
  return has_error(findings) ? verdict::unsound : unchecked.empty() ? verdict::sound : verdict::unchecked;
}

inline verdict verdict_of(const artifact_report& artifact) {
  return worse(artifact.verdict, verdict_of(artifact.findings, artifact.unchecked));
}

inline verdict verdict_of(const step_report& step) {
  return worse(step.verdict, verdict_of(step.findings, step.unchecked));
}

/// The worst of what a report says about a component of its own.
inline verdict component_verdict(const report& of, const component_report& component) {
  verdict worst = worse(component.verdict, verdict_of(component.findings));
  for (const auto& artifact : of.artifacts) {
    if (artifact.component == component.name) worst = worse(worst, verdict_of(artifact));
  }
  for (const auto& step : of.steps) {
    if (step.component == component.name) worst = worse(worst, verdict_of(step));
  }
  return worst;
}

/// The worst of everything in a report.
inline verdict overall_verdict(const report& of) {
  verdict worst = worse(of.verdict, verdict_of(of.findings, of.unchecked));
  for (const auto& component : of.components)
    worst = worse(worst, worse(component.verdict, verdict_of(component.findings)));
  for (const auto& artifact : of.artifacts) worst = worse(worst, verdict_of(artifact));
  for (const auto& step : of.steps) worst = worse(worst, verdict_of(step));
  for (const auto& recovery : of.recoveries) worst = worse(worst, recovery.verdict);
  return worst;
}

/// What a program exits with that came to `of` (interruption and leftovers aside).
inline int exit_code_of(const report& of) {
  if (of.verdict == verdict::unsound) return exit_code::unsound;
  if (of.strict && count_findings(of).warnings > 0) return exit_code::unsound;
  return of.verdict == verdict::unchecked ? exit_code::unchecked : exit_code::sound;
}

/// Fills in verdicts and exit code at the end of a run: of each component, then of the whole. `nothing_done`: says that
/// the run looked at nothing, for one that did so; where it found nothing wrong either, it is `unchecked` for that.
inline void judge_report(report& of, const unchecked_item* nothing_done) {
  for (auto& component : of.components) {
    component.verdict = verdict::sound;
    component.verdict = component_verdict(of, component);
  }
  of.verdict = verdict::sound;
  of.verdict = overall_verdict(of);
  if (nothing_done != nullptr && of.verdict == verdict::sound) {
    of.unchecked.push_back(*nothing_done);
    of.verdict = verdict::unchecked;
  }
  if (!of.complete) of.verdict = worse(of.verdict, verdict::unchecked);
  of.exit_code = exit_code_of(of);
}

}  // namespace knowngood
