// json_text: text of any bytes as text that JSON can hold, and back without loss.
//
// Layer: audit. JSON is UTF-8, names in backups are whatever bytes a file system or a database took. Well-formed text
// stays as it is; a byte that is not part of it becomes U+FFFD followed by `\xNN`, and a U+FFFD that was there already
// is doubled, so that nothing written can be read in two ways. Example: to_json_text("caf\xe9") == "caf\uFFFD\\xe9".
#pragma once

#include <charconv>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "restorable/base/printable.hpp"

namespace restorable {

namespace detail {
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD
}

/// Well-formed UTF-8 for `raw`. Different bytes give different text.
inline std::string to_json_text(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  while (!raw.empty()) {
    const std::size_t length = utf8_sequence_length(raw);
    if (length == 0) {
      fmt::format_to(std::back_inserter(text), "{}\\x{:02x}", detail::replacement_character,
                     static_cast<unsigned char>(raw.front()));
      raw.remove_prefix(1);
      continue;
    }
    text += raw.substr(0, length);
    if (raw.starts_with(detail::replacement_character)) text += detail::replacement_character;
    raw.remove_prefix(length);
  }
  return text;
}

/// The bytes that `to_json_text` was given. A lone U+FFFD, which it does not write, stays one.
inline std::string from_json_text(std::string_view text) {
  constexpr std::string_view mark = detail::replacement_character;
  std::string raw;
  raw.reserve(text.size());
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    raw += text.substr(0, at);
    text.remove_prefix(at + mark.size());
    unsigned byte = 0;
    if (text.starts_with(mark)) {
      raw += mark;
      text.remove_prefix(mark.size());
    } else if (text.size() >= 4 && text.starts_with("\\x") &&
               std::from_chars(text.data() + 2, text.data() + 4, byte, 16).ptr == text.data() + 4) {
      raw += static_cast<char>(byte);
      text.remove_prefix(4);
    } else {
      raw += mark;
    }
  }
  return raw += text;
}

/// A JSON document in which nothing acts on a terminal or hides: DEL, C1 controls, line separators and direction
/// controls, which can only stand inside of strings, become `\uNNNN`. The document means the same.
inline std::string escape_invisible(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size();) {
    const auto byte = [&](std::size_t ahead) {
      return i + ahead < json.size() ? static_cast<unsigned char>(json[i + ahead]) : 0U;
    };
    std::size_t length = 1;
    unsigned code = 0;
    if (byte(0) == 0x7FU) {
      code = 0x7FU;
    } else if (byte(0) == 0xC2U && byte(1) >= 0x80U && byte(1) < 0xA0U) {
      code = byte(1);
      length = 2;
    } else if (byte(0) == 0xE2U && ((byte(1) == 0x80U && byte(2) >= 0xA8U && byte(2) <= 0xAEU) ||
                                    (byte(1) == 0x81U && byte(2) >= 0xA6U && byte(2) <= 0xA9U))) {
      code = 0x2000U + ((byte(1) & 0x3FU) << 6U) + (byte(2) & 0x3FU);
      length = 3;
    }
    if (code != 0) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out += json[i];
    }
    i += length;
  }
  return out;
}

}  // namespace restorable
