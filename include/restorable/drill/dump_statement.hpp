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

namespace detail {

// What a function is written in: the word after LANGUAGE outside of parentheses, strings and the body, which may speak of
// anything.
inline std::string language_of_function(std::string_view statement) {
  sql_words words{statement};
  int depth = 0;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word == "(") ++depth;
    if (word == ")") --depth;
    if (depth > 0) continue;
    if (word.front() == '$' || is_keyword(word, "begin") || is_keyword(word, "return")) return {};
    if (!is_keyword(word, "language")) continue;
    std::string language{words.next()};
    std::erase_if(language, [](char c) { return c == '"' || c == '\''; });
    std::transform(language.begin(), language.end(), language.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return language;
  }
  return {};
}

}  // namespace detail

/// Why a statement is never run, for a finding; nothing for one that may be tried.
inline std::optional<std::string> refusal_of(std::string_view statement) {
  const auto head = first_words(statement, 4);
  if (head.empty()) return std::nullopt;
  const auto follows = [](const std::vector<std::string>& words, std::string_view first, std::string_view second) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == first && words[i + 1] == second) return true;
    }
    return false;
  };
  if (head.front() == "copy") {  // those that read rows from the dump itself never come here
    const auto words = first_words(statement, 400);
    if (follows(words, "from", "program") || follows(words, "to", "program")) return "COPY runs a program of the server";
    return "COPY reads or writes something else than rows of the dump";
  }
  if (head.front() == "load") return "LOAD runs code of a library";
  if (begins(head, {"alter", "system"})) return "ALTER SYSTEM changes the server";
  if (begins(head, {"create", "subscription"})) {
    const auto words = first_words(statement, 400);
    const std::size_t with = static_cast<std::size_t>(std::find(words.begin(), words.end(), "with") - words.begin());
    for (std::size_t i = with; i + 2 < words.size(); ++i) {
      if (words[i] == "connect" && words[i + 1] == "=" && (words[i + 2] == "false" || words[i + 2] == "'false'")) return std::nullopt;
    }
    return "CREATE SUBSCRIPTION opens a network connection";
  }
  if (head.front() == "create" && std::any_of(head.begin(), head.end(), [](const auto& word) { return word == "function" || word == "procedure"; })) {
    const std::string language = detail::language_of_function(statement);
    if (language == "c" || language == "internal") return "the function runs code of a library";
  }
  if (head.front() == "select") {
    const auto words = first_words(statement, 400);
    for (const std::string_view name : {"lo_import", "lo_export", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file"}) {
      if (follows(words, name, "(")) return "the statement reads or writes files of the server";
    }
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

/// A statement that takes its time once the rows are there, and may be run beside others.
struct index_statement {
  enum class kind : unsigned char {
    index,        ///< CREATE INDEX: others may be built on the same table meanwhile
    constraint,   ///< PRIMARY KEY, UNIQUE, EXCLUDE: has its table for itself
    foreign_key,  ///< reads two tables
  };
  kind what = kind::index;
  std::string table;       ///< as the dump writes it
  std::string references;  ///< of a foreign key
  bool btree = false;      ///< it is built by sorting
};

inline std::optional<index_statement> parse_index(std::string_view statement) {
  detail::sql_words words{statement};
  const std::vector<std::string> head = first_words(statement, 3);
  std::string_view word = words.next();
  index_statement index;
  const auto name_after = [&](std::string_view keyword) {
    while (!word.empty() && !detail::is_keyword(word, keyword)) word = words.next();
    word = words.next();
    if (detail::is_keyword(word, "only")) word = words.next();
    std::string_view next;
    std::string name = word.empty() ? std::string{} : detail::qualified_name(words, word, next);
    word = next;
    return name;
  };
  if (begins(head, {"create", "index"}) || begins(head, {"create", "unique", "index"})) {
    index.table = name_after("on");
    index.btree = detail::is_keyword(word, "using") && detail::is_keyword(words.next(), "btree");
    return index.table.empty() ? std::nullopt : std::optional{index};
  }
  if (!begins(head, {"alter", "table"})) return std::nullopt;
  index.table = name_after("table");
  if (!detail::is_keyword(word, "add") || !detail::is_keyword(words.next(), "constraint")) return std::nullopt;
  words.next();  // its name
  word = words.next();
  if (detail::is_keyword(word, "foreign")) {
    index.what = index_statement::kind::foreign_key;
    index.references = name_after("references");
    return index.references.empty() ? std::nullopt : std::optional{index};
  }
  if (!detail::is_keyword(word, "primary") && !detail::is_keyword(word, "unique") && !detail::is_keyword(word, "exclude")) return std::nullopt;
  index.what = index_statement::kind::constraint;
  index.btree = !detail::is_keyword(word, "exclude");
  for (word = words.next(); !word.empty() && word != "("; word = words.next()) {
    if (detail::is_keyword(word, "index")) return std::nullopt;  // USING INDEX: of one that exists already
  }
  return index;
}

/// A statement about an index, constraint or trigger that is quick, and that no index or foreign key has to wait for.
inline bool is_afterthought(const std::vector<std::string>& words) {
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  if (begins(words, {"comment", "on", "index"}) || begins(words, {"comment", "on", "constraint"}) ||
      begins(words, {"comment", "on", "trigger"}) || begins(words, {"comment", "on", "statistics"})) {
    return true;
  }
  if (begins(words, {"create", "trigger"}) || begins(words, {"create", "constraint", "trigger"}) || begins(words, {"create", "statistics"})) return true;
  if (begins(words, {"alter", "index"}) || begins(words, {"alter", "statistics"})) return true;
  return begins(words, {"alter", "table"}) && (has("cluster") || has("replica") || has("trigger"));
}

/// ALTER INDEX … ATTACH PARTITION, without which the whole index is not valid and no foreign key may refer to it.
inline bool attaches_index(const std::vector<std::string>& words) {
  return begins(words, {"alter", "index"}) && std::find(words.begin(), words.end(), "attach") != words.end();
}

/// A statement about roles, databases or tablespaces, which belong to no one database. `words`: its first forty.
inline bool is_about_cluster(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 6> kinds{"role", "user", "group", "database", "tablespace", "parameter"};
  const auto is_kind = [&](const std::string& word) { return std::find(kinds.begin(), kinds.end(), word) != kinds.end(); };
  if (words.size() < 3) return false;
  if (begins(words, {"update", "pg_catalog", ".", "pg_database"})) return true;  // pg_dumpall --clean
  const bool verb = words[0] == "create" || words[0] == "alter" || words[0] == "drop";
  if (verb && is_kind(words[1])) return !(words[1] == "user" && words[2] == "mapping");
  if (begins(words, {"comment", "on"})) return is_kind(words[2]);
  if (begins(words, {"security", "label"})) {
    const auto on = std::find(words.begin(), words.end(), "on");
    return words.end() - on > 1 && is_kind(*(on + 1));
  }
  if (words[0] != "grant" && words[0] != "revoke") return false;
  // GRANT … ON DATABASE …, and GRANT role TO role
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] == "on") return is_kind(words[i + 1]);
    if (words[i] == "to" || words[i] == "from") return true;
  }
  return false;
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

/// The encoding that `\\encoding` names, as pg_dump writes it before it connects to a database with an odd name.
inline std::optional<std::string> parse_encoding(std::string_view command) {
  constexpr std::string_view head = "\\encoding ";
  if (!command.starts_with(head)) return std::nullopt;
  const std::string name = unquoted(command.substr(head.size()));
  const bool plain = !name.empty() && name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  return plain ? std::optional{name} : std::nullopt;
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
