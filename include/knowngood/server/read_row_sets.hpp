// read_row_sets: the row sets of tables in a live database, as a dump of it would have them: every row in COPY text
// format, under the settings of the session that wrote the dump, all in one snapshot, over several connections.
//
// Layer: server. Reads tables only: no view, no foreign table, nothing that would run a function of the database or
// open a connection. The largest are read first, and large ones in pieces by pages, so that two connections end
// together.
//   const auto rows = read_row_sets(conninfo, where, tables, {{&incidents}}, row_session{}, {});
//   rows[0].rows.fingerprint()
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/workers.hpp"
#include "knowngood/hash/row_set.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/copy_session.hpp"
#include "knowngood/server/relations.hpp"
#include "knowngood/server/row_in_utc.hpp"
#include "knowngood/server/sql_error.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

/// What the text of rows depends on besides the rows. The rest is as pg_dump sets it: DateStyle ISO, IntervalStyle
/// postgres, extra_float_digits 3, row_security off, an empty search_path.
struct row_session {
  std::string encoding = "UTF8";  ///< of the text; as `SET client_encoding` names it
  std::string time_zone = "UTC";
  std::string lc_monetary = {};  ///< empty: the database's own
  std::string bytea_output = "hex";
  bool quote_all_identifiers = false;  ///< in values of regclass and its like
  bool rewritten = false;  ///< not the server's doing: timestamps in the text are rewritten to UTC (row_in_utc.hpp)

  friend bool operator==(const row_session&, const row_session&) = default;
};

struct table_to_read {
  const relation* table = nullptr;  ///< an ordinary table, or a partitioned one: all its leaves
  std::optional<std::vector<std::string>> columns =
      {};  ///< unquoted; nothing: all that are dumped, of each leaf in its own order
};

struct read_options {
  unsigned jobs = 2;                        ///< connections
  stop_flag stop = {};                      ///< when it turns true, `interrupted` is thrown
  std::string snapshot;                     ///< of pg_export_snapshot; empty: one of our own
  std::uint64_t least_piece_pages = 8'192;  ///< 64 MiB: smaller tables are read whole
};

struct rows_read {
  row_set rows;                        ///< tentative where there is a problem
  std::uint64_t bytes = 0;             ///< of COPY text
  double seconds = 0;                  ///< of its pieces together
  std::optional<std::string> problem;  ///< why it could not be read, printable
};

namespace detail {

/// Adds what COPY TO STDOUT sends: whole rows with their newlines.
inline void add_rows(row_set& set, std::string_view rows, row_in_utc* rewrite) {
  while (!rows.empty()) {
    const std::size_t newline = rows.find('\n');
    const std::string_view row = rows.substr(0, newline);
    if (rewrite == nullptr) {
      set.add(row);
    } else {
      rewrite->take(row);
      set.add(rewrite->all());
    }
    rows.remove_prefix(newline == std::string_view::npos ? rows.size() : newline + 1);
  }
}

inline std::string column_list(const std::vector<std::string>& columns) {
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "" : ", ") + quote_identifier(column);
  return list;
}

class row_set_reader {
 public:
  row_set_reader(const std::string& conninfo, const location& where, const std::vector<table_to_read>& tables,
                 const row_session& settings, const read_options& options, const relation_list& relations)
      : conninfo_{conninfo}, where_{where}, settings_{settings}, options_{options}, results_(tables.size()) {
    plan(tables, relations);
  }

  std::vector<rows_read> run() {
    if (pieces_.empty()) return std::move(results_);
    const std::size_t workers = std::clamp<std::size_t>(options_.jobs, 1, pieces_.size());
    std::optional<catalog_session> holder;
    std::string snapshot = options_.snapshot;
    if (snapshot.empty() && workers > 1) snapshot = holder.emplace(conninfo_, where_, options_.stop).export_snapshot();
    {
      const auto share = [this, &snapshot] { work(snapshot); };
      const auto others = start_workers(workers - 1, share);
      share();
    }
    if (failure_) std::rethrow_exception(failure_);
    options_.stop.throw_if_requested();
    return std::move(results_);
  }

 private:
  struct piece {
    std::size_t result;
    std::string sql;
    std::uint64_t pages;
    std::vector<column_reading> columns;  // to rewrite; none: rows are taken as they come
  };

