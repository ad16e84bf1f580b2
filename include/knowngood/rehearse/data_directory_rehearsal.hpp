// rehearse_data_directory: boots a restored PostgreSQL data directory with programs of its own major version, has
// pg_amcheck look through it, and counts its rows.
//
// Layer: rehearse. The directory is hostile: none of its configuration is obeyed, no link in it is followed, no library
// of its choice is loaded, its server can write nowhere else and connect to nothing. It is a copy, which this changes.
// Above 400 lines: one conversation with one server, whose failures are told apart in one place.
//   const auto booted = rehearse_data_directory({.data = restored / "data", .where = where, .work = scratch / "boot"});
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/rehearse/corruption_report.hpp"
#include "knowngood/rehearse/disarm_data_directory.hpp"
#include "knowngood/rehearse/prepare_cluster.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/sandbox/hand_over.hpp"
#include "knowngood/sandbox/process.hpp"
#include "knowngood/sandbox/system_user.hpp"
#include "knowngood/server/postgres_programs.hpp"
#include "knowngood/server/postgres_server.hpp"
#include "knowngood/server/server_log.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

struct data_directory_request {
  std::filesystem::path data;            ///< the restored directory, which is changed by starting it
  std::filesystem::path top = {};        ///< private directory that it lies in, to be passed through; empty: itself
  location where;                        ///< in findings
  std::string postgres = {};             ///< directory to look for programs in first; empty: the usual places
  std::filesystem::path work;            ///< where the server keeps its own files; does not exist yet
  std::optional<system_user> user = {};  ///< who runs the server when we are root
  unsigned jobs = 2;                     ///< connections
  stop_flag stop = {};
  server_bounds bounds = {};
};

struct data_directory_result {
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  std::string version;                   ///< of the programs that booted it; empty where none did
  std::vector<table_comparison> tables;  ///< rows of every user table, by `database` and `name`
  std::uint64_t rows = 0;
};

namespace detail {

/// Every PostgreSQL data directory at or below `directory`, sorted: `.`, `data`, `18/docker`. Links are not followed,
/// and what lies inside of one is its own.
inline std::vector<std::filesystem::path> find_data_directories(const std::filesystem::path& directory) {
  const auto is_one = [](const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::symlink_status(path / "PG_VERSION", error)) &&
           std::filesystem::is_directory(std::filesystem::symlink_status(path / "global", error));
  };
  if (is_one(directory)) return {directory};
  std::vector<std::filesystem::path> found;
  for (auto one = std::filesystem::recursive_directory_iterator{directory};
       one != std::filesystem::recursive_directory_iterator{}; ++one) {
    if (!one->is_directory() || one->is_symlink() || !is_one(one->path())) continue;
    found.push_back(one->path());
    one.disable_recursion_pending();
  }
  std::sort(found.begin(), found.end());
  return found;
}

class data_directory_rehearsal {
 public:
  explicit data_directory_rehearsal(const data_directory_request& request)
      : data_{request.data},
        top_{request.top.empty() ? request.data : request.top},
        where_{request.where},
        postgres_{request.postgres},
        work_{request.work},
        user_{request.user},
        jobs_{std::max(1U, request.jobs)},
        stop_{request.stop},
        bounds_{request.bounds} {}

  data_directory_result run() {
    const std::string version = read_version();
    if (version.empty() || !find_programs(version)) return std::move(result_);
    if (auto obstacle = disarm_data_directory(data_, where_)) {
      result_.unchecked.push_back(std::move(*obstacle));
      return std::move(result_);
    }
    result_.version = programs_.version;
    give_tree(data_, user_);
    make_directory(work_);
    open_way(top_, data_);
    try {
      boot();
      if (server_) {
        look_through();
        server_->stop();
      }
    } catch (const server_refused& refused) {
      add(checks::boot_failed, where_, "the restored data directory does not start", "a server that takes connections",
          refused.what());
    } catch (const environment_error& error) {
      // what was found until then stands
      result_.unchecked.push_back({where_, error.what(), error.advice()});
      const std::string complaints = server_ ? server_->complaints() : std::string{};
      if ((complaints.find("terminated by signal") != std::string::npos ||
           complaints.find("PANIC:") != std::string::npos) &&
          !host_failed()) {
        add(checks::boot_corrupt, where_, "the server breaks down while the data directory is read",
            "a server that stays up", complaints);
      }
    } catch (const sql_error& error) {
      throw_if_stopped();
      if (is_of_host(error)) {
        unchecked(where_, "the booted data directory's catalogue cannot be read here: " + printable(error.message, 300),
                  advice_for(error.message));
      } else {
        add(checks::boot_corrupt, where_, "the booted data directory's catalogue cannot be read", "a catalogue",
            printable(error.message, 300));
      }
    }
    return std::move(result_);
  }

