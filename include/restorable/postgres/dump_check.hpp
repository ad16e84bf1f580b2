// check_plain_dump: verifies a plain dump from beginning to end: header, every statement and COPY block, the completion
// trailer at its place; and sums up what it holds.
//
// Layer: postgres. What pg_dump and pg_dumpall write last is a comment, and since August 2025 an \unrestrict line after it;
// "the trailer was seen somewhere" proves nothing, pg_dumpall repeats it per database. Dumps joined one after the other
// (pg_dumpall -g; pg_dump) are sections, each with its own header and trailer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/hash/row_set.hpp"
#include "restorable/io/source.hpp"
#include "restorable/postgres/plain_dump.hpp"

namespace restorable {

/// A table with rows in a dump.
struct dump_table {
  std::string database;         ///< as `\connect` names it; empty before any
  std::string name;             ///< as the dump writes it: `public.incidents`
  row_set rows;                 ///< of COPY data
  std::uint64_t inserted = 0;   ///< rows of INSERT statements, whose fingerprint cannot be had
};

struct dump_summary {
  bool cluster = false;              ///< written by pg_dumpall
  std::string server_version;        ///< `15.18 (Debian …)`; empty when the dump does not say
  std::string dump_version;          ///< of pg_dump
  std::string encoding;              ///< the last client_encoding
  std::uint64_t statements = 0;
  std::uint64_t objects = 0;         ///< CREATE statements that make something, and large objects
  std::vector<dump_table> tables;    ///< in order of first appearance
};

namespace detail {

class dump_checker {
 public:
  dump_checker(std::unique_ptr<source> upstream, const location& where, finding_sink& findings)
      : where_{where}, findings_{findings}, dump_{std::move(upstream), where} {}

  dump_summary run() {
    for (const dump_event* event = &dump_.next(); event->type != dump_event_type::end; event = &dump_.next()) {
      switch (event->type) {
        case dump_event_type::comment: take_comment(*event); break;
        case dump_event_type::meta_command: take_meta_command(*event); break;
        case dump_event_type::statement: take_statement(*event); break;
        case dump_event_type::copy_begin: begin_content(*event); break;
        case dump_event_type::copy_rows: break;
        case dump_event_type::copy_end: end_copy(*event); break;
        case dump_event_type::end: break;
      }
    }
    finish();
    return std::move(summary_);
  }

 private:
  void report(const check& what, const dump_event& event, std::string message, std::string expected = {},
              std::string actual = {}) {
    findings_.report(make_finding(what, where_.at(event.offset), std::move(message), std::move(expected),
                                  std::move(actual)));
  }

  void take_comment(const dump_event& event) {
    const std::string_view text = event.text;
    if (closing_) {  // the line that closes the trailer's box
      closing_ = false;
      if (text.empty()) (closing_cluster_ ? cluster_open_ : dump_open_) = false;
      if (text.empty()) return;
    }
    if (text == "PostgreSQL database dump") {
      dump_open_ = true;
      ++headers_;
    } else if (text == "PostgreSQL database cluster dump") {
      cluster_open_ = true;
      summary_.cluster = true;
      ++headers_;
    } else if (text == "PostgreSQL database dump complete") {
      closing_ = true;
      closing_cluster_ = false;
    } else if (text == "PostgreSQL database cluster dump complete") {
      closing_ = true;
      closing_cluster_ = true;
    } else if (constexpr std::string_view from = "Dumped from database version "; text.starts_with(from)) {
      if (summary_.server_version.empty()) summary_.server_version = text.substr(from.size());
    } else if (constexpr std::string_view by = "Dumped by pg_dump version "; text.starts_with(by)) {
      if (summary_.dump_version.empty()) summary_.dump_version = text.substr(by.size());
    }
  }

  // Everything but comments and \restrict lines belongs between a header and its trailer.
  void begin_content(const dump_event& event) {
    if (closing_) closing_ = false;
    if (dump_open_ || cluster_open_) return;
    if (headers_ == 0) {
      if (!std::exchange(no_header_told_, true)) {
        report(checks::dump_no_header, event, fmt::format("line {} precedes any header of pg_dump", event.line),
               "-- PostgreSQL database dump", printable(event.text, 60));
      }
    } else if (!std::exchange(after_end_told_, true)) {
      report(checks::dump_data_after_end, event,
             fmt::format("line {} follows the completion trailer", event.line), "nothing", printable(event.text, 60));
    }
  }

