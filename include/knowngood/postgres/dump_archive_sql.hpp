// dump_archive_sql: the SQL that the entries of a dump archive's table of contents stand for, as the plain format of
// the same dump would have it.
//
// Layer: postgres; part of dump_archive_script, of no use alone. Data is written by the script itself.
//   dump_archive_sql sql; sql.write_prologue(toc, text); sql.write_entry(entry, text);
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood::detail {

/// `name` as an SQL identifier.
inline std::string quoted_identifier(std::string_view name) {
  std::string text{'"'};
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

/// Names stand in comments, which end with their line.
inline std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

/// In which order pg_restore makes things: rights when all objects stand, and last what may act on them.
enum class dump_archive_turn : unsigned char { object, right, last };

inline dump_archive_turn turn_of(const dump_archive_entry& entry) {
  if (entry.description == "ACL" || entry.description == "DEFAULT ACL" || entry.description == "ACL LANGUAGE") {
    return dump_archive_turn::right;
  }
  if (entry.description == "EVENT TRIGGER" || entry.description == "MATERIALIZED VIEW DATA" ||
      (entry.description == "COMMENT" && entry.tag.starts_with("EVENT TRIGGER "))) {
    return dump_archive_turn::last;
  }
  return dump_archive_turn::object;
}

/// Text is written to the end of `text`. Settings are written where they change, so that entries are to come in order.
class dump_archive_sql {
 public:
  static void write_prologue(const dump_archive_toc& toc, std::string& text) {
    text += "--\n-- PostgreSQL database dump\n--\n\n";
    text += fmt::format("-- Dumped from database version {}\n-- Dumped by pg_dump version {}\n\n",
                        in_one_line(toc.server_version), in_one_line(toc.dump_version));
    text +=
        "SET statement_timeout = 0;\nSET lock_timeout = 0;\n"
        "SET idle_in_transaction_session_timeout = 0;\n";
    for (const std::string_view setting : {"ENCODING", "STDSTRINGS", "SEARCHPATH"}) {
      for (const auto& entry : toc.entries) {
        if (entry.description == setting) text += entry.definition;
      }
    }
    text +=
        "SET check_function_bodies = false;\nSET xmloption = content;\nSET client_min_messages = warning;\n"
        "SET row_security = off;\n\n";
  }

  void write_entry(const dump_archive_entry& entry, std::string& text) {
    if (is_left_out(entry)) return;
    if (entry.tablespace && *entry.tablespace != tablespace_) {
      tablespace_ = *entry.tablespace;
      const std::string name = tablespace_.empty() ? "''" : quoted_identifier(tablespace_);
      text += fmt::format("SET default_tablespace = {};\n\n", name);
    }
    if (entry.access_method && !entry.access_method->empty() && *entry.access_method != access_method_) {
      access_method_ = *entry.access_method;
      text += fmt::format("SET default_table_access_method = {};\n\n", quoted_identifier(access_method_));
    }
    write_header("", entry, text);
    if (entry.description == "BLOB METADATA") return write_large_objects(entry, text);
    text += entry.definition;
    if (!entry.definition.empty()) text += entry.definition.ends_with('\n') ? "\n" : "\n\n";
    write_owner(entry, text);
  }

  /// The comment above an entry, or its data: `prefix`.
  static void write_header(std::string_view prefix, const dump_archive_entry& entry, std::string& text) {
    const auto named = [](const std::string& name) { return name.empty() ? "-" : in_one_line(name); };
    text += fmt::format("--\n-- {}Name: {}; Type: {}; Schema: {}; Owner: {}\n--\n\n", prefix, in_one_line(entry.tag),
                        in_one_line(entry.description), named(entry.schema), named(entry.owner));
  }

 private:
  // What stands in every archive, and is restored only where the database itself is made anew, or has been written.
  static bool is_left_out(const dump_archive_entry& entry) {
    for (const std::string_view one : {"DATABASE", "DATABASE PROPERTIES", "ENCODING", "STDSTRINGS", "SEARCHPATH"}) {
      if (entry.description == one) return true;
    }
    return (entry.description == "COMMENT" || entry.description == "ACL" || entry.description == "SECURITY LABEL") &&
           entry.tag.starts_with("DATABASE ");
  }

  // Version 1.16: the large objects of one owner together, their ids one to a line.
  static void write_large_objects(const dump_archive_entry& entry, std::string& text) {
    std::string_view ids = entry.definition;
    while (!ids.empty()) {
      const std::string_view id = ids.substr(0, ids.find('\n'));
      ids.remove_prefix(std::min(ids.size(), id.size() + 1));
      if (id.empty()) continue;
      text += fmt::format("SELECT pg_catalog.lo_create('{}');\n", id);
      if (!entry.owner.empty()) {
        text += fmt::format("ALTER LARGE OBJECT {} OWNER TO {};\n", id, quoted_identifier(entry.owner));
      }
    }
    text += '\n';
  }

  // An archive names the owner beside the object; how the object is named in SQL, the statement that drops it says.
  static void write_owner(const dump_archive_entry& entry, std::string& text) {
    static constexpr std::array<std::string_view, 27> owned{"AGGREGATE",
                                                            "BLOB",
                                                            "COLLATION",
                                                            "CONVERSION",
                                                            "DOMAIN",
                                                            "EVENT TRIGGER",
                                                            "FOREIGN DATA WRAPPER",
                                                            "FOREIGN TABLE",
                                                            "FUNCTION",
                                                            "MATERIALIZED VIEW",
                                                            "OPERATOR",
                                                            "OPERATOR CLASS",
                                                            "OPERATOR FAMILY",
                                                            "PROCEDURAL LANGUAGE",
                                                            "PROCEDURE",
                                                            "PUBLICATION",
                                                            "SCHEMA",
                                                            "SEQUENCE",
                                                            "SERVER",
                                                            "STATISTICS",
                                                            "SUBSCRIPTION",
                                                            "TABLE",
                                                            "TEXT SEARCH CONFIGURATION",
                                                            "TEXT SEARCH DICTIONARY",
                                                            "TYPE",
                                                            "VIEW",
                                                            "SHELL TYPE"};
    if (entry.owner.empty() || entry.drop.empty()) return;
    if (std::find(owned.begin(), owned.end(), entry.description) == owned.end()) return;
    std::string_view what = entry.drop;
    while (what.ends_with('\n') || what.ends_with(';')) what.remove_suffix(1);
    std::string object;
    if (constexpr std::string_view unlink = "SELECT pg_catalog.lo_unlink('"; what.starts_with(unlink)) {
      what.remove_prefix(unlink.size());
      object = fmt::format("LARGE OBJECT {}", what.substr(0, what.find('\'')));
    } else if (constexpr std::string_view drop = "DROP "; what.starts_with(drop)) {
      object = what.substr(drop.size());
    } else {
      return;
    }
    text += fmt::format("ALTER {} OWNER TO {};\n\n", object, quoted_identifier(entry.owner));
  }

  std::string tablespace_;
  std::string access_method_;
};

}  // namespace knowngood::detail
