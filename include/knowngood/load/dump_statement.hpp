// dump_statement: what a statement of a dump is, as far as a loader must know: what it builds on, what it names, and
// what of it is never run.
//
// Layer: load. Only to give the right message and the right order: what a dump may not do is forbidden to the role that
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

#include "knowngood/base/ascii.hpp"
#include "knowngood/postgres/copy_statement.hpp"
#include "knowngood/postgres/sql_words.hpp"

namespace knowngood {

/// The first words of a statement in lower case, quoted names as they are; at most `most`.
inline std::vector<std::string> first_words(std::string_view statement, std::size_t most) {
  sql_words words{statement};
  std::vector<std::string> found;
  while (found.size() < most) {
    std::string word{words.next()};
    if (word.empty()) break;
    const bool quoted = word.front() == '"' || word.front() == '\'';
    found.push_back(quoted ? std::move(word) : to_lower(word));
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

// What a function is written in, and what stands behind its AS: looked for outside of parentheses, strings and the
// body, which may speak of anything.
struct function_source {
  std::string language;              // in lower case
  std::vector<std::string> strings;  // of a C function its library and symbol, of an internal one its symbol
};

inline function_source source_of_function(std::string_view statement) {
  function_source found;
  sql_words words{statement};
  int depth = 0;
  bool behind_as = false;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word == "(") ++depth;
    if (word == ")") --depth;
    if (depth > 0) continue;
    if (word.front() == '$' || is_keyword(word, "begin") || is_keyword(word, "return")) break;
    behind_as |= is_keyword(word, "as");
    if (behind_as && word.front() == '\'') found.strings.push_back(unquoted(word));
    if (!found.language.empty() || !is_keyword(word, "language")) continue;
    found.language = to_lower(words.next());
    std::erase_if(found.language, [](char c) { return c == '"' || c == '\''; });
  }
  return found;
}

inline bool creates_function(const std::vector<std::string>& head) {
  return !head.empty() && head.front() == "create" && std::any_of(head.begin(), head.end(), [](const auto& word) {
    return word == "function" || word == "procedure";
  });
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
    if (follows(words, "from", "program") || follows(words, "to", "program"))
      return "COPY runs a program of the server";
    return "COPY reads or writes something else than rows of the dump";
  }
  if (head.front() == "load") return "LOAD runs code of a library";
  if (begins(head, {"alter", "system"})) return "ALTER SYSTEM changes the server";
  if ((begins(head, {"alter", "role"}) || begins(head, {"alter", "user"})) && head.size() > 2 &&
      (head[2] == "current_user" || head[2] == "session_user" || head[2] == "current_role" || head[2] == "user")) {
    return "it changes the role that restores";
  }
  if (begins(head, {"create", "subscription"})) {
    const auto words = first_words(statement, 400);
    const std::size_t with = static_cast<std::size_t>(std::find(words.begin(), words.end(), "with") - words.begin());
    for (std::size_t i = with; i + 2 < words.size(); ++i) {
      if (words[i] == "connect" && words[i + 1] == "=" && (words[i + 2] == "false" || words[i + 2] == "'false'"))
        return std::nullopt;
    }
    return "CREATE SUBSCRIPTION opens a network connection";
  }
  if (detail::creates_function(head)) {
    const std::string language = detail::source_of_function(statement).language;
    if (language == "c" || language == "internal") return "the function runs code of a library";
  }
  if (head.front() == "select") {
    const auto words = first_words(statement, 400);
    for (const std::string_view name :
         {"lo_import", "lo_export", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file"}) {
      if (follows(words, name, "(")) return "the statement reads or writes files of the server";
    }
  }
  return std::nullopt;
}

/// The library of PostgreSQL's own that a function of a module is in, where the statement creates one: databases from
/// before extensions have their modules' functions lie loose, and pg_dump writes each. Only a superuser may create
/// such a function, so that it is never run; but nobody has tampered with the dump. `internal` for the functions that
/// such modules have their types read and written with. Nothing for a library anywhere else.
inline std::optional<std::string> module_of_function(std::string_view statement) {
  if (!detail::creates_function(first_words(statement, 4))) return std::nullopt;
  const detail::function_source from = detail::source_of_function(statement);
  if (from.strings.empty()) return std::nullopt;
  const std::string_view first = from.strings.front();
  if (from.language == "internal") {
    constexpr std::array<std::string_view, 4> of_types{"in", "out", "recv", "send"};
    const bool plain = !first.starts_with("pg_") && !first.starts_with("lo") && !first.starts_with("be_");
    const bool of_type = std::any_of(of_types.begin(), of_types.end(), [&](auto end) { return first.ends_with(end); });
    return plain && of_type ? std::optional<std::string>{"internal"} : std::nullopt;
  }
  constexpr std::string_view own_libraries = "$libdir/";
  if (from.language != "c" || !first.starts_with(own_libraries)) return std::nullopt;
  const std::string_view library = first.substr(own_libraries.size());
  const bool plain = !library.empty() && library.find('/') == std::string_view::npos && !library.starts_with("..");
  return plain ? std::optional<std::string>{library} : std::nullopt;
}

/// An extension that a statement creates, and in which schema.
struct extension_wanted {
  std::string name;
  std::string schema;  ///< empty: the statement names none
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

/// CREATE TABLE as CREATE UNLOGGED TABLE; any other statement as it is.
inline std::string without_log(std::string_view statement) {
  constexpr std::string_view head = "CREATE TABLE ";  // as pg_dump writes it
  if (!statement.starts_with(head)) return std::string{statement};
  return std::string{"CREATE UNLOGGED TABLE "}.append(statement.substr(head.size()));
}

/// The table that an ALTER PUBLICATION … ADD TABLE names, as written.
inline std::optional<std::string> parse_published_table(std::string_view statement) {
  sql_words words{statement};
  std::string_view word = words.next();
  while (!word.empty() && !is_keyword(word, "table")) word = words.next();
  word = words.next();
  if (is_keyword(word, "only")) word = words.next();
  if (word.empty()) return std::nullopt;
  std::string_view next;
  return qualified_name(words, word, next);
}

/// In which schema the object lies that a CREATE or ALTER is about, where the statement says so: `s` of
/// `ALTER FUNCTION s.f(integer) OWNER TO r`. Nothing for an unqualified name.
inline std::optional<std::string> parse_schema_of_object(std::string_view statement) {
  sql_words words{statement};
  std::string_view before;
  for (std::string_view word = words.next(); !word.empty() && word != "(" && !is_keyword(word, "owner");
       word = words.next()) {
    if (word == "." && !before.empty()) return unquoted(before);
    before = word;
  }
  return std::nullopt;
}

/// Whether what a CREATE or ALTER is about lies in the database itself and in no schema.
inline bool is_outside_of_schemas(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 3> kinds{"schema", "publication", "language"};
  return words.size() > 1 && std::find(kinds.begin(), kinds.end(), words[1]) != kinds.end();
}

/// Whether a statement names `role` anywhere, quoted or not.
inline bool names_role(std::string_view statement, std::string_view role) {
  sql_words words{statement};
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word.front() == '"' ? unquoted(word) == role : to_lower(word) == role) return true;
  }
  return false;
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
  sql_words words{statement};
  const std::vector<std::string> head = first_words(statement, 3);
  std::string_view word = words.next();
  index_statement index;
  const auto name_after = [&](std::string_view keyword) {
    while (!word.empty() && !is_keyword(word, keyword)) word = words.next();
    word = words.next();
    if (is_keyword(word, "only")) word = words.next();
    std::string_view next;
    std::string name = word.empty() ? std::string{} : qualified_name(words, word, next);
    word = next;
    return name;
  };
  if (begins(head, {"create", "index"}) || begins(head, {"create", "unique", "index"})) {
    index.table = name_after("on");
    index.btree = is_keyword(word, "using") && is_keyword(words.next(), "btree");
    return index.table.empty() ? std::nullopt : std::optional{index};
  }
  if (!begins(head, {"alter", "table"})) return std::nullopt;
  index.table = name_after("table");
  if (!is_keyword(word, "add") || !is_keyword(words.next(), "constraint")) return std::nullopt;
  words.next();  // its name
  word = words.next();
  if (is_keyword(word, "foreign")) {
    index.what = index_statement::kind::foreign_key;
    index.references = name_after("references");
    return index.references.empty() ? std::nullopt : std::optional{index};
  }
  if (!is_keyword(word, "primary") && !is_keyword(word, "unique") && !is_keyword(word, "exclude")) return std::nullopt;
  index.what = index_statement::kind::constraint;
  index.btree = !is_keyword(word, "exclude");
  for (word = words.next(); !word.empty() && word != "("; word = words.next()) {
    if (is_keyword(word, "index")) return std::nullopt;  // USING INDEX: of one that exists already
  }
  return index;
}

