// comparison_board: what is known about each table of a restored database while it is compared: the entries of the
// report, the rows read back, the findings so far.
//
// Layer: compare. Shared by the comparisons with the dump, the capture and the live source
// (compare/compare_restored.hpp).
//   comparison_board board{restored, options}; board.find_tables(); detail::dump_comparison{board}.run();
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/compare/capture.hpp"
#include "knowngood/compare/compare_rows.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/dumped_table.hpp"
#include "knowngood/server/name_encoding.hpp"
#include "knowngood/server/restored_rows.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

/// A database that a dump was loaded into.
struct restored_database {
  std::string conninfo;           ///< with dbname; of a role that may read everything
  location where;                 ///< of the dump
  std::string artifact;           ///< its path
  std::string database;           ///< as a dump of several names it; empty otherwise
  std::string encoding = "UTF8";  ///< client_encoding of the dump, which its names are in too
  unsigned server_major = 0;      ///< of the server that was dumped; 0: not known
  std::vector<dumped_table> tables;
  rows_fact large_objects = to_fact(row_set{});     ///< see large_objects.hpp
  std::function<std::unique_ptr<source>()> reopen;  ///< the dump's SQL from its beginning; none: it cannot be had again
};

/// The live database that the dump is of.
struct live_source {
  std::string conninfo;                            ///< complete (conninfo_with_environment)
  std::map<std::string, row_tolerance> tolerance;  ///< by table as the dump writes it; `*` for all others
  std::optional<std::chrono::seconds> age;         ///< of the dump, now
};

struct compare_options {
  unsigned jobs = 2;
  stop_flag stop = {};
  const capture* captured = nullptr;  ///< made with this dump
  const live_source* source = nullptr;
};

struct comparison_result {
  std::vector<table_comparison> tables;  ///< by name
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  bool any_rows = false;    ///< the dump holds a row; false: nothing was compared with nothing
  std::uint64_t bytes = 0;  ///< of rows read back, as text
  std::string zone;         ///< in which clocks show what the dump's timestamps do; empty: as expected, or unknown
};

/// Servers before 12 wrote floating-point numbers with up to 17 digits, later ones with as few as tell them apart.
constexpr bool writes_old_floats(unsigned server_major) noexcept { return server_major > 0 && server_major < 12; }

/// A table under comparison.
struct comparison_entry {
  table_comparison report;
  const relation* table = nullptr;                  ///< in the restored database; null: it is not there
  const dumped_table* dumped = nullptr;             ///< null: the dump has no rows of it
  std::optional<std::vector<std::string>> columns;  ///< of the dump's statement, unquoted
};

class comparison_board {
 public:
  /// Connects, and reads the catalog. Both arguments outlive the board.
  comparison_board(const restored_database& the_restored, const compare_options& the_options)
      : restored{the_restored},
        options{the_options},
        reading{the_options.jobs, the_options.stop, {}},
        catalog{the_restored.conninfo, the_restored.where, the_options.stop},
        relations{read_relations(catalog)},
        rows{the_restored.conninfo, the_restored.where, relations, reading} {
    session.encoding = restored.encoding.empty() ? catalog.setting("server_encoding") : restored.encoding;
    if (options.captured != nullptr) {
      session.time_zone = options.captured->session.time_zone;
      session.lc_monetary = options.captured->session.lc_monetary;
    }
  }
  comparison_board(const comparison_board&) = delete;
  comparison_board& operator=(const comparison_board&) = delete;

  [[nodiscard]] location at(const comparison_entry& one) const { return restored.where / one.report.name; }

  void report(std::optional<finding> what) {
    if (what) outcome.findings.push_back(std::move(*what));
  }

  void unchecked(location where, std::string message, std::string advice) {
    outcome.unchecked.push_back({std::move(where), std::move(message), std::move(advice)});
  }

  void cannot_read(comparison_entry& one, const std::string& problem) {
    add_outcome(one.report, row_outcome::unread);
    unchecked(at(one), fmt::format("{} cannot be read back: {}", printable(one.report.name), problem),
              problem.find("no locale") != std::string::npos ? "install the locale on the server's host"
                                                             : "look at what the load reported about it");
  }

  /// `table` may be null. References to entries stay good.
  comparison_entry& add_entry(std::string name, const relation* table) {
    if (table != nullptr) by_relation[table] = entries.size();
    comparison_entry& fresh = entries.emplace_back();
    fresh.report.artifact = restored.artifact;
    fresh.report.database = restored.database;
    fresh.report.name = std::move(name);
    fresh.table = table;
    return fresh;
  }

  /// The entry of a table that is there, made when there is none yet.
  comparison_entry& entry_of(const relation& table) {
    const auto known = by_relation.find(&table);
    return known == by_relation.end() ? add_entry(table.name.to_string(), &table) : entries[known->second];
  }

  /// A name that the dump writes, as the catalog has it.
  std::string in_catalog(const std::string& name) { return name_in_catalog(catalog, name, restored.encoding); }

  /// An entry for each table that the dump has rows of, or creates.
  void find_tables() {
    for (const auto& dumped : restored.tables) {
      outcome.any_rows |= dumped.rows.rows > 0;
      const auto name = parse_table_name(in_catalog(dumped.name));
      const relation* table = name ? relations.find(*name) : nullptr;
      if (table != nullptr && by_relation.contains(table)) {
        join(entry_of(*table), dumped);
        continue;
      }
      comparison_entry& one = add_entry(dumped.name, table);
      one.dumped = &dumped;
      one.report.dump = dumped.rows;
      if (!dumped.columns) continue;
      one.columns.emplace();
      for (const auto& written : *dumped.columns) {
        const auto column = parse_identifier(in_catalog(written));
        one.columns->push_back(column.value_or(written));
      }
    }
    // tables that the dump creates and has no rows of
    for (const auto& table : relations.all()) {
      if (!table.has_rows_to_dump() || by_relation.contains(&table)) continue;
      if (!by_relation.contains(&relations.root_of(table))) add_entry(table.name.to_string(), &table);
    }
  }

  /// Another block of rows of a table that has one already. Through its root a partitioned table is dumped part by
  /// part, each with its columns in its own order, and read back so; of any other table the rows can only be counted
  /// then.
  void join(comparison_entry& one, const dumped_table& block) {
    rows_sum sum;
    const bool fingerprinted = one.table->kind == 'p' && sum.add(one.dumped->rows) && sum.add(block.rows);
    dumped_table& all = joined_.emplace_back(*one.dumped);
    all.rows = fingerprinted ? sum.to_fact() : rows_fact{one.dumped->rows.rows + block.rows.rows, std::nullopt};
    one.dumped = &all;
    one.report.dump = all.rows;
  }

  const restored_database& restored;
  const compare_options& options;
  read_options reading;
  catalog_session catalog;
  relation_list relations;
  restored_rows rows;
  row_session session;  ///< in which the dump was written, as far as is known
  std::deque<comparison_entry> entries;
  std::map<const relation*, std::size_t> by_relation;
  comparison_result outcome;

 private:
  std::deque<dumped_table> joined_;
};

}  // namespace knowngood
