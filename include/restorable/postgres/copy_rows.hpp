// copy_rows: splits the data of a COPY block (text format) into rows, and on the way counts their columns, checks their
// encoding and adds them to a row_set.
//
// Layer: postgres. The inner loop of verifying a dump: 64 bytes at a step, one pass, nothing copied but a row that spans
// two chunks. PostgreSQL manual, COPY, "Text Format": rows end with a newline, columns are separated by a tab, the data
// ends with a line that is exactly `\.`.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "restorable/base/utf8.hpp"
#include "restorable/hash/row_set.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace restorable {

/// How many rows of a block have some defect, and the first of them.
struct row_defect {
  std::uint64_t rows = 0;
  std::uint64_t first_row = 0;   ///< counted from 1
  std::uint64_t detail = 0;      ///< of the first: for columns, how many it has

  void add(std::uint64_t row, std::uint64_t value = 0) noexcept {
    if (rows++ == 0) {
      first_row = row;
      detail = value;
    }
  }
};

namespace detail {

/// Where the newlines, tabs and non-ASCII bytes of 64 bytes are; bit i stands for byte i.
struct block_masks {
  std::uint64_t newline;
  std::uint64_t tab;
  std::uint64_t high;
};

inline block_masks masks_of(const char* at) noexcept {
  block_masks masks{0, 0, 0};
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i tab = _mm_set1_epi8('\t');
  for (unsigned part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + part * 16));
    const auto mask = [](__m128i lanes) {
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(lanes)));
    };
    masks.newline |= mask(_mm_cmpeq_epi8(bytes, newline)) << (part * 16);
    masks.tab |= mask(_mm_cmpeq_epi8(bytes, tab)) << (part * 16);
    masks.high |= mask(bytes) << (part * 16);
  }
#else
  for (unsigned i = 0; i < 64; ++i) {
    masks.newline |= std::uint64_t{at[i] == '\n'} << i;
    masks.tab |= std::uint64_t{at[i] == '\t'} << i;
    masks.high |= std::uint64_t{static_cast<unsigned char>(at[i]) >= 0x80} << i;
  }
#endif
  return masks;
}

}  // namespace detail

class copy_rows {
 public:
  /// `columns`: how many each row must have, or nothing when the COPY statement does not say. `check_utf8`: the dump
  /// declares UTF8. `check_escapes`: a backslash byte is a backslash, which it need not be in SJIS and its like.
  copy_rows(std::optional<std::size_t> columns, bool check_utf8, bool check_escapes = true)
      : columns_{columns}, check_utf8_{check_utf8}, check_escapes_{check_escapes} {}

  /// What one call of `scan` came to.
  struct step {
    std::size_t consumed = 0;   ///< bytes of the input dealt with
    std::string_view data;      ///< COPY data to hand on: of the input, or of this object until the next call
    std::uint64_t rows = 0;     ///< rows that end in `data`
    bool ended = false;         ///< the line `\.` was met; `consumed` includes it
  };

  /// Takes the next bytes of the block. `data` of all steps joined is the block's data exactly; it ends at a row's end
  /// unless the row is longer than `row_buffer`. Call again with what was not consumed until all is, or `ended`.
  step scan(std::string_view input) {
    if (released_) {
      carry_.clear();
      released_ = false;
    }
    if (!carry_.empty() || long_) return finish_spanning_row(input);
    return scan_whole_rows(input);
  }

  [[nodiscard]] const row_set& rows() const noexcept { return rows_; }
  [[nodiscard]] const row_defect& wrong_columns() const noexcept { return wrong_columns_; }
  [[nodiscard]] const row_defect& ill_formed() const noexcept { return ill_formed_; }
  /// Rows that end in an odd number of backslashes: the newline would become data.
  [[nodiscard]] const row_defect& open_escapes() const noexcept { return open_escapes_; }
  /// True when the last byte taken was inside a row.
  [[nodiscard]] bool inside_row() const noexcept { return (!carry_.empty() && !released_) || long_.has_value(); }

  static constexpr std::size_t row_buffer = std::size_t{1} << 20;

 private:
  static bool is_end(std::string_view row) noexcept {
    return (row.size() == 2 || (row.size() == 3 && row[2] == '\r')) && row[0] == '\\' && row[1] == '.';
  }

