// take_capture: makes a backup with the operator's own command and, in the very snapshot that it is made in, the row
// set of every table: what a restore must come to, known from the source itself.
//
// Layer: compare. The snapshot is exported by a transaction that stays open until the end; the command gets its name in
// place of `{snapshot}`, and PGTZ=UTC, so that times are written as the capture has them.
//   const capture taken = take_capture({dsn, {"pg_dump", "--snapshot={snapshot}", "--file=x.sql", "db"}, "x.sql"});
//   write_file_atomically("x.sql.capture.json", to_json(taken), location{"x.sql.capture.json"});
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/masked_passwords.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/compare/capture.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/host_name.hpp"
#include "knowngood/sandbox/foreground_command.hpp"
#include "knowngood/server/catalog_session.hpp"
#include "knowngood/server/large_objects.hpp"
#include "knowngood/server/read_row_sets.hpp"
#include "knowngood/server/relations.hpp"
#include "knowngood/verify/directory_backup.hpp"

namespace knowngood {

struct capture_request {
  std::string source;                ///< conninfo of the database, complete (conninfo_with_environment)
  std::vector<std::string> command;  ///< `{snapshot}` stands in at least one argument
  std::string artifact = {};         ///< path of what the command makes; empty: the capture names none
  std::vector<std::string> only_schemas =
      {};  ///< names as SQL has them, quoted where they need it; both empty: all tables
  std::vector<std::string> only_tables = {};  ///< `public.incidents`; as given to pg_dump's -n and -t
  std::vector<std::string> not_schemas = {};  ///< left out, as by pg_dump's -N
  std::vector<std::string> not_tables =
      {};               ///< left out, as by -T and --exclude-table-data; of a partitioned table its parts too
  unsigned jobs = 2;    ///< connections that read rows
  stop_flag stop = {};  ///< asked: the command is ended, and there is no capture
  std::function<void()> before_command = [] {};  ///< called when all is ready, before the command is run
  std::function<moment()> clock = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };
};

namespace detail {

inline constexpr std::string_view snapshot_mark = "{snapshot}";

inline std::vector<std::string> with_snapshot(std::vector<std::string> command, const std::string& snapshot) {
  for (auto& argument : command) {
    for (std::size_t at = argument.find(snapshot_mark); at != std::string::npos;
         at = argument.find(snapshot_mark, at + snapshot.size())) {
      argument.replace(at, snapshot_mark.size(), snapshot);
    }
  }
  return command;
}

/// `path`: a file, or a dump in directory format.
inline captured_artifact describe_artifact(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    const directory_digest of = digest_of_directory(path);
    return {path, of.sha256, of.bytes};
  }
  file_source file{path, location{path}};
  digest sha256{digest_algorithm::sha256()};
  std::uint64_t size = 0;
  for (byte_view chunk = file.next(); !chunk.empty(); chunk = file.next()) {
    sha256.update(chunk);
    size += chunk.size();
  }
  return {path, sha256.finish(), size};
}

// Which tables the capture is about. A name that fits none is a mistake: the capture would promise less than was meant.
class capture_scope {
 public:
  capture_scope(const capture_request& request, const relation_list& relations) {
    only_ = parse(request.only_schemas, request.only_tables, relations);
    not_ = parse(request.not_schemas, request.not_tables, relations);
  }

  [[nodiscard]] bool holds(const relation& table) const {
    return (only_.empty() || only_.names(table)) && !not_.names(table);
  }

  /// Whether tables are left out by name.
  [[nodiscard]] bool excludes() const { return !not_.empty(); }

 private:
  struct selection {
    std::set<std::string> schemas;
    std::set<const relation*> tables;

    [[nodiscard]] bool empty() const { return schemas.empty() && tables.empty(); }
    [[nodiscard]] bool names(const relation& table) const {
      return schemas.contains(table.name.schema) || tables.contains(&table);
    }
  };

  static selection parse(const std::vector<std::string>& schemas, const std::vector<std::string>& tables,
                         const relation_list& relations) {
    selection chosen;
    for (const auto& written : schemas) {
      const auto schema = parse_identifier(written);
      if (!schema) throw usage_error{fmt::format("`{}` is no name of a schema", printable(written))};
      const bool there = std::any_of(relations.all().begin(), relations.all().end(),
                                     [&](const relation& one) { return one.name.schema == *schema; });
      if (!there) throw usage_error{fmt::format("the schema `{}` has no table", printable(written))};
      chosen.schemas.insert(*schema);
    }
    for (const auto& written : tables) {
      const auto name = parse_table_name(written);
      if (!name) throw usage_error{fmt::format("`{}` is no name of a table", printable(written))};
      const relation* table = relations.find(*name);
      if (table == nullptr || (table->kind != 'r' && table->kind != 'p')) {
        throw usage_error{fmt::format("there is no table `{}` (write schema.table)", printable(written))};
      }
      chosen.tables.insert(table);
      for (const std::size_t leaf : table->leaves) chosen.tables.insert(&relations[leaf]);
    }
    return chosen;
  }

  selection only_;
  selection not_;
};

class capture_taker {
 public:
  explicit capture_taker(const capture_request& request) : request_{request} {}

