// restore_kind: how an artifact is restored, told from what verification found in it, never from its name.
//
// Layer: drill. The table `restore_methods` is where the drill learns a format: a row for its content, and where it is
// restored in a new way a kind, whose function `restore` (run_drill.hpp) then has to name.
//   if (restore_kind_of(verified, target.kind) == restore_kind::dump) load it
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/inspect/detect_opaque.hpp"
#include "knowngood/inspect/inspector.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

enum class restore_kind : unsigned char {
  dump,         ///< SQL of pg_dump or pg_dumpall, loaded into a database
  bundle,       ///< of git, cloned
  archive,      ///< tar, extracted
  full_system,  ///< tar of all of these, extracted and then each restored
  by_hand,      ///< a backup that a drill does not restore, and says so
  none,         ///< no backup by its content
};

/// How one content is restored.
struct restore_method {
  content what;
  restore_kind how;
  component_kind order;  ///< as what of these it takes its turn in a recovery, where no policy says what it is
};

inline constexpr std::array<restore_method, 5> restore_methods{{
    {content::git_bundle, restore_kind::bundle, component_kind::git_bundle},
    {content::tar, restore_kind::archive, component_kind::volume},
    {content::plain_dump, restore_kind::dump, component_kind::postgres_dump},
    {content::dump_archive, restore_kind::dump, component_kind::postgres_dump},
    {content::opaque, restore_kind::by_hand, component_kind::any},  // whoever has the key
}};

/// The last of `gzip > tar`.
constexpr std::string_view innermost_kind(std::string_view kind) noexcept {
  const std::size_t last = kind.rfind(" > ");
  return last == std::string_view::npos ? kind : kind.substr(last + 3);
}

/// `kind`: an artifact's or a member's, as reports have it. Null for what is no backup.
inline const restore_method* restore_method_of(std::string_view kind) {
  // reports name what hides it
  const std::string_view inner =
      is_opaque_kind(innermost_kind(kind)) ? to_string(content::opaque) : innermost_kind(kind);
  const auto found = std::find_if(restore_methods.begin(), restore_methods.end(),
                                  [&](const auto& one) { return to_string(one.what) == inner; });
  return found == restore_methods.end() ? nullptr : found;
}

/// Whether the files of a dump lie in a tar.
constexpr bool is_packed_dump(std::string_view kind) noexcept { return kind.ends_with(dump_in_tar_kind); }

/// Of a member of an archive, which a full backup in a full backup is as any other.
inline restore_kind restore_kind_of(const member_fact& member) {
  const restore_method* const method = member.type == member_type::file ? restore_method_of(member.kind) : nullptr;
  return method == nullptr ? restore_kind::none : method->how;
}

/// `promised`: what the policy says that it is, where there is one. Whether an archive is a full backup, its
/// verification says (archive_structure.hpp).
inline restore_kind restore_kind_of(const artifact_report& artifact, const std::optional<component_kind>& promised) {
  const restore_method* const method = restore_method_of(artifact.kind);
  if (method == nullptr) return restore_kind::none;
  if (method->how != restore_kind::archive) return method->how;
  if (promised && *promised != component_kind::any && *promised != component_kind::archive) {
    return *promised == component_kind::full_system ? restore_kind::full_system : restore_kind::archive;
  }
  const bool full = std::any_of(artifact.properties.begin(), artifact.properties.end(),
                                [](const property_fact& one) { return one.name == full_backup_property; });
  return full ? restore_kind::full_system : restore_kind::archive;
}

}  // namespace knowngood
