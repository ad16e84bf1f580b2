// rehearse_data_directory: boots a restored PostgreSQL data directory with programs of its own major version, has
// pg_amcheck look through it, and counts its rows.
//
// Layer: drill. The directory is hostile: none of its configuration is obeyed, no link in it is followed, no library of
// its choice is loaded, its server can write nowhere else and connect to nothing. It is a copy, which this changes.
//   auto outcome = rehearse_data_directory(find_data_directories(restored).front(), where, "", scratch / "boot", user, 2,
//   &stop);
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/drill_report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/connection.hpp"
#include "restorable/drill/corruption_report.hpp"
#include "restorable/drill/postgres_programs.hpp"
#include "restorable/drill/postgres_server.hpp"
#include "restorable/drill/process.hpp"
#include "restorable/io/system_error.hpp"

namespace restorable {

struct data_directory_outcome {
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  std::string version;                   ///< of the programs that booted it; empty where none did
  std::vector<table_comparison> tables;  ///< rows of every user table, by `database` and `name`
  std::uint64_t rows = 0;
};

namespace detail {

/// Every PostgreSQL data directory at or below `directory`, sorted: `.`, `data`, `18/docker`. Links are not followed, and
/// what lies inside of one is its own.
inline std::vector<std::filesystem::path> find_data_directories(const std::filesystem::path& directory) {
  const auto is_one = [](const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::symlink_status(path / "PG_VERSION", error)) &&
           std::filesystem::is_directory(std::filesystem::symlink_status(path / "global", error));
  };
  if (is_one(directory)) return {directory};
  std::vector<std::filesystem::path> found;
  for (auto one = std::filesystem::recursive_directory_iterator{directory}; one != std::filesystem::recursive_directory_iterator{}; ++one) {
    if (!one->is_directory() || one->is_symlink() || !is_one(one->path())) continue;
    found.push_back(one->path());
    one.disable_recursion_pending();
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Gives a whole tree to `user`, links themselves and not what they lead to. Names the first that is not possible.
inline void give_tree(const std::filesystem::path& root, const std::optional<system_user>& user) {
  if (!user) return;
  const auto give = [&](const std::filesystem::path& path) {
    if (::lchown(path.c_str(), user->uid, user->gid) != 0)
      throw write_error(location{path.string()}, "give it to the server's user", errno);
  };
  give(root);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) give(entry.path());
}

class data_directory_rehearsal {
 public:
  data_directory_rehearsal(std::filesystem::path data, location where, const std::string& postgres,
                           std::filesystem::path work, std::optional<system_user> user, unsigned jobs,
                           const std::atomic<bool>* stop)
      : data_{std::move(data)},
        where_{std::move(where)},
        postgres_{postgres},
        work_{std::move(work)},
        user_{std::move(user)},
        jobs_{std::max(1U, jobs)},
        stop_{stop} {}

  data_directory_outcome run() {
    const std::string version = read_version();
    if (version.empty() || !find_programs(version) || !disarm()) return std::move(outcome_);
    outcome_.version = programs_.version;
    give_tree(data_, user_);
    if (::chmod(data_.c_str(), 0700) != 0) throw write_error(location{data_.string()}, "make it private", errno);
    if (::mkdir(work_.c_str(), 0700) != 0) throw write_error(location{work_.string()}, "make it", errno);
    give_tree(work_, user_);
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
      outcome_.unchecked.push_back({where_, error.what(), error.advice()});
      const std::string complaints = server_ ? server_->complaints() : std::string{};
      if (complaints.find("terminated by signal") != std::string::npos ||
          complaints.find("PANIC:") != std::string::npos) {
        add(checks::boot_corrupt, where_, "the server breaks down while the data directory is read",
            "a server that stays up", complaints);
      }
    } catch (const sql_error& error) {
      throw_if_stopped();
      add(checks::boot_corrupt, where_, "the booted data directory's catalogue cannot be read", "a catalogue",
          printable(error.message, 300));
    }
    return std::move(outcome_);
  }