 private:
  struct database {
    std::string oid;
    std::string name;
    bool order_is_certain = false;  ///< what an index holds is sorted here as it was where the backup comes from
    std::string collation;          ///< for people: what speaks against it
  };

  void add(const check& what, const location& where, std::string message, std::string expected = {},
           std::string actual = {}) {
    result_.findings.push_back(make_finding(what, where, std::move(message), std::move(expected), std::move(actual)));
  }
  void unchecked(const location& where, std::string message, std::string advice) {
    result_.unchecked.push_back({where, std::move(message), std::move(advice)});
  }
  void throw_if_stopped() const { stop_.throw_if_requested(); }

  // `15`, or `9.6` of before version 10.
  std::string read_version() {
    std::ifstream file{data_ / "PG_VERSION"};
    std::string text(64, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    std::string version = text.substr(0, text.find_first_of("\r\n "));
    const bool plain = !version.empty() && version.size() < 8 &&
                       version.find_first_not_of("0123456789.") == std::string::npos && version.front() != '.' &&
                       version.front() != '0';
    if (plain) return version;
    add(checks::boot_failed, where_ / "PG_VERSION", "the data directory does not say its version", "a number",
        printable(text, 40));
    return {};
  }

  bool find_programs(const std::string& version) {
    for (const auto& one : find_postgres(postgres_)) {
      if (one.version != version && !(one.version.starts_with(version) &&
                                      std::isdigit(static_cast<unsigned char>(one.version[version.size()])) == 0))
        continue;
      programs_ = one;
      return true;
    }
    unchecked(
        where_,
        fmt::format("a data directory of PostgreSQL {} needs a server of that version, and none is installed here",
                    version),
        fmt::format("install postgresql-{} on the host of the drill, or name its programs with --postgres DIR",
                    version));
    return false;
  }

  [[nodiscard]] server_settings settings() const {
    // prepared transactions and origins of replication that it holds must find room, however many they are
    return {.jobs = jobs_,
            .extra = {"max_prepared_transactions=1000", "max_locks_per_transaction=64", "max_replication_slots=1000"}};
  }

  // Nothing connects to a cluster that could not be prepared for that.
  void boot() {
    prepared_ = prepare_cluster(server_in("alone"), data_);
    if (prepared_.failure.empty()) {
      server_ = postgres_server::boot(server_in("server"), data_, std::string{postgres_server::own_superuser});
    } else if (is_of_host(prepared_.failure)) {
      unchecked(where_, "the restored data directory cannot be started here: " + prepared_.failure,
                advice_for(prepared_.failure));
    } else {
      throw server_refused{"the server does not start: " + prepared_.failure};
    }
  }

  [[nodiscard]] server_request server_in(const char* name) const {
    return {programs_, work_ / name, user_, settings(), stop_, bounds_};
  }

  std::unique_ptr<server_session> open(const std::string& name, std::string& why) {
    throw_if_stopped();
    try {
      return std::make_unique<server_session>(server_->dsn(name, server_->superuser()), where_ / name, stop_);
    } catch (const environment_error& error) {
      why = error.what();
    } catch (const sql_error& error) {
      why = error.message;
    }
    return nullptr;
  }

  void look_through() {
    std::string why;
    std::unique_ptr<server_session> first;
    for (const auto& one : prepared_.databases) {
      if (first || (one.name != "postgres" && one.name != "template1")) continue;
      why = one.failure;
      if (why.empty()) first = open(one.name, why);
    }
    if (!first) return cannot_open("postgres", why);
    const std::vector<database> all = list_databases(*first);
    first.reset();
    if (all.empty())
      add(checks::boot_corrupt, where_, "the cluster's list of databases is empty", "at least one", "none");
    for (const auto& one : all) {
      if (const std::string failed = prepared_.why_not(one.oid); !failed.empty()) {
        cannot_open(one.name, failed);
        continue;
      }
      auto session = open(one.name, why);
      if (!session) {
        cannot_open(one.name, why);
        continue;
      }
      end_prepared_transactions(*session);
      check_blocks(one, *session);
      count_rows(one.name, *session);
    }
  }

  void cannot_open(const std::string& name, const std::string& why) {
    const bool refused = why.find("FATAL:") != std::string::npos || why.find("ERROR:") != std::string::npos;
    if (refused && !is_of_host(why) && !host_failed()) {
      add(checks::boot_corrupt, where_ / name, "a database of the booted data directory cannot be opened",
          "a connection", printable(why, 300));
      return;
    }
    unchecked(where_ / name, "a database of the booted data directory cannot be opened here: " + printable(why, 300),
              advice_for(why));
  }

  static bool is_of_locale(const std::string& why) {
    return why.find("locale") != std::string::npos || why.find("collation") != std::string::npos;
  }
  // The server logs what became of its processes a moment after whoever was connected has noticed.
  [[nodiscard]] bool host_failed() const {
    for (int tries = 0; server_ && tries < 20; ++tries) {
      if (server_->blames_host()) return true;
      if (server_->complaints().find("terminated by signal") != std::string::npos) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{25});
    }
    return false;
  }
  static bool is_of_host(const std::string& why) {
    return log_blames_host(why) || is_of_locale(why) ||
           corruption_report::kind_of(why) == corruption_report::kind::no_library;
  }
  // 53: out of space, memory or connections; 57P: the server went down
  [[nodiscard]] bool is_of_host(const sql_error& error) const {
    return error.is("53") || error.is("57P") || log_blames_host(error.message) ||
           (error.sqlstate.empty() && host_failed());
  }
  static std::string advice_for(const std::string& why) {
    if (is_of_locale(why)) return "install that locale on the host of the drill";
    if (log_blames_host(why)) return "give the host what it lacks, and run the drill again";
    return is_of_host(why) ? "install that extension on the host of the drill" : "rehearse it by hand";
  }

