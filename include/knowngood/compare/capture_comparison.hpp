// capture_comparison: every table of a capture, made in the dump's own snapshot, against what was restored.
//
// Layer: compare. Part of compare/compare_restored.hpp, after the comparison with the dump. The restored rows are read
// in the capture's own session, so that the dump's encoding and time zone do not matter.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/compare/capture.hpp"
#include "knowngood/compare/compare_rows.hpp"
#include "knowngood/compare/comparison_board.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/server/large_objects.hpp"
#include "knowngood/server/restored_rows.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood::detail {

class capture_comparison {
 public:
  explicit capture_comparison(comparison_board& board) : board_{board} {}

  void run(const capture& captured) { compare_with_capture(captured); }

 private:
  void compare_with_capture(const capture& captured) {
    std::vector<std::pair<const captured_table*, const relation*>> found;
    std::set<const relation*> covered;
    for (const auto& table : captured.tables) {
      if (table.name == large_objects_name) continue;  // which large_object_comparison sees to
      const auto name = parse_table_name(table.name);
      const relation* one = name ? board_.relations.find(*name) : nullptr;
      if (one == nullptr) {
        not_restored(table, *name);
        continue;
      }
      covered.insert(one);
      covered.insert(&board_.relations.root_of(*one));
      board_.entry_of(*one).report.capture = rows_fact{table.rows, table.fingerprint};
      if (!same_columns(table, *one)) continue;
      found.emplace_back(&table, one);
      board_.rows.want(*one, table.columns, captured.session);
    }
    board_.rows.read();
    std::vector<std::pair<const captured_table*, const relation*>> moved;
    for (const auto& [table, one] : found) {
      if (!judge_captured(captured, *table, *one)) moved.emplace_back(table, one);
    }
    judge_partitions(captured, moved);
    if (captured.limited()) return;
    for (auto& one : board_.entries) {
      if (one.table == nullptr || covered.contains(one.table) || one.table->extension_member) continue;
      add_outcome(one.report, row_outcome::extra);
      board_.report(rows_finding(row_outcome::extra, board_.at(one), one.report.name, "in the dump", "in the capture",
                                 nullptr,
                                 one.report.dump       ? &*one.report.dump
                                 : one.report.restored ? &*one.report.restored
                                                       : nullptr));
    }
  }

  void not_restored(const captured_table& table, const table_name& name) {
    const rows_fact rows{table.rows, table.fingerprint};
    for (auto& one : board_.entries) {
      if (one.table != nullptr || parse_table_name(board_.in_catalog(one.report.name)) != name) continue;
      one.report.capture = rows;  // the dump has it; that it is not restored was said
      return;
    }
    comparison_entry& one = board_.add_entry(table.name, nullptr);
    one.report.capture = rows;
    add_outcome(one.report, row_outcome::missing);
    board_.report(rows_finding(row_outcome::missing, board_.at(one), table.name, "in the dump", "in the capture", &rows,
                               nullptr));
  }

  bool same_columns(const captured_table& table, const relation& restored) {
    std::set<std::string> expected(table.columns.begin(), table.columns.end());
    std::set<std::string> actual;
    for (const auto& column : restored.columns) actual.insert(column.name);
    if (expected == actual) return true;
    comparison_entry& one = board_.entry_of(restored);
    add_outcome(one.report, row_outcome::different);
    const auto list = [](const std::set<std::string>& names) {
      std::string text;
      for (const auto& name : names) text += (text.empty() ? "" : ", ") + printable(name);
      return text.empty() ? "none" : text;
    };
    board_.report(
        make_finding(checks::rows_different, board_.at(one),
                     fmt::format("{} has other columns in the dump than in the capture", printable(table.name)),
                     list(expected), list(actual)));
    return false;
  }

  // False: they differ, and what differs may only be the partition that rows were put into.
  bool judge_captured(const capture& captured, const captured_table& table, const relation& restored) {
    comparison_entry& one = board_.entry_of(restored);
    const rows_read& read = board_.rows.get(restored, table.columns, captured.session);
    if (read.problem) {
      if (one.report.outcome != row_outcome::unread) board_.cannot_read(one, *read.problem);
      return true;
    }
    if (!one.report.restored) one.report.restored = to_fact(read.rows);
    const row_outcome outcome = compare_rows(*one.report.capture, to_fact(read.rows));
    if (outcome == row_outcome::equal || outcome == row_outcome::empty) {
      add_outcome(one.report, outcome);
      return true;
    }
    if (restored.parent) return false;
    report_captured(captured, one, restored, outcome, to_fact(read.rows));
    return true;
  }

