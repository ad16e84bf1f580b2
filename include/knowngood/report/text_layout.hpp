// text_layout: how a report is laid out for people: columns, wrapping, colours, and terminals without UTF-8.
//
// Layer: report. What it prints is safe on any terminal: see `text_layout::name`. Example:
//   text_layout layout{style}; out += layout.paint(layout.name(path), ink::red);
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"

namespace knowngood {

/// What a person wants to see, and what his terminal can show.
struct text_style {
  bool colour = false;
  bool unicode = true;   ///< false: ASCII only, everything else as `\xNN`
  bool tables = false;   ///< tables with their rows
  bool notes = false;    ///< findings of severity `note`, which are counted in any case
  bool verbose = false;  ///< all of it: notes, every repeated finding, digests, fingerprints, properties, refs
  unsigned width = 100;  ///< columns; 0: lines are not wrapped
};

enum class ink : unsigned char { plain, bold, dim, red, green, yellow, magenta };

/// Columns that well-formed UTF-8 takes on a terminal: 2 for East Asian wide characters and emoji, 0 for combining
/// ones.
inline std::size_t display_width(std::string_view text) {
  using range = std::pair<std::uint32_t, std::uint32_t>;
  constexpr std::array<range, 12> none{{{0x0300, 0x036F},
                                        {0x0483, 0x0489},
                                        {0x0591, 0x05BD},
                                        {0x064B, 0x065F},
                                        {0x0E34, 0x0E3A},
                                        {0x0E47, 0x0E4E},
                                        {0x1AB0, 0x1AFF},
                                        {0x1DC0, 0x1DFF},
                                        {0x200B, 0x200F},
                                        {0x20D0, 0x20FF},
                                        {0xFE00, 0xFE0F},
                                        {0xE0100, 0xE01EF}}};
  constexpr std::array<range, 11> two{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0xA4CF},
                                       {0xA960, 0xA97C},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0xFFE0, 0xFFE6},
                                       {0x1F300, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};
  const auto in = [](std::uint32_t code, const auto& ranges) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [code](const range& r) { return code >= r.first && code <= r.second; });
  };
  std::size_t columns = 0;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_sequence_length(text), 1);
    const std::uint32_t code = code_point(text.substr(0, length));
    columns += in(code, none) ? 0U : in(code, two) ? 2U : 1U;
    text.remove_prefix(length);
  }
  return columns;
}

class text_layout {
 public:
  explicit text_layout(const text_style& style) : style_{style} {}

  /// A name or value from a backup, without anything that a terminal would obey, and in ASCII where it must be.
  [[nodiscard]] std::string name(std::string_view raw) const { return own(printable(raw, 4096)); }

  /// Text of knowngood's own, already printable. Without UTF-8, signs have ASCII stand-ins.
  [[nodiscard]] std::string own(std::string_view text) const {
    if (style_.unicode) return std::string{text};
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> stand_ins{
        {{"✓", "+"}, {"✗", "X"}, {"»", ">>"}, {"→", "->"}, {"…", "..."}, {"·", "-"}, {"“", "\""}, {"”", "\""}}};
    std::string out;
    while (!text.empty()) {
      const auto* known = std::find_if(stand_ins.begin(), stand_ins.end(),
                                       [&](const auto& pair) { return text.starts_with(pair.first); });
      if (known != stand_ins.end()) {
        out += known->second;
        text.remove_prefix(known->first.size());
        continue;
      }
      const auto byte = static_cast<unsigned char>(text.front());
      out += byte < 0x80 ? std::string(1, text.front()) : fmt::format("\\x{:02x}", byte);
      text.remove_prefix(1);
    }
    return out;
  }

  [[nodiscard]] std::string paint(std::string text, ink with) const {
    constexpr std::array codes{"", "1", "2", "31", "32", "33", "35"};
    if (!style_.colour || with == ink::plain || text.empty()) return text;
    return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(with)], text);
  }

  /// `text` filled up with blanks to `columns`; longer text stays whole.
  [[nodiscard]] static std::string fill(std::string text, std::size_t columns) {
    const std::size_t taken = display_width(text);
    if (taken < columns) text.append(columns - taken, ' ');
    return text;
  }

  /// Lines of `text`, broken at blanks so as to fit the width behind `indent` columns. The first stands behind `lead`,
  /// the others under its end. A word too long for a line stays whole: a path broken in two is no path. Ends with a
  /// newline.
  [[nodiscard]] std::string paragraph(std::size_t indent, std::string_view lead, std::string_view text,
                                      ink with = ink::plain) const {
    const std::size_t hang = indent + display_width(lead);
    const std::size_t room =
        style_.width == 0 ? text.size() * 2 + 1 : std::max<std::size_t>(style_.width, hang + 30) - hang;
    std::string out = std::string(indent, ' ') + std::string{lead};
    bool first = true;
    for (const auto& line : broken(text, room)) {
      if (!first) out += "\n" + std::string(hang, ' ');
      out += paint(line, with);
      first = false;
    }
    return out + "\n";
  }

  [[nodiscard]] const text_style& style() const noexcept { return style_; }

 private:
  static std::vector<std::string> broken(std::string_view text, std::size_t room) {
    std::vector<std::string> lines{""};
    std::size_t used = 0;
    while (!text.empty()) {
      // A word is taken with the blanks before it, which are kept within a line: they may be part of a value.
      const std::size_t letter = std::min(text.find_first_not_of(' '), text.size());
      const std::size_t end = std::min(text.find(' ', letter), text.size());
      std::string_view word = text.substr(0, end);
      if (used > 0 && used + display_width(word) > room && letter < end) {
        lines.emplace_back();
        used = 0;
        word.remove_prefix(letter);
      }
      lines.back() += word;
      used += display_width(word);
      text.remove_prefix(end);
    }
    return lines;
  }

  text_style style_;
};

}  // namespace knowngood
