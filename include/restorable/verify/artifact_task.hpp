// artifact_task: one artifact that is to be verified, and what is promised about it.
//
// Layer: verify. Made from a policy (policy_plan.hpp) or from paths (path_plan.hpp), done by artifact_verifier.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "restorable/base/finding.hpp"
#include "restorable/base/location.hpp"
#include "restorable/base/time.hpp"
#include "restorable/catalog/component_policy.hpp"

namespace restorable {

struct artifact_task {
  std::string path;                             ///< to open; `-` is standard input
  std::string component;                        ///< empty without a policy
  std::optional<component_kind> kind;           ///< that its content must be; nothing without a policy
  std::optional<moment> timestamp;              ///< the moment that its name states
  std::optional<moment> modified;
  std::optional<std::uint64_t> size;            ///< stored bytes, as found
  std::vector<std::string> checksum_files;      ///< that may vouch for it, all of them there
  std::optional<std::string> promised_checksum; ///< a checksum file that must be there
  std::optional<std::string> manifest;          ///< its manifest, where there is one
  std::optional<std::string> promised_manifest; ///< a manifest that must be there
  std::optional<manifest_kind> manifest_format; ///< nothing: by the manifest's name
  std::function<bool(const location&)> application_data;  ///< see inspection_options
  std::vector<finding> known;                   ///< what is known about it already
};

}  // namespace restorable
