// judge_outcome: what the comparison of one table's rows is worth, for renderers.
//
// Layer: audit. Example: judge_outcome(comparison).worth == verdict::unsound for rows that are fewer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "restorable/audit/drill_report.hpp"
#include "restorable/audit/text_layout.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/severity.hpp"

namespace restorable {

/// The words that `table_comparison::outcome` may hold.
inline constexpr std::string_view table_outcomes[] = {"equal", "empty",     "counted", "tolerated", "fewer",
                                                      "more",  "different", "missing", "extra",     "unread"};

struct table_judgement {
  restorable::verdict worth = verdict::unchecked;
  std::string_view check = "unchecked";  ///< id of the check that it belongs to; static
};

/// A word that is not known judges nothing: the table counts as unchecked, never as equal. Rows called equal that are
/// not are worth their numbers, and those of which nothing was read back prove nothing.
inline table_judgement judge_outcome(const table_comparison& table) {
  const std::string_view word = table.outcome;
  const bool good = word == "equal" || word == "empty" || word == "counted" || word == "tolerated";
  if (good && !table.restored) return {};
  if (word == "equal" || word == "empty") {
    const auto apart = [&](const std::optional<rows_fact>& other) { return other && other->rows != table.restored->rows; };
    return apart(table.dump) || apart(table.capture) ? table_judgement{verdict::unsound, checks::rows_different.id}
                                                     : table_judgement{verdict::sound, "rows"};
  }
  if (word == "tolerated") return {verdict::sound, "rows"};
  if (word == "counted") return {verdict::sound, checks::rows_counted_only.id};
  if (word == "fewer") return {verdict::unsound, checks::rows_fewer.id};
  if (word == "more") return {verdict::unsound, checks::rows_more.id};
  if (word == "different") return {verdict::unsound, checks::rows_different.id};
  if (word == "missing") return {verdict::unsound, checks::rows_missing_table.id};
  if (word == "extra") return {verdict::unsound, checks::rows_extra_table.id};
  return {};
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

}  // namespace restorable
