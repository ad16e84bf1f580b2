// dump_files_watch: recognises among an archive's or a directory's members the files of a dump that pg_dump wrote in
// its directory or tar format, and says at the end which of them its table of contents names and are not there.
//
// Layer: inspect. The rows in them are not read: what is whole is `unchecked` for them. Example:
//   watch.member(name, type, size); … watch.contents(name, toc); … watch.finish(where, [&](name) { return sink; });
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
#include "knowngood/inspect/facts.hpp"
#include "knowngood/io/source.hpp"
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
    if (toc.format == custom || tocs_.size() >= most_tocs) return;
    tocs_[plain_member_name(archive_name)] = std::move(toc);
  }

  /// Whether the member is a script that pg_dump's tar format has for people beside the data: no dump by itself.
  [[nodiscard]] bool is_script_of_one(std::string_view archive_name) const {
    const std::string name = plain_member_name(archive_name);
    return file_name_of(name) == "restore.sql" &&
           tocs_.contains(std::string{folder_of(name)} + std::string{dump_contents_name});
  }

  /// The table of contents of the dump that a member is a file of; empty where it is of none.
  [[nodiscard]] std::string contents_of(std::string_view archive_name) const {
    const std::string name = plain_member_name(archive_name);
    const std::string contents = std::string{folder_of(name)} + std::string{dump_contents_name};
    return sizes_.contains(name) && tocs_.contains(contents) ? contents : std::string{};
  }

  /// Names of the tables of contents.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, toc] : tocs_) all.push_back(name);
    return all;
  }

  /// To be called when all members were seen. `sink_of(name)` takes what is said of the dump with that table of
  /// contents.
  template <typename SinkOf>
  void finish(const location& where, const SinkOf& sink_of) {
    for (const auto& [name, toc] : tocs_) {
      auto out = sink_of(name);
      const std::string folder{folder_of(name)};
      const location at = folder.empty() ? where : where / folder.substr(0, folder.size() - 1);
      std::uint64_t tables = 0;
      std::uint64_t lacking = 0;
      std::set<std::string> asked;
      for (const auto& entry : toc.entries) {
        if (!entry.has_data || entry.file.empty() || !asked.insert(entry.file).second) continue;
        ++tables;
        const std::uint64_t* size = size_of(folder + entry.file);
        if (size == nullptr && entry.description == "BLOBS") {  // a tar keeps a list of them and a file for each
          size = size_of(folder + "blobs.toc");
          if (size == nullptr) size = size_of(fmt::format("{}blobs_{}.toc", folder, entry.id));
        }
        if (size != nullptr && *size > 0) continue;
        constexpr std::uint64_t listed = 20;
        if (++lacking > listed) continue;
        out.report(make_finding(checks::dump_archive_data,
                                at / (entry.schema.empty() ? entry.tag : entry.schema + "." + entry.tag),
                                "the data that the table of contents promises is not in the dump",
                                printable(entry.file, 80), size == nullptr ? "no such file" : "an empty file"));
      }
      if (lacking > 0) continue;
      out.unchecked(
          at,
          fmt::format("a dump in directory or tar format: its {} of data are there, its rows are not looked "
                      "into",
                      counted(tables, "file")),
          "dump with --format=custom, whose rows are verified and rehearsed, or prove it with pg_restore into "
          "a scratch server");
    }
  }

 private:
  static constexpr std::size_t most_files = 1'000'000;
  static constexpr std::size_t most_tocs = 64;

  [[nodiscard]] const std::uint64_t* size_of(const std::string& name) const {
    for (const std::string_view ending : {"", ".gz", ".lz4", ".zst"}) {
      if (const auto found = sizes_.find(name + std::string{ending}); found != sizes_.end()) return &found->second;
    }
    return nullptr;
  }

  static std::string_view folder_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash + 1);
  }

  std::map<std::string, std::uint64_t> sizes_;  // of what may belong to a dump
  std::map<std::string, dump_archive_toc> tocs_;
};

}  // namespace knowngood