  std::vector<database> list_databases(server_session& session) {
    const bool recorded = programs_.major >= 15;  // which version of the collation the indexes were built with
    const pqxx::result rows = session.query(fmt::format(
        "SELECT d.datname, d.datcollate, {}, d.oid FROM pg_catalog.pg_database d "
        "WHERE d.datname <> 'template0' AND d.datconnlimit <> -2 ORDER BY 1",
        recorded ? "d.datcollversion, pg_catalog.pg_database_collation_actual_version(d.oid)" : "NULL, NULL"));
    std::vector<database> all;
    for (const auto& row : rows) {
      database one;
      one.name = view_of(row[0]);
      one.oid = view_of(row[4]);
      const std::string_view collate = view_of(row[1]);
      const bool bytewise = collate == "C" || collate == "POSIX" || collate.starts_with("C.");
      one.order_is_certain = bytewise || (!row[2].is_null() && view_of(row[2]) == view_of(row[3]));
      one.collation = fmt::format("collation {}, version {} there and {} here", printable(collate),
                                  row[2].is_null() ? "unknown" : printable(view_of(row[2])),
                                  row[3].is_null() ? "unknown" : printable(view_of(row[3])));
      all.push_back(std::move(one));
    }
    return all;
  }

  // They hold locks that nobody would ever release, and checking would wait for.
  static void end_prepared_transactions(server_session& session) {
    const pqxx::result left = session.query(
        "SELECT pg_catalog.quote_literal(gid) FROM pg_catalog.pg_prepared_xacts "
        "WHERE database = pg_catalog.current_database()");
    for (const auto& row : left) session.query(fmt::format("ROLLBACK PREPARED {}", view_of(row[0])));
  }