  void plan(const std::vector<table_to_read>& tables, const relation_list& relations) {
    std::uint64_t total = 0;
    for (const auto& one : tables) total += one.table->pages;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const relation& table = *tables[i].table;
      const auto columns_of = [&](const relation& one) {
        return tables[i].columns ? *tables[i].columns : one.column_names();
      };
      if (table.kind == 'r') {
        add_pieces(i, table, columns_of(table), total);
      } else if (table.kind == 'p') {
        for (const std::size_t leaf : table.leaves) add_pieces(i, relations[leaf], columns_of(relations[leaf]), total);
      } else {
        results_[i].problem = table.kind == 'f' ? "is a foreign table" : "is a view";
      }
    }
    std::stable_sort(pieces_.begin(), pieces_.end(), [](const piece& a, const piece& b) { return a.pages > b.pages; });
  }

  void add_pieces(std::size_t result, const relation& table, const std::vector<std::string>& columns,
                  std::uint64_t total) {
    const std::string options = " TO STDOUT WITH (ENCODING " + quote_literal(settings_.encoding) + ")";
    const std::string list = column_list(columns);
    const std::uint64_t least =
        std::max<std::uint64_t>(options_.least_piece_pages, total / (std::max(options_.jobs, 1U) * 8ULL) + 1);
    const std::uint64_t parts = table.by_pages && options_.jobs > 1 ? table.pages / least : 0;
    const std::string condition = table.condition.value_or("");
    std::vector<column_reading> readings;
    for (const auto& name : columns) {
      const relation_column* column = table.column(name);
      readings.push_back({settings_.rewritten && column != nullptr && (column->traits.zone || column->traits.unknown)});
    }
    if (!settings_.rewritten) readings.clear();
    if (parts < 2 || !condition.empty()) {
      std::string sql = "COPY " + table.name.to_sql() + (list.empty() ? "" : " (" + list + ")") + options;
      if (!condition.empty())
        sql = fmt::format("COPY (SELECT {} FROM ONLY {} {}){}", list, table.name.to_sql(), condition, options);
      pieces_.push_back({result, std::move(sql), table.pages, std::move(readings)});
      return;
    }
    for (std::uint64_t part = 0; part < parts; ++part) {
      const std::uint64_t begin = table.pages * part / parts;
      const std::uint64_t end = table.pages * (part + 1) / parts;
      // the last piece has no end: the table may have grown since its pages were counted
      const std::string below = part + 1 == parts ? "" : fmt::format(" AND ctid < '({},0)'", end);
      pieces_.push_back({result,
                         fmt::format("COPY (SELECT {} FROM ONLY {} WHERE ctid >= '({},0)'{}){}", list,
                                     table.name.to_sql(), begin, below, options),
                         end - begin, readings});
    }
  }

  void work(const std::string& snapshot) {
    try {
      connection session = open_copy_session(conninfo_, where_, options_.stop, snapshot, settings_of_rows());
      session.query("SAVEPOINT row_sets");
      for (std::size_t next = next_++; next < pieces_.size() && !ended(); next = next_++) read(session, pieces_[next]);
    } catch (const interrupted&) {  // `run` sees it too
    } catch (const sql_error& error) {
      if (ended()) return;
      // not about one table: the session could not be set up at all
      fail(std::make_exception_ptr(
          environment_error{where_, "cannot set up a session to read rows: " + printable(error.message),
                            "look at the server's log; a missing locale or time zone must be installed on its host"}));
    } catch (...) {
      fail(std::current_exception());
    }
  }

  [[nodiscard]] std::string settings_of_rows() const {
    std::string sql = "SET TimeZone TO " + quote_literal(settings_.time_zone) + "; SET bytea_output TO " +
                      quote_literal(settings_.bytea_output) + "; SET quote_all_identifiers TO " +
                      (settings_.quote_all_identifiers ? "on" : "off");
    if (!settings_.lc_monetary.empty()) sql += "; SET lc_monetary TO " + quote_literal(settings_.lc_monetary);
    return sql;
  }

  void read(connection& session, const piece& what) {
    const auto started = std::chrono::steady_clock::now();
    row_set rows;
    std::optional<row_in_utc> rewrite;
    if (!what.columns.empty()) rewrite.emplace(what.columns);
    std::uint64_t bytes = 0;
    std::uint64_t since_look = 0;
    std::optional<std::string> problem;
    try {
      session.copy_out(what.sql, [&](std::string_view data) {
        add_rows(rows, data, rewrite ? &*rewrite : nullptr);
        bytes += data.size();
        // a stream that never pauses gives the connection no chance to look at the flag
        if ((since_look += data.size()) > (1U << 20)) {
          since_look = 0;
          if (ended()) throw interrupted{};
        }
      });
    } catch (const sql_error& error) {
      if (ended()) throw interrupted{};
      problem = printable(error.message);
      session.query("ROLLBACK TO SAVEPOINT row_sets");
    }
    const std::lock_guard lock{mutex_};
    rows_read& into = results_[what.result];
    into.rows += rows;
    into.bytes += bytes;
    into.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (problem && !into.problem) into.problem = std::move(problem);
  }

  // What is left is not read: somebody asked to stop, or another thread failed.
  [[nodiscard]] bool ended() const { return failed_.load(std::memory_order_relaxed) || options_.stop.requested(); }

  void fail(std::exception_ptr failure) {
    const std::lock_guard lock{mutex_};
    if (!failure_) failure_ = std::move(failure);
    failed_ = true;
  }

  const std::string& conninfo_;
  const location& where_;
  const row_session& settings_;
  const read_options& options_;
  std::vector<piece> pieces_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::vector<rows_read> results_;
  std::exception_ptr failure_;
};

}  // namespace detail

/// Reads `tables`, in their order. `relations` is where they are from; it is needed for partitioned ones. A table that
/// cannot be read has a `problem`, and the others are read on. Throws `environment_error` when the server cannot be
/// reached or goes away, or knows a setting of `settings` not (a time zone, a locale); `interrupted`.
inline std::vector<rows_read> read_row_sets(const std::string& conninfo, const location& where,
                                            const relation_list& relations, const std::vector<table_to_read>& tables,
                                            const row_session& settings, const read_options& options) {
  return detail::row_set_reader{conninfo, where, tables, settings, options, relations}.run();
}

}  // namespace knowngood
