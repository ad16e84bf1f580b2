// drill_item: one verified artifact that is to be restored: a file of the estate, or a member of a full backup that has
// been unpacked.
//
// Layer: drill. Example: drill_item item = item_of(target, candidate, verified);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "restorable/audit/report.hpp"
#include "restorable/catalog/component_policy.hpp"
#include "restorable/drill/drill_plan.hpp"
#include "restorable/drill/restore_kind.hpp"

namespace restorable {

struct drill_item {
  std::string path;                         ///< to open
  location where;                           ///< in findings
  std::string label;                        ///< in steps and comparisons: the artifact's path, or `archive » member`
  std::string component;                    ///< whose steps these are; empty without a policy
  std::string name;                         ///< for directories and databases in the scratch: the file's name
  std::optional<component_kind> kind;       ///< that the policy says it is
  restore_kind how = restore_kind::none;
  drill_policy wishes;
  std::string capture;                      ///< path of the expected row sets; empty where there is none
  bool capture_promised = false;
  std::optional<std::string> manifest;      ///< path
  std::optional<manifest_kind> manifest_format;
  std::string sha256;                       ///< of its stored bytes, hex
  std::vector<table_fact> tables;           ///< that verification saw in it
  std::vector<ref_fact> refs;
  std::vector<member_fact> members;         ///< of the outermost archive
  std::optional<moment> timestamp;          ///< that its name states
  std::uint64_t expanded = 0;               ///< bytes that it unpacks to, all layers together
};

/// The last part of a path.
inline std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// `verified` is what verification came to for the candidate.
inline drill_item item_of(const drill_target& target, const drill_candidate& candidate, const artifact_report& verified) {
  drill_item item;
  item.path = candidate.task.path;
  item.where = location{item.path};
  item.label = item.path;
  item.component = target.component;
  item.name = file_name_of(item.path);
  item.kind = target.kind;
  item.how = restore_kind_of(verified, target.kind);
  item.wishes = target.wishes;
  item.capture = candidate.capture;
  item.capture_promised = candidate.capture_promised;
  item.manifest = candidate.task.manifest;
  item.manifest_format = candidate.task.manifest_format;
  if (const auto digest = verified.digests.find("SHA256"); digest != verified.digests.end()) item.sha256 = digest->second;
  item.tables = verified.tables;
  item.refs = verified.refs;
  item.members = verified.members;
  item.timestamp = verified.timestamp;
  item.expanded = verified.bytes_expanded;
  return item;
}

}  // namespace restorable
