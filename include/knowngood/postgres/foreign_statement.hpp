// why_foreign: which statements pg_dump and pg_dumpall never write, and what is wrong with them. A dump with one was
// edited, or made by something else, and restoring it does more than restoring.
//
// Layer: postgres. Known is what pg_dump writes; whatever else there is, is foreign.
//   if (const auto why = why_foreign(event.text, dump_place::database)) report(*why);
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "knowngood/postgres/copy_statement.hpp"
#include "knowngood/postgres/sql_words.hpp"

namespace knowngood {

enum class dump_place : unsigned char {
  database,  ///< in a dump of one database
  cluster,   ///< in what pg_dumpall writes of roles and tablespaces
  outside,   ///< before, between or behind dumps, where operators write lines of their own
};

namespace detail {

/// Whether some word of the statement, outside of strings, is one of these.
inline bool has_word(sql_words words, std::initializer_list<std::string_view> keywords) {
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (is_keyword(word, keywords)) return true;
  }
  return false;
}

inline std::optional<std::string_view> why_foreign_select(sql_words words) {
  if (has_word(words, {"lo_import", "lo_export", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file",
                       "pg_file_write", "dblink", "dblink_exec"}))
    return "it reads or writes what is outside of the database";
  std::string_view word = words.next();
  if (word == "*" && is_keyword(words.next(), "from")) word = words.next();
  if (is_keyword(word, "pg_catalog") && words.next() == ".") word = words.next();
  const bool upgrade = word.size() > 15 && is_keyword(word.substr(0, 15), "binary_upgrade_");
  if ((upgrade || is_keyword(word, {"set_config", "setval", "lo_create", "lo_open", "lowrite", "lo_close", "lo_unlink",
                                    "lo_from_bytea", "pg_restore_relation_stats", "pg_restore_attribute_stats",
                                    "pg_restore_extended_stats", "pg_extension_config_dump"})) &&
      words.next() == "(")
    return std::nullopt;
  return "pg_dump writes no such SELECT";
}

// `words`: after the verb. `cluster`: statements about roles and tablespaces are in their place.
inline std::optional<std::string_view> why_foreign_object(std::string_view verb, sql_words words, dump_place place) {
  const std::string_view kind = words.next();
  sql_words after = words;
  const std::string_view name = words.next();
  if (is_keyword(kind, "system")) return "it changes the settings of the server";
  const bool role =
      is_keyword(kind, {"role", "user", "group"}) && !(is_keyword(kind, "user") && is_keyword(name, "mapping"));
  if (role) {
    if (is_keyword(name, {"current_user", "session_user", "current_role", "user"}))
      return "it changes the role that restores";
    if (place == dump_place::cluster) return std::nullopt;
    if (has_word(after, {"superuser"})) return "it makes a superuser";
    if (place == dump_place::outside) return std::nullopt;
    // ALTER ROLE … IN DATABASE … SET belongs to the database
    if (is_keyword(verb, "alter") && is_keyword(words.next(), "in")) return std::nullopt;
    return "a dump of one database holds no roles";
  }
  if (is_keyword(kind, "tablespace") && place == dump_place::database) return "a dump of one database holds none";
  if (is_keyword(verb, "create") && is_keyword(kind, "subscription")) {
    for (std::string_view word = after.next(); !word.empty(); word = after.next()) {
      if (!is_keyword(word, "connect") || after.next() != "=") continue;
      const std::string_view value = after.next();
      if (is_keyword(value, "false") || is_keyword(value, "'false'")) return std::nullopt;
    }
    return "it opens a network connection";
  }
  return std::nullopt;
}

}  // namespace detail

/// Why `statement` is none that pg_dump writes in such a place, for people; nothing for one that it does.
inline std::optional<std::string_view> why_foreign(std::string_view statement, dump_place place) {
  sql_words words{statement};
  const std::string_view verb = words.next();
  if (is_keyword(verb, "insert") || verb == ";") return std::nullopt;
  if (is_keyword(verb, "copy")) {
    if (parse_copy(statement)) return std::nullopt;
    if (detail::has_word(words, {"program"})) return "it runs a program of the server";
    return "it reads or writes something else than rows of the dump";
  }
  if (is_keyword(verb, "select")) return detail::why_foreign_select(words);
  if (is_keyword(verb, {"create", "alter", "drop"})) return detail::why_foreign_object(verb, words, place);
  if (is_keyword(verb, {"grant", "revoke"})) {
    const bool of_object = detail::has_word(words, {"on"});
    if (!of_object && place == dump_place::database) return "a dump of one database makes nobody a member of a role";
    return std::nullopt;
  }
  if (is_keyword(verb, "update")) {
    if (!is_keyword(words.next(), "pg_catalog") || words.next() != ".") return "it changes rows";
    const bool known = is_keyword(words.next(), {"pg_database", "pg_class", "pg_attribute", "pg_constraint"});
    return known ? std::nullopt : std::optional<std::string_view>{"it changes rows of the system's catalogues"};
  }
  if (is_keyword(verb, {"set", "reset", "comment", "security", "refresh", "begin", "start", "commit", "end"}))
    return std::nullopt;
  if (is_keyword(verb, "do")) return "it runs code";
  if (is_keyword(verb, "load")) return "it loads a library into the server";
  if (place == dump_place::outside && is_keyword(verb, {"analyze", "vacuum", "checkpoint", "discard"}))
    return std::nullopt;
  return "pg_dump writes no such statement";
}

/// Whether a statement around a dump only sets up a session, or tends to the tables: it changes nothing of what is
/// restored.
inline bool is_harmless_around(std::string_view statement) {
  sql_words words{statement};
  return is_keyword(words.next(), {"begin", "start", "commit", "end", "set", "reset", "analyze", "vacuum", "checkpoint",
                                   "discard", ";"});
}

}  // namespace knowngood