/// Whether it runs queries: as whoever owns what it fills, or what it calls.
inline bool reads_rows(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 4> always{"refresh", "insert", "select", "copy"};
  if (words.empty()) return false;
  if (std::find(always.begin(), always.end(), words.front()) != always.end()) return true;
  return begins(words, {"create", "index"}) || begins(words, {"create", "unique", "index"}) ||
         begins(words, {"create", "materialized", "view"}) || begins(words, {"alter", "table"});
}

/// A statement about an index, constraint or trigger that is quick, and that no index or foreign key has to wait for.
inline bool is_afterthought(const std::vector<std::string>& words) {
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  if (begins(words, {"comment", "on", "index"}) || begins(words, {"comment", "on", "constraint"}) ||
      begins(words, {"comment", "on", "trigger"}) || begins(words, {"comment", "on", "statistics"})) {
    return true;
  }
  if (begins(words, {"create", "trigger"}) || begins(words, {"create", "constraint", "trigger"}) ||
      begins(words, {"create", "statistics"}))
    return true;
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
  const auto is_kind = [&](const std::string& word) {
    return std::find(kinds.begin(), kinds.end(), word) != kinds.end();
  };
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
  const bool plain =
      !name.empty() &&
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  return plain ? std::optional{name} : std::nullopt;
}

/// A part of pg_dump's comment on an entry, `Name: t; Type: TABLE; Schema: public; Owner: o`: the last of its kind, for
/// a name may hold anything.
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

}  // namespace knowngood
