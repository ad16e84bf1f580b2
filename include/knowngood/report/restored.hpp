// was_restored, restored_recoveries: of which components a drill has restored anything, by the steps that did it.
//
// Layer: report. No recovery time says anything of a component of which nothing was restored, whatever the reason.
// Example: for (const auto& recovery : restored_recoveries(report)) show(recovery.seconds);
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "knowngood/base/severity.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// Whether a step has restored something: it was carried out, and nothing kept it from being done.
inline bool has_restored(const step_report& step) {
  return !step.skipped && step.verdict != verdict::unchecked && restores_content(step.name);
}

/// Whether anything was restored of a component; of anything at all for the empty name.
inline bool was_restored(const report& of, std::string_view component) {
  return std::any_of(of.steps.begin(), of.steps.end(), [&](const step_report& step) {
    return (component.empty() || step.component == component) && has_restored(step);
  });
}

/// The recoveries of a report whose steps bear them out; that of everything together only where all others are.
inline std::vector<recovery_report> restored_recoveries(const report& of) {
  std::vector<recovery_report> found;
  bool all = true;
  for (const auto& one : of.recoveries) {
    const bool restored = was_restored(of, one.component) && (all || !one.component.empty());
    if (restored) found.push_back(one);
    all = all && restored;
  }
  return found;
}

}  // namespace knowngood
