// parse_copy: reads the head of a COPY … FROM stdin statement as pg_dump writes it.
//
// Layer: postgres. PostgreSQL manual, COPY, "Synopsis".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/postgres/dump_event.hpp"
#include "knowngood/postgres/sql_words.hpp"

namespace knowngood {

/// The target when `statement` is COPY … FROM stdin; nothing for any other statement, COPY from a file or program too.
inline std::optional<copy_target> parse_copy(std::string_view statement) {
  sql_words words{statement};
  if (!is_keyword(words.next(), "copy")) return std::nullopt;
  const std::string_view first = words.next();
  if (first.empty() || first == "(") return std::nullopt;
  copy_target target;
  std::string_view word;
  target.table = qualified_name(words, first, word);
  if (word == "(") {
    target.columns.emplace();
    for (word = words.next(); word != ")"; word = words.next()) {
      if (word.empty()) return std::nullopt;
      if (word != ",") target.columns->emplace_back(word);
    }
    word = words.next();
  }
  if (!is_keyword(word, "from") || !is_keyword(words.next(), "stdin")) return std::nullopt;
  for (word = words.next(); !word.empty() && word != ";"; word = words.next()) {
    if (is_keyword(word, "csv") || is_keyword(word, "binary") || is_keyword(word, "delimiter") ||
        is_keyword(word, "null")) {
      target.plain_text = false;
    }
  }
  return target;
}

/// The table that an INSERT INTO statement fills, as written; nothing for any other statement.
inline std::optional<std::string> parse_insert_target(std::string_view statement) {
  sql_words words{statement};
  if (!is_keyword(words.next(), "insert") || !is_keyword(words.next(), "into")) return std::nullopt;
  const std::string_view first = words.next();
  if (first.empty()) return std::nullopt;
  std::string_view after;
  return qualified_name(words, first, after);
}

}  // namespace knowngood
