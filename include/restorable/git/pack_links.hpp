// pack_links: what a pack's commits and tags say must exist, and whether it does.
//
// Layer: git, internal to pack_reader.hpp. This is what tells a bundle made in a shallow repository, which
// `git bundle verify` calls complete, from one that can be cloned.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/location.hpp"
#include "restorable/git/object_id.hpp"
#include "restorable/git/object_index.hpp"

namespace restorable::detail {

/// What the first lines of a commit (`tree ID`, `parent ID`) or tag (`object ID`, `type WORD`) name goes into `names`.
/// False when they are not there.
inline bool learn_links(git_type type, std::string_view content, object_format format, object_names& names) {
  const std::size_t digits = 2 * id_bytes(format);
  const auto id_after = [&](std::string_view word) -> std::optional<object_id> {
    if (!content.starts_with(word) || content.size() <= word.size() + digits) return std::nullopt;
    if (content[word.size() + digits] != '\n') return std::nullopt;
    const auto id = object_id::from_hex(content.substr(word.size(), digits), format);
    content.remove_prefix(word.size() + digits + 1);
    return id;
  };
  if (type == git_type::commit) {
    const auto tree = id_after("tree ");
    if (!tree) return false;
    names.need(git_type::tree, *tree);
    while (const auto parent = id_after("parent ")) names.need(git_type::commit, *parent);
  } else if (type == git_type::tag) {
    const auto object = id_after("object ");
    if (!object) return false;
    for (const git_type target : {git_type::commit, git_type::tree, git_type::blob, git_type::tag}) {
      if (content.starts_with(fmt::format("type {}\n", to_string(target)))) names.need(target, *object);
    }
  }
  return true;
}

inline constexpr std::uint64_t empty_tree_sha1 = 0x4b825dc642cb6eb9U;  // the first eight bytes
inline constexpr std::uint64_t empty_tree_sha256 = 0x6ef19b41225c5369U;

inline std::string missing_names(const std::deque<std::uint64_t>& names) {
  return fmt::format("{} missing, {:016x}… first", names.size(), names.front());
}

/// Reports what is provably missing. `unresolved`: objects per type whose names are not known, any of which may be what
/// is looked for. `filtered`: trees and blobs may be missing. `where`: of the pack. `names` has settled.
inline void report_missing_links(const object_names& names, const std::array<std::uint64_t, 5>& unresolved,
                                 bool filtered, const location& where, finding_sink& findings) {
  if (unresolved[static_cast<std::size_t>(git_type::unknown)] != 0) return;
  for (const git_type type : {git_type::commit, git_type::tree, git_type::blob, git_type::tag}) {
    if (unresolved[static_cast<std::size_t>(type)] != 0) continue;
    if (filtered && (type == git_type::tree || type == git_type::blob)) continue;
    std::deque<std::uint64_t> missing = names.missing(type);
    // Git knows the empty tree, of either format, without being given it.
    std::erase_if(missing, [](std::uint64_t name) { return name == empty_tree_sha1 || name == empty_tree_sha256; });
    if (missing.empty()) continue;
    if (type == git_type::commit) {
      findings.report(
          make_finding(checks::bundle_prerequisites, where,
                       "commits that others build on are not in the bundle, as when it is made in a shallow repository",
                       "every parent", missing_names(missing)));
    } else {
      findings.report(make_finding(checks::bundle_object, where,
                                   fmt::format("a {} that another object names is not in the pack", to_string(type)),
                                   "every object", missing_names(missing)));
    }
  }
}

}  // namespace restorable::detail