  void take_meta_command(const dump_event& event) {
    const std::string_view text = event.text;
    const std::string_view command = text.substr(0, text.find_first_of(" \t"));
    std::string_view argument = text.substr(command.size());
    while (!argument.empty() && (argument.front() == ' ' || argument.front() == '\t')) argument.remove_prefix(1);
    if (command == "\\restrict") {
      restricted_by_ = argument;
      return;
    }
    if (command == "\\unrestrict") {
      if (!restricted_by_ || *restricted_by_ != argument) {
        report(checks::dump_meta_command, event, fmt::format("\\unrestrict at line {} opens no \\restrict", event.line),
               restricted_by_ ? printable(*restricted_by_) : "none", printable(argument));
      }
      restricted_by_.reset();
      return;
    }
    begin_content(event);
    if (command == "\\connect" && argument.find('`') == std::string_view::npos) {
      database_ = connected_database(argument);
      return;
    }
    // pg_dump writes it before it connects to a database with an odd name
    if (command == "\\encoding" && argument.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
                                       std::string_view::npos) {
      return;
    }
    report(checks::dump_meta_command, event,
           fmt::format("psql would obey {} at line {}", printable(command), event.line),
           "\\connect, \\encoding, \\restrict or \\unrestrict", printable(text, 100));
  }

  // `\connect name`, `\connect "na me"`, `\connect -reuse-previous=on "dbname='na me'"`
  static std::string connected_database(std::string_view argument) {
    if (const auto at = argument.find("dbname="); at != std::string_view::npos) argument.remove_prefix(at + 7);
    const auto drop = [](char c) { return c == '"' || c == '\''; };
    while (!argument.empty() && drop(argument.front())) argument.remove_prefix(1);
    while (!argument.empty() && drop(argument.back())) argument.remove_suffix(1);
    return std::string{argument};
  }

  void take_statement(const dump_event& event) {
    begin_content(event);
    ++summary_.statements;
    if (event.backslash_inside) {
      report(checks::dump_meta_command, event,
             fmt::format("a backslash outside of quotes in the statement at line {}", event.line),
             "none", printable(event.text, 100));
    }
    if (makes_object(event.text)) ++summary_.objects;
    if (event.text.size() > 6 && is_keyword(event.text.substr(0, 6), "insert")) {
      if (auto table = parse_insert_target(event.text)) {
        // INSERT INTO t DEFAULT VALUES has no parentheses: a row without columns
        table_named(*table).inserted += std::max<std::uint64_t>(event.rows, 1);
      }
    }
  }

  static bool makes_object(std::string_view text) {
    if (text.starts_with("SELECT pg_catalog.lo_create(")) return true;
    sql_words words{text};
    if (!is_keyword(words.next(), "create")) return false;
    const std::string_view kind = words.next();
    std::string_view name = words.next();
    if (is_keyword(kind, "database")) return false;
    if (is_keyword(kind, "schema")) return !is_keyword(name, "public");
    if (is_keyword(kind, "extension")) {
      while (is_keyword(name, "if") || is_keyword(name, "not") || is_keyword(name, "exists")) name = words.next();
      return !is_keyword(name, "plpgsql");
    }
    return true;
  }

  dump_table& table_named(const std::string& name) {
    const auto [at, fresh] = index_.try_emplace({database_, name}, summary_.tables.size());
    if (fresh) summary_.tables.push_back({database_, name, {}, 0});
    return summary_.tables[at->second];
  }

