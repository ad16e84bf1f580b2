// check_assertions: the policy's own statements, each with the value that it must give in the restored database.
//
// Layer: server. Run as whoever ran the dump, never a superuser, each in a transaction that cannot write, with a time
// limit.
//   for (const auto& one : check_assertions(conninfo, where, policy.assertions, {}).results) ...
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

struct assertion_options {
  std::chrono::seconds time_limit = std::chrono::minutes{5};  ///< of each
  stop_flag stop = {};
};

struct assertion_result {
  std::string name;
  bool holds = false;
  bool names_absent = false;  ///< it could not be asked: a table or schema that it names is not in this database
  double seconds = 0;
};

struct assertions_result {
  std::vector<assertion_result> results;
  std::vector<finding> findings;  ///< one for each that does not hold, its place ending with the assertion's name
};

/// `conninfo` with dbname, of a role that is no superuser. Only the very text that is expected holds: no row, NULL, an
/// error and a statement that takes too long do not. Throws `environment_error` when the server cannot be reached,
/// `interrupted` when it is to stop.
inline assertions_result check_assertions(const std::string& conninfo, const location& where,
                                          const std::vector<sql_assertion>& assertions,
                                          const assertion_options& options) {
  assertions_result result;
  for (const auto& assertion : assertions) {
    // a session each: what one has set, or left open, is nothing to the next
    server_session session{conninfo, where, options.stop, options.time_limit};
    const auto started = std::chrono::steady_clock::now();
    std::string actual;
    bool holds = false;
    bool names_absent = false;
    try {
      session.begin_snapshot();
      const pqxx::result rows = session.query_one(assertion.sql);
      if (rows.empty() || rows.columns() == 0) {
        actual = "no row";
      } else if (rows[0][0].is_null()) {
        actual = "NULL";
      } else {
        holds = view_of(rows[0][0]) == assertion.expect;
        actual = printable(view_of(rows[0][0]));
      }
    } catch (const sql_error& error) {
      names_absent = error.sqlstate == "42P01" || error.sqlstate == "3F000";
      actual = error.sqlstate == "57014" ? fmt::format("no answer within {}", format_duration(options.time_limit))
                                         : fmt::format("error {}: {}", error.sqlstate, printable(error.message));
    }
    result.results.push_back({assertion.name, holds, names_absent,
                              std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()});
    if (!holds) {
      result.findings.push_back(make_finding(
          checks::assertion_failed, where / assertion.name,
          fmt::format("the assertion {} does not hold in the restored database", printable(assertion.name)),
          printable(assertion.expect), std::move(actual)));
    }
  }
  return result;
}

}  // namespace knowngood