  void report_captured(const capture& captured, comparison_entry& one, const relation& restored, row_outcome outcome,
                       const rows_fact& actual) {
    const bool loaded_right = one.report.outcome < row_outcome::unread;
    // the load lost or changed something, and the dump itself is as captured: that was said
    if (!loaded_right && one.report.dump && one.report.dump->rows == one.report.capture->rows) return;
    const auto depends = [&](bool text_traits::*trait) {
      return std::any_of(restored.columns.begin(), restored.columns.end(),
                         [&](const relation_column& column) { return column.traits.*trait; });
    };
    if (outcome == row_outcome::different && depends(&text_traits::floats) &&
        writes_old_floats(captured.server_major())) {
      add_outcome(one.report, row_outcome::counted);
      board_.report(make_finding(
          checks::rows_counted_only, board_.at(one),
          fmt::format(
              "{} was only counted against the capture: PostgreSQL {} wrote floating-point numbers with other digits",
              printable(one.report.name), captured.server_major())));
      return;
    }
    if (outcome == row_outcome::different && depends(&text_traits::money) &&
        !same_money(captured.session.lc_monetary)) {
      add_outcome(one.report, row_outcome::unread);
      board_.unchecked(board_.at(one),
                       fmt::format("{} holds money written under lc_monetary {}, and was loaded under another",
                                   printable(one.report.name), printable(captured.session.lc_monetary)),
                       "have that locale on the drill's host");
      return;
    }
    add_outcome(one.report, outcome);
    board_.report(rows_finding(outcome, board_.at(one), one.report.name,
                               loaded_right ? "in the dump" : "after the restore", "in the capture",
                               &*one.report.capture, &actual));
  }

  // Amounts in dollars look the same in all of these.
  bool same_money(const std::string& locale) {
    const auto plain = [](const std::string& name) {
      return name == "C" || name == "POSIX" || name.starts_with("C.") || name.starts_with("en_US");
    };
    const std::string ours = board_.catalog.setting("lc_monetary");
    return ours == locale || (plain(ours) && plain(locale));
  }

  // With --load-via-partition-root rows may land in another partition than they were dumped from, rightly so.
  void judge_partitions(const capture& captured,
                        const std::vector<std::pair<const captured_table*, const relation*>>& differing) {
    std::map<const relation*, std::pair<rows_sum, rows_sum>> sums;  // of each root: captured, restored
    std::set<const relation*> roots;
    for (const auto& [table, one] : differing) roots.insert(&board_.relations.root_of(*one));
    for (const auto& table : captured.tables) {
      const auto name = parse_table_name(table.name);
      const relation* one = name ? board_.relations.find(*name) : nullptr;
      if (one == nullptr || !roots.contains(&board_.relations.root_of(*one)) || !same_names(table, *one)) continue;
      auto& sum = sums[&board_.relations.root_of(*one)];
      sum.first.add({table.rows, table.fingerprint});
      sum.second.add(to_fact(board_.rows.get(*one, table.columns, captured.session).rows));
    }
    for (const auto& [table, one] : differing) {
      const auto& [expected, actual] = sums[&board_.relations.root_of(*one)];
      comparison_entry& entry = board_.entry_of(*one);
      const rows_fact fact = to_fact(board_.rows.get(*one, table->columns, captured.session).rows);
      if (expected == actual) {
        add_outcome(entry.report, row_outcome::equal);
      } else {
        report_captured(captured, entry, *one, compare_rows(*entry.report.capture, fact), fact);
      }
    }
  }

  static bool same_names(const captured_table& table, const relation& restored) {
    return std::is_permutation(table.columns.begin(), table.columns.end(), restored.columns.begin(),
                               restored.columns.end(),
                               [](const auto& a, const auto& b) { return name_of(a) == name_of(b); });
  }
  static const std::string& name_of(const std::string& name) { return name; }
  static const std::string& name_of(const relation_column& column) { return column.name; }

  comparison_board& board_;
};

}  // namespace knowngood::detail