  void check_blocks(const database& of, server_session& session) {
    const location where = where_ / of.name;
    if (!programs_.has("pg_amcheck") ||
        session.value("SELECT pg_catalog.count(*) FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'") ==
            "0") {
      unchecked(where,
                fmt::format("PostgreSQL {} has no {} here, so that corruption would not show", programs_.version,
                            programs_.has("pg_amcheck") ? "extension amcheck" : "pg_amcheck"),
                programs_.major < 14 ? "PostgreSQL 14 is the first to have it: rehearse a dump of this cluster instead"
                                     : "install the client programs and the contrib modules of that version");
      return;
    }
    process_request amcheck;
    amcheck.arguments = {programs_.program("pg_amcheck"),
                         "--heapallindexed",
                         "--parent-check",
                         "--no-strict-names",
                         fmt::format("--jobs={}", jobs_),
                         "--maintenance-db=" + conninfo_with("", "dbname", of.name),
                         "--database=" + quote_identifier(of.name)};
    amcheck.environment.push_back("PGHOST=" + server_->sockets().string());
    amcheck.environment.emplace_back("PGPORT=5432");
    amcheck.environment.push_back("PGUSER=" + server_->superuser());
    amcheck.environment.emplace_back("PGCONNECT_TIMEOUT=20");
    amcheck.directory = work_.string();
    amcheck.user = user_;
    amcheck.isolated = true;
    amcheck.readable = {work_.string(), server_->sockets().string()};
    amcheck.stop = stop_;
    corruption_report found;
    amcheck.on_output = [&](std::string_view text) { found.add(text); };
    const process_result said = run_process(amcheck);
    found.finish();
    report(of, found);
    constexpr int corruption_found = 2;
    if (said.exit_code == 0 ||
        (said.exit_code == corruption_found && said.output.empty() && !found.relations().empty()))
      return;
    const std::string why =
        printable(said.output.empty() ? fmt::format("exit status {}", said.exit_code) : said.output, 400);
    const bool breaks_down =
        why.find("query failed") != std::string::npos || why.find("server closed the connection") != std::string::npos;
    if (is_of_host(why) || host_failed()) {
      unchecked(where, "pg_amcheck could not check all of the database, for want of something on this host: " + why,
                "give the host what it lacks, and run the drill again");
    } else if (said.exit_code == corruption_found && found.relations().empty()) {
      add(checks::boot_corrupt, where, "pg_amcheck finds corruption, and does not say where", "no corruption", why);
    } else if (breaks_down && corruption_report::kind_of(why) == corruption_report::kind::damage) {
      add(checks::boot_corrupt, where, "the database cannot be checked through", "no corruption", why);
    } else if (said.exit_code != corruption_found) {
      unchecked(where, "pg_amcheck could not check all of the database: " + why, "do what the message asks for");
    }
  }

  void report(const database& of, const corruption_report& found) {
    for (const auto& one : found.relations()) {
      const location where = where_ / of.name / one.name;
      const std::string text =
          printable(one.first, 300) + (one.problems > 1 ? fmt::format(", and {} more problems", one.problems - 1) : "");
      if (log_blames_host(one.first)) {
        unchecked(where, "cannot be checked here: " + text, "give the host what it lacks, and run the drill again");
      } else if (one.what == corruption_report::kind::no_library) {
        unchecked(where, "cannot be checked without an extension's library: " + text,
                  "install that extension on the host of the drill");
      } else if (one.what == corruption_report::kind::order && !of.order_is_certain) {
        unchecked(where,
                  fmt::format("is out of order here, which damage does, and so does another C library ({}): {}",
                              of.collation, text),
                  "rehearse it on the operating system release that the backed up server runs on");
      } else {
        add(checks::boot_corrupt, where, "pg_amcheck finds corruption", "no corruption", text);
      }
    }
    if (found.left_out() > 0)
      add(checks::boot_corrupt, where_ / of.name,
          fmt::format("pg_amcheck finds problems in {} more relations", found.left_out()));
  }

