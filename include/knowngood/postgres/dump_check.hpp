// check_plain_dump: verifies a plain dump from beginning to end: header, every statement and COPY block, the completion
// trailer at its place; and sums up what it holds.
//
// Layer: postgres. What pg_dump and pg_dumpall write last is a comment, and since August 2025 an \unrestrict line after
// it; "the trailer was seen somewhere" proves nothing, pg_dumpall repeats it per database. Dumps joined one after the
// other (pg_dumpall -g; pg_dump) are sections, each with its own header and trailer.
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

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/created_objects.hpp"
#include "knowngood/postgres/dump_head.hpp"
#include "knowngood/postgres/dump_summary.hpp"
#include "knowngood/postgres/foreign_statement.hpp"
#include "knowngood/postgres/plain_dump.hpp"
#include "knowngood/postgres/repeated_defect.hpp"
#include "knowngood/postgres/sql_words.hpp"

namespace knowngood {

/// How much of a dump a script is. Of a part it says nothing that it is small, or that something stands in it only
/// once.
enum class dump_extent : unsigned char { whole, part };

namespace detail {

/// The database of `\connect name`, `\connect "na me"`, `\connect -reuse-previous=on "dbname='na me'"`.
inline std::string connected_database(std::string_view argument) {
  if (const auto at = argument.find("dbname="); at != std::string_view::npos) argument.remove_prefix(at + 7);
  const auto drop = [](char c) { return c == '"' || c == '\''; };
  while (!argument.empty() && drop(argument.front())) argument.remove_prefix(1);
  while (!argument.empty() && drop(argument.back())) argument.remove_suffix(1);
  return std::string{argument};
}

class dump_checker {
 public:
  dump_checker(std::unique_ptr<source> upstream, const location& where, finding_sink& findings, dump_extent extent)
      : where_{where}, findings_{findings}, extent_{extent}, dump_{std::move(upstream), where} {}

  dump_summary run() {
    try {
      read();
    } catch (const stream_error&) {  // what was seen before may be why
      report_lines();
      report_repeated();
      throw;
    }
    finish();
    return std::move(summary_);
  }

 private:
  void read() {
    for (const dump_event* event = &dump_.next(); event->type != dump_event_type::end; event = &dump_.next()) {
      switch (event->type) {
        case dump_event_type::comment: take_comment(*event); break;
        case dump_event_type::meta_command: take_meta_command(*event); break;
        case dump_event_type::statement: take_statement(*event); break;
        case dump_event_type::copy_begin: begin_content(*event); break;
        case dump_event_type::copy_rows: break;
        case dump_event_type::copy_end: end_copy(*event); break;
        case dump_event_type::foreign_line: take_foreign_line(*event); break;
        case dump_event_type::end: break;
      }
    }
  }

  void report(const check& what, const dump_event& event, std::string message, std::string expected = {},
              std::string actual = {}) {
    findings_.report(
        make_finding(what, where_.at(event.offset), std::move(message), std::move(expected), std::move(actual)));
  }

  void take_comment(const dump_event& event) {
    const std::string_view text = event.text;
    if (dump_.sections().headers() != headers_) {
      headers_ = dump_.sections().headers();
      summary_.cluster |= dump_.sections().in_cluster();
      if (headers_ > 1) created_.begin_dump();
    } else if (constexpr std::string_view from = "Dumped from database version "; text.starts_with(from)) {
      if (summary_.server_version.empty()) summary_.server_version = text.substr(from.size());
      note_comment_of_dump(event);
    } else if (constexpr std::string_view by = "Dumped by pg_dump version "; text.starts_with(by)) {
      if (summary_.dump_version.empty()) summary_.dump_version = text.substr(by.size());
    } else if (text.starts_with("Data for Name: ")) {
      note_comment_of_dump(event);
      if (text.find("; Type: TABLE DATA;") != std::string_view::npos && !created_.take_data(text))
        doubled_.add(event, printable(text, 100));
    } else if (text.starts_with("Name: ") || banner_of(text) != dump_banner::none) {
      note_comment_of_dump(event);
    }
  }

