// artifact_history: what earlier runs saw of a component's artifacts, those among them that retention has removed
// since.
//
// Layer: catalog. Filled by verify/earlier_artifacts.hpp from a ledger's reports; sizes and stuck jobs are judged by
// it.
//   for (const past_artifact& one : history.of(component, listing)) ... one.series, one.size ...
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/discovery.hpp"

namespace knowngood {

/// An artifact as the newest of the earlier runs that read it saw it.
struct past_artifact {
  std::string path;
  std::string series;      ///< as the policy of today tells it from the name
  moment timestamp{};      ///< that its name states
  std::uint64_t size = 0;  ///< stored bytes
  std::string sha256;      ///< hex; empty where it was not known
  bool sound = false;      ///< false when something was wrong with it: its size is nobody's measure
};

class artifact_history {
 public:
  /// Reports are added newest first: what is known of a path already stays.
  void add(const std::string& component, past_artifact one) {
    by_component_[component].try_emplace(one.path, std::move(one));
  }

  /// Those that lie, or lay, in the component's directory under a name of its pattern, oldest first.
  [[nodiscard]] std::vector<past_artifact> of(const component_policy& component,
                                              const component_listing& listing) const {
    std::vector<past_artifact> found;
    const auto known = by_component_.find(component.name);
    if (known == by_component_.end()) return found;
    for (const auto& [path, seen] : known->second) {
      const std::size_t slash = path.rfind('/');
      if (slash == std::string::npos || path.substr(0, slash) != listing.directory) continue;
      for (const auto& pattern : component.names) {
        const auto said = pattern.match(path.substr(slash + 1));
        if (!said) continue;
        found.push_back(seen);
        found.back().series = said->series;
        break;
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; });
    return found;
  }

 private:
  std::map<std::string, std::map<std::string, past_artifact>> by_component_;  // by path
};

}  // namespace knowngood
