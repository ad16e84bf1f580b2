// copy_rows: splits the data of a COPY block (text format) into rows, and on the way counts their columns, checks their
// encoding, bytes and escapes, and adds them to a row_set.
//
// Layer: postgres. The inner loop of verifying a dump: 64 bytes at a step, one pass, nothing copied but a row that
// spans two chunks. PostgreSQL manual, COPY, "Text Format": rows end with a newline, columns are separated by a tab,
// the data ends with a line that is exactly `\.`.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "knowngood/hash/row_set.hpp"
#include "knowngood/postgres/copy_text.hpp"
#include "knowngood/postgres/text_encoding.hpp"

namespace knowngood {

/// How many rows of a block have some defect, and the first of them.
struct row_defect {
  std::uint64_t rows = 0;
  std::uint64_t first_row = 0;  ///< counted from 1
  std::uint64_t detail = 0;     ///< of the first: for columns, how many it has

  void add(std::uint64_t row, std::uint64_t value = 0) noexcept {
    if (rows++ == 0) {
      first_row = row;
      detail = value;
    }
  }
};

class copy_rows {
 public:
  /// `columns`: how many each row must have, or nothing when the COPY statement does not say. `encoding`: of the dump.
  /// `check_text`: false for another format than text, whose bytes mean other things.
  copy_rows(std::optional<std::size_t> columns, text_encoding encoding, bool check_text = true)
      : columns_{columns}, encoding_{encoding}, check_text_{check_text}, long_check_{encoding}, long_valid_{encoding} {}

  /// What one call of `scan` came to.
  struct step {
    std::size_t consumed = 0;  ///< bytes of the input dealt with
    std::string_view data;     ///< COPY data to hand on: of the input, or of this object until the next call
    std::uint64_t rows = 0;    ///< rows that end in `data`
    bool ended = false;        ///< the line `\.` was met; `consumed` includes it
  };

  /// Takes the next bytes of the block. `data` of all steps joined is the block's data, lines ended by a newline alone;
  /// it ends at a row's end unless the row is longer than `row_buffer`. Call again with what was not consumed until all
  /// is, or `ended`.
  step scan(std::string_view input) {
    if (released_) {
      carry_.clear();
      released_ = false;
    }
    step done = carry_.empty() && !long_ ? scan_whole_rows(input) : finish_spanning_row(input);
    if (carriage_returns_ && !done.data.empty()) done.data = without_carriage_returns(done.data);
    return done;
  }

  [[nodiscard]] const row_set& rows() const noexcept { return rows_; }
  [[nodiscard]] const row_defect& wrong_columns() const noexcept { return wrong_columns_; }
  [[nodiscard]] const row_defect& ill_formed() const noexcept { return ill_formed_; }
  /// Rows with escapes that pg_dump does not write, one that swallows the newline among them.
  [[nodiscard]] const row_defect& bad_escapes() const noexcept { return bad_escapes_; }
  /// Rows with control characters that pg_dump escapes, and lines that end otherwise than the block's first.
  [[nodiscard]] const row_defect& bad_bytes() const noexcept { return bad_bytes_; }
  /// True when the block's lines end in CR LF, as its first does; the server takes both, but one only in a block.
  [[nodiscard]] bool carriage_returns() const noexcept { return carriage_returns_; }
  /// True when the last byte taken was inside a row.
  [[nodiscard]] bool inside_row() const noexcept { return (!carry_.empty() && !released_) || long_.has_value(); }

  static constexpr std::size_t row_buffer = std::size_t{1} << 20;

 private:
  // What was seen in the row in progress.
  struct row_marks {
    std::size_t tabs = 0;
    bool high = false;
    bool bad_byte = false;
    bool bad_escape = false;
  };
  struct defect_masks {
    std::uint64_t bytes = 0;
    std::uint64_t escapes = 0;
  };

  static bool is_end(std::string_view row) noexcept {
    return (row.size() == 2 || (row.size() == 3 && row[2] == '\r')) && row[0] == '\\' && row[1] == '.';
  }

  // The server goes by the first line of the data.
  void note_line_end(std::string_view line) noexcept {
    if (line_end_known_) return;
    line_end_known_ = true;
    carriage_returns_ = check_text_ && line.ends_with('\r');
  }

