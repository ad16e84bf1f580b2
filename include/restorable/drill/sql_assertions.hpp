// check_assertions: the policy's own statements, each with the value that it must give in the restored database.
//
// Layer: drill. Run as whoever ran the dump, never a superuser, each in a transaction that cannot write, with a time
// limit.
//   for (const auto& one : check_assertions(conninfo, where, policy.assertions, {}).results) ...
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/base/time.hpp"
#include "restorable/catalog/component_policy.hpp"
#include "restorable/drill/connection.hpp"

namespace restorable {

struct assertion_options {
  std::chrono::seconds time_limit = std::chrono::minutes{5};  ///< of each
  const std::atomic<bool>* stop = nullptr;
};

struct assertion_result {
  std::string name;
  bool holds = false;
  double seconds = 0;
};

struct assertions_outcome {
  std::vector<assertion_result> results;  ///< of those that were run
  std::vector<finding> findings;
  bool stopped = false;  ///< the rest was not run
};

/// `conninfo` with dbname, of a role that is no superuser. Only the very text that is expected holds: no row, NULL, an
/// error and a statement that takes too long do not. Throws `environment_error` when the server cannot be reached.
inline assertions_outcome check_assertions(const std::string& conninfo, const location& where,
                                           const std::vector<sql_assertion>& assertions,
                                           const assertion_options& options) {
  assertions_outcome outcome;
  const auto stopped = [&] { return options.stop != nullptr && options.stop->load(std::memory_order_relaxed); };
  for (const auto& assertion : assertions) {
    if (stopped()) break;
    // a session each: what one has set, or left open, is nothing to the next
    connection session{conninfo, where};
    session.set_stop(options.stop);
    session.set_time_limit(options.time_limit);
    const auto started = std::chrono::steady_clock::now();
    std::string actual;
    bool holds = false;
    try {
      session.query("BEGIN READ ONLY");
      const query_result result = session.query(assertion.sql, {});
      if (result.rows() == 0 || result.columns() == 0) {
        actual = "no row";
      } else if (result.is_null(0, 0)) {
        actual = "NULL";
      } else {
        holds = result.at(0, 0) == assertion.expect;
        actual = printable(result.at(0, 0));
      }
    } catch (const sql_error& error) {
      if (stopped()) break;
      actual = error.sqlstate == "57014" ? fmt::format("no answer within {}", format_duration(options.time_limit))
                                         : fmt::format("error {}: {}", error.sqlstate, printable(error.message));
    }
    outcome.results.push_back(
        {assertion.name, holds, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()});
    if (!holds) {
      outcome.findings.push_back(make_finding(
          checks::assertion_failed, where / assertion.name,
          fmt::format("the assertion {} does not hold in the restored database", printable(assertion.name)),
          printable(assertion.expect), std::move(actual)));
    }
  }
  outcome.stopped = outcome.results.size() < assertions.size();
  return outcome;
}

}  // namespace restorable
