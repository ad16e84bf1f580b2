// restore_kind: how an artifact is restored, told from what verification found in it, never from its name.
//
// Layer: drill. Example: if (restore_kind_of(verified, target.kind) == restore_kind::dump) load it
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "restorable/audit/report.hpp"
#include "restorable/catalog/component_policy.hpp"
#include "restorable/inspect/detect_content.hpp"
#include "restorable/inspect/inspector.hpp"

namespace restorable {

enum class restore_kind : unsigned char {
  dump,         ///< SQL of pg_dump or pg_dumpall, loaded into a database
  bundle,       ///< of git, cloned
  archive,      ///< tar, extracted
  full_system,  ///< tar of all of these, extracted and then each restored
  none,         ///< nothing that a drill can restore
};

/// The last of `gzip > tar`.
constexpr std::string_view innermost_kind(std::string_view kind) noexcept {
  const std::size_t last = kind.rfind(" > ");
  return last == std::string_view::npos ? kind : kind.substr(last + 3);
}

namespace detail {

// A dump or a bundle among the members, and a list of them all: what a full backup is made of. A volume may hold a dump
// that its application left there; nobody writes checksums for it.
inline bool holds_backups(const artifact_report& artifact) {
  bool backups = false;
  bool listed = false;
  for (const auto& member : artifact.members) {
    const std::string_view kind = innermost_kind(member.kind);
    backups |= kind == to_string(content::plain_dump) || kind == to_string(content::dump_archive) || kind == to_string(content::git_bundle);
    listed |= is_checksum_list_name(member.name) || is_manifest_name(member.name);
  }
  return backups && listed;
}

}  // namespace detail

/// `promised`: what the policy says that it is, where there is one.
inline restore_kind restore_kind_of(const artifact_report& artifact, const std::optional<component_kind>& promised) {
  const std::string_view kind = innermost_kind(artifact.kind);
  if (kind == to_string(content::plain_dump)) return restore_kind::dump;
  if (kind == to_string(content::git_bundle)) return restore_kind::bundle;
  if (kind != to_string(content::tar)) return restore_kind::none;
  if (promised && *promised != component_kind::any && *promised != component_kind::archive) {
    return *promised == component_kind::full_system ? restore_kind::full_system : restore_kind::archive;
  }
  return detail::holds_backups(artifact) ? restore_kind::full_system : restore_kind::archive;
}

}  // namespace restorable