  // One loop over blocks of 64 bytes, kept in one function: it runs at the speed of inflating, and what is named in it
  // stays in registers.
  step scan_whole_rows(std::string_view input) {
    const char* const begin = input.data();
    const std::size_t size = input.size();
    if (!line_end_known_) {
      if (const std::size_t newline = input.find('\n'); newline != std::string_view::npos)
        note_line_end(input.substr(0, newline));
    }
    std::size_t row_start = 0;
    std::size_t escaped = size;  // the last byte that a backslash before it has taken up
    row_marks marks;
    const std::uint64_t rows_before = rows_.rows();
    const auto result = [&](std::size_t consumed, std::size_t data, bool ended) {
      return step{consumed, input.substr(0, data), rows_.rows() - rows_before, ended};
    };
    std::size_t base = 0;
    char tail[64];
    while (base < size) {
      const char* at = begin + base;
      std::uint64_t valid = ~std::uint64_t{0};
      if (size - base < 64) {  // the last block is padded, and the padding masked out
        std::memset(tail, 0, sizeof tail);
        std::memcpy(tail, at, size - base);
        valid = (std::uint64_t{1} << (size - base)) - 1;
        at = tail;
      }
      const detail::block_masks masks = detail::masks_of(at);
      defect_masks bad;
      if (const std::uint64_t special = masks.special & valid; special != 0 && check_text_)
        bad = defects_of(special, input, base, escaped);
      std::uint64_t newlines = masks.newline & valid;
      std::uint64_t rest = valid;  // the bytes of this block that belong to the current row or later ones
      const auto note = [&](std::uint64_t of_row) {
        marks.tabs += static_cast<std::size_t>(std::popcount(masks.tab & of_row));
        marks.high |= (masks.high & of_row) != 0;
        if ((bad.bytes | bad.escapes) != 0) {
          marks.bad_byte |= (bad.bytes & of_row) != 0;
          marks.bad_escape |= (bad.escapes & of_row) != 0;
        }
      };
      while (newlines != 0) {
        const auto index = static_cast<unsigned>(std::countr_zero(newlines));
        const std::uint64_t before = (std::uint64_t{1} << index) - 1;
        note(rest & before);
        std::string_view row{begin + row_start, base + index - row_start};
        if (is_end(row)) return result(base + index + 1, row_start, true);
        if (carriage_returns_) row = without_line_end(row, marks);
        rows_.add(row);
        check_row(row, marks);
        row_start = base + index + 1;
        marks = {};
        rest = valid & ~(before | (std::uint64_t{1} << index));
        newlines &= newlines - 1;
      }
      note(rest);
      base += 64;
    }
    if (row_start == 0) {  // not one row's end: begin to carry
      carry_.assign(input);
      return {size, {}, 0, false};
    }
    return result(row_start, row_start, false);
  }

  // Which of the bytes of a block that stand out are defects. What follows the input's last byte does not matter: the
  // row goes on, and is looked at again when all of it is there.
  defect_masks defects_of(std::uint64_t special, std::string_view input, std::size_t base,
                          std::size_t& escaped) const noexcept {
    defect_masks bad;
    const auto byte_at = [&](std::size_t at) { return at < input.size() ? input[at] : '\t'; };
    for (; special != 0; special &= special - 1) {
      const auto index = static_cast<unsigned>(std::countr_zero(special));
      const std::size_t at = base + index;
      if (at == escaped) continue;
      const char c = input[at];
      const char next = byte_at(at + 1);
      if (c != '\\') {
        const bool line_end = c == '\r' && carriage_returns_ && next == '\n';
        if (!line_end && !detail::is_raw_control(c)) bad.bytes |= std::uint64_t{1} << index;
      } else if (next == '\\') {
        escaped = at + 1;
      } else if (next == 'N') {
        const char before = at == 0 ? '\n' : input[at - 1];
        const char after = byte_at(at + 2);
        const bool whole = (before == '\t' || before == '\n') &&
                           (after == '\t' || after == '\n' || (after == '\r' && carriage_returns_));
        if (!whole) bad.escapes |= std::uint64_t{1} << index;
      } else if (!detail::is_escape(next)) {
        bad.escapes |= std::uint64_t{1} << index;
      }
    }
    return bad;
  }

  static std::string_view without_line_end(std::string_view row, row_marks& marks) noexcept {
    if (row.ends_with('\r')) {
      row.remove_suffix(1);
    } else {
      marks.bad_byte = true;  // a newline alone, among lines that end in CR LF
    }
    return row;
  }

