// archive_structure: tells from an archive's members whether it is a full backup, whose members are backups of their
// own, or holds somebody's files, which are content: a broken file among those was broken before it was backed up.
//
// Layer: inspect. The rule, with its reasons, is docs/decisions/0004. The top of an archive is the directory that all
// of its files share. A full backup is an archive
//   - at whose top a MANIFEST.txt ticks off components, or a checksum list names backups that are there; or
//   - that holds backups and nothing else but lists, manifests and remarks.
// Its own are the members at its top, those that such a list names, archives one directory below, and dumps and bundles
// anywhere. Of another archive only a dump or a bundle at its top is one.
//   archive_structure members; for (each file) members.file(...); members.finish(); if (members.owns("db.sql.gz")) ...
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/archive/plain_member_name.hpp"
#include "knowngood/base/ascii.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/hash/checksum_file.hpp"
#include "knowngood/inspect/component_list.hpp"
#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/inspect/promised_name.hpp"

namespace knowngood {

class archive_structure {
 public:
  /// `full_backup`: somebody who knows says that it is one. `list_bytes`: of the longest list that is held; of all
  /// together four times as much is.
  explicit archive_structure(bool full_backup = false, std::uint64_t list_bytes = limits{}.list_bytes)
      : full_backup_{full_backup}, list_bytes_{list_bytes} {}

  /// To be called before the next member's content is read: whether the text of this file, of `size` bytes, is wanted,
  /// for it may be a list or manifest of the archive's own.
  bool begins(std::string_view name, std::uint64_t size = 0) {
    const std::string plain = plain_member_name(name);
    std::string folder = folder_of(plain);
    if (!any_) top_ = folder;
    any_ = true;
    while (!folder.starts_with(top_)) top_ = folder_of(top_.substr(0, top_.size() - 1));
    if (folder != top_ || !(is_checksum_list_name(plain) || is_component_manifest_name(plain))) return false;
    const bool fits = texts_ < most_texts && size <= list_bytes_ && bytes_ + size <= 4 * list_bytes_;
    if (!fits) left_out_.push_back(plain);
    if (left_out_.size() > most_texts) left_out_.pop_back();
    return fits;
  }

  /// Whether a list of the archive's own may well name this file of `size` bytes: one that was read does, or it is a
  /// backup by its name, or it lies at the top and is small. To be asked behind `begins`.
  [[nodiscard]] bool may_be_listed(std::string_view name, std::uint64_t size) const {
    constexpr std::uint64_t small = std::uint64_t{16} << 20U;
    const std::string plain = plain_member_name(name);
    if (size <= small && folder_of(plain) == top_) return true;
    const member_class what = class_of(plain, content::binary, content::binary);
    if (what != member_class::other && what != member_class::remark) return true;
    return named_.contains(plain);
  }

  /// The text of a file for which `begins` said yes.
  void text(std::string_view name, std::string_view text) {
    const std::string plain = plain_member_name(name);
    const std::string folder = folder_of(plain);
    ++texts_;
    bytes_ += text.size();
    if (is_component_manifest_name(plain)) {
      if (ticks_off_components(text)) manifests_.insert(folder);
      return;
    }
    listed_names& list = lists_[plain];
    list.folder = folder;
    for (const auto& entry : parse_checksum_list(text, plain).entries) {
      std::string listed = plain_member_name(folder + entry.name);
      list.beside.insert(folder + listed.substr(listed.rfind('/') + 1));
      list.names.insert(std::move(listed));
    }
    named_.insert(list.names.begin(), list.names.end());
    named_.insert(list.beside.begin(), list.beside.end());
  }

  /// A file that was read, with the outermost and the innermost content found in it, as far as it could be read.
  void ends(std::string_view name, content outer, content innermost) {
    std::string plain = plain_member_name(name);
    const member_class what = class_of(plain, outer, innermost);
    ++count_[static_cast<std::size_t>(what)];
    if (what == member_class::remark || what == member_class::other) return;
    if (members_.size() < most_members) members_[std::move(plain)] = what;
  }

  /// All members were seen. What follows is asked afterwards.
  void finish() {
    full_backup_ = full_backup_ || holds_only_backups() || manifests_.contains(top_);
    for (auto& [name, list] : lists_) {
      if (list.folder != top_) continue;
      full_backup_ = full_backup_ || names_backups(list);
      listed_.merge(list.names);
      listed_.merge(list.beside);
    }
    lists_.clear();
    std::erase_if(left_out_, [this](const std::string& plain) { return folder_of(plain) != top_; });
  }

  [[nodiscard]] bool is_full_backup() const noexcept { return full_backup_; }

  /// Names of lists and manifests at the top that were not wanted, for there were too many of them, or too long ones.
  [[nodiscard]] const std::vector<std::string>& left_out() const noexcept { return left_out_; }

  /// Whether the list or manifest `name` stands at the top.
  [[nodiscard]] bool at_top(std::string_view name) const { return folder_of(plain_member_name(name)) == top_; }

