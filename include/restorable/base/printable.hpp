// Text from a backup made safe to print: names and values are hostile input, a terminal is not.
//
// Layer: base. Example: printable("a\x1b[2Jb") == "a\\x1b[2Jb".
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace restorable {

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

/// `text` with control characters (C0, DEL, C1), line and direction controls and ill-formed UTF-8 shown as `\n`, `\t`,
/// `\r` or `\xNN`, cut to about `limit` bytes with an ellipsis. Valid UTF-8 stays as it is.
inline std::string printable(std::string_view text, std::size_t limit = 512) {
  std::string out;
  out.reserve(text.size() < limit ? text.size() : limit);
  auto escape = [&](std::string_view bytes) {
    for (char c : bytes) fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  };
  while (!text.empty()) {
    if (out.size() >= limit) {
      out += "…";
      break;
    }
    const std::size_t length = utf8_sequence_length(text);
    const auto lead = static_cast<unsigned char>(text.front());
    if (length == 0) {
      escape(text.substr(0, 1));
      text.remove_prefix(1);
      continue;
    }
    const std::string_view one = text.substr(0, length);
    if (lead == '\n') {
      out += "\\n";
    } else if (lead == '\t') {
      out += "\\t";
    } else if (lead == '\r') {
      out += "\\r";
    } else if (lead < 0x20 || lead == 0x7F) {
      escape(one);
    } else if (length == 2 && lead == 0xC2 && static_cast<unsigned char>(one[1]) < 0xA0) {
      escape(one);  // C1 controls: some terminals obey them
    } else if (length == 3 && lead == 0xE2 && static_cast<unsigned char>(one[1]) == 0x80 &&
               static_cast<unsigned char>(one[2]) >= 0xA8 && static_cast<unsigned char>(one[2]) <= 0xAE) {
      escape(one);  // line separators and direction overrides, U+2028 to U+202E
    } else if (length == 3 && lead == 0xE2 && static_cast<unsigned char>(one[1]) == 0x81 &&
               static_cast<unsigned char>(one[2]) >= 0xA6 && static_cast<unsigned char>(one[2]) <= 0xA9) {
      escape(one);  // direction isolates, U+2066 to U+2069
    } else {
      out += one;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace restorable
