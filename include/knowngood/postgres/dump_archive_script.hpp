// dump_archive_script: an archive of pg_dump's custom, directory or tar format as the SQL script that its plain format
// would be, so that what checks and loads scripts checks and loads archives.
//
// Layer: postgres. One pass: the table of contents is held, data is inflated as it is asked for. Example:
//   check_plain_dump(std::make_unique<dump_archive_script>(std::move(file), where, bounds, findings), where, findings);
//   // the same tables, rows and fingerprints as the plain dump of the same snapshot
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_blocks.hpp"
#include "knowngood/postgres/dump_archive_files.hpp"
#include "knowngood/postgres/dump_archive_input.hpp"
#include "knowngood/postgres/dump_archive_sql.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood {

/// Offsets of what is found in the script count in the script; what is found in the archive itself is reported with
/// offsets in the archive, and the location of the table whose data it is.
class dump_archive_script final : public source {
 public:
  /// Takes over `upstream`, an archive from its first byte, or a table of contents whose data `files` opens. `findings`
  /// outlives this object. Throws from `next()`: `stream_error` (`dump.archive`, `dump.truncated`, and the family
  /// `compression.`), `environment_error` for versions that are not read, and for a table of contents without `files`.
  /// Reports and goes on: `dump.archive-data`, `dump.archive-offset`, `dump.archive-order`.
  dump_archive_script(std::unique_ptr<source> upstream, location where, const limits& bounds, finding_sink& findings,
                      open_dump_file files = {})
      : upstream_{std::move(upstream)},
        in_{*upstream_, where, bounds.toc_bytes},
        where_{std::move(where)},
        bounds_{bounds},
        findings_{findings},
        files_{std::move(files)} {}

  /// The same of a table of contents that was read before, of another format than the custom one.
  dump_archive_script(dump_archive_toc contents, location where, const limits& bounds, finding_sink& findings,
                      open_dump_file files)
      : dump_archive_script{std::make_unique<memory_source>(std::string{}), std::move(where), bounds, findings,
                            std::move(files)} {
    toc_ = std::move(contents);
    toc_known_ = true;
  }

 private:
  using turn = detail::dump_archive_turn;
  enum class phase : unsigned char { contents, before_data, between_blocks, in_block, after_data, end };
  static constexpr std::size_t piece_bytes = std::size_t{64} << 10;
  static constexpr unsigned custom_format = 1;

  byte_view produce() override {
    text_.clear();
    for (;;) {
      switch (phase_) {
        case phase::contents: begin(); break;
        case phase::before_data: write_entries(phase::between_blocks); break;
        case phase::between_blocks: begin_block(); break;
        case phase::in_block:
          if (!text_.empty()) return bytes(text_);
          if (const byte_view data = next_of_block(); !data.empty()) return data;
          break;
        case phase::after_data: write_entries(phase::end); break;
        case phase::end: return bytes(text_);
      }
      if (text_.size() >= piece_bytes) return bytes(text_);
    }
  }

  static byte_view bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

  void begin() {
    if (!toc_known_) toc_ = read_dump_archive_toc(in_, bounds_);
    if (toc_.format == custom_format) {
      blocks_ = std::make_unique<detail::blocks_in_archive>(in_, toc_, where_, findings_);
    } else if (files_) {
      if (!in_.at_end()) throw in_.damaged(in_.offset(), "bytes follow the table of contents", "its end", "more");
      blocks_ = std::make_unique<detail::blocks_in_files>(toc_, where_, std::move(files_), bounds_.list_bytes);
    } else {
      throw environment_error{where_, "a table of contents without the files that hold its data",
                              "name the directory or archive that it belongs to"};
    }
    const auto first = std::find_if(toc_.entries.begin(), toc_.entries.end(),
                                    [](const dump_archive_entry& one) { return one.has_data; });
    first_data_ = static_cast<std::size_t>(first - toc_.entries.begin());
    detail::dump_archive_sql::write_prologue(toc_, text_);
    phase_ = phase::before_data;
  }

  // Writes entries without data, one turn after the other, until enough text is there.
  void write_entries(phase next) {
    const bool before = phase_ == phase::before_data;
    const std::size_t end = before ? first_data_ : toc_.entries.size();
    while (text_.size() < piece_bytes) {
      if (at_ == end) {
        if (before || turn_ == turn::last) return finish(next);
        turn_ = turn_ == turn::object ? turn::right : turn::last;
        at_ = 0;
        continue;
      }
      const dump_archive_entry& entry = toc_.entries[at_++];
      if (!entry.has_data && detail::turn_of(entry) == turn_) sql_.write_entry(entry, text_);
    }
  }