  // pg_dump's comments are there, and its header is not: what was before them is lost.
  void note_comment_of_dump(const dump_event& event) {
    if (headers_ > 0 || std::exchange(no_header_reported_, true)) return;
    report(checks::dump_no_header, event, fmt::format("line {} precedes any header of pg_dump", event.line),
           "-- PostgreSQL database dump", printable(event.text, 60));
  }

  void take_foreign_line(const dump_event& event) { foreign_.add(event, printable(event.text, 100)); }

  // Everything but comments and \restrict lines belongs between a header and its trailer. True when it does.
  bool begin_content(const dump_event& event) {
    const bool headless = !dump_.head().header;
    if (dump_.sections().open() || (headless && dump_.head().sql)) return true;
    if (headless) {
      if (!std::exchange(no_header_reported_, true)) {
        report(checks::dump_no_header, event, fmt::format("line {} precedes any header of pg_dump", event.line),
               "-- PostgreSQL database dump", printable(event.text, 60));
      }
      return true;
    }
    if (event.type == dump_event_type::statement && is_harmless_around(event.text)) return false;
    if (headers_ == 0) {
      around_.add(event, printable(event.text, 100));
    } else if (!std::exchange(after_end_reported_, true)) {
      report(checks::dump_data_after_end, event, fmt::format("line {} follows the completion trailer", event.line),
             "nothing", printable(event.text, 60));
    }
    return false;
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
    const bool shell = argument.find('`') != std::string_view::npos;
    const bool connect = command == "\\connect" || (command == "\\c" && !dump_.sections().open());
    if (connect && !shell) {
      database_ = connected_database(argument);
      created_.use_database(database_);
      return;
    }
    // pg_dump writes it before it connects to a database with an odd name
    if (command == "\\encoding" &&
        argument.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
            std::string_view::npos) {
      return;
    }
    if (dump_.head().header && !dump_.sections().open() && !shell &&
        (command == "\\set" || command == "\\unset" || command == "\\echo" || command == "\\timing" ||
         command == "\\pset" || command == "\\conninfo")) {
      return around_.add(event, printable(text, 100));  // an operator's own, around a dump
    }
    begin_content(event);
    report(checks::dump_meta_command, event,
           fmt::format("psql would obey {} at line {}", printable(command), event.line),
           "\\connect, \\encoding, \\restrict or \\unrestrict", printable(text, 100));
  }

  [[nodiscard]] dump_place place() const {
    const dump_sections& sections = dump_.sections();
    if (sections.in_database()) return dump_place::database;
    if (sections.in_cluster() || stripped_cluster_) return dump_place::cluster;
    return dump_.head().header ? dump_place::outside : dump_place::database;
  }

  void take_statement(const dump_event& event) {
    begin_content(event);
    ++summary_.statements;
    if (event.backslash_inside) {
      report(checks::dump_meta_command, event,
             fmt::format("a backslash outside of quotes in the statement at line {}", event.line), "none",
             printable(event.text, 100));
    }
    if (is_keyword(event.text.substr(0, 6), "insert")) return take_insert(event);
    if (const auto why = why_foreign(event.text, place()))
      foreign_statements_.add(event, fmt::format("{}: {}", *why, printable(event.text, 100)));
    if (makes_object(event.text)) ++summary_.objects;
    sql_words words{event.text};
    const std::string_view verb = words.next();
    if (is_keyword(verb, "create")) {
      const std::string_view kind = words.next();
      schema_made_ |= !is_keyword(kind, {"database", "role", "tablespace"});
      tables_made_ |= is_keyword(kind, {"table", "unlogged", "foreign", "materialized"});
      switch (created_.take_create(event.text, !event.truncated_text)) {
        case created_objects::novelty::fresh: break;
        case created_objects::novelty::again: doubled_.add(event, printable(event.text, 100)); break;
        case created_objects::novelty::second: second_.add(event, printable(event.text, 100)); break;
      }
    } else if (is_keyword(verb, "drop")) {
      // --clean drops before it makes anything
      if (dump_.head().header && place() == dump_place::database && created_.made_here()) {
        foreign_statements_.add(event,
                                fmt::format("it drops behind what the dump makes: {}", printable(event.text, 100)));
      }
      created_.take_drop();
    } else if (is_keyword(verb, {"begin", "start"})) {
      if (transaction_line_ == 0) transaction_line_ = event.line;
    } else if (is_keyword(verb, {"commit", "end"})) {
      transaction_line_ = 0;
    } else if (is_keyword(verb, "set")) {
      const std::string_view name = words.next();
      if (is_keyword(name, "search_path")) created_.set_search_path(event.text);
      stripped_cluster_ |= !dump_.head().header && is_keyword(name, "default_transaction_read_only");
    }
  }

