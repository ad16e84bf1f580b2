// load_run: what one run of the loader knows and has found so far, whichever database of the dump it is in.
//
// Layer: load. See load/dump_loader.hpp, whose parts share it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/load/dump_databases.hpp"
#include "knowngood/load/load_failure.hpp"
#include "knowngood/load/load_findings.hpp"
#include "knowngood/load/load_lane.hpp"
#include "knowngood/load/load_result.hpp"

namespace knowngood {

struct load_run {
  load_run(location at, const load_target& into, const load_options& with)
      : where{std::move(at)}, target{into}, options{with}, databases{into, where} {
    lanes.connections = std::max(options.jobs, 1U);
    lanes.time_limit = options.statement_limit;
    lanes.stop = options.stop;
    context.own_server = target.throw_away;
  }

  /// Worth knowing, and no more.
  void remark(std::string message) {
    finding what = make_finding(checks::load_sql, where, std::move(message));
    what.severity = severity::note;
    found.add(std::move(what));
  }

  /// Throws when an error says nothing about the dump, and goes for all that follows: `environment_error`,
  /// `interrupted`.
  void check_environment(const sql_error& error) const {
    lanes.stop.throw_if_requested();
    if (classify_failure(error, {}, context) != load_failure::environment) return;
    throw environment_error{
        where, fmt::format("the server cannot go on: {} ({})", printable(error.message, 300), error.sqlstate),
        "give it more space or memory (--scratch DIR), and run the drill again"};
  }

  /// Moves into the result what is reported at the end.
  void report_rest() {
    std::set<std::string> roles;
    for (const auto& role : roles_made) {
      if (!roles_declared.contains(role)) roles.insert(printable(role));
    }
    if (!roles.empty())
      found.add(checks::load_role, where, fmt::format("roles were made for the rehearsal: {}", fmt::join(roles, ", ")));
    if (!tablespaces.empty()) {
      remark(fmt::format("what belongs into other tablespaces was put into the default one: {}",
                         fmt::join(tablespaces, ", ")));
    }
    if (authorizations > 0) {
      found.add(
          checks::load_role, where,
          fmt::format(
              "{} statements that act as another role were run as the one that loads, to whom what they make belongs",
              authorizations));
    }
    if (cluster_statements > 0) {
      found.add(
          checks::load_role, where,
          fmt::format("{} statements about roles, databases and tablespaces were not rehearsed", cluster_statements));
    }
    auto [findings, unchecked] = found.take(where);
    result.findings = std::move(findings);
    result.unchecked = std::move(unchecked);
  }

  location where;  ///< the dump
  load_target target;
  load_options options;
  lane_options lanes;
  load_context context;
  load_result result;
  load_findings found;
  dump_databases databases;
  std::set<std::string> roles_made;      ///< as they were missed
  std::set<std::string> roles_declared;  ///< by the dump itself
  std::set<std::string> tablespaces;     ///< that are not here; printable
  std::uint64_t authorizations = 0;
  std::uint64_t cluster_statements = 0;
};

}  // namespace knowngood
