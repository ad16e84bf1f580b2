// judge_outcome: what the comparison of one table's rows is worth, for renderers.
//
// Layer: report. Example: judge_outcome(comparison).worth == verdict::unsound for rows that are fewer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood {

struct table_judgement {
  knowngood::verdict worth = verdict::unchecked;
  std::string_view check = "unchecked";  ///< id of the check that it belongs to; static
};

/// What the outcome is worth, unless the numbers contradict it: rows called equal that are not are different, and those
/// of which nothing was read back prove nothing.
inline table_judgement judge_outcome(const table_comparison& table) {
  const row_outcome_entry& entry = entry_of(table.outcome);
  if (entry.worth == verdict::sound && !table.restored) return {};
  if (table.outcome == row_outcome::equal || table.outcome == row_outcome::empty) {
    const auto apart = [&](const std::optional<rows_fact>& other) {
      return other && other->rows != table.restored->rows;
    };
    if (apart(table.dump) || apart(table.capture)) return {verdict::unsound, checks::rows_different.id};
  }
  return {entry.worth, entry.check};
}

/// `dump 5,000, capture 5,000, restored 4,999`.
inline std::string rows_text(const table_comparison& table) {
  std::string text;
  const auto add = [&](std::string_view place, const std::optional<rows_fact>& rows) {
    if (rows) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", place, grouped(rows->rows));
  };
  add("dump", table.dump);
  add("capture", table.capture);
  add("source", table.source);
  add("restored", table.restored);
  return text.empty() ? "rows nowhere" : text;
}

/// `fewer: dump 5,000, restored 4,999`.
inline std::string outcome_text(const table_comparison& table) {
  return fmt::format("{}: {}", to_string(table.outcome), rows_text(table));
}

}  // namespace knowngood
