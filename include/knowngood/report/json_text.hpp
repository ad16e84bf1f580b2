// json_text: text of any bytes as text that JSON can hold, and back without loss.
//
// Layer: report. JSON is UTF-8, names in backups are whatever bytes a file system or a database took. Well-formed text
// stays as it is; a byte that is not part of it becomes U+FFFD followed by `\xNN`, and a U+FFFD that was there already
// is doubled, so that nothing written can be read in two ways. Example: to_json_text("caf\xe9") == "caf\uFFFD\\xe9".
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"

namespace knowngood {

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

/// A JSON document in which nothing acts on a terminal, hides, or is a command for a CI system that it is printed to:
/// what printable() would show as `\xNN`, which can only stand inside of strings, becomes `\uNNNN`. The document means
/// the same.
inline std::string escape_invisible(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const std::size_t length = utf8_sequence_length(json);
    const std::string_view one = json.substr(0, std::max<std::size_t>(length, 1));
    const std::uint32_t code = length == 0 ? 'x' : code_point(one);  // of no character: it stays
    const bool layout = code < 0x20;                                 // what stands in strings is escaped already
    if ((is_unseen(code) && !layout) || detail::is_bracket_command(json)) {
      if (code > 0xFFFF) {  // a pair of surrogates
        fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xD7C0U + (code >> 10U),
                       0xDC00U | (code & 0x3FFU));
      } else {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
      }
    } else {
      out += one;
    }
    json.remove_prefix(one.size());
  }
  return out;
}

}  // namespace knowngood