  step finish_spanning_row(std::string_view input) {
    const std::size_t newline = input.find('\n');
    const std::string_view part = input.substr(0, newline);
    if (long_) return add_to_long_row(part, newline);
    if (newline == std::string_view::npos) {
      carry_.append(part);
      if (carry_.size() <= row_buffer) return {part.size(), {}, 0, false};
      long_.emplace();
      long_tabs_ = 0;
      long_return_ = false;
      const step first = add_to_long_row(carry_, std::string_view::npos);
      released_ = true;
      return {part.size(), first.data, 0, false};
    }
    carry_.append(part);
    note_line_end(carry_);
    if (is_end(carry_)) {
      carry_.clear();
      return {part.size() + 1, {}, 0, true};
    }
    row_marks marks;
    std::string_view row = carry_;
    if (carriage_returns_) row = without_line_end(row, marks);
    marks.high = std::any_of(row.begin(), row.end(), [](char c) { return static_cast<signed char>(c) < 0; });
    marks.tabs = static_cast<std::size_t>(std::count(row.begin(), row.end(), '\t'));
    look_closely(row, marks);
    rows_.add(row);
    check_row(row, marks);
    carry_.push_back('\n');
    released_ = true;
    return {part.size() + 1, carry_, 1, false};
  }

  // A row beyond `row_buffer` is handed on in pieces and hashed as a stream. A carriage return at the end of a piece
  // waits for what comes after it.
  step add_to_long_row(std::string_view part, std::size_t newline) {
    const bool ends = newline != std::string_view::npos;
    const std::size_t consumed = part.size() + (ends ? 1 : 0);
    if (long_return_) {
      long_data_.assign(1, '\r').append(part);
      part = long_data_;
    }
    long_return_ = part.ends_with('\r');
    if (ends && !line_end_known_) note_line_end(part);
    row_marks marks;
    std::string_view row = part;
    if (long_return_ && (!ends || carriage_returns_)) row.remove_suffix(1);
    if (ends && carriage_returns_ && !long_return_) marks.bad_byte = true;
    long_->add(row);
    long_tabs_ += static_cast<std::size_t>(std::count(row.begin(), row.end(), '\t'));
    long_valid_.feed(row);
    if (check_text_) long_check_.feed(row);
    if (!ends) return {consumed, row, 0, false};
    rows_.add_hash(long_->finish());
    long_.reset();
    long_return_ = false;
    long_check_.finish();
    if (!long_valid_.finish()) ill_formed_.add(rows_.rows());
    check_columns(1, long_tabs_);
    if (long_check_.bad_byte() || marks.bad_byte) bad_bytes_.add(rows_.rows());
    if (long_check_.bad_escape()) bad_escapes_.add(rows_.rows());
    long_check_ = detail::copy_text_check{encoding_};
    long_data_ = std::string{row} + '\n';
    return {consumed, long_data_, 1, false};
  }

  void look_closely(std::string_view row, row_marks& marks) const {
    if (!check_text_) return;
    detail::copy_text_check check{encoding_};
    check.feed(row);
    check.finish();
    marks.bad_byte |= check.bad_byte();
    marks.bad_escape |= check.bad_escape();
  }

  void check_row(std::string_view row, row_marks& marks) {
    check_columns(row.size(), marks.tabs);
    if (marks.high && encoding_ != text_encoding::bytes) {
      if (find_ill_formed(encoding_, row)) ill_formed_.add(rows_.rows());
      if (hides_ascii(encoding_)) {  // a backslash may be the half of a character
        marks.bad_escape = false;
        look_closely(row, marks);
      }
    }
    if (marks.bad_byte) bad_bytes_.add(rows_.rows());
    if (marks.bad_escape) bad_escapes_.add(rows_.rows());
  }

  void check_columns(std::size_t row_size, std::size_t tabs) {
    if (!columns_) return;
    if (*columns_ == 0 ? row_size != 0 : tabs + 1 != *columns_) {
      wrong_columns_.add(rows_.rows(), row_size == 0 && *columns_ == 0 ? 0 : tabs + 1);
    }
  }

  // COPY data with each CR LF as a newline.
  std::string_view without_carriage_returns(std::string_view data) {
    plain_.clear();
    while (!data.empty()) {
      const std::size_t end = data.find("\r\n");
      plain_.append(data.substr(0, end));
      if (end == std::string_view::npos) break;
      plain_ += '\n';
      data.remove_prefix(end + 2);
    }
    return plain_;
  }

  std::optional<std::size_t> columns_;
  text_encoding encoding_;
  bool check_text_;
  bool line_end_known_ = false;
  bool carriage_returns_ = false;
  row_set rows_;
  row_defect wrong_columns_;
  row_defect ill_formed_;
  row_defect bad_escapes_;
  row_defect bad_bytes_;
  std::string carry_;      // a row that began in an earlier chunk
  bool released_ = false;  // carry_ was handed out and is cleared at the next call
  std::string plain_;      // data that was handed out without its carriage returns
  std::optional<long_row> long_;
  std::size_t long_tabs_ = 0;
  bool long_return_ = false;  // the last piece ended in a carriage return, not yet dealt with
  std::string long_data_;
  detail::copy_text_check long_check_;
  encoding_validator long_valid_;
};

}  // namespace knowngood