  void end_copy(const dump_event& event) {
    const copy_rows& block = dump_.block();
    const std::string& table = event.copy->table;
    table_named(table).rows += block.rows();
    const auto report_rows = [&](const check& what, const row_defect& defect, std::string_view problem,
                                 std::string expected, std::string actual) {
      if (defect.rows == 0) return;
      report(what, event,
             fmt::format("{} of {} rows of {} {}, the first at line {}", defect.rows, block.rows().rows(),
                         printable(table), problem, event.line + defect.first_row),
             std::move(expected), std::move(actual));
    };
    const auto columns = [](std::uint64_t count) { return fmt::format("{} column{}", count, count == 1 ? "" : "s"); };
    report_rows(checks::dump_columns, block.wrong_columns(), "have another number of columns",
                columns(event.copy->columns ? event.copy->columns->size() : 0), columns(block.wrong_columns().detail));
    report_rows(checks::dump_encoding, block.ill_formed(), "are not valid in the dump's encoding", dump_.encoding(),
                "other bytes");
    report_rows(checks::dump_row_escape, block.open_escapes(), "end in an escape that swallows the newline",
                "an even number of backslashes", "an odd number");
  }

  void finish() {
    summary_.encoding = dump_.encoding();
    const location end = where_;
    if (const auto line = dump_.ill_formed_line()) {
      findings_.report(make_finding(checks::dump_encoding, end,
                                    fmt::format("bytes at line {} are not valid in the dump's encoding", *line),
                                    dump_.encoding(), "other bytes"));
    }
    if (headers_ == 0 && !no_header_told_) {
      findings_.report(make_finding(checks::dump_no_header, end, "the dump has no header of pg_dump",
                                    "-- PostgreSQL database dump", "none"));
    }
    if (dump_open_ || cluster_open_) {
      const bool inner = dump_open_;
      throw stream_error{checks::dump_truncated, end,
                         fmt::format("the dump ends at line {} without its completion trailer", dump_.line()),
                         inner ? "-- PostgreSQL database dump complete, closed by --"
                               : "-- PostgreSQL database cluster dump complete, closed by --",
                         "end of the script"};
    }
    if (restricted_by_) {
      throw stream_error{checks::dump_truncated, end, "the dump ends without the \\unrestrict that closes its \\restrict",
                         "\\unrestrict " + printable(*restricted_by_), "end of the script"};
    }
    const bool rows = std::any_of(summary_.tables.begin(), summary_.tables.end(),
                                  [](const dump_table& table) { return table.rows.rows() + table.inserted > 0; });
    if (summary_.objects == 0 && !rows) {
      findings_.report(make_finding(checks::dump_empty, end, "the dump holds no object and no row",
                                    "tables, or at least one object", fmt::format("{} statements that set up a session",
                                                                                  summary_.statements)));
    } else if (!rows && !summary_.cluster) {
      findings_.report(make_finding(checks::dump_no_rows, end, "the dump holds objects and no row", "rows", "none"));
    }
  }

  location where_;
  finding_sink& findings_;
  plain_dump dump_;
  dump_summary summary_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  std::string database_;
  std::optional<std::string> restricted_by_;
  std::uint64_t headers_ = 0;
  bool dump_open_ = false;
  bool cluster_open_ = false;
  bool closing_ = false;
  bool closing_cluster_ = false;
  bool no_header_told_ = false;
  bool after_end_told_ = false;
};

}  // namespace detail

/// Reads `upstream` to its proved end. Reports what a reader can go on from; throws `stream_error` for what it cannot
/// (`dump.truncated`, `dump.unterminated-*`, and what the upstream throws): then there is no summary.
inline dump_summary check_plain_dump(std::unique_ptr<source> upstream, const location& where, finding_sink& findings) {
  return detail::dump_checker{std::move(upstream), where, findings}.run();
}

/// How many bytes at the front `is_plain_dump` wants to see.
inline constexpr std::size_t plain_dump_head_bytes = 256;

/// True when `head` begins as pg_dump's or pg_dumpall's scripts do.
inline bool is_plain_dump(byte_view head) {
  std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  const auto skip_empty = [&] {
    for (;;) {
      if (text.starts_with("--\n")) {
        text.remove_prefix(3);
      } else if (text.starts_with("--\r\n")) {
        text.remove_prefix(4);
      } else if (text.starts_with("\n") || text.starts_with("\r")) {
        text.remove_prefix(1);
      } else {
        return;
      }
    }
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  skip_empty();
  return text.starts_with("-- PostgreSQL database dump") || text.starts_with("-- PostgreSQL database cluster dump");
}

}  // namespace restorable
