// blocks_in_files: the data of a dump in pg_dump's directory or tar format, a file for each table and each large
// object, in the order of the table of contents.
//
// Layer: postgres, internal. Example: blocks_in_files blocks{toc, where, open, 1 << 28};
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_blocks.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood {

/// Opens a file of a dump by its name, which stands in the dump and may be anything: its content, without what
/// compresses it. Null where there is none.
using open_dump_file = std::function<std::unique_ptr<source>(const std::string& name)>;

/// Whether a file's name is of the kind that pg_dump gives: in the dump's own folder, of letters, digits and `._-`.
inline bool is_dump_file_name(std::string_view name) noexcept {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), good);
}

/// A large object of a list of them (`blobs.toc`): its id and the file that holds it.
struct large_object_file {
  std::int64_t id = 0;
  std::string file;
};

/// Such a list: `16400 blob_16400.dat` to a line. Throws `stream_error` (`dump.archive`).
inline std::vector<large_object_file> parse_large_object_list(std::string_view text, const location& where) {
  std::vector<large_object_file> all;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::uint32_t id = 0;
    const auto [after, error] = std::from_chars(one.data(), one.data() + one.size(), id);
    const std::string_view rest = one.substr(static_cast<std::size_t>(after - one.data()));
    if (error != std::errc{} || id == 0 || !rest.starts_with(' ') || !is_dump_file_name(rest.substr(1)) ||
        end == std::string_view::npos) {
      throw stream_error{checks::dump_archive, where,
                         fmt::format("line {} of the list of large objects is none of pg_dump's", line),
                         "an object's id, a blank and a file's name", printable(one, 80)};
    }
    all.push_back({id, std::string{rest.substr(1)}});
  }
  return all;
}

namespace detail {

class blocks_in_files final : public dump_archive_blocks {
 public:
  /// `toc` and `where` outlive this object. A list of large objects is read up to `list_bytes`.
  blocks_in_files(const dump_archive_toc& toc, const location& where, open_dump_file open, std::uint64_t list_bytes)
      : toc_{toc}, where_{where}, open_{std::move(open)}, list_bytes_{list_bytes} {}

  std::optional<block> next() override {
    for (; at_ < toc_.entries.size(); ++at_) {
      const dump_archive_entry& entry = toc_.entries[at_];
      if (!entry.has_data || entry.file.empty()) continue;
      const bool large_objects = is_of_large_objects(entry);
      file_ = large_objects ? open_list(entry) : open(entry.file);
      if (file_ == nullptr) {
        missing_.push_back(at_);
        continue;
      }
      entry_ = at_++;
      if (large_objects) read_list();
      return block{entry_, large_objects};
    }
    return std::nullopt;
  }

  std::optional<std::int64_t> next_large_object() override {
    if (listed_ == list_.size()) return std::nullopt;
    const large_object_file& one = list_[listed_++];
    file_ = open(one.file);
    if (file_ == nullptr) {
      throw stream_error{checks::dump_archive_data, place(), "the data of a large object is not in the dump",
                         printable(one.file, 80), "no such file"};
    }
    return one.id;
  }

  std::unique_ptr<source> data() override { return std::move(file_); }

  [[nodiscard]] location place() const override { return where_of_entry(where_, toc_.entries[entry_]); }
  [[nodiscard]] std::vector<std::size_t> missing() const override { return missing_; }

  static bool is_of_large_objects(const dump_archive_entry& entry) { return entry.description == "BLOBS"; }

 private:
  std::unique_ptr<source> open(const std::string& name) const {
    return is_dump_file_name(name) ? open_(name) : nullptr;
  }

  // Before version 1.16 there is one list; since then one for each owner.
  std::unique_ptr<source> open_list(const dump_archive_entry& entry) const {
    for (const std::string& name : {entry.file, fmt::format("blobs_{}.toc", entry.id), std::string{"blobs.toc"}}) {
      if (!name.ends_with(".toc")) continue;
      if (auto list = open(name)) return list;
    }
    return nullptr;
  }

  void read_list() {
    std::string text;
    const std::unique_ptr<source> list = std::move(file_);
    for (byte_view chunk = list->next(); !chunk.empty(); chunk = list->next()) {
      text.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
      if (text.size() > list_bytes_) throw_limit_exceeded(place(), "list_bytes", list_bytes_, text.size());
    }
    list_ = parse_large_object_list(text, place());
    listed_ = 0;
  }

  const dump_archive_toc& toc_;
  const location& where_;
  open_dump_file open_;
  std::uint64_t list_bytes_;
  std::size_t at_ = 0;     // of the entry to look at next
  std::size_t entry_ = 0;  // whose data is read
  std::unique_ptr<source> file_;
  std::vector<large_object_file> list_;
  std::size_t listed_ = 0;
  std::vector<std::size_t> missing_;
};

}  // namespace detail

}  // namespace knowngood