  void take_insert(const dump_event& event) {
    if (event.odd_values) {
      foreign_statements_.add(event,
                              fmt::format("it inserts something else than literals: {}", printable(event.text, 100)));
    }
    if (auto table = parse_insert_target(event.text)) {
      // INSERT INTO t DEFAULT VALUES has no parentheses: a row without columns
      table_named(*table).inserted += std::max<std::uint64_t>(event.rows, 1);
    }
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
    report_rows(checks::dump_row_escape, block.bad_escapes(), "hold escapes that pg_dump does not write",
                R"(\\, \b, \f, \n, \r, \t, \v, or \N as a whole field)", "others");
    report_rows(checks::dump_bytes, block.bad_bytes(), "hold control characters that pg_dump escapes", "\\r, \\b, …",
                "NUL, a raw carriage return or the like");
  }

  // What the scanner has seen outside of COPY blocks.
  void report_lines() {
    const plain_dump::defect_lines& lines = dump_.defects();
    const auto report_at = [&](const check& what, const std::optional<std::uint64_t>& line, std::string_view message,
                               std::string expected, std::string actual) {
      if (!line) return;
      findings_.report(make_finding(what, where_, fmt::format(fmt::runtime(message), *line), std::move(expected),
                                    std::move(actual)));
    };
    report_at(checks::dump_encoding, lines.ill_formed, "bytes at line {} are not valid in the dump's encoding",
              dump_.encoding(), "other bytes");
    report_at(checks::dump_bytes, lines.null_byte, "a NUL stands in line {}", "text", "NUL");
    // a value may hold them, but then it is hardly the only one
    if (lines.returns == 1 && extent_ == dump_extent::whole) {
      report_at(checks::dump_bytes, lines.bare_return,
                "a carriage return stands alone in the statement at line {}, and in none else", "text", "CR");
    }
    report_at(checks::dump_bytes, lines.string_return,
              "lines end in CR LF within a string at line {}: the value was another when it was dumped", "LF", "CR LF");
    report_at(checks::dump_bytes, lines.double_return,
              "line {} ends in CR CR LF, as a terminal within a terminal leaves it", "LF", "CR CR LF");
    report_at(checks::dump_row_security, lines.row_security,
              "line {} sets row security on: rows that the role could not see are missing", "SET row_security = off",
              "SET row_security = on");
    summary_.line_endings = dump_.carriage_returns() ? "CR LF" : "LF";
    if (dump_.carriage_returns()) {
      findings_.report(make_finding(checks::dump_line_endings, where_,
                                    "lines end in CR LF: the dump went through a terminal or an editor", "LF",
                                    "CR LF"));
    }
  }

  void report_repeated() {
    foreign_.report(checks::dump_foreign_lines, where_, findings_, "line", "around the dump that pg_dump did not write",
                    ": psql with ON_ERROR_STOP stops there");
    around_.report(checks::dump_foreign_lines, where_, findings_, "statement",
                   "around the dump that pg_dump did not write", {}, {}, severity::note);
    foreign_statements_.report(checks::dump_statement, where_, findings_, "statement", "that pg_dump does not write");
    doubled_.report(checks::dump_joined, where_, findings_, "thing", "made twice in one database", {},
                    "dumps in files of their own, or \\connect or drops between them");
    second_.report(checks::dump_joined, where_, findings_, "dump", "behind another for the same database", {},
                   "\\connect between them");
  }

