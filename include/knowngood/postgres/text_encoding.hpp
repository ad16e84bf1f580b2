// text_encoding: the encodings whose characters can be broken, and which bytes make one character in each of them, as
// the server verifies them.
//
// Layer: postgres. PostgreSQL manual, "Character Set Support". Encodings of single bytes, and SQL_ASCII, take every
// byte but NUL: `bytes`. Pure ASCII runs at memory speed.
//   encoding_validator valid{encoding_named("EUC_JP")}; valid.feed(piece); valid.finish() tells of all pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/text_pieces.hpp"
#include "knowngood/base/utf8.hpp"

namespace knowngood {

enum class text_encoding : unsigned char {
  bytes,
  utf8,
  euc_jp,  ///< EUC_JIS_2004 too
  euc_kr,  ///< EUC_CN too
  euc_tw,
  mule,
  sjis,  ///< SHIFT_JIS_2004 too; from here on, characters may hold bytes that are ASCII
  big5,
  gbk,
  uhc,
  johab,
  gb18030,
};

/// By the name that `SET client_encoding` gives, in any case, with or without its hyphens and underscores.
inline text_encoding encoding_named(std::string_view name) {
  std::array<char, 24> plain{};
  std::size_t size = 0;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == ' ') continue;
    if (size == plain.size()) return text_encoding::bytes;
    plain[size++] = to_lower(c);
  }
  constexpr std::array<std::pair<std::string_view, text_encoding>, 22> names{{
      {"utf8", text_encoding::utf8},         {"unicode", text_encoding::utf8},      {"eucjp", text_encoding::euc_jp},
      {"eucjis2004", text_encoding::euc_jp}, {"euckr", text_encoding::euc_kr},      {"euccn", text_encoding::euc_kr},
      {"euctw", text_encoding::euc_tw},      {"muleinternal", text_encoding::mule}, {"sjis", text_encoding::sjis},
      {"shiftjis", text_encoding::sjis},     {"shiftjis2004", text_encoding::sjis}, {"mskanji", text_encoding::sjis},
      {"win932", text_encoding::sjis},       {"windows932", text_encoding::sjis},   {"big5", text_encoding::big5},
      {"win950", text_encoding::big5},       {"gbk", text_encoding::gbk},           {"win936", text_encoding::gbk},
      {"uhc", text_encoding::uhc},           {"win949", text_encoding::uhc},        {"johab", text_encoding::johab},
      {"gb18030", text_encoding::gb18030},
  }};
  for (const auto& [known, encoding] : names) {
    if (std::string_view{plain.data(), size} == known) return encoding;
  }
  return text_encoding::bytes;
}

/// True where the second byte of a character may be a backslash, a letter or a digit.
constexpr bool hides_ascii(text_encoding encoding) noexcept { return encoding >= text_encoding::sjis; }