  capture run() {
    require_command();
    result_.version = version_text;
    result_.host = host_name();
    result_.started = request_.clock();
    catalog_session holder{request_.source, where_, request_.stop};
    describe_source(holder);
    const relation_list relations = read_relations(holder);
    const std::vector<table_to_read> tables = choose_tables(relations);

    const std::vector<std::string> to_run = with_snapshot(request_.command, result_.snapshot);
    for (const auto& argument : to_run) result_.command.push_back(mask_passwords(argument));
    request_.before_command();
    foreground_command command{to_run, {{"PGTZ", "UTC"}}};
    // The command is let finish whatever becomes of the capture: a backup without one is still a backup.
    std::vector<rows_read> rows;
    std::optional<rows_read> large_objects;  // pg_dump leaves them out where it is told which tables to dump
    std::exception_ptr failure;
    try {
      rows = read_row_sets(request_.source, where_, relations, tables, result_.session,
                           {request_.jobs, request_.stop, result_.snapshot});
      if (request_.only_schemas.empty() && request_.only_tables.empty()) {
        large_objects = read_large_objects(request_.source, where_, result_.snapshot, request_.stop);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    const int exit_code = command.wait(request_.stop);
    request_.stop.throw_if_requested();
    if (exit_code != 0) {
      throw environment_error{location{"command"},
                              fmt::format("{} ended with exit code {}: there is no capture",
                                          printable(request_.command.front()), exit_code),
                              "look at what it wrote above; the backup is not to be trusted"};
    }
    if (failure) std::rethrow_exception(failure);
    require_snapshot(holder);
    take_tables(tables, rows);
    if (large_objects) take_large_objects(*large_objects);
    if (!request_.artifact.empty()) result_.artifact = describe_artifact(request_.artifact);
    result_.finished = request_.clock();
    return std::move(result_);
  }

 private:
  void require_command() const {
    const bool marked = std::any_of(request_.command.begin(), request_.command.end(), [](const std::string& argument) {
      return argument.find(snapshot_mark) != std::string::npos;
    });
    if (request_.command.empty()) throw usage_error{"a command that makes the backup is missing after --"};
    if (!marked) {
      throw usage_error{
          "the command must take the snapshot: write {snapshot} where it belongs, as in pg_dump --snapshot={snapshot}"};
    }
  }

  void describe_source(catalog_session& holder) {
    result_.snapshot = holder.export_snapshot();
    result_.server_version = holder.setting("server_version");
    result_.database = holder.value("SELECT current_database()");
    result_.session.encoding = holder.setting("server_encoding");
    result_.session.lc_monetary = holder.setting("lc_monetary");
  }

  std::vector<table_to_read> choose_tables(const relation_list& relations) {
    result_.only_schemas = request_.only_schemas;
    result_.only_tables = request_.only_tables;
    const capture_scope scope{request_, relations};
    std::vector<table_to_read> tables;
    for (const auto& table : relations.all()) {
      if (table.has_rows_to_dump() && scope.holds(table)) tables.push_back({&table, {}});
    }
    if (scope.excludes()) {  // the capture says what it is about, not what it is not
      result_.only_schemas.clear();
      result_.only_tables.clear();
      for (const auto& table : tables) result_.only_tables.push_back(table.table->name.to_string());
      if (tables.empty()) throw usage_error{"nothing is left to capture"};
    }
    return tables;
  }

  // A holder that was lost in between leaves the command with a snapshot that nobody vouches for.
  void require_snapshot(catalog_session& holder) const {
    try {
      if (holder.try_query("SELECT 1")) return;
    } catch (const environment_error&) {  // of the session, which says less
    }
    throw environment_error{where_, "the transaction that held the snapshot was lost: there is no capture",
                            "look at the server's log; run it again"};
  }

  void take_tables(const std::vector<table_to_read>& tables, const std::vector<rows_read>& rows) {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const relation& table = *tables[i].table;
      if (rows[i].problem) {
        throw environment_error{
            where_ / table.name.to_string(),
            fmt::format("cannot read {}: {}: there is no capture", printable(table.name.to_string()), *rows[i].problem),
            "let the role read it, as it must to dump it; or limit both pg_dump and the capture to what it may read"};
      }
      captured_table one{table.name.to_string(), {}, rows[i].rows.rows(), rows[i].rows.fingerprint()};
      for (const auto& column : table.columns) one.columns.push_back(column.name);
      result_.tables.push_back(std::move(one));
    }
  }

  void take_large_objects(const rows_read& read) {
    if (read.problem) {
      throw environment_error{where_,
                              fmt::format("cannot read the large objects: {}: there is no capture", *read.problem),
                              "let the role read them, as it must to dump them"};
    }
    if (read.rows.rows() == 0) return;
    result_.tables.push_back(
        {std::string{large_objects_name}, {"oid", "sha256"}, read.rows.rows(), read.rows.fingerprint()});
  }

  const capture_request& request_;
  location where_{"source"};
  capture result_;
};

}  // namespace detail

/// Runs the command and reads the rows meanwhile; its standard streams are ours. Throws `usage_error` for a command
/// without `{snapshot}` or a scope that fits no table, before anything is run; `environment_error` when the command
/// fails, the server cannot be reached or goes away, a table cannot be read, or `stop` is asked for. Then there is no
/// capture.
inline capture take_capture(const capture_request& request) {
  try {
    return detail::capture_taker{request}.run();
  } catch (const sql_error& error) {
    throw environment_error{location{"source"},
                            "the server refuses: " + printable(error.message) + ": there is no capture",
                            "look at the server's log"};
  }
}

}  // namespace knowngood
