// read_env_file: the variables that a .env file sets, read as docker compose reads it.
//
// Layer: rehearse. Its values are secrets: no finding shows one, nor a line that may be the rest of one.
//   const std::set<std::string> names = read_env_file(text, location{"config.tar.gz"} / ".env", findings);
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

namespace detail {

class env_reader {
 public:
  env_reader(std::string_view text, const location& at, finding_sink& findings) : at_{at}, findings_{findings} {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text_.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
      text_ += text[i];
    }
  }

  std::set<std::string> read() {
    if (const std::size_t zero = text_.find('\0'); zero != std::string::npos) {
      report(severity::error, zero, "a zero byte", "text");
      return {};
    }
    while (skip_to_statement() && statement()) {
    }
    if (errors_ > listed) {
      findings_.report(make_finding(checks::restore_syntax, at_, "further lines like those listed",
                                    fmt::format("{} listed", listed), fmt::format("{} found", errors_)));
    }
    return std::move(names_);
  }

 private:
  static constexpr std::size_t listed = 20;

  [[nodiscard]] std::pair<std::size_t, std::size_t> line_and_column(std::size_t position) {
    for (; counted_ < position; ++counted_) {
      if (text_[counted_] != '\n') continue;
      ++line_;
      line_start_ = counted_ + 1;
    }
    return {line_, position - line_start_ + 1};
  }

  void report(severity how, std::size_t position, std::string_view what, std::string expected) {
    const auto [line, column] = line_and_column(position);
    if (++errors_ > listed) return;
    finding found = make_finding(checks::restore_syntax, at_, fmt::format("line {}, column {}: {}", line, column, what),
                                 std::move(expected), "not shown, it may be secret");
    found.severity = how;
    findings_.report(std::move(found));
  }

  static bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'; }

  // To the next character that begins a statement; false at the end.
  bool skip_to_statement() {
    for (; at_char_ < text_.size(); ++at_char_) {
      const char c = text_[at_char_];
      if (c == '#') {
        at_char_ = std::min(text_.find('\n', at_char_), text_.size() - 1);
      } else if (c != '\n' && !is_blank(c)) {
        return true;
      }
    }
    return false;
  }

  // One `NAME=VALUE`, or a line that is none. False when reading cannot go on.
  bool statement() {
    std::size_t begin = at_char_;
    if (text_.compare(begin, 6, "export") == 0 && begin + 6 < text_.size() && is_blank(text_[begin + 6])) {
      begin = text_.find_first_not_of(" \t\v\f\r", begin + 6);
      if (begin == std::string::npos || text_[begin] == '\n') {
        report(severity::error, at_char_, "export of nothing", "export NAME=VALUE");
        at_char_ = std::min(begin, text_.size());
        return true;
      }
    }
    const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
    const std::string_view line = std::string_view{text_}.substr(begin, line_end - begin);
    const std::size_t sign = begin + std::min(line.find_first_of("=:"), line.size());
    std::size_t end = sign;
    while (end > begin && is_blank(text_[end - 1])) --end;
    if (sign == begin) {
      report(severity::error, begin, "a line that begins without a name", "NAME=VALUE");
      at_char_ = line_end;
      return true;
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (in_a_name(text_[i])) continue;
      report(severity::error, i, "a character that no variable's name has",
             "letters, digits, _ . -, and = before the value");
      at_char_ = line_end;
      return true;
    }
    if (sign == line_end) {
      report(severity::note, begin, "a line without =: docker compose takes the variable from its own environment",
             "NAME=VALUE");
      at_char_ = line_end;
      return true;
    }
    names_.insert(text_.substr(begin, end - begin));
    at_char_ = sign + 1;
    return value();
  }

  static bool in_a_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '[' || c == ']' || static_cast<unsigned char>(c) >= 0x80;  // letters of other scripts
  }

  bool value() {
    while (at_char_ < text_.size() && is_blank(text_[at_char_])) ++at_char_;
    if (at_char_ == text_.size() || (text_[at_char_] != '"' && text_[at_char_] != '\'')) {
      at_char_ = std::min(text_.find('\n', at_char_), text_.size());
      return true;
    }
    const std::size_t opened = at_char_;
    const char quote = text_[opened];
    for (++at_char_; at_char_ < text_.size() && text_[at_char_] != quote; ++at_char_) {
      if (text_[at_char_] == '\\') ++at_char_;
    }
    if (at_char_ >= text_.size()) {
      report(severity::error, opened, "a quote that is not closed", "the same quote at the value's end");
      at_char_ = text_.size();
      return false;
    }
    ++at_char_;
    while (at_char_ < text_.size() && is_blank(text_[at_char_])) ++at_char_;
    if (at_char_ < text_.size() && text_[at_char_] != '\n' && text_[at_char_] != '#') {
      report(severity::warning, at_char_, "text after the closing quote, which is taken for another variable",
             "the end of the line");
      at_char_ = std::min(text_.find('\n', at_char_), text_.size());
    }
    return true;
  }

  const location& at_;
  finding_sink& findings_;
  std::string text_;
  std::size_t at_char_ = 0;
  std::size_t counted_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  std::size_t errors_ = 0;
  std::set<std::string> names_;
};

}  // namespace detail

/// The names of the variables that `text` sets. Reports `restore.syntax` at `at`: errors for what docker compose
/// refuses, a warning for text after a closing quote, a note for a name without a value.
inline std::set<std::string> read_env_file(std::string_view text, const location& at, finding_sink& findings) {
  return detail::env_reader{text, at, findings}.read();
}

}  // namespace knowngood