namespace detail {

constexpr bool is_between(unsigned char byte, unsigned low, unsigned high) noexcept {
  return byte >= low && byte <= high;
}

/// How many bytes the character has that begins with `lead`, which is no ASCII. 1 as well for bytes that begin none.
constexpr std::size_t character_size(text_encoding encoding, unsigned char lead, unsigned char second) noexcept {
  switch (encoding) {
    case text_encoding::euc_jp: return lead == 0x8F ? 3 : 2;
    case text_encoding::euc_tw: return lead == 0x8E ? 4 : 2;
    case text_encoding::euc_kr: return 2;
    case text_encoding::mule:
      return is_between(lead, 0x81, 0x8D) ? 2 : is_between(lead, 0x90, 0x9B) ? 3 : is_between(lead, 0x9C, 0x9D) ? 4 : 1;
    case text_encoding::sjis: return is_between(lead, 0xA1, 0xDF) ? 1 : 2;
    case text_encoding::gb18030: return is_between(second, 0x30, 0x39) ? 4 : 2;
    default: return 2;
  }
}

/// Whether the bytes of one character, of the size that `character_size` gives and not ASCII, make one.
constexpr bool is_character(text_encoding encoding, const unsigned char* at, std::size_t size) noexcept {
  const auto all_between = [&](std::size_t from, unsigned low, unsigned high) {
    for (std::size_t i = from; i < size; ++i) {
      if (!is_between(at[i], low, high)) return false;
    }
    return true;
  };
  const unsigned char lead = at[0];
  const unsigned char second = size > 1 ? at[1] : 0;
  switch (encoding) {
    case text_encoding::euc_jp:
      return lead == 0x8E   ? is_between(second, 0xA1, 0xDF)
             : lead == 0x8F ? all_between(1, 0xA1, 0xFE)
                            : all_between(0, 0xA1, 0xFE);
    case text_encoding::euc_kr: return all_between(0, 0xA1, 0xFE);
    case text_encoding::euc_tw:
      return lead == 0x8E ? is_between(second, 0xA1, 0xB0) && all_between(2, 0xA1, 0xFE) : all_between(0, 0xA1, 0xFE);
    case text_encoding::mule: return size > 1 && all_between(1, 0x80, 0xFF);
    case text_encoding::sjis:
      return size == 1 || ((is_between(lead, 0x81, 0x9F) || is_between(lead, 0xE0, 0xFC)) &&
                           (is_between(second, 0x40, 0x7E) || is_between(second, 0x80, 0xFC)));
    case text_encoding::big5:
      return is_between(lead, 0x81, 0xFE) && (is_between(second, 0x40, 0x7E) || is_between(second, 0xA1, 0xFE));
    case text_encoding::gbk:
      return is_between(lead, 0x81, 0xFE) && (is_between(second, 0x40, 0x7E) || is_between(second, 0x80, 0xFE));
    case text_encoding::uhc:
      return is_between(lead, 0x81, 0xFE) &&
             (is_between(second, 0x41, 0x5A) || is_between(second, 0x61, 0x7A) || is_between(second, 0x81, 0xFE));
    case text_encoding::johab:
      return is_between(lead, 0x84, 0xF9) && (is_between(second, 0x31, 0x7E) || is_between(second, 0x81, 0xFE));
    case text_encoding::gb18030:
      if (!is_between(lead, 0x81, 0xFE)) return false;
      if (size == 4) return is_between(at[2], 0x81, 0xFE) && is_between(at[3], 0x30, 0x39);
      return is_between(second, 0x40, 0x7E) || is_between(second, 0x80, 0xFE);
    default: return true;
  }
}

}  // namespace detail

/// The size of the character at the front of `text`, which is not empty; 0 when its bytes make none or are cut short.
inline std::size_t character_length(text_encoding encoding, std::string_view text) noexcept {
  if (encoding == text_encoding::utf8) return utf8_sequence_length(text);
  const auto* const at = reinterpret_cast<const unsigned char*>(text.data());
  if (at[0] < 0x80 || encoding == text_encoding::bytes) return 1;
  const std::size_t size = detail::character_size(encoding, at[0], text.size() > 1 ? at[1] : 0);
  return size <= text.size() && detail::is_character(encoding, at, size) ? size : 0;
}

/// Offset of the first byte of `text` that begins no character; nothing when all of it is well-formed.
inline std::optional<std::size_t> find_ill_formed(text_encoding encoding, std::string_view text) noexcept {
  if (encoding == text_encoding::bytes) return std::nullopt;
  if (encoding == text_encoding::utf8) return find_ill_formed_utf8(text);
  return find_ill_formed_text(text, [encoding](std::string_view rest) { return character_length(encoding, rest); });
}

/// Checks a stream of bytes, wherever it is cut into pieces.
class encoding_validator {
 public:
  explicit encoding_validator(text_encoding encoding = text_encoding::bytes) : encoding_{encoding} {}

  /// Takes the next piece. False from the first ill-formed byte on, until `finish`.
  bool feed(std::string_view piece) noexcept {
    if (encoding_ == text_encoding::bytes) return true;
    if (encoding_ == text_encoding::utf8) return utf8_.feed(piece);
    return pieces_.feed(
        piece, [this](std::string_view text) { return character_length(encoding_, text); },
        [this](std::string_view text) { return wanted(text); });
  }

  /// True when everything was well-formed and nothing is left unfinished. Starts anew.
  bool finish() noexcept {
    if (encoding_ == text_encoding::utf8) return utf8_.finish();
    return pieces_.finish();
  }

 private:
  std::size_t wanted(std::string_view text) const noexcept {
    const auto* const at = reinterpret_cast<const unsigned char*>(text.data());
    return detail::character_size(encoding_, at[0], text.size() > 1 ? at[1] : 0);
  }

  text_encoding encoding_;
  utf8_validator utf8_;
  text_pieces pieces_;
};

}  // namespace knowngood