  void finish() {
    summary_.encoding = dump_.encoding();
    const location end = where_;
    report_lines();
    report_repeated();
    if (transaction_line_ > 0) {
      findings_.report(make_finding(checks::dump_statement, where_,
                                    fmt::format("the transaction that begins at line {} is not committed: psql would "
                                                "restore nothing",
                                                transaction_line_),
                                    "COMMIT", "none"));
    }
    const bool stripped = !dump_.head().header && dump_.head().sql && !no_header_reported_;
    if (headers_ == 0 && !stripped && !no_header_reported_) {
      findings_.report(make_finding(checks::dump_no_header, end, "the dump has no header of pg_dump",
                                    "-- PostgreSQL database dump", "none"));
    }
    if (dump_.sections().open()) {
      throw stream_error{checks::dump_truncated, end,
                         fmt::format("the dump ends at line {} without its completion trailer", dump_.line()),
                         dump_.sections().in_database() ? "-- PostgreSQL database dump complete, closed by --"
                                                        : "-- PostgreSQL database cluster dump complete, closed by --",
                         "end of the script"};
    }
    if (restricted_by_) {
      throw stream_error{checks::dump_truncated, end,
                         "the dump ends without the \\unrestrict that closes its \\restrict",
                         "\\unrestrict " + printable(*restricted_by_), "end of the script"};
    }
    if (stripped) {
      summary_.end_proved = false;
      findings_.report(make_finding(checks::dump_end_unproved, end,
                                    "pg_dump's comments were stripped, the completion trailer with them",
                                    "-- PostgreSQL database dump complete", "none"));
    }
    if (extent_ == dump_extent::whole) report_emptiness();
  }

  void report_emptiness() {
    const bool rows = std::any_of(summary_.tables.begin(), summary_.tables.end(),
                                  [](const dump_table& table) { return table.rows.rows() + table.inserted > 0; });
    if (summary_.objects == 0 && !rows) {
      finding empty = make_finding(checks::dump_empty, where_, "the dump holds no object and no row",
                                   "tables, or at least one object",
                                   fmt::format("{} statements that set up a session", summary_.statements));
      // pg_dumpall always writes roles, but with --tablespaces-only, of which there may be none
      if (summary_.cluster) empty.severity = severity::note;
      findings_.report(std::move(empty));
    } else if (!rows && (tables_made_ || !(summary_.cluster || stripped_cluster_))) {
      findings_.report(make_finding(checks::dump_no_rows, where_, "the dump holds objects and no row", "rows", "none"));
    } else if (rows && !schema_made_) {
      findings_.report(make_finding(checks::dump_data_only, where_, "the dump holds rows and makes no table",
                                    "the tables that they belong to", "none"));
    }
  }

  location where_;
  finding_sink& findings_;
  dump_extent extent_;
  plain_dump dump_;
  dump_summary summary_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  std::string database_;
  std::optional<std::string> restricted_by_;
  std::uint64_t headers_ = 0;
  created_objects created_;
  repeated_defect foreign_;
  repeated_defect around_;
  repeated_defect foreign_statements_;
  repeated_defect doubled_;
  repeated_defect second_;
  std::uint64_t transaction_line_ = 0;  // of a BEGIN without its COMMIT so far
  bool stripped_cluster_ = false;
  bool schema_made_ = false;  // large objects are data
  bool tables_made_ = false;
  bool no_header_reported_ = false;
  bool after_end_reported_ = false;
};

}  // namespace detail

/// Reads `upstream` to its proved end. Reports what a reader can go on from; throws `stream_error` for what it cannot
/// (`dump.truncated`, `dump.unterminated-*`, and what the upstream throws): then there is no summary.
inline dump_summary check_plain_dump(std::unique_ptr<source> upstream, const location& where, finding_sink& findings,
                                     dump_extent extent = dump_extent::whole) {
  return detail::dump_checker{std::move(upstream), where, findings, extent}.run();
}

}  // namespace knowngood