 private:
  struct database {
    std::string name;
    bool order_is_certain = false;  ///< what an index holds is sorted here as it was where the backup comes from
    std::string collation;          ///< for people: what speaks against it
  };

  void add(const check& what, const location& where, std::string message, std::string expected = {},
           std::string actual = {}) {
    outcome_.findings.push_back(make_finding(what, where, std::move(message), std::move(expected), std::move(actual)));
  }
  void unchecked(const location& where, std::string message, std::string advice) {
    outcome_.unchecked.push_back({where, std::move(message), std::move(advice)});
  }
  void throw_if_stopped() const {
    if (stop_ != nullptr && stop_->load()) throw interrupted{};
  }

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

  // Takes out what would make the copy act on other things than itself. False when it cannot be booted without them.
  bool disarm() {
    std::error_code error;
    for (const char* name : {"postmaster.pid", "postmaster.opts", "postgresql.auto.conf", "recovery.signal",
                             "standby.signal", "recovery.conf"}) {
      std::filesystem::remove_all(data_ / name, error);
    }
    // slots tell what others still want to fetch, and ask for settings of the server that they were on
    const auto slots = data_ / "pg_replslot";
    if (std::filesystem::is_directory(std::filesystem::symlink_status(slots, error))) {
      for (const auto& slot : std::filesystem::directory_iterator{slots}) std::filesystem::remove_all(slot.path());
    }
    std::vector<std::filesystem::path> links;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{data_}) {
      if (entry.is_symlink()) links.push_back(entry.path());
    }
    std::erase_if(links, [&](const std::filesystem::path& link) {
      // certificates, configuration, logs: whatever is not the server's data lies directly in the directory
      return link.parent_path() == data_ && !is_servers_own(link.filename().string()) && std::filesystem::remove(link);
    });
    if (!links.empty()) {
      unchecked(where_,
                fmt::format("{} of the data directory is a symbolic link, to {}{}",
                            printable(links.front().lexically_relative(data_).string()),
                            printable(std::filesystem::read_symlink(links.front()).string()),
                            links.size() > 1 ? fmt::format(", and {} more are", links.size() - 1) : ""),
                "back up tablespaces and WAL together with it (pg_basebackup does), and rehearse that by hand");
      return false;
    }
    return has_what_its_label_names();
  }

  static bool is_servers_own(std::string_view name) {
    constexpr std::array<std::string_view, 7> others{
        "PG_VERSION", "base", "global", "backup_label", "tablespace_map", "current_logfiles", "pg_wal"};
    constexpr std::array<std::string_view, 4> free{"pg_hba.conf", "pg_ident.conf", "pg_log", "pg_stat_tmp"};
    if (std::find(free.begin(), free.end(), name) != free.end()) return false;
    return name.starts_with("pg_") || std::find(others.begin(), others.end(), name) != others.end();
  }

  // A base backup may leave to others what it needs: tablespaces, which its map would link to where they were, and WAL.
  bool has_what_its_label_names() {
    std::error_code error;
    if (std::filesystem::exists(data_ / "tablespace_map", error) &&
        std::filesystem::file_size(data_ / "tablespace_map", error) > 0) {
      unchecked(where_ / "tablespace_map", "the base backup has tablespaces, which lie outside of it",
                "rehearse it by hand, with its tablespaces mapped");
      return false;
    }
    std::ifstream file{data_ / "backup_label"};
    std::string line;
    if (!file || !std::getline(file, line)) return true;
    const std::size_t begin = line.find("(file ");
    const std::string segment =
        begin == std::string::npos ? "" : line.substr(begin + 6, line.find(')', begin) - begin - 6);
    const bool plausible = segment.size() == 24 && segment.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (!plausible || std::filesystem::exists(data_ / "pg_wal" / segment, error) ||
        std::filesystem::exists(data_ / "pg_xlog" / segment, error))
      return true;
    unchecked(where_ / "backup_label",
              fmt::format("the base backup starts at WAL file {}, which is not in it", segment),
              "put its WAL into it (pg_basebackup --wal-method=stream --format=plain does), or rehearse it by hand "
              "with its WAL archive");
    return false;
  }

