// read_earlier_artifacts: what the reports of a ledger say of an estate's artifacts, for the night that compares with
// them.
//
// Layer: verify. A ledger is one estate's: components are told by name and by the directory that they lie in.
//   verify_plan plan = plan_policy(estate, now, {}, bounds, read_earlier_artifacts("/var/lib/knowngood", estate, now));
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "knowngood/base/time.hpp"
#include "knowngood/catalog/artifact_history.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/ledger/earlier_reports.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

struct earlier_artifacts {
  artifact_history history;
  earlier_problems problems;
};

/// Reads the verifications in the ledger at `path` that began before `now`, the newest first, until every component has
/// the predecessors that its policy asks for; at most a hundred of them, and none where nothing is judged by them.
/// Nothing where there is no ledger yet.
inline earlier_artifacts read_earlier_artifacts(const std::string& path, const policy& estate, moment now) {
  constexpr std::size_t most = 100;
  earlier_artifacts earlier;
  std::map<std::string, std::size_t> wanted;
  for (const auto& component : estate.components) {
    if (!component.size_drift && component.identical() != identical_content::error) continue;
    const bool dated = std::any_of(component.names.begin(), component.names.end(),
                                   [](const name_pattern& name) { return name.has_timestamp(); });
    if (!dated) continue;
    // of each series; twice, for some of them are wanting, and the newest of today may have been seen already
    wanted[component.name] = 2 * (component.size_history + 1) * std::max<std::size_t>(component.series.size(), 1);
  }
  std::map<std::string, std::set<std::string>> seen;  // paths, by component
  std::size_t read = 0;
  if (wanted.empty()) return earlier;
  earlier.problems = each_earlier_report(
      path, now, [](const ledger_entry& entry) { return entry.about.tool == "verify"; },
      [&](const report& one) {
        for (const auto& artifact : one.artifacts) {
          if (!wanted.contains(artifact.component) || !artifact.timestamp || !artifact.size) continue;
          const auto digest = artifact.digests.find("SHA256");
          const bool sound = artifact.verdict == verdict::sound || artifact.verdict == verdict::unprotected;
          earlier.history.add(artifact.component, {artifact.path, "", *artifact.timestamp, *artifact.size,
                                                   digest == artifact.digests.end() ? "" : digest->second, sound});
          seen[artifact.component].insert(artifact.path);
        }
        return ++read < most && std::any_of(wanted.begin(), wanted.end(), [&](const auto& one_wanted) {
          return seen[one_wanted.first].size() < one_wanted.second;
        });
      });
  return earlier;
}

}  // namespace knowngood
