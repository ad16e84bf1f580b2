// dump_files_watch: recognises among an archive's or a directory's members the files of a dump that pg_dump wrote in
// its directory or tar format, knows whose data each holds once the table of contents was read, and says at the end
// which of them that names and are not there.
//
// Layer: inspect. What stood before its table of contents could not be read as data: `unchecked`. Example:
//   watch.member(name, type, size); … watch.contents(name, toc); … if (auto data = watch.data_of(name)) read it
//   … watch.finish(where, [&](name) { return sink; });
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/plain_member_name.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/inspect/dump_files.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_blocks.hpp"
#include "knowngood/postgres/dump_archive_files.hpp"
#include "knowngood/postgres/dump_archive_input.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood {

/// The file that the others hang on.
inline constexpr std::string_view dump_contents_name = "toc.dat";

/// Whether a file is one of a dump whose data lies beside it. Of a custom dump under that name, it follows.
inline bool is_dump_contents(std::string_view name, byte_view head) {
  constexpr std::size_t format_at = 10;
  constexpr std::byte custom{1};
  return file_name_of(name) == dump_contents_name && is_dump_archive(head) && head.size() > format_at &&
         head[format_at] != custom;
}

/// Reads one to its end. Throws what `read_dump_archive_toc` throws, and `dump.archive` for what follows it.
inline dump_archive_toc read_dump_contents(source& from, const location& where, const limits& bounds) {
  dump_archive_input in{from, where, bounds.toc_bytes};
  dump_archive_toc toc = read_dump_archive_toc(in, bounds);
  if (!in.at_end()) throw in.damaged(in.offset(), "bytes follow the table of contents", "its end", "more");
  return toc;
}

class dump_files_watch {
 public:
  /// A dump whose table of contents was read.
  struct dump {
    dump_archive_toc toc;
    dump_archive_toc settings;                  ///< what its entries are read with, and none of them
    std::map<std::string, std::size_t> tables;  ///< by the file of their data, entries
    std::optional<std::size_t> large_objects;   ///< the first entry of them
    std::vector<large_object_file> listed;
    std::set<std::string> read;  ///< files of data
  };

  /// To be called with every member.
  void member(std::string_view archive_name, entry_type type, std::uint64_t size) {
    if (type != entry_type::file && type != entry_type::hard_link) return;
    const std::string name = plain_member_name(archive_name);
    const std::string_view file = file_name_of(name);
    const bool of_a_dump = file.find(".dat") != std::string_view::npos || file.ends_with(".toc");
    if (of_a_dump && sizes_.size() < most_files) sizes_[name] = type == entry_type::file ? size : 1;
  }

  /// The table of contents that stands as `archive_name` among the members. One of another format has its data in it.
  void contents(std::string_view archive_name, dump_archive_toc toc) {
    constexpr unsigned custom = 1;
    if (toc.format == custom || dumps_.size() >= most_tocs) return;
    dump& one = dumps_[plain_member_name(archive_name)];
    one = {};
    one.toc = std::move(toc);
    one.settings = settings_of(one.toc);
    for (std::size_t i = 0; i < one.toc.entries.size(); ++i) {
      const dump_archive_entry& entry = one.toc.entries[i];
      if (!entry.has_data) continue;
      if (is_of_large_objects(entry)) {
        one.large_objects = i;
      } else if (!entry.file.empty()) {
        one.tables.emplace(entry.file, i);
      }
    }
  }

  /// What an earlier reading of the same members knew of the dump with this table of contents.
  void resume(std::string_view archive_name, dump known) { dumps_[plain_member_name(archive_name)] = std::move(known); }

  /// Whose data a member holds.
  struct data_member {
    std::string folder;                        ///< of the dump among the members: `` or `2025-12-08/`
    dump_archive_toc one;                      ///< the dump's table of contents, of this data alone
    std::optional<std::int64_t> large_object;  ///< its id, where it is one
    compression how = compression::none;
  };

