// Text from a backup made safe to print: names and values are hostile input, a terminal is not.
//
// Layer: base. Example: printable("a\x1b[2Jb") == "a\\x1b[2Jb".
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace knowngood {

/// Length in bytes of the well-formed UTF-8 sequence at the front of `text` (RFC 3629), or 0 where there is none.
constexpr std::size_t utf8_sequence_length(std::string_view text) noexcept {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  if (text.empty()) return 0;
  const unsigned lead = byte(0);
  if (lead < 0x80U) return 1;
  if (lead >= 0xC2U && lead <= 0xDFU) return continues(1) ? 2 : 0;
  if (lead >= 0xE0U && lead <= 0xEFU) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xE0U && byte(1) < 0xA0U) return 0;
    if (lead == 0xEDU && byte(1) > 0x9FU) return 0;
    return 3;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xF0U && byte(1) < 0x90U) return 0;
    if (lead == 0xF4U && byte(1) > 0x8FU) return 0;
    return 4;
  }
  return 0;
}

/// The code point of a well-formed sequence.
constexpr std::uint32_t code_point(std::string_view sequence) noexcept {
  const std::size_t length = sequence.size();
  std::uint32_t code = static_cast<unsigned char>(sequence.front()) & (length == 1 ? 0x7FU : 0xFFU >> (length + 1));
  for (const char c : sequence.substr(1)) code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

/// What is never seen but acts on a terminal, turns the direction of text, or makes two names look the same.
constexpr bool is_unseen(std::uint32_t code) noexcept {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) ||  // C0, DEL; C1, which some terminals obey
         code == 0x00AD || code == 0x061C || code == 0x180E || code == 0x3164 ||  // a hyphen, a mark, two fillers
         (code >= 0x200B && code <= 0x200F) ||                                    // spaces of no width, joiners, marks
         (code >= 0x2028 && code <= 0x202E) ||                                    // separators of lines, directions
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||                  // joiners, isolates, more spaces
         (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE007F);  // annotations, tags
}

namespace detail {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What Unicode calls a blank: those who look for commands at the beginning of a line skip it.
constexpr bool is_blank(std::uint32_t code) noexcept {
  return code == ' ' || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F ||
         code == 0x205F || code == 0x3000;
}

/// `::error::` and the like, which GitHub Actions obeys at the beginning of a line.
constexpr bool is_line_command(std::string_view text) noexcept {
  return text.size() > 2 && text.starts_with("::") && is_letter(text[2]);
}

/// `##[error]`, `##vso[…]`, `##teamcity[…]`, which GitHub Actions, Azure Pipelines and TeamCity obey wherever in a
/// line.
constexpr bool is_bracket_command(std::string_view text) noexcept {
  if (!text.starts_with("##")) return false;
  std::size_t at = 2;
  while (at < text.size() && is_letter(text[at])) ++at;
  return at < text.size() && text[at] == '[';
}

}  // namespace detail

/// `text` with control characters (C0, DEL, C1), what is not seen (line and direction controls, joiners, tags) and
/// ill-formed UTF-8 shown as `\n`, `\t`, `\r` or `\xNN`, cut to about `limit` bytes with an ellipsis. Other UTF-8 stays
/// as it is. So that a log of a CI system that it is printed to, however it is wrapped at blanks, holds no command for
/// that system, the first sign of what looks like one is shown as `\xNN`, too: `\x3a:error::`, `\x23#vso[`.
inline std::string printable(std::string_view text, std::size_t limit = 512) {
  std::string out;
  out.reserve(text.size() < limit ? text.size() : limit);
  auto escape = [&](std::string_view bytes) {
    for (char c : bytes) fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  };
  bool word_begins = true;
  while (!text.empty()) {
    if (out.size() >= limit) {
      out += "…";
      break;
    }
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0) {
      escape(text.substr(0, 1));
      text.remove_prefix(1);
      word_begins = false;
      continue;
    }
    const std::string_view one = text.substr(0, length);
    const std::uint32_t code = code_point(one);
    if (code == '\n') {
      out += "\\n";
    } else if (code == '\t') {
      out += "\\t";
    } else if (code == '\r') {
      out += "\\r";
    } else if (is_unseen(code) || (word_begins && detail::is_line_command(text)) || detail::is_bracket_command(text)) {
      escape(one);
    } else {
      out += one;
    }
    word_begins = detail::is_blank(code);
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace knowngood
