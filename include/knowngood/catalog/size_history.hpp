// size_history: whether artifacts are as large as they should be: not below a minimum, not far from their predecessors.
//
// Layer: catalog. Stored bytes, as compressed; a dump that holds nothing is a few hundred of them. Predecessors are
// those that are still there, and with a ledger those that retention has removed too.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/artifact_history.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/discovery.hpp"
#include "knowngood/catalog/freshness.hpp"

namespace knowngood {

/// The middle of `sizes`, or the mean of the two middle ones. `sizes` is not empty.
inline double median_size(std::vector<std::uint64_t> sizes) {
  std::sort(sizes.begin(), sizes.end());
  const std::size_t middle = sizes.size() / 2;
  const auto upper = static_cast<double>(sizes[middle]);
  return sizes.size() % 2 == 1 ? upper : (static_cast<double>(sizes[middle - 1]) + upper) / 2;
}

/// A finding when `size` is further from the median of `predecessors` than `drift` (0.5 is 50 %) of it; never with
/// fewer than `least_size_history` of them.
inline std::optional<finding> judge_drift(const location& where, std::uint64_t size,
                                          const std::vector<std::uint64_t>& predecessors, double drift) {
  if (predecessors.size() < least_size_history) return std::nullopt;
  const double median = median_size(predecessors);
  const double least = std::max(0.0, median * (1 - drift));
  const double most = median * (1 + drift);
  const auto actual = static_cast<double>(size);
  if (actual >= least && actual <= most) return std::nullopt;
  const std::string change = median > 0 ? fmt::format(", {:+.0f}%", (actual / median - 1) * 100) : "";
  return make_finding(checks::size_drift, where,
                      fmt::format("the size is far from the median of its {} predecessors", predecessors.size()),
                      fmt::format("{:.0f} to {:.0f} bytes: {:g}% around {:.0f}", std::ceil(least), std::floor(most),
                                  drift * 100, median),
                      fmt::format("{} bytes{}", size, change));
}

/// A finding when `artifact` is smaller than the component's minimum.
inline std::optional<finding> judge_minimum(const component_policy& component, const stored_artifact& artifact) {
  if (!component.min_size || artifact.size >= *component.min_size) return std::nullopt;
  return make_finding(checks::size_minimum, location{artifact.path}, "the artifact is smaller than its minimum",
                      fmt::format("at least {} bytes ({})", *component.min_size, format_byte_size(*component.min_size)),
                      fmt::format("{} bytes", artifact.size));
}

/// The sizes of the artifacts before the newest of `artifacts`, which are one series, oldest first, and of those among
/// `past` that are gone; the latest first, at most `most`. One that an earlier run found wanting is left out: a week of
/// failing backups must not become what backups are measured by.
inline std::vector<std::uint64_t> predecessor_sizes(const std::vector<const stored_artifact*>& artifacts,
                                                    const std::vector<past_artifact>& past, std::uint64_t most) {
  const stored_artifact& newest = *artifacts.back();
  std::map<std::string_view, const past_artifact*> seen;
  for (const auto& one : past) seen.emplace(one.path, &one);
  std::vector<std::pair<moment, std::uint64_t>> before;
  for (const stored_artifact* one : artifacts) {
    const auto known = seen.find(one->path);
    const bool wanting = known != seen.end() && known->second->size == one->size && !known->second->sound;
    if (one != &newest && !wanting) before.emplace_back(*one->timestamp, one->size);
    if (known != seen.end()) seen.erase(known);
  }
  for (const auto& [path, one] : seen) {
    if (one->series == newest.series && one->sound && one->timestamp < *newest.timestamp)
      before.emplace_back(one->timestamp, one->size);
  }
  std::stable_sort(before.begin(), before.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::uint64_t> sizes;
  for (std::size_t i = 0; i < before.size() && i < most; ++i) sizes.push_back(before[i].second);
  return sizes;
}

/// Findings about the sizes of a component's artifacts: the minimum for each, the drift for the newest of each series
/// that is not in the future of `now`. What may still be being written is no finding above `note`. `past`: of this
/// component, as earlier runs saw it.
inline std::vector<finding> judge_sizes(const component_policy& component, const component_listing& listing, moment now,
                                        const std::vector<past_artifact>& past = {}) {
  std::vector<finding> findings;
  std::map<std::string, std::vector<const stored_artifact*>> by_series;
  for (const auto& artifact : listing.artifacts) {
    const bool soon = may_be_growing(component, artifact, now);
    if (auto what = judge_minimum(component, artifact)) {
      if (soon) what->severity = severity::note;
      findings.push_back(std::move(*what));
    }
    if (artifact.timestamp && !is_future(artifact, now)) by_series[artifact.series].push_back(&artifact);
  }
  if (!component.size_drift) return findings;
  for (const auto& [series, artifacts] : by_series) {
    if (may_be_growing(component, *artifacts.back(), now)) continue;
    const auto predecessors = predecessor_sizes(artifacts, past, component.size_history);
    if (auto what = judge_drift(location{artifacts.back()->path}, artifacts.back()->size, predecessors,
                                *component.size_drift)) {
      findings.push_back(std::move(*what));
    }
  }
  return findings;
}

}  // namespace knowngood
