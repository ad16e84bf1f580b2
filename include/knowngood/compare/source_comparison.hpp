// source_comparison: what was restored against the live database, which may have moved on since the dump was made.
//
// Layer: compare. Part of compare/compare_restored.hpp. The source is only read, in one transaction that cannot write.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/compare/compare_rows.hpp"
#include "knowngood/compare/comparison_board.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/restored_rows.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood::detail {

class source_comparison {
 public:
  explicit source_comparison(comparison_board& board) : board_{board} {}

  void run(const live_source& source) { compare_with_source(source); }

  /// Where a row was seen, for messages.
  static std::string in_source(const live_source& source) {
    return source.age ? fmt::format("in the live source, {} after the dump", format_duration(*source.age))
                      : "in the live source";
  }

  /// By how much a table may differ.
  static row_tolerance tolerance_of(const live_source& source, const table_name& name) {
    for (const auto& [written, tolerance] : source.tolerance) {
      const auto table = parse_table_name(written);
      if (table && (*table == name || (table->schema.empty() && table->name == name.name))) return tolerance;
    }
    const auto others = source.tolerance.find("*");
    return others == source.tolerance.end() ? row_tolerance{} : others->second;
  }

 private:
  void compare_with_source(const live_source& source) {
    const location live{"live source"};
    catalog_session catalog{source.conninfo, live, board_.options.stop};
    read_options reading = board_.reading;
    reading.snapshot = catalog.export_snapshot();
    const relation_list theirs = read_relations(catalog);
    row_session session;
    const bool raw =
        catalog.setting("server_encoding") == "SQL_ASCII" || board_.catalog.setting("server_encoding") == "SQL_ASCII";
    if (raw) session.encoding = "SQL_ASCII";
    session.lc_monetary = catalog.setting("lc_monetary");
    restored_rows live_rows{source.conninfo, live, theirs, reading};

    // partitions come and go: a partitioned table is compared as one
    std::vector<std::pair<const relation*, const relation*>> pairs;
    std::set<const relation*> covered;
    for (const auto& table : theirs.all()) {
      if (table.parent || !(table.has_rows_to_dump() || (table.kind == 'p' && !table.extension_member))) continue;
      const relation* ours = board_.relations.find(table.name);
      if (ours != nullptr && ours->kind != 'r' && ours->kind != 'p') ours = nullptr;
      pairs.emplace_back(&table, ours);
      covered.insert(ours);
      live_rows.want(table, columns_of(table, ours), session);
      if (ours != nullptr) board_.rows.want(*ours, columns_of(table, ours), session);
    }
    live_rows.read();
    board_.rows.read();
    const bool other_floats = writes_old_floats(static_cast<unsigned>(catalog.server_version() / 10'000)) !=
                              writes_old_floats(static_cast<unsigned>(board_.catalog.server_version() / 10'000));
    for (const auto& [table, ours] : pairs)
      judge_source(source, *table, ours, live_rows.get(*table, columns_of(*table, ours), session), session,
                   other_floats);
    std::set<const relation*> reported;
    for (const auto& table : board_.relations.all()) {
      if (!table.has_rows_to_dump() || table.extension_member) continue;
      const relation& root = board_.relations.root_of(table);
      if (covered.contains(&root) || !reported.insert(&root).second) continue;
      comparison_entry& one = board_.entry_of(root);
      auto extra = rows_finding(row_outcome::extra, board_.at(one), one.report.name, "in the dump", in_source(source),
                                nullptr, one.report.restored ? &*one.report.restored : nullptr);
      extra->severity = severity::warning;  // most likely it was dropped since
      board_.report(std::move(extra));
      add_outcome(one.report, row_outcome::extra);
    }
    board_.outcome.bytes += live_rows.bytes();
  }

  // By name and in the source's order, so that columns which stand elsewhere are compared all the same.
  static std::vector<std::string> columns_of(const relation& table, const relation* ours) {
    std::vector<std::string> names = table.column_names();
    if (ours != nullptr) std::erase_if(names, [&](const std::string& name) { return ours->column(name) == nullptr; });
    return names;
  }

  void judge_source(const live_source& source, const relation& table, const relation* ours, const rows_read& live,
                    const row_session& session, bool other_floats) {
    comparison_entry* one = nullptr;
    if (ours != nullptr) {
      one = &board_.entry_of(*ours);
    } else {
      for (auto& known : board_.entries) {
        if (known.table == nullptr && parse_table_name(known.report.name) == table.name) one = &known;
      }
      if (one == nullptr) one = &board_.add_entry(table.name.to_string(), nullptr);
    }
    if (live.problem) {
      add_outcome(one->report, row_outcome::unread);
      board_.unchecked(
          board_.at(*one),
          fmt::format("{} cannot be read in the live source: {}", printable(one->report.name), *live.problem),
          "let the drill's role read it: GRANT SELECT, or pg_read_all_data; with row security, BYPASSRLS");
      return;
    }
    one->report.source = to_fact(live.rows);
    if (ours == nullptr) {
      if (!one->report.dump) {
        auto lacking = rows_finding(row_outcome::missing, board_.at(*one), one->report.name, "in the dump",
                                    in_source(source), &*one->report.source, nullptr);
        // as many rows as may differ may be in a table that was made since
        const row_outcome apart = compare_rows(*one->report.source, rows_fact{}, tolerance_of(source, table.name));
        if (apart == row_outcome::tolerated || apart == row_outcome::empty) lacking->severity = severity::warning;
        board_.report(std::move(lacking));
      }
      add_outcome(one->report, row_outcome::missing);
      return;
    }
    const std::vector<std::string> columns = columns_of(table, ours);
    const rows_read& read = board_.rows.get(*ours, columns, session);
    if (read.problem && live.rows.rows() > 0) {
      if (one->report.outcome != row_outcome::unread) board_.cannot_read(*one, *read.problem);
      return;
    }
    rows_fact expected = to_fact(live.rows);
    rows_fact actual = to_fact(read.rows);
    if (!one->report.restored) one->report.restored = actual;
    const bool floats = std::any_of(ours->columns.begin(), ours->columns.end(),
                                    [](const relation_column& column) { return column.traits.floats; });
    if (floats && other_floats) {
      expected.fingerprint.reset();
      actual.fingerprint.reset();
    }
    row_outcome outcome = compare_rows(expected, actual, tolerance_of(source, table.name));
    if (outcome == row_outcome::equal &&
        (columns.size() < table.columns.size() || columns.size() < ours->columns.size())) {
      outcome = row_outcome::counted;
      board_.report(make_finding(checks::rows_counted_only, board_.at(*one),
                                 fmt::format("{} has other columns {}, and was compared by those that both have",
                                             printable(one->report.name), in_source(source)),
                                 fmt::format("{} columns", table.columns.size()),
                                 fmt::format("{} columns, {} of them the same", ours->columns.size(), columns.size())));
    }
    add_outcome(one->report, outcome);
    board_.report(rows_finding(outcome, board_.at(*one), one->report.name, "after the restore", in_source(source),
                               &expected, &actual));
  }

  comparison_board& board_;
};

}  // namespace knowngood::detail