  /// Nothing for a member that is no data of a dump whose table of contents came before it, or was read. Otherwise it
  /// counts as read.
  [[nodiscard]] std::optional<data_member> data_of(std::string_view archive_name) {
    const std::string name = plain_member_name(archive_name);
    const auto found = dumps_.find(contents_beside(name));
    if (found == dumps_.end()) return std::nullopt;
    dump& of = found->second;
    std::string file{file_name_of(name)};
    const dump_file_ending ending = dump_file_ending_of(file);
    file.resize(file.size() - ending.ending.size());
    data_member data{std::string{folder_of(name)}, of.settings, large_object_of(file), ending.how};
    std::optional<std::size_t> entry;
    if (const auto table = of.tables.find(file); table != of.tables.end()) {
      entry = table->second;
      data.large_object.reset();
    } else if (data.large_object) {
      entry = of.large_objects;
    }
    if (!entry || !of.read.insert(std::move(file)).second) return std::nullopt;
    data.one.entries.push_back(of.toc.entries[*entry]);
    return data;
  }

  /// Whether a member is a list of large objects (`blobs.toc`) of a dump whose table of contents came before it.
  [[nodiscard]] bool is_large_object_list(std::string_view archive_name) const {
    const std::string name = plain_member_name(archive_name);
    const std::string_view file = file_name_of(name);
    const auto found = dumps_.find(contents_beside(name));
    return file.starts_with("blobs") && file.ends_with(".toc") && found != dumps_.end() &&
           !found->second.read.contains(std::string{file});
  }
  void large_object_list(std::string_view archive_name, std::vector<large_object_file> listed) {
    const std::string name = plain_member_name(archive_name);
    dump& of = dumps_.at(contents_beside(name));
    of.read.emplace(file_name_of(name));
    std::move(listed.begin(), listed.end(), std::back_inserter(of.listed));
  }

  /// Whether the member is a script that pg_dump's tar format has for people beside the data: no dump by itself.
  [[nodiscard]] bool is_script_of_one(std::string_view archive_name) const {
    const std::string name = plain_member_name(archive_name);
    return file_name_of(name) == "restore.sql" && dumps_.contains(contents_beside(name));
  }

  /// The table of contents of the dump that a member is a file of; empty where it is of none.
  [[nodiscard]] std::string contents_of(std::string_view archive_name) const {
    const std::string name = plain_member_name(archive_name);
    std::string contents = contents_beside(name);
    return sizes_.contains(name) && dumps_.contains(contents) ? contents : std::string{};
  }

