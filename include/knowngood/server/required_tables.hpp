// check_required_tables: the tables that a policy names are in the restored database, and hold rows.
//
// Layer: server. A partitioned table holds the rows of its partitions; a materialized view may be named too. Nothing of
// the database is run for it: a view, which would have to be, is no table.
//   for (auto& one : check_required_tables(conninfo, where, policy.required_tables, stop)) findings.push_back(one);
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/relations.hpp"
#include "knowngood/server/sql_error.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

namespace detail {

inline bool holds_rows(catalog_session& session, const relation_list& relations, const relation& table) {
  const auto some_in = [&](const relation& one) {
    return session.holds(fmt::format("SELECT EXISTS (SELECT FROM ONLY {})", one.name.to_sql()));
  };
  if (table.kind != 'p') return some_in(table);
  return std::any_of(table.leaves.begin(), table.leaves.end(),
                     [&](std::size_t leaf) { return some_in(relations[leaf]); });
}

}  // namespace detail

/// `actual`: what is there in its place.
inline finding missing_required_table(const location& where, const std::string& wanted, std::string_view actual) {
  return make_finding(checks::rows_missing_table, where / wanted,
                      fmt::format("{}, which the policy requires, is not there after the restore", printable(wanted)),
                      "a table with rows", std::string{actual});
}

/// `conninfo` with dbname, of a role that may read everything; `tables` as the policy writes them: `public.incidents`.
/// Throws `environment_error` when the database cannot be read.
inline std::vector<finding> check_required_tables(const std::string& conninfo, const location& where,
                                                  const std::vector<std::string>& tables, stop_flag stop) {
  std::vector<finding> findings;
  try {
    catalog_session session{conninfo, where, stop};
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
      findings.push_back(missing_required_table(where, wanted, actual));
    }
  } catch (const sql_error& error) {
    throw environment_error{where, "cannot look for the required tables: " + printable(error.message),
                            "look at the server's log; run the drill again"};
  }
  return findings;
}

}  // namespace knowngood
