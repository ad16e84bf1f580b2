// load_dump: loads an SQL dump into a database, as a role that is no superuser: COPY data over several connections at a
// time, indexes and foreign keys side by side, everything else in order. What fails is a finding with its line, and the
// rest goes on.
//
// Layer: drill. No psql: nothing but SQL is sent, of meta-commands only \connect and \encoding are obeyed, and no statement
// of the dump ever reaches a superuser's session.
//   load_outcome loaded = load_dump(open_sql(), where, server.create_database("UTF8"), {.jobs = 2});
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/database_loader.hpp"
#include "restorable/drill/dump_preamble.hpp"
#include "restorable/drill/dump_statement.hpp"
#include "restorable/drill/load_result.hpp"
#include "restorable/drill/load_run.hpp"
#include "restorable/io/source.hpp"
#include "restorable/postgres/plain_dump.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

namespace detail {

class dump_loader {
 public:
  dump_loader(std::unique_ptr<source> sql, const location& where, const load_target& target, const load_options& options)
      : dump_{std::move(sql), where, longest_statement}, run_{where, target, options} {
    use_database("", target.database);
  }

  load_outcome run() {
    try {
      while (take(dump_.next())) {
        if (run_.lanes.stopped()) throw interrupted{};
      }
    } catch (const stream_error& error) {
      if (database_->copying()) database_->break_off_copy(dump_.block().rows(), dump_.block().inside_row());
      run_.found.add(error.as_finding());
    }
    database_->finish(dump_.encoding());
    run_.tell_rest();
    return std::move(run_.outcome);
  }

 private:
  static constexpr std::size_t longest_statement = std::size_t{256} << 20;  ///< bytes; longer ones are not run

  bool take(const dump_event& event) {
    switch (event.type) {
      case dump_event_type::comment:
        note_comment(event);
        // an object whose statement is not there is one that is missing
        if (event.text.starts_with("Name: ")) database_->declare(event.text);
        break;
      case dump_event_type::statement:
        ++run_.outcome.statements;
        database_->take_statement(event);
        break;
      case dump_event_type::copy_begin:
        ++run_.outcome.statements;
        database_->begin_copy(event);
        break;
      case dump_event_type::copy_rows: database_->take_rows(event); break;
      case dump_event_type::copy_end: database_->end_copy(dump_.block().rows()); break;
      case dump_event_type::meta_command: on_meta_command(event); break;
      case dump_event_type::end: return false;
    }
    return true;
  }

  void use_database(const std::string& name, const std::string& database) {
    if (database_) database_->finish(dump_.encoding());
    database_.reset();
    database_ = std::make_unique<database_loader>(run_, name, database);
  }

  void note_comment(const dump_event& event) {
    note_version(event.text, "Dumped from database version ", run_.outcome.server_version);
    note_version(event.text, "Dumped by pg_dump version ", dump_version_);
    if (run_.outcome.server_version.empty() || dump_version_.empty() || version_told_) return;
    version_told_ = true;
    const auto major = [](const std::string& version) {
      unsigned number = 0;
      std::from_chars(version.data(), version.data() + version.size(), number);
      return number;
    };
    const unsigned dumped = std::max(major(run_.outcome.server_version), major(dump_version_));
    const unsigned ours = database_->server_major();
    run_.context.newer_dump = dumped > ours;
    if (!run_.context.newer_dump) return;
    run_.found.add(checks::load_server_version, run_.where,
                   fmt::format("the dump was made of PostgreSQL {} by pg_dump {}, newer than the server that it is restored into",
                               printable(run_.outcome.server_version, 40), printable(dump_version_, 40)),
                   fmt::format("PostgreSQL {} or newer", dumped), fmt::format("PostgreSQL {}", ours));
  }

  void on_meta_command(const dump_event& event) {
    if (event.text.starts_with("\\restrict ") || event.text.starts_with("\\unrestrict ")) return;
    if (const auto encoding = parse_encoding(event.text)) return database_->set_encoding(*encoding, event.line);
    const auto database = parse_connect(event.text);
    if (!database) {
      return run_.found.add(checks::load_refused, run_.where, fmt::format("line {}: a psql command, which was not run", event.line), "SQL",
                            printable(event.text, 120));
    }
    const made_database made = run_.databases.make(*database);
    if (!made.missing_locale.empty()) {
      run_.remark(fmt::format("database {} was made without its locale {}, which this host does not have: texts may be in another order",
                              printable(*database), printable(made.missing_locale)));
    }
    use_database(*database, made.name);
  }

  plain_dump dump_;
  load_run run_;
  std::unique_ptr<database_loader> database_;
  std::string dump_version_;
  bool version_told_ = false;
};

}  // namespace detail

/// `sql` is the script itself, unpacked. Throws `environment_error` when the server goes away or cannot go on,
/// `interrupted` when it is to stop; damage of the script is among the findings, and what came before it stays loaded.
inline load_outcome load_dump(std::unique_ptr<source> sql, const location& where, const load_target& target, const load_options& options) {
  return detail::dump_loader{std::move(sql), where, target, options}.run();
}

}  // namespace restorable