  void count_rows(const std::string& name, server_session& session) {
    pqxx::result tables;
    try {
      tables = session.query(
          "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), EXISTS (SELECT FROM pg_catalog.pg_index i "
          "JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = x.relam "
          "WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND a.amname = 'btree') "
          "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
          "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1");
    } catch (const sql_error& error) {
      throw_if_stopped();
      if (is_of_host(error)) {
        unchecked(where_ / name, "its tables cannot be listed here: " + printable(error.message, 300),
                  "give the host what it lacks, and run the drill again");
        return;
      }
      add(checks::boot_corrupt, where_ / name, "its tables cannot be listed", "a list", printable(error.message, 300));
      return;
    }
    for (const auto& row : tables) count_table(name, std::string{view_of(row[0])}, row[1].as<bool>(), session);
  }

  void count_table(const std::string& name, const std::string& table, bool indexed, server_session& session) {
    const location where = where_ / name / table;
    const std::string count = "SELECT pg_catalog.count(*) FROM ONLY " + table;
    try {
      session.query(
          "SET enable_seqscan TO on; SET enable_indexscan TO off; SET enable_indexonlyscan TO off; SET "
          "enable_bitmapscan TO off");
      const std::uint64_t rows = number(session.value(count));
      table_comparison counted;
      counted.artifact = where_.to_string();
      counted.database = name;
      counted.name = table;
      counted.restored = rows_fact{rows, std::nullopt};
      counted.outcome = row_outcome::counted;
      result_.rows += rows;
      result_.tables.push_back(std::move(counted));
      if (!indexed) return;
      // Pages that went, by zeros or by a file cut short, are empty to PostgreSQL and to pg_amcheck. An index still
      // knows of their rows, where the visibility map spares it to look.
      session.query("SET enable_seqscan TO off; SET enable_indexscan TO on; SET enable_indexonlyscan TO on");
      const pqxx::result plan = session.query("EXPLAIN (COSTS off) " + count);
      if (std::none_of(plan.begin(), plan.end(), [](const pqxx::row& line) {
            return view_of(line[0]).find("Index Only Scan") != std::string_view::npos;
          }))
        return;
      const std::uint64_t entries = number(session.value(count));
      if (entries != rows) {
        add(checks::boot_corrupt, where, "the table and its index do not hold the same rows",
            fmt::format("{} rows, as the index has them", entries), fmt::format("{} rows in the table", rows));
      }
    } catch (const sql_error& error) {
      throw_if_stopped();
      if (corruption_report::kind_of(error.message) == corruption_report::kind::no_library) {
        unchecked(where, "cannot be counted without an extension's library: " + printable(error.message, 300),
                  "install that extension on the host of the drill");
      } else if (is_of_host(error)) {
        unchecked(where, "cannot be counted here: " + printable(error.message, 300),
                  "give the host what it lacks, and run the drill again");
      } else {
        add(checks::boot_corrupt, where, "the table cannot be read", "its rows", printable(error.message, 300));
      }
    }
  }

  static std::uint64_t number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  std::filesystem::path data_;
  std::filesystem::path top_;
  location where_;
  std::string postgres_;
  std::filesystem::path work_;
  std::optional<system_user> user_;
  unsigned jobs_;
  stop_flag stop_;
  server_bounds bounds_;
  postgres_programs programs_;
  prepared_cluster prepared_;
  std::unique_ptr<postgres_server> server_;
  data_directory_result result_;
};

}  // namespace detail

/// Boots and looks through it. Without programs of the right version it is `unchecked`. Throws `environment_error` when
/// the machine is at fault before anything was found, `interrupted`.
inline data_directory_result rehearse_data_directory(const data_directory_request& request) {
  return detail::data_directory_rehearsal{request}.run();
}

}  // namespace knowngood