  void finish(phase next) {
    phase_ = next;
    if (next == phase::end) text_ += "--\n-- PostgreSQL database dump complete\n--\n\n";
  }

  void begin_block() {
    const auto next = blocks_->next();
    if (!next) return end_data();
    entry_ = &toc_.entries[next->entry];
    detail::dump_archive_sql::write_header("Data for ", *entry_, text_);
    large_objects_ = next->large_objects;
    phase_ = phase::in_block;
    tail_.clear();
    if (large_objects_) {
      text_ += "BEGIN;\n\n";
    } else {
      text_ += entry_->copy;
      data_ = blocks_->data();
    }
  }

  // The next bytes of the block; none when it ended, or when there is text to hand out first.
  byte_view next_of_block() {
    if (large_objects_) return next_of_large_objects();
    const byte_view data = data_->next();
    if (!data.empty()) {
      remember_tail(data);
      return data;
    }
    require_end_of_copy();
    if (entry_->copy.empty()) text_ += '\n';
    end_block();
    return {};
  }

  void end_block() {
    data_.reset();
    entry_ = nullptr;
    phase_ = phase::between_blocks;
  }

  void remember_tail(byte_view data) {
    const std::string_view text{reinterpret_cast<const char*>(data.data()), data.size()};
    tail_.append(text.substr(text.size() - std::min(text.size(), copy_end.size())));
    if (tail_.size() > copy_end.size()) tail_.erase(0, tail_.size() - copy_end.size());
  }

  // Without it, what follows in the script would be read as rows.
  void require_end_of_copy() const {
    if (entry_->copy.empty()) return;
    if (tail_ == copy_end || tail_ == copy_end.substr(1)) return;
    throw stream_error{checks::dump_unterminated_copy, blocks_->place(),
                       "the data of the table does not end as COPY data does", "a line \\. and two empty ones",
                       printable(tail_)};
  }

  // Each is its id and data like a table's, the last is followed by the id 0. Written as plain dumps have them.
  byte_view next_of_large_objects() {
    if (!data_) {
      const auto id = blocks_->next_large_object();
      if (!id) {
        text_ += "COMMIT;\n\n";
        end_block();
        return {};
      }
      text_ += fmt::format("SELECT pg_catalog.lo_open('{}', 131072);\n", *id);
      data_ = blocks_->data();
      return {};
    }
    const byte_view data = data_->next();
    if (data.empty()) {
      text_ += "SELECT pg_catalog.lo_close(0);\n\n";
      data_.reset();
      return {};
    }
    constexpr std::size_t written_at_once = 16'384;
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t from = 0; from < data.size(); from += written_at_once) {
      text_ += "SELECT pg_catalog.lowrite(0, '\\x";
      for (const std::byte one : data.subspan(from, std::min(written_at_once, data.size() - from))) {
        text_ += digits[std::to_integer<unsigned>(one) >> 4U];
        text_ += digits[std::to_integer<unsigned>(one) & 0xFU];
      }
      text_ += "');\n";
    }
    return {};
  }

  void end_data() {
    constexpr std::size_t most_listed = 20;
    const std::vector<std::size_t> missing = blocks_->missing();
    for (std::size_t i = 0; i < std::min(most_listed, missing.size()); ++i) {
      findings_.report(make_finding(checks::dump_archive_data, detail::where_of_entry(where_, toc_.entries[missing[i]]),
                                    "the archive lacks the data that its table of contents promises", "a data block",
                                    "none"));
    }
    if (missing.size() > most_listed) {
      findings_.report(
          make_finding(checks::dump_archive_data, where_,
                       fmt::format("the data of {} more entries is missing", missing.size() - most_listed)));
    }
    phase_ = phase::after_data;
    at_ = first_data_;
  }

  static constexpr std::string_view copy_end = "\n\\.\n\n\n";

  std::unique_ptr<source> upstream_;
  dump_archive_input in_;
  location where_;
  limits bounds_;
  finding_sink& findings_;
  open_dump_file files_;
  dump_archive_toc toc_;
  bool toc_known_ = false;
  phase phase_ = phase::contents;
  turn turn_ = turn::object;
  std::size_t first_data_ = 0;  // index of the first entry with data
  std::size_t at_ = 0;          // of the entry to write next
  std::unique_ptr<detail::dump_archive_blocks> blocks_;
  const dump_archive_entry* entry_ = nullptr;  // whose block is read
  bool large_objects_ = false;
  std::unique_ptr<source> data_;  // of the block, inflated
  std::string tail_;              // the last bytes of it
  detail::dump_archive_sql sql_;
  std::string text_;  // to hand out
};

}  // namespace knowngood
