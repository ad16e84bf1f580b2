// large_object_comparison: the large objects of a restored database against the dump's, the capture's and the live
// source's.
//
// Layer: compare. Part of compare/compare_restored.hpp, after the comparisons of tables.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/compare/capture.hpp"
#include "knowngood/compare/compare_rows.hpp"
#include "knowngood/compare/comparison_board.hpp"
#include "knowngood/compare/source_comparison.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/server/large_objects.hpp"

namespace knowngood::detail {

class large_object_comparison {
 public:
  explicit large_object_comparison(comparison_board& board) : board_{board} {}

  /// With the dump and the capture. Adds an entry unless there is none of them anywhere. Throws `environment_error`
  /// when the server cannot be reached.
  void run() {
    restored_ = read_large_objects(board_.restored.conninfo, board_.restored.where, "", board_.options.stop);
    const captured_table* captured = captured_ones();
    const bool any =
        board_.restored.large_objects.rows > 0 || restored_.rows.rows() > 0 || restored_.problem || captured != nullptr;
    if (any) compare(captured);
  }

  /// With the live source, after `run`.
  void run(const live_source& source) {
    const rows_read live = read_large_objects(source.conninfo, location{"live source"}, "", board_.options.stop);
    if (live.problem) {
      board_.unchecked(location{"live source"}, "its large objects cannot be read: " + *live.problem,
                       "let the drill's role read them");
      return;
    }
    if (restored_.problem || (live.rows.rows() == 0 && restored_.rows.rows() == 0)) return;
    comparison_entry& one = entry();
    one.report.source = to_fact(live.rows);
    one.report.restored = to_fact(restored_.rows);
    const row_outcome outcome =
        compare_rows(*one.report.source, *one.report.restored,
                     source_comparison::tolerance_of(source, *parse_table_name(large_objects_name)));
    add_outcome(one.report, outcome);
    board_.report(rows_finding(outcome, board_.at(one), one.report.name, "after the restore",
                               source_comparison::in_source(source), &*one.report.source, &*one.report.restored));
  }

 private:
  [[nodiscard]] const captured_table* captured_ones() const {
    if (board_.options.captured == nullptr) return nullptr;
    const auto& tables = board_.options.captured->tables;
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [](const captured_table& one) { return one.name == large_objects_name; });
    return found == tables.end() ? nullptr : &*found;
  }

  comparison_entry& entry() {
    if (entry_ == nullptr) entry_ = &board_.add_entry(std::string{large_objects_name}, nullptr);
    return *entry_;
  }

  void compare(const captured_table* captured) {
    comparison_entry& one = entry();
    one.report.dump = board_.restored.large_objects;
    board_.outcome.any_rows |= board_.restored.large_objects.rows > 0;
    if (captured != nullptr) one.report.capture = rows_fact{captured->rows, captured->fingerprint};
    if (restored_.problem) return board_.cannot_read(one, *restored_.problem);
    one.report.restored = to_fact(restored_.rows);
    judge(one, board_.restored.large_objects, "after the restore", "in the dump");
    const bool limited = board_.options.captured == nullptr || board_.options.captured->limited();
    if (one.report.capture || !limited)
      judge(one, one.report.capture.value_or(to_fact(row_set{})), "in the dump", "in the capture");
  }

  void judge(comparison_entry& one, const rows_fact& expected, std::string_view here, std::string_view there) {
    const row_outcome outcome = compare_rows(expected, *one.report.restored);
    add_outcome(one.report, outcome);
    board_.report(
        rows_finding(outcome, board_.at(one), one.report.name, here, there, &expected, &*one.report.restored));
  }

  comparison_board& board_;
  rows_read restored_;
  comparison_entry* entry_ = nullptr;
};

}  // namespace knowngood::detail
