// dump_comparison: every table read back from a restored database against the rows that its dump holds.
//
// Layer: compare. Part of compare/compare_restored.hpp. Rows as many as expected and not the same may only be written
// otherwise: the dump's TimeZone, bytea_output and lc_monetary are recorded nowhere. So the dump is read once more
// before a table is called different.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/compare/compare_rows.hpp"
#include "knowngood/compare/comparison_board.hpp"
#include "knowngood/compare/reread_dump.hpp"
#include "knowngood/compare/session_zone.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/server/restored_rows.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood::detail {

class dump_comparison {
 public:
  explicit dump_comparison(comparison_board& board) : board_{board} {}

  /// To be called once, first of all comparisons. Throws as `compare_restored` does.
  void run() { compare_with_dump(); }

  /// Tables whose rows were only counted, and those whose timestamps were in another zone.
  [[nodiscard]] const std::vector<std::string>& counted_tables() const noexcept { return counted_; }
  [[nodiscard]] const std::vector<std::string>& zoned_tables() const noexcept { return zoned_; }

 private:
  using columns_wanted = std::optional<std::vector<std::string>>;

  void compare_with_dump() {
    for (const auto& one : board_.entries) {
      if (one.table != nullptr) board_.rows.want(*one.table, columns_of(one), board_.session);
    }
    board_.rows.read();
    std::vector<comparison_entry*> differing;
    for (auto& one : board_.entries) {
      if (one.dumped != nullptr && one.dumped->unrehearsed) {
        add_outcome(one.report, row_outcome::unread);
        continue;
      }
      if (one.table == nullptr) {
        add_outcome(one.report, row_outcome::missing);
        board_.report(rows_finding(row_outcome::missing, board_.at(one), one.report.name, "after the restore",
                                   "in the dump", &one.dumped->rows, nullptr));
        continue;
      }
      const rows_read& read = board_.rows.get(*one.table, columns_of(one), board_.session);
      if (read.problem) {
        board_.cannot_read(one, *read.problem);
        continue;
      }
      one.report.restored = to_fact(read.rows);
      const rows_fact expected = one.dumped == nullptr ? rows_fact{} : one.dumped->rows;
      const row_outcome outcome = compare_rows(expected, *one.report.restored);
      if (outcome == row_outcome::different) {
        differing.push_back(&one);
      } else {
        settle(one, outcome);
      }
    }
    if (!differing.empty()) look_again(differing);
  }

  // Through its root a partitioned table is dumped part by part, each with its columns in its own order.
  static columns_wanted columns_of(const comparison_entry& one) {
    return one.table->kind == 'p' ? std::nullopt : one.columns;
  }

  void settle(comparison_entry& one, row_outcome outcome) {
    add_outcome(one.report, outcome);
    const rows_fact none;
    const rows_fact& expected = one.dumped == nullptr ? none : one.dumped->rows;
    board_.report(rows_finding(outcome, board_.at(one), one.report.name, "after the restore", "in the dump", &expected,
                               &*one.report.restored));
    if (outcome == row_outcome::counted && !expected.fingerprint) counted_.push_back(one.report.name);
  }

  // As many rows, and another fingerprint: the rows, or how they were written?
  void look_again(const std::vector<comparison_entry*>& differing) {
    std::vector<table_to_reread> wanted;
    std::vector<comparison_entry*> again;
    for (comparison_entry* one : differing) {
      if (one->table->kind == 'p' && one->columns && reads_as(*one, one->dumped->rows, one->columns, board_.session)) {
        settle_equal(*one);  // in one block after all, as other tools write it
        continue;
      }
      const auto readings = readings_of(*one);
      const bool read_dump = std::any_of(readings.begin(), readings.end(),
                                         [](const column_reading& how) { return how.in_utc || how.left_out; });
      if (read_dump && board_.restored.reopen) {
        wanted.push_back({several_databases(), one->dumped->name,
                          one->dumped->columns.value_or(std::vector<std::string>{}), readings});
        again.push_back(one);
      } else if (read_dump) {
        add_outcome(one->report, row_outcome::unread);
        board_.unchecked(
            board_.at(*one),
            fmt::format(
                "{} has as many rows as in the dump; whether they are the same cannot be known without reading the"
                " dump again",
                printable(one->report.name)),
            "give the drill the dump as a file");
      } else if (variant_equal(*one, one->dumped->rows, columns_of(*one), false)) {
        settle_equal(*one);
      } else {
        settle(*one, row_outcome::different);
      }
    }
    if (wanted.empty()) return;
    const dump_reread reread = reread_dump(board_.restored.reopen(), board_.restored.where, wanted);
    const std::vector<std::string> zones = zones_of(reread.samples);
    for (std::size_t i = 0; i < again.size(); ++i) judge_again(*again[i], wanted[i], reread.tables[i], zones);
  }

  [[nodiscard]] std::optional<std::string> several_databases() const {
    return board_.restored.database.empty() ? std::nullopt : std::optional{board_.restored.database};
  }

  [[nodiscard]] static std::vector<std::string> column_names(const comparison_entry& one) {
    return one.columns ? *one.columns : one.table->column_names();
  }