  [[nodiscard]] server_settings settings() const {
    // prepared transactions and origins of replication that it holds must find room, however many they are
    return {.jobs = jobs_,
            .extra = {"max_prepared_transactions=1000", "max_locks_per_transaction=64", "max_replication_slots=1000"}};
  }

  // The superuser may have any name. Most often it is this one; otherwise one of our own is added to the copy.
  void boot() {
    server_ = postgres_server::boot(programs_, work_ / "server", data_, user_, settings(), stop_, "postgres");
    if (superuser_is_usual()) return;
    server_->stop();
    server_.reset();
    const std::string complaint =
        postgres_server::add_superuser(programs_, work_ / "single", data_, user_, settings(), stop_);
    if (!complaint.empty()) {
      unchecked(where_, "the booted data directory has no superuser that is known, and none can be added: " + complaint,
                complaint.find("locale") != std::string::npos ? "install that locale on the host of the drill"
                                                              : "rehearse it by hand, as its superuser");
      return;
    }
    server_ = postgres_server::boot(programs_, work_ / "server-2", data_, user_, settings(), stop_,
                                    std::string{postgres_server::own_superuser});
  }

  bool superuser_is_usual() {
    for (const char* name : {"postgres", "template1"}) {
      std::string why;
      if (auto session = open(name, why))
        return session->value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user") == "t";
      if (why.find("role \"postgres\"") != std::string::npos) return false;
    }
    return true;  // what is in the way is not the role
  }

  std::optional<connection> open(const std::string& name, std::string& why) {
    throw_if_stopped();
    try {
      connection session{server_->dsn(name, server_->superuser()), where_ / name};
      session.set_stop(stop_);
      return session;
    } catch (const environment_error& error) {
      why = error.what();
    } catch (const sql_error& error) {
      why = error.message;
    }
    return std::nullopt;
  }

