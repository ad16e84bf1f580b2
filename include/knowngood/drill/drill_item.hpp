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

#include <fmt/format.h>

#include "knowngood/base/file_name.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/drill/restore_kind.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

struct drill_item {
  std::string path;                    ///< to open
  std::vector<std::string> parts;      ///< paths of what is to be joined into it, where it was split
  bool found = false;                  ///< in a directory that was asked for, rather than asked for itself
  location where;                      ///< in findings
  std::string label;                   ///< in steps and comparisons: the artifact's path, or `archive » member`
  std::string component;               ///< whose steps these are; empty without a policy
  std::string name;                    ///< for directories and databases in the scratch: the file's name
  std::optional<component_kind> kind;  ///< that the policy says it is
  restore_kind how = restore_kind::none;
  bool packed = false;                         ///< a dump whose files lie in a tar
  component_kind order = component_kind::any;  ///< its turn in a recovery, where `kind` is not known
  drill_policy policy;
  std::string capture;  ///< path of the expected row sets; empty where there is none
  bool capture_promised = false;
  std::optional<std::string> manifest;  ///< path
  std::optional<manifest_kind> manifest_format;
  std::string sha256;              ///< of its stored bytes, hex
  std::vector<table_fact> tables;  ///< that verification saw in it
  std::string whole;               ///< that it is a part of: alike for all of one directory; empty: it is one itself
  std::vector<std::string> tables_beside;  ///< names of tables in the other parts
  bool last_of_tables = true;              ///< no part with tables comes after it
  std::vector<ref_fact> refs;
  std::vector<member_fact> members;  ///< of the outermost archive
  std::optional<moment> timestamp;   ///< that its name states
  std::uint64_t expanded = 0;        ///< bytes that it unpacks to, all layers together
  std::uint64_t stored = 0;          ///< bytes of it, or of its parts together
  std::string kind_found;            ///< `gzip > tar`
};

/// `verified` is what verification came to for the candidate.
inline drill_item item_of(const drill_target& target, const drill_candidate& candidate,
                          const artifact_report& verified) {
  drill_item item;
  item.path = candidate.task.path;
  if (!candidate.task.directory) item.parts = candidate.task.parts;
  item.found = candidate.found;
  item.where = location{item.path};
  item.label = item.path;
  item.component = target.component;
  item.name = file_name_of(item.path);
  item.kind = target.kind;
  item.how = restore_kind_of(verified, target.kind);
  item.packed = is_packed_dump(verified.kind);
  item.policy = target.policy;
  item.capture = candidate.capture;
  item.capture_promised = candidate.capture_promised;
  item.manifest = candidate.task.manifest;
  item.manifest_format = candidate.task.manifest_format;
  if (const auto digest = verified.digests.find("SHA256"); digest != verified.digests.end())
    item.sha256 = digest->second;
  item.tables = verified.tables;
  item.refs = verified.refs;
  item.members = verified.members;
  item.timestamp = verified.timestamp;
  item.expanded = verified.bytes_expanded;
  item.stored = verified.size.value_or(0);
  item.kind_found = verified.kind;
  if (target.part) item.whole = fmt::format("{}/{}", target.component, target.series);
  return item;
}

/// Tells each part of a whole which tables the others hold. `items` in the order in which they are restored.
inline void introduce_parts(std::vector<drill_item>& items) {
  for (auto& one : items) {
    if (one.whole.empty()) continue;
    for (const auto& other : items) {
      if (&other == &one || other.whole != one.whole) continue;
      for (const auto& table : other.tables) one.tables_beside.push_back(table.name);
      if (&other > &one && !other.tables.empty()) one.last_of_tables = false;
    }
  }
}

}  // namespace knowngood
