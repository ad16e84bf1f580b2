// dump_statement: what a statement of a dump is, as far as a loader must know: what it builds on, what it names, and what
// of it is never run.
//
// Layer: drill. Only to give the right message and the right order: what a dump may not do is forbidden to the role that
// runs it, whatever its statements look like.
//   if (const auto why = refusal_of(text)) refuse(*why);
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restorable/postgres/copy_statement.hpp"

namespace restorable {

/// The first words of a statement in lower case, quoted names as they are; at most `most`.
inline std::vector<std::string> first_words(std::string_view statement, std::size_t most) {
  detail::sql_words words{statement};
  std::vector<std::string> found;
  while (found.size() < most) {
    std::string word{words.next()};
    if (word.empty()) break;
    if (word.front() != '"' && word.front() != '\'') {
      std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    }
    found.push_back(std::move(word));
  }
  return found;
}

/// True when `words` begins with all of `head`.
inline bool begins(const std::vector<std::string>& words, std::initializer_list<std::string_view> head) {
  return words.size() >= head.size() && std::equal(head.begin(), head.end(), words.begin());
}

/// A name as SQL writes it, without its quotes.
inline std::string unquoted(std::string_view name) {
  const bool quoted = name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front();
  if (!quoted) return std::string{name};
  std::string plain;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    plain += name[i];
    if (name[i] == name.front()) ++i;  // doubled
  }
  return plain;
}

/// Why a statement is never run, for a finding; nothing for one that may be tried.
inline std::optional<std::string> refusal_of(std::string_view statement) {
  const auto head = first_words(statement, 1);
  constexpr std::array<std::string_view, 5> looked_at{"copy", "load", "alter", "create", "select"};
  if (head.empty() || std::find(looked_at.begin(), looked_at.end(), head.front()) == looked_at.end()) return std::nullopt;
  const auto words = first_words(statement, 400);
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  const auto follows = [&](std::string_view first, std::string_view second) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == first && words[i + 1] == second) return true;
    }
    return false;
  };
  if (begins(words, {"copy"})) {
    if (has("program")) return "COPY runs a program on the server";
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if ((words[i] == "from" || words[i] == "to") && words[i + 1].front() == '\'') return "COPY reads or writes a file of the server";
    }
  }
  if (begins(words, {"load"})) return "LOAD runs code of a library";
  if (begins(words, {"alter", "system"})) return "ALTER SYSTEM changes the server";
  if (begins(words, {"create", "subscription"})) {
    if (!follows("connect", "=") || has("true") || has("'true'")) return "CREATE SUBSCRIPTION opens a network connection";
  }
  const bool function = begins(words, {"create", "function"}) || begins(words, {"create", "procedure"}) || begins(words, {"create", "or"});
  if (function && (follows("language", "c") || follows("language", "'c'") || follows("language", "\"c\"") || follows("language", "internal") ||
                   follows("language", "'internal'"))) {
    return "the function runs code of a library";
  }
  for (const std::string_view name : {"lo_import", "lo_export", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_execute_server_program"}) {
    if (begins(words, {"select"}) && has(name)) return "the statement reads or writes files of the server";
  }
  return std::nullopt;
}

/// An extension that a statement creates, and in which schema.
struct extension_wanted {
  std::string name;
  std::string schema;   ///< empty: the statement names none
};

inline std::optional<extension_wanted> parse_create_extension(std::string_view statement) {
  const auto words = first_words(statement, 12);
  if (!begins(words, {"create", "extension"})) return std::nullopt;
  std::size_t at = begins(words, {"create", "extension", "if", "not", "exists"}) ? 5 : 2;
  if (at >= words.size()) return std::nullopt;
  extension_wanted wanted{unquoted(words[at]), {}};
  for (++at; at + 1 < words.size(); ++at) {
    if (words[at] == "schema") wanted.schema = unquoted(words[at + 1]);
  }
  return wanted;
}

/// The role that an ALTER … OWNER TO names.
inline std::optional<std::string> parse_new_owner(std::string_view statement) {
  const std::size_t at = statement.rfind(" OWNER TO ");
  if (at == std::string_view::npos) return std::nullopt;
  const auto words = first_words(statement.substr(at), 3);
  return words.size() == 3 ? std::optional{unquoted(words[2])} : std::nullopt;
}

/// An index, or a constraint that is one, which may be built beside others.
struct index_statement {
  std::string table;       ///< as the dump writes it
  bool exclusive = false;  ///< nothing else may be done to the table meanwhile
};

inline std::optional<index_statement> parse_index(std::string_view statement) {
  detail::sql_words words{statement};
  std::vector<std::string> head = first_words(statement, 5);
  std::string_view word = words.next();
  index_statement index;
  const auto skip_to_name = [&](std::string_view after) {
    while (!word.empty() && !detail::is_keyword(word, after)) word = words.next();
    word = words.next();
    if (detail::is_keyword(word, "only")) word = words.next();
    std::string_view next;
    index.table = detail::qualified_name(words, word, next);
    word = next;
  };
  if (begins(head, {"create", "index"}) || begins(head, {"create", "unique", "index"})) {
    skip_to_name("on");
    return index.table.empty() ? std::nullopt : std::optional{index};
  }
  if (!begins(head, {"alter", "table"})) return std::nullopt;
  skip_to_name("table");
  if (!detail::is_keyword(word, "add") || !detail::is_keyword(words.next(), "constraint")) return std::nullopt;
  words.next();  // its name
  word = words.next();
  if (!detail::is_keyword(word, "primary") && !detail::is_keyword(word, "unique") && !detail::is_keyword(word, "exclude")) return std::nullopt;
  index.exclusive = true;
  return index;
}

/// The database that `\connect` names; nothing for another command.
inline std::optional<std::string> parse_connect(std::string_view command) {
  for (const std::string_view head : {"\\connect ", "\\c "}) {
    if (!command.starts_with(head)) continue;
    std::string_view rest = command.substr(head.size());
    if (rest.starts_with("-reuse-previous=on ")) rest.remove_prefix(19);
    const std::string name = unquoted(rest.substr(0, rest.find_last_not_of(' ') + 1));
    constexpr std::string_view key = "dbname='";
    if (!name.starts_with(key)) return name;
    std::string plain;  // a description of a connection: quotes and backslashes have one before them
    for (std::size_t i = key.size(); i < name.size() && name[i] != '\''; ++i) {
      if (name[i] == '\\' && i + 1 < name.size()) ++i;
      plain += name[i];
    }
    return plain;
  }
  return std::nullopt;
}

/// A part of pg_dump's comment on an entry, `Name: t; Type: TABLE; Schema: public; Owner: o`: the last of its kind, for a
/// name may hold anything.
inline std::string header_part(std::string_view header, std::string_view key) {
  const std::string wanted = std::string{key} + ": ";
  if (key == "Name") {
    const std::size_t at = header.find(wanted);
    const std::size_t end = header.rfind("; Type: ");
    return at == std::string_view::npos || end == std::string_view::npos || end < at + wanted.size()
               ? std::string{}
               : std::string{header.substr(at + wanted.size(), end - at - wanted.size())};
  }
  const std::size_t at = header.rfind("; " + wanted);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = header.substr(at + 2 + wanted.size());
  return std::string{rest.substr(0, rest.find("; "))};
}

}  // namespace restorable
