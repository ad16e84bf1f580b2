// compare_restored: every table of a restored database against the dump it came from, against the capture made at
// backup time, and against the live source.
//
// Layer: compare. Equal row sets prove identity. Tables are looked up however the dump quotes them; partitions that
// took other rows than before, another time zone, another encoding are no difference.
//   const comparison_result compared = compare_restored(restored, {.jobs = 2, .captured = &taken});
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/compare/capture_comparison.hpp"
#include "knowngood/compare/comparison_board.hpp"
#include "knowngood/compare/dump_comparison.hpp"
#include "knowngood/compare/large_object_comparison.hpp"
#include "knowngood/compare/source_comparison.hpp"
#include "knowngood/report/row_outcome.hpp"

namespace knowngood {

namespace detail {

inline std::string named(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 10); ++i)
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  return names.size() > 10 ? text + fmt::format(" and {} more", names.size() - 10) : text;
}

// What many tables have in common is said once.
inline void report_totals(comparison_board& board, const dump_comparison& dump) {
  std::vector<std::string> empty;
  std::vector<std::string> without;
  for (const auto& one : board.entries) {
    if (one.report.outcome == row_outcome::empty) (one.dumped == nullptr ? without : empty).push_back(one.report.name);
  }
  const auto report = [&](const check& what, std::vector<std::string> tables, std::string_view message,
                          std::string expected, std::string actual) {
    if (tables.empty()) return;
    const std::string number = counted(tables.size(), "table");
    board.report(make_finding(what, board.restored.where,
                              fmt::format("{} {}: {}", number, message, named(std::move(tables))), std::move(expected),
                              std::move(actual)));
  };
  report(checks::rows_empty, std::move(empty), "without rows in the dump and after the restore", "", "");
  report(checks::rows_empty, std::move(without), "of which the dump holds the definition and no rows", "", "");
  report(checks::rows_counted_only, dump.counted_tables(),
         "with INSERT statements, whose rows were counted and not compared", "", "");
  const std::string zone =
      board.outcome.zone.empty() ? "a zone that has no name here" : "as clocks show in " + board.outcome.zone;
  report(checks::rows_zone, dump.zoned_tables(),
         "with timestamps in another time zone, compared by the moments they mean", board.session.time_zone, zone);
}

// The live source is somebody else's server: that it cannot be read spoils nothing of what was compared before.
inline void compare_live(comparison_board& board, const live_source& source, large_object_comparison& objects) {
  try {
    source_comparison{board}.run(source);
    objects.run(source);
  } catch (const environment_error& error) {
    board.unchecked(error.where(), error.what(), error.advice());
  } catch (const sql_error& error) {
    board.unchecked(location{"live source"}, "cannot read the live source: " + printable(error.message),
                    "see that the drill's role may read it");
  }
}

}  // namespace detail

/// Reads back and compares. Throws `environment_error` when the restored database cannot be read, and `stream_error`
/// when the dump has to be read again and cannot be. A table that could not be read or judged is in `unchecked`; so is
/// a live source that cannot be reached.
inline comparison_result compare_restored(const restored_database& restored, const compare_options& options) {
  try {
    comparison_board board{restored, options};
    board.find_tables();
    detail::dump_comparison dump{board};
    dump.run();
    if (options.captured != nullptr) detail::capture_comparison{board}.run(*options.captured);
    detail::large_object_comparison objects{board};
    objects.run();
    if (options.source != nullptr) detail::compare_live(board, *options.source, objects);
    detail::report_totals(board, dump);
    comparison_result outcome = std::move(board.outcome);
    for (auto& one : board.entries) {
      if (one.report.outcome == row_outcome::unknown) one.report.outcome = row_outcome::unread;
      outcome.tables.push_back(std::move(one.report));
    }
    std::stable_sort(outcome.tables.begin(), outcome.tables.end(),
                     [](const table_comparison& a, const table_comparison& b) { return a.name < b.name; });
    outcome.bytes += board.rows.bytes();
    return outcome;
  } catch (const sql_error& error) {
    throw environment_error{restored.where, "cannot read the restored database: " + printable(error.message),
                            "look at the server's log; run the drill again"};
  }
}

}  // namespace knowngood
