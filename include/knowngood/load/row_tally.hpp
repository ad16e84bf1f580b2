// row_tally: the rows that a dump holds of each table, counted while they go by, in COPY blocks and INSERT statements.
//
// Layer: load. A table that comes in several blocks with the same columns is one; of rows of INSERT statements there is
// no fingerprint.
//   row_tally rows;  rows.add("public.t", {{"id"}}, true, block_rows);  rows.add_inserted("public.u", 3);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowngood/hash/row_set.hpp"
#include "knowngood/server/dumped_table.hpp"

namespace knowngood {

class row_tally {
 public:
  static constexpr std::size_t most = 1'000'000;  ///< tables

  /// The rows of one COPY block. `plain_text`: they are in COPY's text format, so that their fingerprint means
  /// something. False when there are too many tables to keep this one.
  bool add(const std::string& table, const std::optional<std::vector<std::string>>& columns, bool plain_text,
           const row_set& rows) {
    const std::string key = columns ? fmt::format("{}({})", table, fmt::join(*columns, ",")) : table;
    if (is_full_for(key)) return false;
    row_set& sum = copied_[key];
    sum += rows;
    tables_[key] = {table, columns,
                    rows_fact{sum.rows(), plain_text ? std::optional{sum.fingerprint()} : std::nullopt}};
    return true;
  }

  /// The rows of one INSERT statement; false as above.
  bool add_inserted(const std::string& table, std::uint64_t rows) {
    if (is_full_for(table)) return false;
    dumped_table& known = tables_[table];
    known.name = table;
    known.rows.rows += rows;
    return true;
  }

  /// Bytes of a table's rows: its weight when its indexes are built.
  void add_bytes(const std::string& table, std::uint64_t bytes) {
    if (bytes_.size() < most) bytes_[table] += bytes;
  }
  [[nodiscard]] std::uint64_t bytes_of(const std::string& table) const {
    const auto known = bytes_.find(table);
    return known == bytes_.end() ? 0 : known->second;
  }

  /// The rows of a table were not taken, for no fault of the dump.
  void leave_unrehearsed(const std::string& table) {
    if (unrehearsed_.size() < most) unrehearsed_.insert(table);
  }

  /// All tables; `is_unrehearsed` says it of those that could not be made.
  [[nodiscard]] std::vector<dumped_table> take(const std::function<bool(const std::string&)>& is_unrehearsed) {
    std::vector<dumped_table> all;
    for (auto& [key, table] : tables_) {
      table.unrehearsed = unrehearsed_.contains(table.name) || is_unrehearsed(table.name);
      all.push_back(std::move(table));
    }
    tables_.clear();
    return all;
  }

 private:
  [[nodiscard]] bool is_full_for(const std::string& key) const {
    return tables_.size() == most && !tables_.contains(key);
  }

  std::map<std::string, dumped_table> tables_;
  std::map<std::string, row_set> copied_;
  std::map<std::string, std::uint64_t> bytes_;
  std::set<std::string> unrehearsed_;
};

}  // namespace knowngood
