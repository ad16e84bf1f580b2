// dump_archive_script: an archive of pg_dump's custom format as the SQL script that its plain format would be, so that
// what checks and loads scripts checks and loads archives.
//
// Layer: postgres. One pass: the table of contents is held, data is inflated as it is asked for. Example:
//   check_plain_dump(std::make_unique<dump_archive_script>(std::move(file), where, bounds, findings), where, findings);
//   // the same tables, rows and fingerprints as the plain dump of the same snapshot
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
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
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_block.hpp"
#include "knowngood/postgres/dump_archive_input.hpp"
#include "knowngood/postgres/dump_archive_sql.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood {

/// Offsets of what is found in the script count in the script; what is found in the archive itself is reported with
/// offsets in the archive, and the location of the table whose data it is.
class dump_archive_script final : public source {
 public:
  /// Takes over `upstream`, an archive from its first byte. `findings` outlives this object. Throws from `next()`:
  /// `stream_error` (`dump.archive`, `dump.truncated`, and the family `compression.`), `environment_error` for versions
  /// and formats that are not read. Reports and goes on: `dump.archive-data`, `dump.archive-offset`,
  /// `dump.archive-order`.
  dump_archive_script(std::unique_ptr<source> upstream, location where, const limits& bounds, finding_sink& findings)
      : upstream_{std::move(upstream)},
        in_{*upstream_, where, bounds.toc_bytes},
        where_{std::move(where)},
        bounds_{bounds},
        findings_{findings} {}

 private:
  using turn = detail::dump_archive_turn;
  enum class phase : unsigned char { contents, before_data, between_blocks, in_block, after_data, end };
  static constexpr std::size_t piece_bytes = std::size_t{64} << 10;
  static constexpr std::string_view block_part = "a data block's header";

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
    toc_ = read_dump_archive_toc(in_, bounds_);
    if (toc_.format != 1) {
      throw environment_error{where_, "a table of contents without the files that hold its data",
                              "name the directory or archive that it belongs to"};
    }
    for (std::size_t i = 0; i < toc_.entries.size(); ++i) {
      if (toc_.entries[i].has_data) waiting_.emplace(toc_.entries[i].id, i);
    }
    first_data_ = toc_.entries.size();
    for (const auto& [id, index] : waiting_) first_data_ = std::min(first_data_, index);
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
    if (in_.at_end()) return end_data();
    const std::uint64_t at = in_.offset();
    const std::uint8_t type = in_.byte(block_part);
    if (type != data_block && type != large_object_block) {
      throw in_.damaged(at, "neither a data block nor the archive's end", "1 or 3", fmt::format("{}", type));
    }
    const std::int64_t id = in_.integer(block_part);
    const auto known = waiting_.find(id);
    if (known == waiting_.end()) {
      const bool twice = std::any_of(toc_.entries.begin(), toc_.entries.end(),
                                     [&](const dump_archive_entry& one) { return one.has_data && one.id == id; });
      throw in_.damaged(at, fmt::format("a data block of {} {}", twice ? "entry" : "no entry:", id),
                        twice ? "one block of it" : "an id of the table of contents",
                        twice ? "another" : "none with it");
    }
    const dump_archive_entry& entry = toc_.entries[known->second];
    hold_to_contents(entry, at, known->second);
    waiting_.erase(known);
    entry_ = &entry;
    detail::dump_archive_sql::write_header("Data for ", entry, text_);
    large_objects_ = type == large_object_block;
    phase_ = phase::in_block;
    tail_.clear();
    if (large_objects_) {
      text_ += "BEGIN;\n\n";
    } else {
      text_ += entry.copy;
      open_data();
    }
  }

  void hold_to_contents(const dump_archive_entry& entry, std::uint64_t at, std::size_t index) {
    if (entry.state == dump_archive_entry::offset_state::known && entry.offset != at) {
      findings_.report(make_finding(checks::dump_archive_offset, where_of(entry).at(at),
                                    "the table of contents states another place of this data",
                                    fmt::format("byte {}", entry.offset), fmt::format("byte {}", at)));
    }
    if (index < last_index_ && !std::exchange(order_reported_, true)) {
      findings_.report(make_finding(checks::dump_archive_order, where_of(entry).at(at),
                                    "data blocks stand in another order than the table of contents",
                                    "the order in which pg_dump writes them", "an earlier entry's data"));
    }
    last_index_ = index;
  }

  [[nodiscard]] location where_of(const dump_archive_entry& entry) const {
    return where_ / (entry.schema.empty() ? entry.tag : entry.schema + "." + entry.tag);
  }

  void open_data() { data_ = detail::dump_archive_data(in_, toc_.compression, where_of(*entry_), findings_); }

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
    throw stream_error{checks::dump_unterminated_copy, where_of(*entry_).at(in_.offset()),
                       "the data of the table does not end as COPY data does", "a line \\. and two empty ones",
                       printable(tail_)};
  }

  // Each is its id and data like a table's, the last is followed by the id 0. Written as plain dumps have them.
  byte_view next_of_large_objects() {
    if (!data_) {
      const std::int64_t id = in_.integer("a large object's id");
      if (id == 0) {
        text_ += "COMMIT;\n\n";
        end_block();
        return {};
      }
      text_ += fmt::format("SELECT pg_catalog.lo_open('{}', 131072);\n", id);
      open_data();
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
    std::vector<std::size_t> missing;  // in the order of the table of contents
    for (const auto& [id, index] : waiting_) missing.push_back(index);
    std::sort(missing.begin(), missing.end());
    for (std::size_t i = 0; i < std::min(most_listed, missing.size()); ++i) {
      findings_.report(make_finding(checks::dump_archive_data, where_of(toc_.entries[missing[i]]),
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

  static constexpr std::uint8_t data_block = 1;
  static constexpr std::uint8_t large_object_block = 3;
  static constexpr std::string_view copy_end = "\n\\.\n\n\n";

  std::unique_ptr<source> upstream_;
  dump_archive_input in_;
  location where_;
  limits bounds_;
  finding_sink& findings_;
  dump_archive_toc toc_;
  phase phase_ = phase::contents;
  turn turn_ = turn::object;
  std::size_t first_data_ = 0;                   // index of the first entry with data
  std::size_t at_ = 0;                           // of the entry to write next
  std::map<std::int64_t, std::size_t> waiting_;  // entries whose data has not come, by dump id
  std::size_t last_index_ = 0;
  bool order_reported_ = false;
  const dump_archive_entry* entry_ = nullptr;  // whose block is read
  bool large_objects_ = false;
  std::unique_ptr<source> data_;  // of the block, inflated
  std::string tail_;              // the last bytes of it
  detail::dump_archive_sql sql_;
  std::string text_;  // to hand out
};

}  // namespace knowngood
