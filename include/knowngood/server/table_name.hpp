// table_name: which table a dump, a catalog or a policy means, however it is quoted there.
//
// Layer: server. `public.incidents`, `"public"."incidents"` and `public."incidents"` are one table;
// `"Public".incidents` is another. Bytes are compared, in one encoding: whoever mixes encodings converts first.
//   parse_table_name("public.\"Odd \"\"one\"") gives {"public", "Odd \"one"}; its to_string() is the spelling again.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/ascii.hpp"
#include "knowngood/server/conninfo.hpp"

namespace knowngood {

/// A table by schema and name, unquoted. No schema: written without one, as pg_dump did before 2018.
struct table_name {
  std::string schema;
  std::string name;

  friend auto operator<=>(const table_name&, const table_name&) = default;

  /// As people write it, quoted only where its bytes need that.
  [[nodiscard]] std::string to_string() const {
    return schema.empty() ? quoted_where_needed(name) : quoted_where_needed(schema) + '.' + quoted_where_needed(name);
  }

  /// For SQL, always in quotes: key words and hostile names are no matter.
  [[nodiscard]] std::string to_sql() const {
    return schema.empty() ? quote_identifier(name) : quote_identifier(schema) + '.' + quote_identifier(name);
  }

 private:
  static std::string quoted_where_needed(const std::string& part) {
    bool plain = !part.empty() && (part.front() < '0' || part.front() > '9') && part.front() != '$';
    for (const char c : part) {
      plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
                        static_cast<signed char>(c) < 0);
    }
    return plain ? part : quote_identifier(part);
  }
};

namespace detail {

/// Takes one identifier off the front of `text`, folded as PostgreSQL folds it; nothing when none is there.
inline std::optional<std::string> take_identifier(std::string_view& text) {
  std::string name;
  if (text.starts_with('"')) {
    std::size_t at = 1;
    for (;; ++at) {
      if (at >= text.size()) return std::nullopt;
      if (text[at] == '"') {
        if (at + 1 >= text.size() || text[at + 1] != '"') break;
        ++at;
      }
      name += text[at];
    }
    text.remove_prefix(at + 1);
  } else {
    std::size_t size = 0;
    for (; size < text.size(); ++size) {
      const char c = text[size];
      const bool letter = is_ascii_letter(c) || c == '_' || static_cast<signed char>(c) < 0;
      if (!letter && (size == 0 || (!is_ascii_digit(c) && c != '$'))) break;
      name += to_lower(c);
    }
    text.remove_prefix(size);
  }
  if (name.empty() || name.find('\0') != std::string::npos) return std::nullopt;
  return name;
}

}  // namespace detail

/// The identifier that `written` is, quoted or not; nothing when it is none, or more than one.
inline std::optional<std::string> parse_identifier(std::string_view written) {
  auto name = detail::take_identifier(written);
  return written.empty() ? name : std::nullopt;
}

/// The table that `written` names: `schema.name` or `name`. Nothing for anything else.
inline std::optional<table_name> parse_table_name(std::string_view written) {
  auto first = detail::take_identifier(written);
  if (!first) return std::nullopt;
  if (written.empty()) return table_name{{}, std::move(*first)};
  if (written.front() != '.') return std::nullopt;
  auto second = parse_identifier(written.substr(1));
  if (!second) return std::nullopt;
  return table_name{std::move(*first), std::move(*second)};
}

}  // namespace knowngood
