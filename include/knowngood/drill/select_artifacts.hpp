// select_artifacts: verifies what a drill is to restore, and where the newest is not sound falls back to an older one.
//
// Layer: drill. The first step of every target; what verification finds stands in the artifacts' own reports.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/drill/drill_settings.hpp"
#include "knowngood/drill/step_recorder.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/verify_task.hpp"

namespace knowngood {

namespace detail {

constexpr bool may_be_restored(verdict value) noexcept {
  return value == verdict::sound || value == verdict::unprotected;
}

// What was wrong with an artifact, in a few words.
inline std::string why_not(const artifact_report& artifact) {
  std::string checks;
  for (const auto& one : artifact.findings) {
    if (one.severity != severity::error || checks.find(one.check) != std::string::npos) continue;
    checks += (checks.empty() ? "" : ", ") + one.check;
  }
  if (!checks.empty()) return checks;
  return artifact.unchecked.empty() ? std::string{to_string(artifact.verdict)} : artifact.unchecked.front().message;
}

}  // namespace detail

/// Verifies the candidates of every target, newest first, until one is sound, each as a step `verify-artifact`. Adds
/// every report to `reports`. Returns what can be restored, in the plan's order; for a target without any, a step
/// `restore` is recorded as skipped. What is not verified is not restored.
inline std::vector<drill_item> select_artifacts(const drill_plan& plan, const drill_settings& settings,
                                                step_recorder& steps, std::vector<artifact_report>& reports) {
  verify_options options;
  options.bounds = settings.bounds;
  options.stop = settings.stop;
  if (settings.progress != nullptr) {
    options.on_bytes = [board = settings.progress](std::uint64_t bytes) { board->add_bytes(bytes); };
  }
  std::vector<drill_item> items;
  for (const auto& target : plan.targets) {
    std::string refused;
    verdict worst = verdict::unchecked;  // of those that were refused: unsound counts for more than unchecked
    bool found = false;
    for (const auto& candidate : target.candidates) {
      const step_name name{drill_steps::verify_artifact, target.component, candidate.task.path};
      artifact_report verified;
      bool carried_out = false;
      steps.run(name, target.policy.allow_skip, [&](step_report& step) {
        verified = verify_task(candidate.task, options);
        verified.component = target.component;
        carried_out = true;
        step.bytes = verified.size.value_or(0);
        step.verdict = verified.verdict;
        if (detail::may_be_restored(verified.verdict) && !refused.empty()) {
          const bool unsound = worst == verdict::unsound;
          step.findings.push_back(
              make_finding(checks::drill_older_artifact, location{candidate.task.path},
                           unsound ? "an older artifact was taken, for the newest is not sound"
                                   : "an older artifact was taken, for the newest cannot be checked",
                           "the newest: " + printable(target.candidates.front().task.path), refused));
          // what stood in the way there is said there, and is no fault of the backup
          if (!unsound) step.findings.back().severity = severity::warning;
        }
      });
      if (!carried_out) break;  // skipped, or not possible
      reports.push_back(verified);
      if (detail::may_be_restored(verified.verdict)) {
        items.push_back(item_of(target, candidate, verified));
        found = true;
        break;
      }
      if (refused.empty()) refused = detail::why_not(verified);
      if (verified.verdict == verdict::unsound) worst = verdict::unsound;
    }
    if (!found) {
      const std::string why = refused.empty()               ? "it was not verified"
                              : worst == verdict::unchecked ? "the artifact could not be verified: " + refused
                                                            : "the artifact is not sound: " + refused;
      const bool asked_for = refused.empty() && settings.skip.contains(std::string{drill_steps::verify_artifact.name});
      steps.forgo({drill_steps::restore, target.component, target.candidates.front().task.path}, why,
                  target.policy.allow_skip, asked_for ? verdict::unsound : worst);
    }
  }
  return items;
}

}  // namespace knowngood
