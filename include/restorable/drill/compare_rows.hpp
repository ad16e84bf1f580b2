// compare_rows: what two sights of one table's rows say about each other, in a word and as a finding.
//
// Layer: drill. The words are those of `table_comparison::outcome` (audit/drill_report.hpp).
//   compare_rows({5000, a}, {4999, b}) is "fewer"; add_outcome(table, "fewer") keeps the worst of all comparisons.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "restorable/audit/drill_report.hpp"
#include "restorable/audit/text_layout.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/catalog/component_policy.hpp"
#include "restorable/hash/row_set.hpp"

namespace restorable {

inline rows_fact to_fact(const row_set& rows) { return {rows.rows(), rows.fingerprint()}; }

/// `5,000 rows, fingerprint 06b0…`, for a finding's expected and actual.
inline std::string to_string(const rows_fact& rows) {
  std::string text = counted(rows.rows, "row");
  return rows.fingerprint && rows.rows > 0 ? text + ", fingerprint " + *rows.fingerprint : text;
}

/// `equal`, `empty` (no row on either side), `counted` (as many; contents unknown on one side), `fewer`, `more` (than
/// expected), or `different` (as many, and other ones).
inline std::string_view compare_rows(const rows_fact& expected, const rows_fact& actual) {
  if (actual.rows < expected.rows) return "fewer";
  if (actual.rows > expected.rows) return "more";
  if (actual.rows == 0) return "empty";
  if (!expected.fingerprint || !actual.fingerprint) return "counted";
  return *expected.fingerprint == *actual.fingerprint ? "equal" : "different";
}

/// The same against a live source that may have moved on: `tolerated` where the numbers differ by no more than
/// `tolerance`, and where only contents do, if any difference at all is tolerated.
inline std::string_view compare_rows(const rows_fact& expected, const rows_fact& actual,
                                     const row_tolerance& tolerance) {
  const std::string_view outcome = compare_rows(expected, actual);
  if (outcome == "equal" || outcome == "empty" || outcome == "counted") return outcome;
  const std::uint64_t apart = std::max(expected.rows, actual.rows) - std::min(expected.rows, actual.rows);
  const double share = tolerance.share * static_cast<double>(expected.rows);
  const bool near = apart <= tolerance.rows || static_cast<double>(apart) <= share;
  const bool any = tolerance.rows > 0 || tolerance.share > 0;
  return near && (outcome != "different" || any) ? "tolerated" : outcome;
}

namespace detail {

inline constexpr std::array<std::string_view, 10> outcomes_by_weight{
    "empty", "equal", "counted", "tolerated", "unread", "extra", "different", "more", "fewer", "missing"};

inline std::size_t weight_of(std::string_view outcome) {
  const auto at = std::find(outcomes_by_weight.begin(), outcomes_by_weight.end(), outcome);
  return static_cast<std::size_t>(at - outcomes_by_weight.begin());
}

}  // namespace detail

/// The row set of several tables together, from their facts: fingerprints add up.
class rows_sum {
 public:
  /// False, and nothing added, when there is no fingerprint or it is none.
  bool add(const rows_fact& rows) {
    if (!rows.fingerprint || rows.fingerprint->size() != 32) return false;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    const char* text = rows.fingerprint->data();
    if (std::from_chars(text, text + 16, high, 16).ptr != text + 16 ||
        std::from_chars(text + 16, text + 32, low, 16).ptr != text + 32)
      return false;
    rows_ += rows.rows;
    low_ += low;
    high_ += high + (low_ < low ? 1U : 0U);
    return true;
  }
  [[nodiscard]] rows_fact to_fact() const { return {rows_, fmt::format("{:016x}{:016x}", high_, low_)}; }
  friend bool operator==(const rows_sum&, const rows_sum&) = default;

 private:
  std::uint64_t rows_ = 0;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

/// Keeps the worst word.
inline void add_outcome(table_comparison& table, std::string_view outcome) {
  if (table.outcome.empty() || detail::weight_of(table.outcome) < detail::weight_of(outcome)) table.outcome = outcome;
}

/// The finding for one of the words that is a defect; nothing for the others. `here` and `there` say where the two
/// sights were taken: "public.incidents has fewer rows {here} than {there}". Either fact may be null, for missing and
/// extra.
inline std::optional<finding> rows_finding(std::string_view outcome, location where, std::string_view table,
                                           std::string_view here, std::string_view there, const rows_fact* expected,
                                           const rows_fact* actual) {
  const auto make = [&](const check& what, std::string_view has) {
    return make_finding(what, std::move(where), fmt::format("{} {} {} than {}", printable(table), has, here, there),
                        expected == nullptr ? "no such table" : to_string(*expected),
                        actual == nullptr ? "no such table" : to_string(*actual));
  };
  if (outcome == "fewer") return make(checks::rows_fewer, "has fewer rows");
  if (outcome == "more") return make(checks::rows_more, "has more rows");
  if (outcome == "different") return make(checks::rows_different, "has other rows");
  const auto absent = [&](const check& what, std::string_view in, std::string_view not_in) {
    return make_finding(what, std::move(where), fmt::format("{} is there {}, and not {}", printable(table), in, not_in),
                        expected == nullptr ? "no such table" : to_string(*expected),
                        actual == nullptr ? "no such table" : to_string(*actual));
  };
  if (outcome == "missing") return absent(checks::rows_missing_table, there, here);
  if (outcome == "extra") return absent(checks::rows_extra_table, here, there);
  return std::nullopt;
}

}  // namespace restorable
