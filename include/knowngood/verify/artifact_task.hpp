// artifact_task: one artifact that is to be verified, and what is promised about it.
//
// Layer: verify. Made from a policy (policy_plan.hpp) or from paths (path_plan.hpp), done by artifact_verifier.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"

namespace knowngood {

class checksum_file;

struct artifact_task {
  std::string path;                    ///< to open; `-` is standard input
  std::vector<std::string> parts;      ///< paths of what is to be read instead, one after the other: it was split
  bool directory = false;              ///< `parts` are the files of a directory, which is one backup
  std::vector<std::string> missing;    ///< of those that are not there, by name
  std::string component;               ///< empty without a policy
  std::optional<component_kind> kind;  ///< that its content must be; nothing without a policy
  std::optional<moment> timestamp;     ///< the moment that its name states
  std::optional<moment> modified;
  std::optional<std::uint64_t> size;                                       ///< stored bytes, as found
  std::vector<std::string> checksum_files;                                 ///< that may vouch for it, all of them there
  std::map<std::string, std::shared_ptr<const checksum_file>> read_lists;  ///< those of them that were read already
  std::optional<std::string> promised_checksum;                            ///< a checksum file that must be there
  std::optional<std::string> manifest;                                     ///< its manifest, where there is one
  std::optional<std::string> promised_manifest;                            ///< a manifest that must be there
  std::optional<manifest_kind> manifest_format;                            ///< nothing: by the manifest's name
  bool content = false;  ///< a file of a volume that is stored as a directory: an application's, and no backup itself
  std::function<bool(const location&)> application_data;  ///< see inspection_options
  bool opaque_accepted = false;                           ///< see inspection_options
  std::vector<std::string> holders;                       ///< paths that may hold parts of its data directory
  std::vector<finding> known;                             ///< what is known about it already
};

}  // namespace knowngood
