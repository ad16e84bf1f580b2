// judge_trend: recovery times against those of earlier drills.
//
// Layer: drill. Example: judge_trend(earlier, result) with the recoveries of the drills in a ledger.
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// Whether two drills restored the same components, however long they took.
inline bool same_components(const std::vector<recovery_report>& a, const std::vector<recovery_report>& b) {
  const auto names = [](const std::vector<recovery_report>& all) {
    std::set<std::string_view> found;
    for (const auto& one : all) found.insert(one.component);
    return found;
  };
  return names(a) == names(b);
}

/// A warning for each component, and for everything together, that took more than half as long again as the median of
/// `earlier`, the recoveries of earlier drills, and more than five seconds longer. Fewer than three are no trend.
/// Everything together is compared with drills of the same components only: one of a part takes less time.
inline void judge_trend(const std::vector<std::vector<recovery_report>>& earlier, report& result) {
  constexpr std::size_t least = 3;
  for (const auto& now : result.recoveries) {
    std::vector<double> before;
    for (const auto& drill : earlier) {
      if (now.component.empty() && !same_components(drill, result.recoveries)) continue;
      for (const auto& one : drill) {
        if (one.component == now.component) before.push_back(one.seconds);
      }
    }
    if (before.size() < least) continue;
    std::sort(before.begin(), before.end());
    const double median = before[before.size() / 2];
    if (now.seconds <= median * 1.5 || now.seconds <= median + 5) continue;
    const std::string who = now.component.empty() ? "everything together" : now.component;
    result.findings.push_back(
        make_finding(checks::drill_slower, location{who}, "the restore took much longer than earlier drills",
                     fmt::format("about {}, the median of {} drills", format_elapsed(median), before.size()),
                     format_elapsed(now.seconds)));
  }
}

}  // namespace knowngood
