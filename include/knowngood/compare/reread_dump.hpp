// reread_dump: a second look at some tables of a dump, for row sets of what its rows mean rather than how they are
// written: timestamps in UTC whatever zone wrote them, and without columns whose text cannot be compared.
//
// Layer: compare. Needed when rows read back are as many as in the dump and not the same: the writer's TimeZone is not
// recorded. Collects what tells the zone, too (compare/session_zone.hpp).
//   const auto again = reread_dump(open_again(), where, {{std::nullopt, "public.t", {"id", "at"}, {{}, {.in_utc =
//   true}}}});
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/hash/row_set.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/plain_dump.hpp"
#include "knowngood/server/row_in_utc.hpp"
#include "knowngood/server/timestamp_text.hpp"

namespace knowngood {

struct table_to_reread {
  std::optional<std::string> database;  ///< that the script has connected to; nothing: whichever
  std::string table;                    ///< as the dump writes it
  std::vector<std::string> names;       ///< of its columns, as its COPY statement writes them; empty: it lists none
  std::vector<column_reading> columns;  ///< of each
};

struct table_reread {
  row_set rows;              ///< all columns, timestamps in UTC where wanted
  row_set without_left_out;  ///< the same, less the columns left out
  bool whole = true;         ///< false: it holds rows too long to be rewritten, or of another number of columns
};

/// What a clock showed at some instant: enough of those tell the zone.
struct offset_sample {
  std::int64_t local = 0;   ///< seconds since 1970-01-01 00:00:00 on that clock
  std::int32_t offset = 0;  ///< seconds east of Greenwich

  friend bool operator==(const offset_sample&, const offset_sample&) = default;
};

struct dump_reread {
  std::vector<table_reread> tables;    ///< in the order asked for
  std::vector<offset_sample> samples;  ///< per month and offset the first and the last instant; some thousand at most
};

/// The database that pg_dump's command to connect names: `name`, `"na me"`, `-reuse-previous=on "dbname='na me'"`.
inline std::string connected_database(std::string_view argument) {
  if (const auto at = argument.find("dbname="); at != std::string_view::npos) argument.remove_prefix(at + 7);
  const auto quote = [](char c) { return c == '"' || c == '\''; };
  while (!argument.empty() && quote(argument.front())) argument.remove_prefix(1);
  while (!argument.empty() && quote(argument.back())) argument.remove_suffix(1);
  return std::string{argument};
}

namespace detail {

/// Keeps, for each month and offset, the first and the last instant: a change of offset then lies between two samples.
class offset_samples {
 public:
  offset_samples() = default;
  offset_samples(const offset_samples&) = delete;
  offset_samples& operator=(const offset_samples&) = delete;

  void add(const written_timestamp& seen) {
    const civil_date date = date_of((seen.local >= 0 ? seen.local : seen.local - 86'399) / 86'400);
    const std::pair key{date.year * 12 + date.month, seen.offset};
    if (last_ == spans_.end() || last_->first != key) {
      last_ = spans_.find(key);
      if (last_ == spans_.end()) {
        if (spans_.size() >= most) return;
        last_ = spans_.emplace(key, std::pair{seen.local, seen.local}).first;
      }
    }
    last_->second.first = std::min(last_->second.first, seen.local);
    last_->second.second = std::max(last_->second.second, seen.local);
  }

  [[nodiscard]] std::vector<offset_sample> list() const {
    std::vector<offset_sample> samples;
    for (const auto& [key, span] : spans_) {
      samples.push_back({span.first, key.second});
      if (span.second != span.first) samples.push_back({span.second, key.second});
    }
    return samples;
  }

 private:
  using spans = std::map<std::pair<std::int64_t, std::int32_t>, std::pair<std::int64_t, std::int64_t>>;

  static constexpr std::size_t most = 2'000;
  spans spans_;
  spans::iterator last_ = spans_.end();  // neighbours in a dump are often of one month
};

class dump_rereader {
 public:
  dump_rereader(std::unique_ptr<source> sql, const location& where, const std::vector<table_to_reread>& tables)
      : dump_{std::move(sql), where}, tables_{tables}, results_(tables.size()) {}

  dump_reread run() {
    for (const dump_event* event = &dump_.next(); event->type != dump_event_type::end; event = &dump_.next()) {
      switch (event->type) {
        case dump_event_type::meta_command:
          if (event->text.starts_with("\\connect ")) database_ = connected_database(event->text.substr(9));
          break;
        case dump_event_type::copy_begin: begin(*event->copy); break;
        case dump_event_type::copy_rows:
          if (table_ != nullptr) take(event->text);
          break;
        default: break;
      }
    }
    return {std::move(results_), samples_.list()};
  }

 private:
  static constexpr std::size_t longest_row = std::size_t{256} << 20;

  void begin(const copy_target& target) {
    table_ = nullptr;
    carry_.clear();
    dropping_ = false;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i].table != target.table || (tables_[i].database && *tables_[i].database != database_)) continue;
      table_ = &tables_[i];
      result_ = &results_[i];
      rewrite_.emplace(readings_of(tables_[i], target));
    }
  }

  // whole rows, or a part of one that is longer than the scanner holds
  void take(std::string_view data) {
    while (!data.empty()) {
      const std::size_t newline = data.find('\n');
      const std::string_view part = data.substr(0, newline);
      if (newline == std::string_view::npos || !carry_.empty() || dropping_) {
        if (carry_.size() + part.size() > longest_row) {
          result_->whole = false;
          dropping_ = true;
          carry_.clear();
        }
        if (!dropping_) carry_ += part;
        if (newline == std::string_view::npos) return;
        if (!dropping_) add_row(carry_);
        carry_.clear();
        dropping_ = false;
      } else {
        add_row(part);
      }
      data.remove_prefix(newline + 1);
    }
  }

  // A partitioned table may come in several blocks, each with its columns in an order of its own.
  static std::vector<column_reading> readings_of(const table_to_reread& table, const copy_target& target) {
    if (!target.columns || table.names.empty()) return table.columns;
    std::vector<column_reading> readings;
    for (const auto& name : *target.columns) {
      const auto at = std::find(table.names.begin(), table.names.end(), name);
      readings.push_back(at == table.names.end() ? column_reading{}
                                                 : table.columns[static_cast<std::size_t>(at - table.names.begin())]);
    }
    return readings;
  }

  void add_row(std::string_view row) {
    result_->whole = rewrite_->take(row, &certain_) && result_->whole;
    result_->rows.add(rewrite_->all());
    result_->without_left_out.add(rewrite_->kept());
  }

  plain_dump dump_;
  const std::vector<table_to_reread>& tables_;
  std::vector<table_reread> results_;
  offset_samples samples_;
  std::function<void(const written_timestamp&)> certain_ = [this](const written_timestamp& seen) {
    samples_.add(seen);
  };
  std::string database_;
  const table_to_reread* table_ = nullptr;
  table_reread* result_ = nullptr;
  std::optional<row_in_utc> rewrite_;
  std::string carry_;
  bool dropping_ = false;
};

}  // namespace detail

/// Reads the script `sql` to its proved end. Throws `stream_error` as plain_dump does, and what `sql` throws.
inline dump_reread reread_dump(std::unique_ptr<source> sql, const location& where,
                               const std::vector<table_to_reread>& tables) {
  return detail::dump_rereader{std::move(sql), where, tables}.run();
}

}  // namespace knowngood
