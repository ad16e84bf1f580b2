// pack_links: what a pack's commits, trees and tags say must exist, and whether it does.
//
// Layer: git, internal to pack_reader.hpp. This is what tells a bundle made in a shallow repository, which
// `git bundle verify` calls complete, from one that can be cloned.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/git/object_id.hpp"
#include "knowngood/git/object_index.hpp"

namespace knowngood::detail {

/// Calls `need(type, id)` for what the first lines of a commit (`tree ID`, `parent ID`) or tag (`object ID`, `type
/// WORD`) name. False when they are not there.
template <typename Need>
bool learn_links(git_type type, std::string_view content, object_format format, Need&& need) {
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
    need(git_type::tree, *tree);
    while (const auto parent = id_after("parent ")) need(git_type::commit, *parent);
  } else if (type == git_type::tag) {
    const auto object = id_after("object ");
    if (!object) return false;
    for (const git_type target : {git_type::commit, git_type::tree, git_type::blob, git_type::tag}) {
      if (content.starts_with(fmt::format("type {}\n", to_string(target)))) need(target, *object);
    }
  }
  return true;
}

inline constexpr std::uint64_t empty_tree_sha1 = 0x4b825dc642cb6eb9U;  // the first eight bytes
inline constexpr std::uint64_t empty_tree_sha256 = 0x6ef19b41225c5369U;

inline std::string missing_text(const object_names::missing_names& names) {
  return fmt::format("{} missing, {:016x}… first", names.number, names.first);
}

/// Reports what is provably missing, and says whether everything that is named was found. `unresolved`: objects per
/// type whose names are not known, any of which may be what is looked for. `filtered`: trees and blobs may be missing.
/// `where`: of the pack.
inline bool report_missing_links(const object_names& names, const std::array<std::uint64_t, 5>& unresolved,
                                 bool filtered, const location& where, finding_sink& findings) {
  // Git knows the empty tree, of either format, without being given it.
  const auto known = [](std::uint64_t name) { return name == empty_tree_sha1 || name == empty_tree_sha256; };
  bool all = filtered || !names.overflowed();
  if (!all) {
    findings.report(make_finding(checks::bundle_object, where,
                                 "the pack's objects name more others than it holds objects", "every object",
                                 "more than are kept count of"));
  }
  for (const git_type type : {git_type::commit, git_type::tree, git_type::blob, git_type::tag}) {
    if (filtered && (type == git_type::tree || type == git_type::blob)) continue;
    const auto missing = names.missing(type, known);
    if (missing.number == 0) continue;
    all = false;
    const std::uint64_t may_be =
        unresolved[static_cast<std::size_t>(type)] + unresolved[static_cast<std::size_t>(git_type::unknown)];
    if (missing.number <= may_be) continue;
    if (type == git_type::commit) {
      findings.report(
          make_finding(checks::bundle_prerequisites, where,
                       "commits that others build on are not in the bundle, as when it is made in a shallow repository",
                       "every parent", missing_text(missing)));
    } else {
      findings.report(make_finding(checks::bundle_object, where,
                                   fmt::format("a {} that another object names is not in the pack", to_string(type)),
                                   "every object", missing_text(missing)));
    }
  }
  return all;
}

}  // namespace knowngood::detail