  void look_through() {
    std::string why;
    auto first = open("postgres", why);
    if (!first) first = open("template1", why);
    if (!first) return cannot_open("postgres", why);
    const std::vector<database> all = list_databases(*first);
    first.reset();
    if (all.empty())
      add(checks::boot_corrupt, where_, "the cluster's list of databases is empty", "at least one", "none");
    for (const auto& one : all) {
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
    const bool locale = why.find("locale") != std::string::npos || why.find("collation") != std::string::npos;
    const bool library = corruption_report::kind_of(why) == corruption_report::kind::no_library;
    if (why.find("FATAL:") != std::string::npos && !locale && !library) {
      add(checks::boot_corrupt, where_ / name, "a database of the booted data directory cannot be opened",
          "a connection", printable(why, 300));
      return;
    }
    unchecked(where_ / name, "a database of the booted data directory cannot be opened here: " + printable(why, 300),
              locale    ? "install that locale on the host of the drill"
              : library ? "install that extension on the host of the drill"
                        : "rehearse it by hand");
  }

  std::vector<database> list_databases(connection& session) {
    const bool recorded = programs_.major >= 15;  // which version of the collation the indexes were built with
    const query_result rows = session.query(fmt::format(
        "SELECT d.datname, d.datallowconn, d.datcollate, {}, pg_catalog.quote_ident(d.datname) FROM "
        "pg_catalog.pg_database d "
        "WHERE d.datname <> 'template0' AND d.datconnlimit <> -2 ORDER BY 1",
        recorded ? "d.datcollversion, pg_catalog.pg_database_collation_actual_version(d.oid)" : "NULL, NULL"));
    std::vector<database> all;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      database one;
      one.name = rows.at(row, 0);
      const std::string_view collate = rows.at(row, 2);
      const bool bytewise = collate == "C" || collate == "POSIX" || collate.starts_with("C.");
      one.order_is_certain = bytewise || (!rows.is_null(row, 3) && rows.at(row, 3) == rows.at(row, 4));
      one.collation = fmt::format("collation {}, version {} there and {} here", printable(collate),
                                  rows.is_null(row, 3) ? "unknown" : printable(rows.at(row, 3)),
                                  rows.is_null(row, 4) ? "unknown" : printable(rows.at(row, 4)));
      // closed to everybody, and none the less backed up
      if (rows.at(row, 1) == "f")
        session.query(fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS true", rows.at(row, 5)));
      all.push_back(std::move(one));
    }
    return all;
  }

  // They hold locks that nobody would ever release, and checking would wait for.
  static void end_prepared_transactions(connection& session) {
    const query_result left = session.query(
        "SELECT pg_catalog.quote_literal(gid) FROM pg_catalog.pg_prepared_xacts "
        "WHERE database = pg_catalog.current_database()");
    for (const std::string_view gid : left.column(0)) session.query(fmt::format("ROLLBACK PREPARED {}", gid));
  }

  void check_blocks(const database& of, connection& session) {
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
                         "--install-missing=pg_catalog",
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
    amcheck.stop = stop_;
    corruption_report found;
    amcheck.on_output = [&](std::string_view text) { found.add(text); };
    const process_outcome said = run_process(amcheck);
    if (said.stopped) throw interrupted{};
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
    if (said.exit_code == corruption_found && found.relations().empty()) {
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
      if (one.what == corruption_report::kind::no_library) {
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

  void count_rows(const std::string& name, connection& session) {
    query_result tables;
    try {
      tables = session.query(
          "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), EXISTS (SELECT FROM pg_catalog.pg_index i "
          "JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = x.relam "
          "WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND a.amname = 'btree') "
          "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
          "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1");
    } catch (const sql_error& error) {
      throw_if_stopped();
      add(checks::boot_corrupt, where_ / name, "its tables cannot be listed", "a list", printable(error.message, 300));
      return;
    }
    for (std::size_t row = 0; row < tables.rows(); ++row)
      count_table(name, std::string{tables.at(row, 0)}, tables.at(row, 1) == "t", session);
  }

  void count_table(const std::string& name, const std::string& table, bool indexed, connection& session) {
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
      counted.outcome = "counted";
      outcome_.rows += rows;
      outcome_.tables.push_back(std::move(counted));
      if (!indexed) return;
      // Pages that went, by zeros or by a file cut short, are empty to PostgreSQL and to pg_amcheck. An index still
      // knows of their rows, where the visibility map spares it to look.
      session.query("SET enable_seqscan TO off; SET enable_indexscan TO on; SET enable_indexonlyscan TO on");
      const query_result plan = session.query("EXPLAIN (COSTS off) " + count);
      const std::vector<std::string_view> lines = plan.column(0);
      if (std::none_of(lines.begin(), lines.end(),
                       [](std::string_view line) { return line.find("Index Only Scan") != std::string_view::npos; }))
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
  location where_;
  std::string postgres_;
  std::filesystem::path work_;
  std::optional<system_user> user_;
  unsigned jobs_;
  const std::atomic<bool>* stop_;
  postgres_programs programs_;
  std::unique_ptr<postgres_server> server_;
  data_directory_outcome outcome_;
};

}  // namespace detail

/// `data`: the restored directory, which is changed by starting it. `work`: where the server keeps its own files; it
/// does not exist yet. `postgres`: where to look for programs first. Without programs of the right version it is
/// `unchecked`. Throws `environment_error` when the machine is at fault before anything was found, `interrupted`.
inline data_directory_outcome rehearse_data_directory(const std::filesystem::path& data, const location& where,
                                                      const std::string& postgres, const std::filesystem::path& work,
                                                      const std::optional<system_user>& user, unsigned jobs,
                                                      const std::atomic<bool>* stop) {
  return detail::data_directory_rehearsal{data, where, postgres, work, user, jobs, stop}.run();
}

}  // namespace restorable
