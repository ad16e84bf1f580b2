// check_required_tables: the tables that a policy names are in the restored database, and hold rows.
//
// Layer: drill. A partitioned table holds the rows of its partitions; a materialized view may be named too. Nothing of
// the database is run for it: a view, which would have to be, is no table.
//   for (auto& one : check_required_tables(conninfo, where, policy.required_tables, stop)) findings.push_back(one);
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/catalog_session.hpp"
#include "restorable/drill/relations.hpp"
#include "restorable/drill/table_name.hpp"

namespace restorable {

namespace detail {

inline bool holds_rows(connection& session, const relation_list& relations, const relation& table) {
  const auto some_in = [&](const relation& one) {
    return session.value(fmt::format("SELECT EXISTS (SELECT FROM ONLY {})", one.name.to_sql())) == "t";
  };
  if (table.kind != 'p') return some_in(table);
  return std::any_of(table.leaves.begin(), table.leaves.end(),
                     [&](std::size_t leaf) { return some_in(relations[leaf]); });
}

}  // namespace detail

/// `conninfo` with dbname, of a role that may read everything; `tables` as the policy writes them: `public.incidents`.
/// Throws `environment_error` when the database cannot be read.
inline std::vector<finding> check_required_tables(const std::string& conninfo, const location& where,
                                                  const std::vector<std::string>& tables,
                                                  const std::atomic<bool>* stop) {
  std::vector<finding> findings;
  try {
    connection session = open_catalog_session(conninfo, where, stop);
    begin_snapshot(session, "");
    const relation_list relations = read_relations(session);
    for (const auto& wanted : tables) {
      const auto name = parse_table_name(wanted);
      const relation* table = name ? relations.find(*name) : nullptr;
      std::string_view actual;
      if (table == nullptr) {
        actual = name ? "no such table" : "no name of a table";
      } else if (table->kind == 'v' || table->kind == 'f') {
        actual = table->kind == 'v' ? "a view" : "a foreign table";
      } else if (!detail::holds_rows(session, relations, *table)) {
        findings.push_back(make_finding(
            checks::rows_fewer, where / wanted,
            fmt::format("{}, which the policy requires, holds no row after the restore", printable(wanted)),
            "at least one row", "none"));
        continue;
      } else {
        continue;
      }
      findings.push_back(
          make_finding(checks::rows_missing_table, where / wanted,
                       fmt::format("{}, which the policy requires, is not there after the restore", printable(wanted)),
                       "a table with rows", std::string{actual}));
    }
  } catch (const sql_error& error) {
    throw environment_error{where, "cannot look for the required tables: " + printable(error.message),
                            "look at the server's log; run the drill again"};
  }
  return findings;
}

}  // namespace restorable