  /// Names of the tables of contents.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, of] : dumps_) all.push_back(name);
    return all;
  }

  /// A dump all of whose data was read: what else its table of contents makes is for the caller to look at.
  struct whole_dump {
    std::string contents;   ///< its table of contents' name
    location where;         ///< of the dump
    dump_archive_toc rest;  ///< without the entries that have data
    bool has_data = false;  ///< there are such
  };

  /// To be called when all members were seen. `sink_of(name)` takes what is said of the dump with that table of
  /// contents. Gives those that were read. `again(name, where, dump)` is offered those whose table of contents stood
  /// behind their data; false: they are not read again.
  template <typename SinkOf, typename Again>
  std::vector<whole_dump> finish(const location& where, const SinkOf& sink_of, const Again& again) {
    std::vector<whole_dump> whole;
    for (auto& [name, of] : dumps_) {
      auto out = sink_of(name);
      const std::string folder{folder_of(name)};
      const location at = where_of_folder(where, folder);
      const needed_files needed = hold_against_members(of, folder, at, out);
      if (needed.lacking > 0) continue;
      if (needed.unread > 0) {
        if (again(name, at, std::move(of))) continue;
        out.unchecked(
            at,
            fmt::format("a dump in directory or tar format whose table of contents stands behind {} of its {} of "
                        "data: those were not read as rows",
                        needed.unread, counted(needed.files, "file")),
            "verify the directory itself, or the tar that pg_dump --format=tar writes; a drill restores all of it");
        continue;
      }
      whole_dump one{name, at, std::move(of.toc), needed.files > 0};
      std::erase_if(one.rest.entries, [](const dump_archive_entry& entry) { return entry.has_data; });
      whole.push_back(std::move(one));
    }
    return whole;
  }

  /// Of the dump in a folder of members.
  static location where_of_folder(const location& where, std::string_view folder) {
    return folder.empty() ? where : where / std::string{folder.substr(0, folder.size() - 1)};
  }

 private:
  static constexpr std::size_t most_files = 1'000'000;
  static constexpr std::size_t most_tocs = 64;

  struct needed_files {
    std::uint64_t files = 0;
    std::uint64_t lacking = 0;
    std::uint64_t unread = 0;
  };

  static bool is_of_large_objects(const dump_archive_entry& entry) {
    return detail::blocks_in_files::is_of_large_objects(entry);
  }

  // What the entries of a dump are read with.
  static dump_archive_toc settings_of(const dump_archive_toc& toc) {
    dump_archive_toc settings{toc.minor,        toc.format, toc.compression, toc.database, toc.server_version,
                              toc.dump_version, {}};
    for (const auto& entry : toc.entries) {
      if (entry.description == "ENCODING" || entry.description == "STDSTRINGS" || entry.description == "SEARCHPATH")
        settings.entries.push_back(entry);
    }
    return settings;
  }

  // Of `blob_16400.dat`.
  static std::optional<std::int64_t> large_object_of(std::string_view file) {
    constexpr std::string_view before = "blob_";
    constexpr std::string_view behind = ".dat";
    if (!file.starts_with(before) || !file.ends_with(behind)) return std::nullopt;
    const std::string_view digits = file.substr(before.size(), file.size() - before.size() - behind.size());
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (error != std::errc{} || end != digits.data() + digits.size() || id == 0) return std::nullopt;
    return id;
  }

  // Says which files are not there, or empty.
  template <typename Out>
  needed_files hold_against_members(const dump& of, const std::string& folder, const location& at, Out& out) const {
    needed_files needed;
    std::set<std::string> asked;
    const auto need = [&](const location& where, const std::string& file, bool may_be_empty) {
      if (!asked.insert(file).second) return;
      ++needed.files;
      const std::uint64_t* size = size_of(folder + file);
      if (size != nullptr && (*size > 0 || may_be_empty)) {
        if (!of.read.contains(file)) ++needed.unread;
        return;
      }
      constexpr std::uint64_t listed = 20;
      if (++needed.lacking > listed) return;
      out.report(make_finding(checks::dump_archive_data, where,
                              "the data that the table of contents promises is not in the dump", printable(file, 80),
                              size == nullptr ? "no such file" : "an empty file"));
    };
    for (const auto& entry : of.toc.entries) {
      if (!entry.has_data || entry.file.empty()) continue;
      const location where = detail::where_of_entry(at, entry);
      if (is_of_large_objects(entry)) {
        const std::string own = fmt::format("blobs_{}.toc", entry.id);
        need(where, size_of(folder + own) != nullptr ? own : std::string{"blobs.toc"}, true);
      } else {
        need(where, entry.file, false);
      }
    }
    for (const auto& one : of.listed) need(at / one.file, one.file, true);
    return needed;
  }

  static std::string contents_beside(std::string_view name) {
    return std::string{folder_of(name)} + std::string{dump_contents_name};
  }

  [[nodiscard]] const std::uint64_t* size_of(const std::string& name) const {
    for (const auto& one : dump_file_endings) {
      if (const auto found = sizes_.find(name + std::string{one.ending}); found != sizes_.end()) return &found->second;
    }
    return nullptr;
  }

  static std::string_view folder_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash + 1);
  }

  std::map<std::string, std::uint64_t> sizes_;  // of what may belong to a dump
  std::map<std::string, dump> dumps_;           // by the name of their table of contents
};

}  // namespace knowngood
