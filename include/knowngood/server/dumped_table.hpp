// dumped_table: a table's rows as a dump holds them, for whoever loads them and whoever compares them.
//
// Layer: server. Example:
//   dumped_table table{.name = "public.incidents", .columns = {{"id", "what"}}, .rows = to_fact(rows)};
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "knowngood/hash/row_set.hpp"
#include "knowngood/report/drill_report.hpp"

namespace knowngood {

inline rows_fact to_fact(const row_set& rows) { return {rows.rows(), rows.fingerprint()}; }

/// A table with rows in a dump, as its COPY or INSERT statements name it.
struct dumped_table {
  std::string name;
  std::optional<std::vector<std::string>> columns = {};  ///< as written; nothing: the statement lists none
  rows_fact rows;                                        ///< no fingerprint for INSERT statements
  bool unrehearsed = false;  ///< it could not be restored here, which was reported and is no defect of the dump
};

}  // namespace knowngood
