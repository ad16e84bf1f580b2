// row_outcome: what comparing the rows of one table came to, with its word, weight, verdict and check in one table.
//
// Layer: report. `table_comparison::outcome` holds one; documents hold its word. judge_outcome
// (report/table_outcome.hpp) says what a comparison is worth, which its numbers may contradict. Example:
//   worse(row_outcome::equal, row_outcome::fewer) == row_outcome::fewer; to_string(row_outcome::fewer) == "fewer"
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/severity.hpp"

namespace knowngood {

/// From the lightest to the weightiest: of two comparisons of one table, the later in this list counts. `unknown`:
/// nothing was compared yet, or a newer version's word that this one does not know; it proves nothing.
enum class row_outcome : unsigned char {
  unknown,
  empty,      ///< no row on either side
  equal,      ///< the same rows
  counted,    ///< as many rows; contents were not compared
  tolerated,  ///< differs from a live source by no more than the policy allows
  unread,     ///< could not be read or judged
  extra,      ///< a table where none is expected
  different,  ///< as many rows, and other ones
  more,       ///< than expected
  fewer,      ///< than expected
  missing     ///< no table where one is expected
};

struct row_outcome_entry {
  row_outcome outcome;
  std::string_view word;  ///< in documents, and for people
  verdict worth;
  std::string_view check;  ///< id of the check that it belongs to; `rows` where rows are as they should be
};

/// All of them by weight, each at the index that is its value.
inline constexpr std::array<row_outcome_entry, 11> row_outcomes{{
    {row_outcome::unknown, "unknown", verdict::unchecked, "unchecked"},
    {row_outcome::empty, "empty", verdict::sound, "rows"},
    {row_outcome::equal, "equal", verdict::sound, "rows"},
    {row_outcome::counted, "counted", verdict::sound, checks::rows_counted_only.id},
    {row_outcome::tolerated, "tolerated", verdict::sound, "rows"},
    {row_outcome::unread, "unread", verdict::unchecked, "unchecked"},
    {row_outcome::extra, "extra", verdict::unsound, checks::rows_extra_table.id},
    {row_outcome::different, "different", verdict::unsound, checks::rows_different.id},
    {row_outcome::more, "more", verdict::unsound, checks::rows_more.id},
    {row_outcome::fewer, "fewer", verdict::unsound, checks::rows_fewer.id},
    {row_outcome::missing, "missing", verdict::unsound, checks::rows_missing_table.id},
}};

constexpr const row_outcome_entry& entry_of(row_outcome outcome) noexcept {
  return row_outcomes[static_cast<std::size_t>(outcome)];
}

constexpr std::string_view to_string(row_outcome outcome) noexcept { return entry_of(outcome).word; }

/// Inverse of `to_string(row_outcome)`; `unknown` for any other word.
constexpr row_outcome parse_row_outcome(std::string_view word) noexcept {
  for (const auto& one : row_outcomes) {
    if (one.word == word) return one.outcome;
  }
  return row_outcome::unknown;
}

/// The weightier of two.
constexpr row_outcome worse(row_outcome a, row_outcome b) noexcept { return a < b ? b : a; }

}  // namespace knowngood
