// member_names: judges where the members of an archive would be written, and what its links point at, as names alone
// tell. Nothing is resolved on the host.
//
// Layer: archive. tar_reader shows it every member; an owner of another reader may do the same:
//   member_names names{where, findings}; for (each member) names.see(member); names.finish();
// Names are taken relative to the directory that is restored into: `./a//b`, `a/b` and `/a/b` are one name.
#pragma once

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/name_table.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

class member_names {
 public:
  /// Findings of one check that are listed one by one; `finish` counts the rest.
  static constexpr std::uint64_t listed = 20;

  /// `findings` outlives this object. Findings lie at `where / name`.
  member_names(location where, finding_sink& findings)
      : where_{std::move(where)}, findings_{findings}, seed_{random_seed()} {}

  /// Takes the archive's next member.
  void see(const tar_member& member) {
    const path name = walk(member.name);
    if (name.absolute) report(checks::tar_absolute_name, member, "name is absolute", "a relative name", member.name);
    if (name.escapes) {
      report(checks::tar_unsafe_name, member, "name leads out of the archive's root", "a name below it", member.name);
    } else if (name.depth == 0 && member.type != entry_type::directory) {
      report(checks::tar_unsafe_name, member, "name is that of the archive's root itself", "a directory",
             std::string{to_string(member.type)});
    }
    if (!name.through.empty()) {
      report(checks::tar_through_symlink, member, "would be written through a symbolic link of the archive",
             "a directory", std::string{name.through} + " is a symbolic link");
    }
    unsigned now = other;
    switch (member.type) {
      case entry_type::directory: now = directory; break;
      case entry_type::symlink:
        now = symlink;
        check_symlink(member, name);
        break;
      case entry_type::hard_link: now = check_hard_link(member, name); break;
      case entry_type::character_device:
      case entry_type::block_device:
        report(checks::tar_device, member,
               fmt::format("{} {}:{}", to_string(member.type), member.device_major, member.device_minor));
        break;
      case entry_type::file:
      case entry_type::fifo:
      case entry_type::other: break;
    }
    if (!name.escapes) remember(member, name, now);
  }

  /// Says how many findings were not listed. After the last member, or when reading stops.
  void finish() {
    for (auto& [what, seen] : tallies_) {
      if (seen > listed) {
        findings_.report(make_finding(*what, where_, fmt::format("{} further members like those listed", seen - listed),
                                      fmt::format("{} listed", listed), fmt::format("{} found", seen)));
      }
      seen = 0;
    }
  }

  /// Bytes of memory held.
  [[nodiscard]] std::size_t memory() const noexcept { return names_.memory(); }

 private:
  enum kind : unsigned { directory = 1, symlink = 2, other = 3 };

  struct path {
    std::uint64_t hash = 0;
    std::size_t depth = 0;  // components below the root
    bool absolute = false;
    bool escapes = false;
    std::string_view through;  // the leading part, as spelled, that is a symbolic link of the archive
  };

  // Unpredictable, so that no archive is crafted to make two names look like one.
  static std::uint64_t random_seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
  }

  // Chained over the components rather than taken of each leading part anew: a name of 64 KiB has 32,768 of them.
  [[nodiscard]] path walk(std::string_view text) {
    path result;
    result.absolute = text.starts_with('/');
    above_.assign(1, seed_);
    const auto passes_link = [&](std::size_t end) {
      if (symlinks_ != 0 && above_.size() > 1 && result.through.empty() && names_.find(above_.back()) == symlink) {
        result.through = text.substr(0, end);
      }
    };
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('/', at), text.size());
      const std::string_view component = text.substr(at, end - at);
      if (component == "..") {
        passes_link(at == 0 ? 0 : at - 1);
        if (above_.size() == 1) {
          result.escapes = true;
        } else {
          above_.pop_back();
        }
      } else if (!component.empty() && component != ".") {
        passes_link(at == 0 ? 0 : at - 1);
        above_.push_back(XXH3_64bits_withSeed(component.data(), component.size(), above_.back()));
      }
      at = end + 1;
    }
    result.hash = above_.back();
    result.depth = above_.size() - 1;
    return result;
  }

  void check_symlink(const tar_member& member, const path& name) {
    std::string_view target = member.link_target;
    bool outside = target.starts_with('/');
    for (std::size_t depth = name.depth == 0 ? 0 : name.depth - 1; !target.empty() && !outside;) {
      const std::size_t end = std::min(target.find('/'), target.size());
      const std::string_view component = target.substr(0, end);
      if (component == "..") {
        outside = depth == 0;
        if (depth != 0) --depth;
      } else if (!component.empty() && component != ".") {
        ++depth;
      }
      target.remove_prefix(std::min(end + 1, target.size()));
    }
    if (outside) {
      report(checks::tar_link_outside, member, "symbolic link points outside of the archive", "", member.link_target);
    }
  }

  // What the name is from now on: what its target is.
  unsigned check_hard_link(const tar_member& member, const path& name) {
    const path target = walk(member.link_target);
    if (target.escapes || (target.absolute && !name.absolute)) {
      report(checks::tar_unsafe_link, member, "hard link leads out of the archive's root", "a target below it",
             member.link_target);
      return other;
    }
    if (!target.through.empty()) {
      report(checks::tar_through_symlink, member, "is a hard link through a symbolic link of the archive",
             "a directory", std::string{target.through} + " is a symbolic link");
    }
    const unsigned found = names_.find(target.hash);
    // With content of its own (pax -o linkdata) it can be restored whatever its target.
    if (member.size == 0 && found == 0) {
      report(checks::tar_link_target_missing, member, "hard link's target is not in the archive before it",
             member.link_target, "no such member");
    } else if (member.size == 0 && found == directory) {
      report(checks::tar_link_target_missing, member, "hard link's target is a directory", "a file",
             member.link_target);
    }
    return found == symlink ? symlink : other;
  }

  void remember(const tar_member& member, const path& name, unsigned now) {
    const unsigned before = names_.put(name.hash, now);
    if (before == symlink) --symlinks_;
    if (now == symlink) ++symlinks_;
    if (before != 0 && (before != directory || now != directory)) {
      report(checks::tar_duplicate, member, "name stands in the archive more than once");
    }
  }

  void report(const check& what, const tar_member& member, std::string message, std::string expected = {},
              std::string actual = {}) {
    auto tally = std::find_if(tallies_.begin(), tallies_.end(), [&](const auto& one) { return one.first == &what; });
    if (tally == tallies_.end()) tally = tallies_.insert(tallies_.end(), {&what, 0});
    if (++tally->second > listed) return;
    findings_.report(
        make_finding(what, where_ / member.name, std::move(message), std::move(expected), std::move(actual)));
  }

  location where_;
  finding_sink& findings_;
  std::uint64_t seed_;
  name_table names_;
  std::uint64_t symlinks_ = 0;        // names that are one at present
  std::vector<std::uint64_t> above_;  // hashes of the leading parts of the name being walked, the root first
  std::vector<std::pair<const check*, std::uint64_t>> tallies_;
};

}  // namespace knowngood
