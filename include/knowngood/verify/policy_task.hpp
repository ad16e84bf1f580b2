// task_of: an artifact that a policy knows, as the task of verifying it with all that the policy promises about it.
//
// Layer: verify. Example: artifact_task task = task_of(estate, component, artifact, now);
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/file_name.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/discovery.hpp"
#include "knowngood/catalog/freshness.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/verify/artifact_task.hpp"

namespace knowngood {

/// What a volume or the logs hold is the application's: a broken file in there was broken before it was backed up. In a
/// full backup the volumes' and logs' archives are told by the names that the policy gives them.
inline std::function<bool(const location&)> application_data_of(const policy& estate,
                                                                const component_policy& component) {
  if (component.kind == component_kind::volume || component.kind == component_kind::logs) {
    return [](const location&) { return true; };
  }
  std::vector<name_pattern> volumes;
  for (const auto& other : estate.components) {
    if (other.kind == component_kind::volume || other.kind == component_kind::logs) {
      volumes.insert(volumes.end(), other.names.begin(), other.names.end());
    }
  }
  return [volumes = std::move(volumes)](const location& where) {
    // the chain is artifact, member, member of that member: only what lies inside a volume's archive is soft
    for (std::size_t i = 1; i + 1 < where.chain().size(); ++i) {
      const std::string& name = where.chain()[i];
      const std::string file = std::string{file_name_of(name)};
      for (const auto& pattern : volumes) {
        if (pattern.match(file)) return true;
      }
    }
    return false;
  };
}

/// Where the policy says that parts of a data directory in `artifact` lie: in the artifacts of the named components
/// that are of the same time, and in those components' directories.
inline std::vector<std::string> holders_of(const policy& estate, const estate_listing& listing,
                                           const component_policy& component, const stored_artifact& artifact) {
  std::vector<std::string> paths;
  for (const auto& other : listing.components) {
    const component_policy& holder = estate.components[other.component];
    if (std::find(component.held_by.begin(), component.held_by.end(), holder.name) == component.held_by.end()) continue;
    for (const auto& one : other.artifacts) {
      const bool dated = one.timestamp && artifact.timestamp;
      const auto apart = dated ? std::chrono::abs(*one.timestamp - *artifact.timestamp) : std::chrono::seconds{0};
      if (apart <= std::max(component.grace, holder.grace)) paths.push_back(one.path);
    }
    paths.push_back(other.directory);
  }
  return paths;
}

/// `artifact` is a file of `component`, found at `now`.
inline artifact_task task_of(const policy& estate, const component_policy& component, const stored_artifact& artifact,
                             moment now) {
  artifact_task task;
  task.path = artifact.path;
  task.component = component.name;
  task.kind = component.kind;
  task.timestamp = artifact.timestamp;
  task.modified = artifact.modified;
  task.size = artifact.size;
  task.parts = artifact.parts;
  task.missing = artifact.missing;
  task.checksum_files = artifact.part_checksums;
  task.known = judge_sidecars(component, artifact, now);
  if (artifact.checksum && artifact.checksum->present) task.promised_checksum = artifact.checksum->path;
  if (artifact.manifest && artifact.manifest->present) {
    task.manifest = artifact.manifest->path;
    task.manifest_format = component.manifest_format;
  }
  task.application_data = application_data_of(estate, component);
  task.opaque_accepted = component.content == expected_content::opaque;
  return task;
}

}  // namespace knowngood
