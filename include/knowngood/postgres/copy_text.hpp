// copy_text: which bytes a row of COPY data may be made of: what pg_dump escapes does not stand there as it is, and no
// other escapes are written.
//
// Layer: postgres. PostgreSQL manual, COPY, "Text Format". A row is looked at in the masks of 64 bytes that copy_rows
// counts with; copy_text_check is the same for a row that comes in pieces, byte by byte only where something stands
// out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "knowngood/postgres/text_encoding.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace knowngood::detail {

/// Where in 64 bytes newlines, tabs and bytes that are not ASCII stand, and those that have to be looked at:
/// backslashes and control characters up to the carriage return. Bit i stands for byte i.
struct block_masks {
  std::uint64_t newline;
  std::uint64_t tab;
  std::uint64_t high;
  std::uint64_t special;
};

inline block_masks masks_of(const char* at) noexcept {
  block_masks masks{0, 0, 0, 0};
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8('\r');
  const auto mask = [](__m128i lanes, unsigned part) {
    const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(lanes));
    return std::uint64_t{bits} << (part * 16);
  };
  __m128i bytes[4];
  __m128i special[4];
  for (unsigned part = 0; part < 4; ++part) {
    bytes[part] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + part * 16));
    const __m128i newlines = _mm_cmpeq_epi8(bytes[part], newline);
    const __m128i tabs = _mm_cmpeq_epi8(bytes[part], tab);
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes[part], last_control), bytes[part]);
    special[part] =
        _mm_andnot_si128(_mm_or_si128(newlines, tabs), _mm_or_si128(low, _mm_cmpeq_epi8(bytes[part], backslash)));
    masks.newline |= mask(newlines, part);
    masks.tab |= mask(tabs, part);
  }
  // most blocks have none of the others
  const auto any_of = [](const __m128i* lanes) {
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(lanes[0], lanes[1]), _mm_or_si128(lanes[2], lanes[3]))) != 0;
  };
  if (any_of(bytes)) {
    for (unsigned part = 0; part < 4; ++part) masks.high |= mask(bytes[part], part);
  }
  if (any_of(special)) {
    for (unsigned part = 0; part < 4; ++part) masks.special |= mask(special[part], part);
  }
#else
  for (unsigned i = 0; i < 64; ++i) {
    const auto byte = static_cast<unsigned char>(at[i]);
    masks.newline |= std::uint64_t{byte == '\n'} << i;
    masks.tab |= std::uint64_t{byte == '\t'} << i;
    masks.high |= std::uint64_t{byte >= 0x80} << i;
    const bool control = byte <= '\r' && byte != '\n' && byte != '\t';
    masks.special |= std::uint64_t{control || byte == '\\'} << i;
  }
#endif
  return masks;
}

/// Control characters that pg_dump writes as they are.
constexpr bool is_raw_control(char c) noexcept { return c > 0 && c < '\b'; }

/// Control characters that pg_dump escapes, or that cannot occur; the tab separates columns.
constexpr bool is_escaped_control(char c) noexcept { return c >= 0 && c <= '\r' && c != '\t' && !is_raw_control(c); }

/// What may follow a backslash anywhere in a value.
constexpr bool is_escape(char c) noexcept {
  return c == '\\' || c == 'n' || c == 't' || c == 'r' || c == 'b' || c == 'f' || c == 'v';
}

/// One row, without its newline, in pieces.
class copy_text_check {
 public:
  explicit copy_text_check(text_encoding encoding = text_encoding::bytes) : encoding_{encoding} {}

  void feed(std::string_view piece) noexcept {
    const bool hides = hides_ascii(encoding_);
    std::size_t at = 0;
    while (at < piece.size()) {
      if (piece.size() - at >= 64 && !escaped_ && !field_ends_ && trailing_ == 0) {
        const block_masks masks = masks_of(piece.data() + at);
        if ((masks.special | masks.newline) == 0 && (!hides || masks.high == 0)) {
          at += 64;
          field_begins_ = piece[at - 1] == '\t';
          continue;
        }
      }
      take(piece[at++], hides);
    }
  }

  /// The row has ended. Starts anew.
  void finish() noexcept {
    bad_escape_ |= escaped_;
    escaped_ = false;
    field_ends_ = false;
    field_begins_ = true;
    trailing_ = 0;
  }

  /// A control character that pg_dump escapes, NUL among them.
  [[nodiscard]] bool bad_byte() const noexcept { return bad_byte_; }
  /// An escape that pg_dump does not write, or one left open at the row's end.
  [[nodiscard]] bool bad_escape() const noexcept { return bad_escape_; }

 private:
  void take(char c, bool hides) noexcept {
    if (trailing_ > 0) {  // of a character that may hold any byte but these
      --trailing_;
      bad_byte_ |= is_escaped_control(c);
      return;
    }
    if (escaped_) {
      escaped_ = false;
      const bool null = c == 'N' && field_begins_;  // `\N` is a whole field
      field_ends_ = null;
      bad_escape_ |= !null && !is_escape(c);
      bad_byte_ |= is_escaped_control(c);
      field_begins_ = false;
      return;
    }
    if (field_ends_ && c != '\t') bad_escape_ = true;
    field_ends_ = false;
    if (c == '\\') {
      escaped_ = true;
      return;
    }
    field_begins_ = c == '\t';
    bad_byte_ |= is_escaped_control(c);
    if (hides && static_cast<signed char>(c) < 0)
      trailing_ = character_size(encoding_, static_cast<unsigned char>(c), 0) - 1;
  }

  text_encoding encoding_;
  std::size_t trailing_ = 0;
  bool escaped_ = false;
  bool field_begins_ = true;
  bool field_ends_ = false;
  bool bad_byte_ = false;
  bool bad_escape_ = false;
};

}  // namespace knowngood::detail
