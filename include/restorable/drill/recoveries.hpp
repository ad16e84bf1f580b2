// judge_recoveries: how long each component took to restore and how old it then is, against the policy's objectives.
//
// Layer: drill. A recovery is all steps that a real one has too: verifying, unpacking, cloning, starting, loading; not
// the comparisons and checks that only a rehearsal makes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/recovery_step.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/time.hpp"
#include "restorable/drill/drill_plan.hpp"

namespace restorable {

namespace detail {

inline std::int64_t whole_seconds(double seconds) { return static_cast<std::int64_t>(std::ceil(seconds)); }

inline void judge(recovery_report& recovery, const location& where, std::vector<finding>& findings) {
  const auto text = [](std::int64_t seconds) { return format_duration(std::chrono::seconds{seconds}); };
  if (recovery.rto_seconds && whole_seconds(recovery.seconds) > *recovery.rto_seconds) {
    findings.push_back(make_finding(checks::drill_rto, where, "the restore takes longer than its objective",
                                    "at most " + text(*recovery.rto_seconds), text(whole_seconds(recovery.seconds))));
    recovery.verdict = verdict::unsound;
  }
  if (recovery.rpo_seconds && recovery.age_seconds && *recovery.age_seconds > *recovery.rpo_seconds) {
    findings.push_back(make_finding(checks::drill_rpo, where, "the restored state is older than its objective",
                                    "at most " + text(*recovery.rpo_seconds) + " old", text(*recovery.age_seconds) + " old"));
    recovery.verdict = verdict::unsound;
  }
}

}  // namespace detail

/// Adds to `result` a recovery for each component of `plan` whose steps it has, and one for everything together; findings
/// go to the components. The age is that of the oldest artifact that was restored for the component.
inline void judge_recoveries(const drill_plan& plan, report& result) {
  std::map<std::string, recovery_report> by_component;
  recovery_report all;
  const auto oldest = [](std::optional<std::int64_t>& age, std::int64_t seconds) { age = std::max(age.value_or(seconds), seconds); };
  for (const auto& step : result.steps) {
    if (!is_recovery_step(step.name) || step.skipped) continue;
    all.seconds += step.seconds;
    recovery_report& own = by_component[step.component];
    own.seconds += step.seconds;
    if (step.name != "verify-artifact") continue;
    for (const auto& artifact : result.artifacts) {
      if (artifact.verdict != verdict::sound && artifact.verdict != verdict::unprotected) continue;  // not restored
      const auto when = artifact.timestamp ? artifact.timestamp : artifact.modified;
      if (artifact.path != step.artifact || artifact.component != step.component || !when) continue;
      oldest(own.age_seconds, (result.started - *when).count());
      oldest(all.age_seconds, (result.started - *when).count());
    }
  }
  for (const auto& target : plan.targets) {
    const auto found = by_component.find(target.component);
    if (found == by_component.end()) continue;
    if (target.wishes.rto) found->second.rto_seconds = target.wishes.rto->count();
    if (target.wishes.rpo) found->second.rpo_seconds = target.wishes.rpo->count();
  }
  for (auto& component : result.components) {
    const auto found = by_component.find(component.name);
    if (found == by_component.end()) continue;
    found->second.component = component.name;
    detail::judge(found->second, location{component.name}, component.findings);
    all.verdict = worse(all.verdict, found->second.verdict);
    result.recoveries.push_back(found->second);
  }
  if (all.seconds > 0) result.recoveries.push_back(all);
}

}  // namespace restorable