  step scan_whole_rows(std::string_view input) {
    const char* const begin = input.data();
    const std::size_t size = input.size();
    std::size_t row_start = 0;
    std::size_t tabs = 0;
    bool high = false;
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
      std::uint64_t newlines = masks.newline & valid;
      std::uint64_t rest = valid;  // the bytes of this block that belong to the current row or later ones
      while (newlines != 0) {
        const auto index = static_cast<unsigned>(std::countr_zero(newlines));
        const std::uint64_t before = (std::uint64_t{1} << index) - 1;
        tabs += static_cast<std::size_t>(std::popcount(masks.tab & rest & before));
        high |= (masks.high & rest & before) != 0;
        const std::string_view row{begin + row_start, base + index - row_start};
        if (is_end(row)) return result(base + index + 1, row_start, true);
        rows_.add(row);
        check_row(row, tabs, high);
        row_start = base + index + 1;
        tabs = 0;
        high = false;
        rest = valid & ~(before | (std::uint64_t{1} << index));
        newlines &= newlines - 1;
      }
      tabs += static_cast<std::size_t>(std::popcount(masks.tab & rest));
      high |= (masks.high & rest) != 0;
      base += 64;
    }
    if (row_start == 0) {  // not one row's end: begin to carry
      carry_.assign(input);
      return {size, {}, 0, false};
    }
    return result(row_start, row_start, false);
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
      long_backslashes_ = 0;
      const step first = add_to_long_row(carry_, std::string_view::npos);
      released_ = true;
      return {part.size(), first.data, 0, false};
    }
    carry_.append(part);
    if (is_end(carry_)) {
      carry_.clear();
      return {part.size() + 1, {}, 0, true};
    }
    const bool high = std::any_of(carry_.begin(), carry_.end(), [](char c) { return static_cast<signed char>(c) < 0; });
    rows_.add(carry_);
    check_row(carry_, static_cast<std::size_t>(std::count(carry_.begin(), carry_.end(), '\t')), high);
    carry_.push_back('\n');
    released_ = true;
    return {part.size() + 1, carry_, 1, false};
  }

  // A row beyond `row_buffer` is handed on in pieces and hashed as a stream.
  step add_to_long_row(std::string_view part, std::size_t newline) {
    long_->add(part);
    long_tabs_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\t'));
    const std::size_t last = part.find_last_not_of('\\');
    long_backslashes_ = last == std::string_view::npos ? long_backslashes_ + part.size() : part.size() - last - 1;
    if (check_utf8_) long_utf8_.feed(part);
    if (newline == std::string_view::npos) return {part.size(), part, 0, false};
    rows_.add_hash(long_->finish());
    long_.reset();
    if (check_utf8_ && !long_utf8_.finish()) ill_formed_.add(rows_.rows());
    check_columns(1, long_tabs_);
    if (check_escapes_ && long_backslashes_ % 2 == 1) open_escapes_.add(rows_.rows());
    return {part.size() + 1, {part.data(), part.size() + 1}, 1, false};
  }

  void check_row(std::string_view row, std::size_t tabs, bool high) {
    check_columns(row.size(), tabs);
    if (high && check_utf8_ && find_ill_formed_utf8(row)) ill_formed_.add(rows_.rows());
    if (check_escapes_ && !row.empty() && row.back() == '\\') {
      const std::size_t last = row.find_last_not_of('\\');
      const std::size_t backslashes = row.size() - (last == std::string_view::npos ? 0 : last + 1);
      if (backslashes % 2 == 1) open_escapes_.add(rows_.rows());
    }
  }

  void check_columns(std::size_t row_size, std::size_t tabs) {
    if (!columns_) return;
    if (*columns_ == 0 ? row_size != 0 : tabs + 1 != *columns_) {
      wrong_columns_.add(rows_.rows(), row_size == 0 && *columns_ == 0 ? 0 : tabs + 1);
    }
  }

  std::optional<std::size_t> columns_;
  bool check_utf8_;
  bool check_escapes_;
  row_set rows_;
  row_defect wrong_columns_;
  row_defect ill_formed_;
  row_defect open_escapes_;
  std::string carry_;              // a row that began in an earlier chunk
  bool released_ = false;          // carry_ was handed out and is cleared at the next call
  std::optional<long_row> long_;
  std::size_t long_tabs_ = 0;
  std::size_t long_backslashes_ = 0;
  utf8_validator long_utf8_;
};

}  // namespace restorable
