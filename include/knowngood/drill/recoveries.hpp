// judge_recoveries: how long each component took to restore and how old it then is, against the policy's objectives.
//
// Layer: drill. A recovery is all steps that a real one has too: verifying, unpacking, cloning, starting, loading; not
// the comparisons and checks that only a rehearsal makes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/restored.hpp"

namespace knowngood {

namespace detail {

inline std::int64_t whole_seconds(double seconds) { return static_cast<std::int64_t>(std::ceil(seconds)); }

// `newest_unknown`: an older artifact was restored because a newer one could not be checked, which says nothing of it.
inline void judge(recovery_report& recovery, const location& where, bool newest_unknown,
                  std::vector<finding>& findings) {
  const auto text = [](std::int64_t seconds) { return format_duration(std::chrono::seconds{seconds}); };
  if (recovery.rto_seconds && whole_seconds(recovery.seconds) > *recovery.rto_seconds) {
    findings.push_back(make_finding(checks::drill_rto, where, "the restore takes longer than its objective",
                                    "at most " + text(*recovery.rto_seconds), text(whole_seconds(recovery.seconds))));
    recovery.verdict = verdict::unsound;
  }
  if (recovery.rpo_seconds && recovery.age_seconds && *recovery.age_seconds > *recovery.rpo_seconds) {
    findings.push_back(make_finding(checks::drill_rpo, where, "the restored state is older than its objective",
                                    "at most " + text(*recovery.rpo_seconds) + " old",
                                    text(*recovery.age_seconds) + " old"));
    if (newest_unknown) findings.back().severity = severity::warning;
    recovery.verdict = worse(recovery.verdict, newest_unknown ? verdict::unchecked : verdict::unsound);
  }
}

}  // namespace detail

/// Adds to `result` a recovery for each component of `plan` of which something was restored, and one for everything
/// together where that is so of all of them; findings go to the components. A recovery is as good as the steps that
/// restored it, and its objectives. The age is that of the oldest artifact that was restored for the component.
inline void judge_recoveries(const drill_plan& plan, report& result) {
  std::map<std::string, recovery_report> by_component;
  recovery_report all;
  const auto oldest = [](std::optional<std::int64_t>& age, std::int64_t seconds) {
    age = std::max(age.value_or(seconds), seconds);
  };
  for (const auto& step : result.steps) {
    if (!is_recovery_step(step.name) || step.skipped) continue;
    all.seconds += step.seconds;
    recovery_report& own = by_component[step.component];
    own.seconds += step.seconds;
    if (restores_content(step.name)) own.verdict = worse(own.verdict, step.verdict);
    if (step.name != drill_steps::verify_artifact.name) continue;
    for (const auto& artifact : result.artifacts) {
      if (artifact.verdict != verdict::sound && artifact.verdict != verdict::unprotected) continue;  // not restored
      const auto when = artifact.timestamp ? artifact.timestamp : artifact.modified;
      if (artifact.path != step.artifact || artifact.component != step.component || !when) continue;
      oldest(own.age_seconds, (result.started - *when).count());
      oldest(all.age_seconds, (result.started - *when).count());
    }
  }
  bool whole = was_restored(result, "");
  for (const auto& target : plan.targets) {
    whole = whole && (target.component.empty() || was_restored(result, target.component));
    const auto found = by_component.find(target.component);
    if (found == by_component.end()) continue;
    if (target.policy.rto) found->second.rto_seconds = target.policy.rto->count();
    if (target.policy.rpo) found->second.rpo_seconds = target.policy.rpo->count();
  }
  for (auto& component : result.components) {
    const auto found = by_component.find(component.name);
    if (found == by_component.end() || !was_restored(result, component.name)) continue;
    found->second.component = component.name;
    const auto is = [&](verdict value) {
      return std::any_of(result.artifacts.begin(), result.artifacts.end(), [&](const artifact_report& artifact) {
        return artifact.component == component.name && artifact.verdict == value;
      });
    };
    const bool newest_unknown = is(verdict::unchecked) && !is(verdict::unsound);
    detail::judge(found->second, location{component.name}, newest_unknown, component.findings);
    all.verdict = worse(all.verdict, found->second.verdict);
    result.recoveries.push_back(found->second);
  }
  if (result.components.empty()) all.verdict = by_component[""].verdict;
  if (whole) result.recoveries.push_back(all);
}

}  // namespace knowngood
