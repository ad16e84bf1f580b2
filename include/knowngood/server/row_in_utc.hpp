// row_in_utc: a row of COPY text with the timestamps of some of its columns rewritten to UTC, and some columns left
// out.
//
// Layer: server. The same is done to rows of a dump and to rows read back, so that a text that only looks like a
// timestamp, within a composite, is changed on both sides alike.
//   row_in_utc rewrite{{{}, {.in_utc = true}}}; rewrite.take("1\t2025-07-01 02:00:00+02"); rewrite.all() ends in
//   00:00:00+00
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/server/timestamp_text.hpp"

namespace knowngood {

/// How a column's values are looked at.
struct column_reading {
  bool in_utc = false;      ///< timestamps in it are rewritten
  bool shows_zone = false;  ///< it holds nothing else, so that what looks like a timestamp is one
  bool left_out = false;    ///< it is not part of `kept`
};

class row_in_utc {
 public:
  /// `columns` in the order of the rows' text.
  explicit row_in_utc(std::vector<column_reading> columns)
      : columns_{std::move(columns)}, leaves_out_{std::any_of(columns_.begin(), columns_.end(), [](const auto& column) {
          return column.left_out;
        })} {}

  /// Takes the next row, without its newline. False when it has another number of columns. `seen`, unless null, is
  /// called with each timestamp of a column that tells the zone.
  bool take(std::string_view row, const std::function<void(const written_timestamp&)>* seen = nullptr) {
    all_.clear();
    kept_.clear();
    bool first = true;
    std::size_t column = 0;
    for (std::size_t at = 0; at <= row.size(); ++column) {
      const std::size_t tab = std::min(row.find('\t', at), row.size());
      const std::string_view value = row.substr(at, tab - at);
      const column_reading how = column < columns_.size() ? columns_[column] : column_reading{};
      if (column > 0) all_ += '\t';
      const std::size_t begin = all_.size();
      if (how.in_utc) {
        append_in_utc(value, all_, how.shows_zone ? seen : nullptr);
      } else {
        all_ += value;
      }
      if (leaves_out_ && !how.left_out) {
        if (!first) kept_ += '\t';
        first = false;
        kept_.append(all_, begin);
      }
      at = tab + 1;
    }
    return column == columns_.size() || (columns_.empty() && row.empty());
  }

  /// Of the last row: all columns; those that are not left out. Valid until the next.
  [[nodiscard]] const std::string& all() const noexcept { return all_; }
  [[nodiscard]] const std::string& kept() const noexcept { return leaves_out_ ? kept_ : all_; }

 private:
  std::vector<column_reading> columns_;
  bool leaves_out_;
  std::string all_;
  std::string kept_;
};

}  // namespace knowngood
