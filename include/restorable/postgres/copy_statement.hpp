// parse_copy: reads the head of a COPY … FROM stdin statement as pg_dump writes it.
//
// Layer: postgres. PostgreSQL manual, COPY, "Synopsis".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restorable/postgres/dump_event.hpp"

namespace restorable {

namespace detail {

/// Cuts a statement into words, quoted names (quotes kept) and single punctuation bytes; white space separates.
class sql_words {
 public:
  explicit sql_words(std::string_view text) : rest_{text} {}

  /// The next word; empty at the end.
  std::string_view next() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\t' ||
                              rest_.front() == '\r')) {
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
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<signed char>(c) < 0;
  }
  std::string_view rest_;
};

/// Equality of an SQL key word, ASCII case folded; `lower` is in lower case.
inline bool is_keyword(std::string_view word, std::string_view lower) {
  if (word.size() != lower.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] - 'A' + 'a') : word[i];
    if (c != lower[i]) return false;
  }
  return true;
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

}  // namespace detail

/// The target when `statement` is COPY … FROM stdin; nothing for any other statement, COPY from a file or program too.
inline std::optional<copy_target> parse_copy(std::string_view statement) {
  detail::sql_words words{statement};
  if (!detail::is_keyword(words.next(), "copy")) return std::nullopt;
  const std::string_view first = words.next();
  if (first.empty() || first == "(") return std::nullopt;
  copy_target target;
  std::string_view word;
  target.table = detail::qualified_name(words, first, word);
  if (word == "(") {
    target.columns.emplace();
    for (word = words.next(); word != ")"; word = words.next()) {
      if (word.empty()) return std::nullopt;
      if (word != ",") target.columns->emplace_back(word);
    }
    word = words.next();
  }
  if (!detail::is_keyword(word, "from") || !detail::is_keyword(words.next(), "stdin")) return std::nullopt;
  for (word = words.next(); !word.empty() && word != ";"; word = words.next()) {
    if (detail::is_keyword(word, "csv") || detail::is_keyword(word, "binary") || detail::is_keyword(word, "delimiter") ||
        detail::is_keyword(word, "null")) {
      target.plain_text = false;
    }
  }
  return target;
}

/// The table that an INSERT INTO statement fills, as written; nothing for any other statement.
inline std::optional<std::string> parse_insert_target(std::string_view statement) {
  detail::sql_words words{statement};
  if (!detail::is_keyword(words.next(), "insert") || !detail::is_keyword(words.next(), "into")) return std::nullopt;
  const std::string_view first = words.next();
  if (first.empty()) return std::nullopt;
  std::string_view after;
  return detail::qualified_name(words, first, after);
}

}  // namespace restorable
