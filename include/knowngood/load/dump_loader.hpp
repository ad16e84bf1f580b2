// load_dump: loads an SQL dump into a database, as a role that is no superuser: COPY data over several connections at a
// time, indexes and foreign keys side by side, everything else in order. What fails is a finding with its line, and the
// rest goes on.
//
// Layer: load. No psql: nothing but SQL is sent, of meta-commands only \connect and \encoding are obeyed, and no
// statement of the dump ever reaches a superuser's session.
//   load_result loaded = load_dump(open_sql(), where, server.create_database("UTF8"), {.jobs = 2});
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/load/database_loader.hpp"
#include "knowngood/load/dump_preamble.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/load/load_result.hpp"
#include "knowngood/load/load_run.hpp"
#include "knowngood/load/role_powers.hpp"
#include "knowngood/postgres/plain_dump.hpp"
#include "knowngood/server/server_session.hpp"

namespace knowngood {

namespace detail {

class dump_loader {
 public:
  dump_loader(std::unique_ptr<source> sql, const location& where, const load_target& target,
              const load_options& options)
      : dump_{std::move(sql), where, longest_statement}, run_{where, target, options} {
    use_database("", target.database);
  }

  load_result run() {
    try {
      while (take(dump_.next())) {
        run_.lanes.stop.throw_if_requested();
      }
    } catch (const stream_error& error) {
      if (database_->copying()) database_->break_off_copy(dump_.block().rows());
      run_.found.add(error.as_finding());
    }
    database_->finish(dump_.encoding());
    report_powers();
    run_.report_rest();
    return std::move(run_.result);
  }

 private:
  static constexpr std::size_t longest_statement = std::size_t{256} << 20;  ///< bytes; longer ones are not run

  // On a given server other people's roles are none of our business.
  [[nodiscard]] role_powers powers() const {
    server_session admin{run_.target.admin, run_.where};
    return role_powers{admin, run_.target.throw_away ? std::string{} : run_.target.loader_role};
  }

  // Nothing of a dump can give anybody any: if somebody has, something has got out.
  void report_powers() {
    for (const auto& power : powers().beyond(powers_before_)) {
      run_.found.add(checks::load_refused, run_.where,
                     "a role of the server gained a power while the dump was loaded, which no dump can give",
                     "no role with more than before", printable(power, 200));
    }
  }

  bool take(const dump_event& event) {
    switch (event.type) {
      case dump_event_type::comment:
        note_comment(event);
        database_->take_comment(event);  // an object whose statement is not there is one that is missing
        break;
      case dump_event_type::statement:
        ++run_.result.statements;
        database_->take_statement(event);
        break;
      case dump_event_type::copy_begin:
        ++run_.result.statements;
        database_->begin_copy(event);
        break;
      case dump_event_type::copy_rows: database_->take_rows(event); break;
      case dump_event_type::copy_end: database_->end_copy(dump_.block().rows()); break;
      case dump_event_type::meta_command: on_meta_command(event); break;
      case dump_event_type::foreign_line: on_foreign_line(event); break;
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
    note_version(event.text, "Dumped from database version ", run_.result.server_version);
    note_version(event.text, "Dumped by pg_dump version ", dump_version_);
    if (run_.result.server_version.empty() || dump_version_.empty() || version_reported_) return;
    version_reported_ = true;
    const auto major = [](const std::string& version) {
      unsigned number = 0;
      std::from_chars(version.data(), version.data() + version.size(), number);
      return number;
    };
    const unsigned dumped = std::max(major(run_.result.server_version), major(dump_version_));
    const unsigned ours = database_->server_major();
    run_.context.newer_dump = dumped > ours;
    if (!run_.context.newer_dump) return;
    run_.found.add(
        checks::load_server_version, run_.where,
        fmt::format("the dump was made of PostgreSQL {} by pg_dump {}, newer than the server that it is restored into",
                    printable(run_.result.server_version, 40), printable(dump_version_, 40)),
        fmt::format("PostgreSQL {} or newer", dumped), fmt::format("PostgreSQL {}", ours));
  }

  // Told once: the lines are not SQL, and nothing of them is run.
  void on_foreign_line(const dump_event& event) {
    if (std::exchange(foreign_reported_, true)) return;
    run_.remark(
        fmt::format("line {} is none of the dump's, and was not run: {}", event.line, printable(event.text, 80)));
  }

  void on_meta_command(const dump_event& event) {
    if (event.text.starts_with("\\restrict ") || event.text.starts_with("\\unrestrict ")) return;
    if (const auto encoding = parse_encoding(event.text)) return database_->set_encoding(*encoding, event.line);
    const auto database = parse_connect(event.text);
    if (!database) {
      return run_.found.add(checks::load_refused, run_.where,
                            fmt::format("line {}: a psql command, which was not run", event.line), "SQL",
                            printable(event.text, 120));
    }
    const made_database made = run_.databases.make(*database);
    if (!made.missing_locale.empty()) {
      run_.remark(fmt::format(
          "database {} was made without its locale {}, which this host does not have: texts may be in another order",
          printable(*database), printable(made.missing_locale)));
    }
    use_database(*database, made.name);
  }

  plain_dump dump_;
  load_run run_;
  role_powers powers_before_ = powers();
  std::unique_ptr<database_loader> database_;
  std::string dump_version_;
  bool version_reported_ = false;
  bool foreign_reported_ = false;
};

}  // namespace detail

/// `sql` is the script itself, unpacked. Throws `environment_error` when the server goes away or cannot go on,
/// `interrupted` when it is to stop; damage of the script is among the findings, and what came before it stays loaded.
inline load_result load_dump(std::unique_ptr<source> sql, const location& where, const load_target& target,
                             const load_options& options) {
  return detail::dump_loader{std::move(sql), where, target, options}.run();
}

}  // namespace knowngood
