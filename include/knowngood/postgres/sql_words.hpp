// sql_words: the words of an SQL statement, for looking at what kind of statement it is.
//
// Layer: postgres. Comments and dollar quotes are not known here: sql_lexer.hpp cuts scripts into statements, and
// pg_dump puts neither into the head of one. Example:
//   sql_words words{"COPY public.t FROM stdin;"}; is_keyword(words.next(), "copy");
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "knowngood/base/ascii.hpp"

namespace knowngood {

/// Cuts a statement into words, quoted names (quotes kept) and single punctuation bytes; white space separates.
class sql_words {
 public:
  explicit sql_words(std::string_view text) : rest_{text} {}

  /// The next word; empty at the end.
  std::string_view next() {
    while (!rest_.empty() &&
           (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\t' || rest_.front() == '\r')) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return {};
    std::size_t size = 1;
    if (rest_.front() == '"' || rest_.front() == '\'') {
      const char quote = rest_.front();
      while (size < rest_.size()) {
        if (rest_[size] != quote) {
          ++size;
        } else if (size + 1 < rest_.size() && rest_[size + 1] == quote) {
          size += 2;
        } else {
          break;
        }
      }
      size = size < rest_.size() ? size + 1 : size;
    } else if (is_name(rest_.front())) {
      while (size < rest_.size() && is_name(rest_[size])) ++size;
    }
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }

 private:
  static bool is_name(char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || c == '_' || c == '$' || static_cast<signed char>(c) < 0;
  }
  std::string_view rest_;
};

/// Equality of an SQL key word, ASCII case folded.
constexpr bool is_keyword(std::string_view word, std::string_view keyword) noexcept {
  return equal_ignoring_case(word, keyword);
}

/// Whether `word` is one of them.
constexpr bool is_keyword(std::string_view word, std::initializer_list<std::string_view> keywords) noexcept {
  for (const std::string_view keyword : keywords) {
    if (is_keyword(word, keyword)) return true;
  }
  return false;
}

/// `name` or `schema.name`, as written; empty when there is none. `after` receives the word that follows.
inline std::string qualified_name(sql_words& words, std::string_view first, std::string_view& after) {
  std::string name{first};
  after = words.next();
  while (after == ".") {
    name += '.';
    name += words.next();
    after = words.next();
  }
  return name;
}

}  // namespace knowngood