  /// Whether the file `name` is a backup of its own, so that damage in it is damage of the backup.
  [[nodiscard]] bool owns(std::string_view name) const {
    const std::string plain = plain_member_name(name);
    const bool top = folder_of(plain) == top_;
    const auto known = members_.find(plain);
    const member_class what =
        known == members_.end() ? class_of(plain, content::binary, content::binary) : known->second;
    if (!full_backup_) return top && what == member_class::dump_or_bundle;
    if (top || what == member_class::dump_or_bundle || listed_.contains(plain)) return true;
    return what == member_class::archive && depth_of(plain) <= depth_of(top_) + 1;
  }

 private:
  enum class member_class : unsigned char {
    dump_or_bundle,  // by what was found, or by a name that nothing else has
    archive,
    bare_script,  // `.sql` and no dump: a backup that failed, or a script
    remark,       // lists, manifests, READMEs
    other,
  };

  struct listed_names {
    std::string folder;            // of the list
    std::set<std::string> names;   // as it spells them, from the archive's root
    std::set<std::string> beside;  // the same, each beside the list
  };

  // Beyond this many the rest are judged by their names.
  static constexpr std::size_t most_members = 100'000;
  static constexpr std::size_t most_texts = 10'000;

  static std::string folder_of(const std::string& plain) {
    const std::size_t slash = plain.rfind('/');
    return slash == std::string::npos ? std::string{} : plain.substr(0, slash + 1);
  }
  static std::size_t depth_of(std::string_view plain) {
    return static_cast<std::size_t>(std::count(plain.begin(), plain.end(), '/'));
  }

  [[nodiscard]] std::uint64_t count(member_class what) const { return count_[static_cast<std::size_t>(what)]; }

  // Scripts by themselves are none, unless a dump stands among them or one is all there is.
  [[nodiscard]] bool holds_only_backups() const {
    if (count(member_class::other) > 0) return false;
    if (count(member_class::bare_script) == 0)
      return count(member_class::dump_or_bundle) + count(member_class::archive) > 0;
    return count(member_class::dump_or_bundle) > 0 ||
           (count(member_class::bare_script) == 1 && count(member_class::archive) == 0);
  }

  // A list of a release of which one file was fetched names mostly what is not there.
  [[nodiscard]] bool names_backups(const listed_names& list) const {
    std::size_t there = 0;
    const auto count_there = [&](const std::string& name) {
      const auto known = members_.find(name);
      there += known != members_.end() && known->second != member_class::bare_script ? 1U : 0U;
    };
    for (const auto& name : list.names) count_there(name);
    for (const auto& name : list.beside) {
      if (!list.names.contains(name)) count_there(name);
    }
    std::size_t named = 0;
    for (const auto& name : list.names) {
      const member_class what = class_of(name, content::binary, content::binary);
      named += what == member_class::dump_or_bundle || what == member_class::archive ? 1U : 0U;
    }
    return there > 0 && there * 2 >= named;
  }

  static bool is_remark_name(std::string_view name) {
    name = file_name_of(name);
    if (is_checksum_list_name(name) || is_manifest_name(name)) return true;
    for (const std::string_view ending : {".txt", ".md", ".asc", ".sig", ".log"}) {
      if (name.ends_with(ending)) return true;
    }
    return name.starts_with("README") || name.starts_with("VERSION") || name.starts_with("RESTORE");
  }

  static member_class class_of(std::string_view plain, content outer, content innermost) {
    if (innermost == content::plain_dump || innermost == content::dump_archive || innermost == content::git_bundle) {
      return member_class::dump_or_bundle;
    }
    if (is_remark_name(plain)) return member_class::remark;
    const name_claims claims =
        claims_of(outer == content::opaque ? name_without_encryption(plain) : std::string{plain});
    const bool script =
        claims.what == promised_content::dump && claims.how == compression::none && to_lower(plain).ends_with(".sql");
    if (script) return outer == content::compressed ? member_class::dump_or_bundle : member_class::bare_script;
    if (claims.what == promised_content::dump) return member_class::dump_or_bundle;
    if (claims.what == promised_content::tar || innermost == content::tar || innermost == content::archive) {
      return member_class::archive;
    }
    return member_class::other;
  }

  bool full_backup_;
  std::uint64_t list_bytes_;
  std::uint64_t texts_ = 0;
  std::uint64_t bytes_ = 0;  // of them
  bool any_ = false;
  std::string top_;  // with a slash at its end, unless it is the root
  std::array<std::uint64_t, 5> count_{};
  std::map<std::string, member_class> members_;  // backups, and what may be one
  std::map<std::string, listed_names> lists_;
  std::set<std::string> named_;      // by any of them, so far
  std::set<std::string> listed_;     // by lists at the top, once all members were seen
  std::set<std::string> manifests_;  // folders of those that tick off components
  std::vector<std::string> left_out_;
};

}  // namespace knowngood
