// compare_rows: what two sights of one table's rows say about each other, as an outcome and as a finding.
//
// Layer: compare. Example:
//   compare_rows({5000, a}, {4999, b}) == row_outcome::fewer; add_outcome(table, row_outcome::fewer) keeps the worst.
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

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/hash/row_set.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood {

/// `5,000 rows, fingerprint 06b0…`, for a finding's expected and actual.
inline std::string to_string(const rows_fact& rows) {
  std::string text = counted(rows.rows, "row");
  return rows.fingerprint && rows.rows > 0 ? text + ", fingerprint " + *rows.fingerprint : text;
}

/// `equal`, `empty` (no row on either side), `counted` (as many; contents unknown on one side), `fewer`, `more` (than
/// expected), or `different` (as many, and other ones).
inline row_outcome compare_rows(const rows_fact& expected, const rows_fact& actual) {
  if (actual.rows < expected.rows) return row_outcome::fewer;
  if (actual.rows > expected.rows) return row_outcome::more;
  if (actual.rows == 0) return row_outcome::empty;
  if (!expected.fingerprint || !actual.fingerprint) return row_outcome::counted;
  return *expected.fingerprint == *actual.fingerprint ? row_outcome::equal : row_outcome::different;
}

/// The same against a live source that may have moved on: `tolerated` where the numbers differ by no more than
/// `tolerance`, and where only contents do, if any difference at all is tolerated.
inline row_outcome compare_rows(const rows_fact& expected, const rows_fact& actual, const row_tolerance& tolerance) {
  const row_outcome outcome = compare_rows(expected, actual);
  if (outcome == row_outcome::equal || outcome == row_outcome::empty || outcome == row_outcome::counted) return outcome;
  const std::uint64_t apart = std::max(expected.rows, actual.rows) - std::min(expected.rows, actual.rows);
  const double share = tolerance.share * static_cast<double>(expected.rows);
  const bool near = apart <= tolerance.rows || static_cast<double>(apart) <= share;
  const bool any = tolerance.rows > 0 || tolerance.share > 0;
  return near && (outcome != row_outcome::different || any) ? row_outcome::tolerated : outcome;
}

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

/// Keeps the worst.
inline void add_outcome(table_comparison& table, row_outcome outcome) { table.outcome = worse(table.outcome, outcome); }

/// The finding for an outcome that is a defect; nothing for the others. `here` and `there` say where the two
/// sights were taken: "public.incidents has fewer rows {here} than {there}". Either fact may be null, for missing and
/// extra.
inline std::optional<finding> rows_finding(row_outcome outcome, location where, std::string_view table,
                                           std::string_view here, std::string_view there, const rows_fact* expected,
                                           const rows_fact* actual) {
  const auto make = [&](const check& what, std::string_view has) {
    return make_finding(what, std::move(where), fmt::format("{} {} {} than {}", printable(table), has, here, there),
                        expected == nullptr ? "no such table" : to_string(*expected),
                        actual == nullptr ? "no such table" : to_string(*actual));
  };
  if (outcome == row_outcome::fewer) return make(checks::rows_fewer, "has fewer rows");
  if (outcome == row_outcome::more) return make(checks::rows_more, "has more rows");
  if (outcome == row_outcome::different) return make(checks::rows_different, "has other rows");
  const auto absent = [&](const check& what, std::string_view in, std::string_view not_in) {
    return make_finding(what, std::move(where), fmt::format("{} is there {}, and not {}", printable(table), in, not_in),
                        expected == nullptr ? "no such table" : to_string(*expected),
                        actual == nullptr ? "no such table" : to_string(*actual));
  };
  if (outcome == row_outcome::missing) return absent(checks::rows_missing_table, there, here);
  if (outcome == row_outcome::extra) return absent(checks::rows_extra_table, here, there);
  return std::nullopt;
}

}  // namespace knowngood
