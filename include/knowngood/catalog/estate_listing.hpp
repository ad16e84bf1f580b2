// estate_listing: what there is of an estate: its artifacts by component, their sidecars, and what belongs to nobody.
//
// Layer: catalog. Made by discover() in discovery.hpp. Example:
//   for (const stored_artifact* one : to_verify(policy.components[i], estate.components[i])) ...
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/directory.hpp"

namespace knowngood {

/// A file that should lie beside an artifact.
struct sidecar {
  std::string path;
  bool present = false;

  friend bool operator==(const sidecar&, const sidecar&) = default;
};

/// One backup as stored.
struct stored_artifact {
  std::string path;                   ///< to open; below the estate's root as the policy writes it
  std::string name;                   ///< the last part of it
  std::string series;                 ///< empty without {series}
  std::string timestamp_text;         ///< as the name spells it
  std::optional<moment> timestamp;    ///< the first moment that the name can mean
  std::optional<moment> latest;       ///< the last one: the end of the day for a name without a time
  std::chrono::seconds precision{0};  ///< of the name: a second, a minute, an hour, a day
  bool directory = false;
  bool symlink = false;
  std::uint64_t size = 0;           ///< stored bytes; of a directory, of all regular files in it
  moment modified{};                ///< of the file; said, never judged
  file_identity identity;           ///< two names of one file have the same
  std::optional<sidecar> checksum;  ///< none: the policy promises none
  std::optional<sidecar> manifest;
  std::vector<std::string> parts;           ///< paths, in order, where it was split; then there is no file at `path`
  std::vector<std::string> missing;         ///< of those that are not there, by name
  std::vector<std::string> part_checksums;  ///< promised of it, and there for its parts instead
};

/// What there is of one component.
struct component_listing {
  std::size_t component = 0;  ///< index into `policy::components`
  std::string directory;
  std::vector<stored_artifact> artifacts;  ///< oldest first; those without a date before all others
  std::vector<finding> findings;           ///< missing directory, bad date, a link that leads nowhere
  bool listed = false;                     ///< whether the directory could be read: otherwise absence proves nothing
};

/// What there is of an estate.
struct estate_listing {
  std::vector<component_listing> components;  ///< as in the policy
  std::vector<std::string> lists;             ///< checksum lists beside artifacts that no component promises
  std::vector<finding> findings;              ///< files that belong to no component
  std::vector<environment_error> unchecked;   ///< directories and files that could not be looked at
};

/// The artifacts that `component.verify_newest` asks for: the newest N of each series, those without a date always.
/// Oldest first. The pointers are into `listing`.
inline std::vector<const stored_artifact*> to_verify(const component_policy& component,
                                                     const component_listing& listing) {
  std::map<std::string, std::uint64_t> chosen;
  std::vector<const stored_artifact*> artifacts;
  for (auto one = listing.artifacts.rbegin(); one != listing.artifacts.rend(); ++one) {
    if (!one->timestamp || !component.verify_newest || chosen[one->series]++ < *component.verify_newest) {
      artifacts.push_back(&*one);
    }
  }
  std::reverse(artifacts.begin(), artifacts.end());
  return artifacts;
}

/// Pairs of artifacts that are one file under two names (hard or symbolic links), newer after older; what that amounts
/// to is `component_policy::identical()`'s to say.
inline std::vector<std::pair<const stored_artifact*, const stored_artifact*>> same_files(
    const component_listing& listing) {
  std::vector<std::pair<const stored_artifact*, const stored_artifact*>> pairs;
  std::map<file_identity, const stored_artifact*> seen;
  for (const auto& artifact : listing.artifacts) {
    const auto [known, fresh] = seen.emplace(artifact.identity, &artifact);
    if (!fresh) pairs.emplace_back(known->second, &artifact);
  }
  return pairs;
}

}  // namespace knowngood
