// html_text: the small parts of which the HTML report is made: names, tags, tables that scroll or become cards.
//
// Layer: audit. Part of audit/report_html.hpp. Whatever comes from a report goes through `name`, `words` or
// `escape_markup`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/markup_text.hpp"
#include "knowngood/audit/verdict_mark.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood::detail {

/// A name as the backup spells it, on its own in the direction of text.
inline std::string html_name(std::string_view raw) { return "<span class=\"n\">" + escape_markup(raw) + "</span>"; }

/// A file's name, which may be broken after its underscores, where people would.
inline std::string html_file_name(std::string_view raw) {
  std::string text;
  for (const char c : escape_markup(raw)) {
    text += c;
    if (c == '_') text += "<wbr/>";
  }
  return "<span class=\"n\">" + text + "</span>";
}

/// Text in a cell that may hold names of any length.
inline std::string html_words(std::string_view text) {
  return text.empty() ? std::string{} : "<span class=\"w\">" + escape_markup(text) + "</span>";
}

/// Mark and word in the colour of a verdict.
inline std::string html_tag(verdict value, std::string_view word) {
  return fmt::format("<span class=\"tag {}\">{} {}</span>", to_string(value), mark_of(value), escape_markup(word));
}
inline std::string html_tag(verdict value) { return html_tag(value, to_string(value)); }

inline std::string html_place(const location& where) {
  std::string text;
  for (const auto& one : where.chain()) text += (text.empty() ? "" : " » ") + html_name(one);
  if (where.offset()) text += fmt::format("{}at byte {}", text.empty() ? "" : " ", grouped(*where.offset()));
  return text;
}

/// A table cell: content that is HTML already, and its column's label for narrow screens.
inline std::string html_cell(std::string_view label, std::string_view html, bool number = false) {
  return fmt::format(
      "<td role=\"cell\" data-label=\"{}\"{}>{}</td>", label,
      html.empty() ? (number ? " class=\"r empty\"" : " class=\"empty\"") : (number ? " class=\"r\"" : ""),
      html.empty() ? std::string{} : fmt::format("<div>{}</div>", html));
}

struct html_column {
  std::string_view title;
  bool number = false;
};

/// Each row becomes a card where the screen is narrow; what is wider than the screen even so scrolls in a box of its
/// own. The roles say again what the elements are: browsers take a table that is laid out as blocks for none.
inline std::string html_table_begin(std::string_view label, const std::vector<html_column>& columns) {
  std::string text = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><table class=\"cards\" role=\"table\" "
      "aria-label=\"{0}\">"
      "<thead role=\"rowgroup\"><tr role=\"row\">",
      escape_markup(label));
  for (const auto& column : columns) {
    text += fmt::format("<th scope=\"col\" role=\"columnheader\"{}>{}</th>", column.number ? " class=\"r\"" : "",
                        column.title);
  }
  return text + "</tr></thead>\n<tbody role=\"rowgroup\">\n";
}
inline std::string html_table_end() { return "</tbody></table></div>\n"; }

}  // namespace knowngood::detail
