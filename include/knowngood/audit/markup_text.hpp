// escape_markup, escape_markdown, escape_label: text from backups inside of HTML, XML, Markdown and Prometheus labels.
//
// Layer: audit. Names from backups are data: nothing in them may become an element, an attribute, a link, another line
// or another metric, and nothing that a reader cannot see stays in them. Example:
//   escape_markup("a<b\x1b[2J") == "a&lt;b\\x1b[2J"
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"

namespace knowngood {

namespace detail {

/// What printable() leaves and XML forbids.
constexpr bool is_noncharacter(std::uint32_t code) noexcept {
  return (code & 0xFFFEU) == 0xFFFEU || (code >= 0xFDD0 && code <= 0xFDEF);
}

}  // namespace detail

/// `raw` as well-formed UTF-8 in which everything can be seen, whole, in one line: what cannot is shown as `\n`, `\t`,
/// `\r` or `\xNN`.
inline std::string visible_text(std::string_view raw) {
  const std::string shown = printable(raw, std::string_view::npos);
  std::string out;
  out.reserve(shown.size());
  for (std::string_view rest = shown; !rest.empty();) {
    const std::string_view one = rest.substr(0, utf8_sequence_length(rest));
    if (one.size() > 1 && detail::is_noncharacter(code_point(one))) {
      for (const char c : one) fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += one;
    }
    rest.remove_prefix(one.size());
  }
  return out;
}

/// For the text and the quoted attributes of HTML 5 and XML 1.0; always well-formed there.
inline std::string escape_markup(std::string_view raw) {
  const std::string shown = visible_text(raw);
  std::string out;
  out.reserve(shown.size() + shown.size() / 8);
  for (const char c : shown) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

/// For the running text and the table cells of GitHub's Markdown: no markup, no HTML, no link.
inline std::string escape_markdown(std::string_view raw) {
  std::string out;
  for (const char c : visible_text(raw)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default:
        // All ASCII punctuation may be escaped; what is escaped starts neither an element nor an automatic link.
        if ((c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~'))
          out += '\\';
        out += c;
    }
  }
  return out;
}

/// A name or a value in GitHub's Markdown, as code: there nobody is mentioned and no issue referred to.
inline std::string code_markdown(std::string_view raw) {
  return raw.empty() ? std::string{} : "<code>" + escape_markdown(raw) + "</code>";
}

/// For what stands between the quotes of a label in Prometheus' text format.
inline std::string escape_label(std::string_view raw) {
  std::string out;
  for (const char c : visible_text(raw)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace knowngood