  [[nodiscard]] std::vector<column_reading> readings_of(const comparison_entry& one) const {
    std::vector<column_reading> readings;
    for (const auto& name : column_names(one)) {
      const relation_column* column = one.table->column(name);
      const text_traits traits = column == nullptr ? text_traits{} : column->traits;
      const bool floats = traits.floats && writes_old_floats(board_.restored.server_major);
      readings.push_back({traits.zone || traits.unknown, traits.zone_only, traits.money || floats});
    }
    return readings;
  }

  // Whether the rows read back are `expected` under some setting that the dump does not record.
  bool variant_equal(comparison_entry& one, const rows_fact& expected, const columns_wanted& columns, bool rewritten) {
    for (const bool escape : {false, true}) {
      for (const bool quotes : {false, true}) {
        row_session session = board_.session;
        session.time_zone = "UTC";
        if (escape) session.bytea_output = "escape";
        session.quote_all_identifiers = quotes;
        session.rewritten = rewritten;
        if (reads_as(one, expected, columns, session)) return true;
      }
    }
    return false;
  }

  bool reads_as(comparison_entry& one, const rows_fact& expected, const columns_wanted& columns,
                const row_session& session) {
    board_.rows.want(*one.table, columns, session);
    board_.rows.read();
    const rows_read& read = board_.rows.get(*one.table, columns, session);
    return !read.problem && compare_rows(expected, to_fact(read.rows)) == row_outcome::equal;
  }

  void judge_again(comparison_entry& one, const table_to_reread& how, const table_reread& reread,
                   const std::vector<std::string>& zones) {
    if (!reread.whole) {
      add_outcome(one.report, row_outcome::unread);
      board_.unchecked(board_.at(one),
                       fmt::format("{} has rows that are too long to be compared", printable(one.report.name)),
                       "dump with PGTZ=UTC, or with drill capture: then they need not be rewritten to be compared");
      return;
    }
    const bool rewritten = std::any_of(how.columns.begin(), how.columns.end(), [](const column_reading& column) {
      return column.in_utc && !column.shows_zone;
    });
    if (variant_equal(one, to_fact(reread.rows), columns_of(one), rewritten)) {
      if (reread.rows.fingerprint() != *one.dumped->rows.fingerprint) {
        zoned_.push_back(one.report.name);
        if (!zones.empty()) board_.outcome.zone = zones.front();
      }
      settle_equal(one);
      return;
    }
    const bool some_left_out = std::any_of(how.columns.begin(), how.columns.end(),
                                           [](const column_reading& column) { return column.left_out; });
    if (some_left_out && without_equal(one, how, reread, rewritten)) return;
    // an extension's type may show times in a form of its own: then only the zone itself helps
    for (std::size_t i = 0; i < std::min<std::size_t>(zones.size(), 3); ++i) {
      row_session session = board_.session;
      session.time_zone = zones[i];
      if (!reads_as(one, one.dumped->rows, columns_of(one), session)) continue;
      zoned_.push_back(one.report.name);
      board_.outcome.zone = zones[i];
      settle_equal(one);
      return;
    }
    settle(one, row_outcome::different);
  }

  // The same rows but for columns whose text does not compare: money in another locale, floats of an old server.
  bool without_equal(comparison_entry& one, const table_to_reread& how, const table_reread& reread, bool rewritten) {
    std::vector<std::string> kept;
    std::string left_out;
    const std::vector<std::string> names = column_names(one);
    bool money = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!how.columns[i].left_out) {
        kept.push_back(names[i]);
        continue;
      }
      left_out += (left_out.empty() ? "" : ", ") + printable(names[i]);
      const relation_column* column = one.table->column(names[i]);
      money |= column != nullptr && column->traits.money;
    }
    if (!kept.empty() && !variant_equal(one, to_fact(reread.without_left_out), kept, rewritten)) return false;
    if (money) {
      add_outcome(one.report, row_outcome::unread);
      board_.unchecked(
          board_.at(one),
          fmt::format("the money in {} of {} was written under another lc_monetary than the restored database's, or is"
                      " other money",
                      left_out, printable(one.report.name)),
          "make the dump with drill capture, which records lc_monetary, and have that locale on the drill's host");
    } else {
      add_outcome(one.report, row_outcome::counted);
      board_.report(make_finding(
          checks::rows_counted_only, board_.at(one),
          fmt::format("the floating-point numbers in {} of {} were not compared: PostgreSQL {} wrote them with other"
                      " digits; all else is equal",
                      left_out, printable(one.report.name), board_.restored.server_major)));
    }
    return true;
  }

  // What is shown as restored has the dump's own fingerprint: it is of the same rows, only written otherwise.
  void settle_equal(comparison_entry& one) {
    one.report.restored = one.dumped->rows;
    add_outcome(one.report, row_outcome::equal);
  }

  std::vector<std::string> zones_of(const std::vector<offset_sample>& samples) {
    try {
      return find_zones(board_.catalog, samples);
    } catch (const sql_error&) {
      return {};  // a timestamp that this server does not take: the zone stays unnamed, the comparison stands
    }
  }

  comparison_board& board_;
  std::vector<std::string> counted_;
  std::vector<std::string> zoned_;
};

}  // namespace knowngood::detail
