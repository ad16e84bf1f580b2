// rehearse_data_directory: boots a restored PostgreSQL data directory with programs of its own major version, has
// pg_amcheck look through it, and counts its rows.
//
// Layer: drill. The directory is hostile: none of its configuration is obeyed, no link in it is followed out of the scratch,
// no library of its choice is loaded, and it is a copy, which starting it may change.
//   auto outcome = rehearse_data_directory(directory, where, settings, scratch / "boot", user);
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
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

/// `directory` itself, or the one directory in it, where that is a PostgreSQL data directory.
inline std::optional<std::filesystem::path> find_data_directory(const std::filesystem::path& directory) {
  const auto is_one = [](const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::symlink_status(path / "PG_VERSION", error)) &&
           std::filesystem::is_directory(std::filesystem::symlink_status(path / "global", error));
  };
  if (is_one(directory)) return directory;
  std::error_code error;
  for (auto one = std::filesystem::directory_iterator{directory, error}; !error && one != std::filesystem::directory_iterator{};
       one.increment(error)) {
    if (one->is_directory(error) && !one->is_symlink(error) && is_one(one->path())) return one->path();
  }
  return std::nullopt;
}

/// Gives a whole tree to `user`, links themselves and not what they lead to. Names the first that is not possible.
inline void give_tree(const std::filesystem::path& root, const std::optional<system_user>& user) {
  if (!user) return;
  const auto give = [&](const std::filesystem::path& path) {
    if (::lchown(path.c_str(), user->uid, user->gid) != 0) throw write_error(location{path.string()}, "give it to the server's user", errno);
  };
  give(root);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) give(entry.path());
}

class data_directory_rehearsal {
 public:
  data_directory_rehearsal(std::filesystem::path data, location where, const std::string& postgres, std::filesystem::path work,
                           std::optional<system_user> user, unsigned jobs, const std::atomic<bool>* stop)
      : data_{std::move(data)}, where_{std::move(where)}, postgres_{postgres}, work_{std::move(work)}, user_{std::move(user)},
        jobs_{jobs}, stop_{stop} {}

  data_directory_outcome run() {
    const auto major = read_major();
    if (!major) return std::move(outcome_);
    const auto programs = find_postgres(postgres_, *major);
    if (!programs) {
      unchecked(fmt::format("a data directory of PostgreSQL {} needs a server of that version, and none is installed here", *major),
                fmt::format("install postgresql-{} on the host of the drill, or name its programs with --postgres DIR", *major));
      return std::move(outcome_);
    }
    outcome_.version = programs->version;
    if (!disarm()) return std::move(outcome_);
    give_tree(data_, user_);
    ::chmod(data_.c_str(), 0700);
    try {
      const auto server = postgres_server::boot(*programs, work_, data_, user_, {.jobs = jobs_}, stop_, "postgres");
      look_through(*server, *programs);
      server->stop();
    } catch (const server_refused& refused) {
      add(checks::boot_failed, where_, "the restored data directory does not start", "a server that takes connections", refused.what());
    }
    return std::move(outcome_);
  }

 private:
  void add(const check& what, const location& where, std::string message, std::string expected = {}, std::string actual = {}) {
    outcome_.findings.push_back(make_finding(what, where, std::move(message), std::move(expected), std::move(actual)));
  }
  void unchecked(std::string message, std::string advice) { outcome_.unchecked.push_back({where_, std::move(message), std::move(advice)}); }

  std::optional<unsigned> read_major() {
    std::ifstream file{data_ / "PG_VERSION"};
    std::string text(64, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    unsigned major = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), major);
    if (error == std::errc{} && (end == text.data() + text.size() || *end == '\n' || *end == '.')) return major;
    add(checks::boot_failed, where_ / "PG_VERSION", "the data directory does not say its version", "a number", printable(text, 40));
    return std::nullopt;
  }

  // Takes out what would make the copy act on other things than itself. False when it cannot be booted without them.
  bool disarm() {
    for (const char* name : {"postmaster.pid", "postmaster.opts", "postgresql.auto.conf", "recovery.signal", "standby.signal", "recovery.conf"}) {
      std::error_code error;
      std::filesystem::remove(data_ / name, error);
    }
    // a backup_label would make the server look for WAL that a restore_command brings; what the directory has is all there is
    std::vector<std::string> outside;
    std::error_code error;
    for (auto one = std::filesystem::recursive_directory_iterator{data_, error};
         !error && one != std::filesystem::recursive_directory_iterator{}; one.increment(error)) {
      if (one->is_symlink(error)) outside.push_back(one->path().lexically_relative(data_).string());
    }
    if (error) throw system_error(location{data_.string()}, "look through it", error.value());
    if (outside.empty()) return true;
    unchecked(fmt::format("{} of the data directory is a symbolic link, to {}{}", printable(outside.front()),
                          printable(std::filesystem::read_symlink(data_ / outside.front(), error).string()),
                          outside.size() > 1 ? fmt::format(", and {} more are", outside.size() - 1) : ""),
              "back up tablespaces and WAL together with it (pg_basebackup does), and rehearse that");
    return false;
  }

  [[nodiscard]] process_request client(const postgres_server& server, const postgres_programs& programs, std::string_view program) const {
    process_request request;
    request.arguments = {programs.program(program)};
    request.environment = plain_environment();
    request.environment.push_back("PGHOST=" + server.sockets().string());
    request.environment.emplace_back("PGPORT=5432");
    request.environment.push_back("PGUSER=" + superuser_);
    request.environment.emplace_back("PGCONNECT_TIMEOUT=20");
    request.directory = work_.string();
    request.user = user_;
    request.stop = stop_;
    return request;
  }

  // The bootstrap superuser may have any name: the server's own single-user mode asks for none, but is a second start. The
  // usual names come first.
  std::optional<connection> connect(const postgres_server& server, const std::string& database) {
    const std::vector<std::string> names = superuser_.empty() ? std::vector<std::string>{"postgres", "root", "admin", "supabase_admin"}
                                                              : std::vector<std::string>{superuser_};
    std::string why;
    for (const auto& name : names) {
      try {
        connection session{server.dsn(database, name), where_ / database};
        session.set_stop(stop_);
        if (session.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user") == "f") {
          superuser_ = session.value("SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper AND rolcanlogin ORDER BY oid LIMIT 1");
          return connect(server, database);
        }
        superuser_ = name;
        return session;
      } catch (const environment_error& error) {
        why = error.what();
      } catch (const sql_error& error) {
        why = error.message;
      }
    }
    unchecked(fmt::format("cannot connect to the booted data directory's database {}: {}", printable(database), printable(why, 300)),
              why.find("locale") != std::string::npos ? "install that locale on the host of the drill"
                                                      : "see which superuser the cluster has, and whether it may log in");
    return std::nullopt;
  }

  void look_through(const postgres_server& server, const postgres_programs& programs) {
    auto first = connect(server, "postgres");
    if (!first) first = connect(server, "template1");
    if (!first) return;
    std::vector<std::string> databases;
    try {
      const query_result names = first->query("SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND datname <> 'template0' ORDER BY 1");
      for (const std::string_view name : names.column(0)) databases.emplace_back(name);
    } catch (const sql_error& error) {
      add(checks::boot_corrupt, where_, "the cluster's list of databases cannot be read", "a list", printable(error.message));
      return;
    }
    first.reset();
    for (const auto& name : databases) {
      check_blocks(server, programs, name);
      count_rows(server, name);
    }
  }

  void check_blocks(const postgres_server& server, const postgres_programs& programs, const std::string& database) {
    if (!programs.has("pg_amcheck")) {
      unchecked("pg_amcheck is not installed, so that corruption would not show", "install PostgreSQL's client programs and contrib modules of that version");
      return;
    }
    process_request amcheck = client(server, programs, "pg_amcheck");
    amcheck.arguments.insert(amcheck.arguments.end(), {"--install-missing=pg_catalog", "--heapallindexed", "--parent-check", "--no-strict-names",
                                                       fmt::format("--jobs={}", std::max(1U, jobs_)), "--maintenance-db=" + database});
    // the name as a connection string would be taken apart
    amcheck.arguments.push_back("--database=" + pattern_of(database));
    const process_outcome said = run_process(amcheck);
    if (said.stopped) throw interrupted{};
    if (said.exit_code == 0) return;
    if (said.output.find("could not open extension control file") != std::string::npos ||
        said.output.find("is not available") != std::string::npos || said.output.find("amcheck is not installed") != std::string::npos) {
      unchecked("the extension amcheck is not available, so that corruption would not show", "install PostgreSQL's contrib modules of that version");
      return;
    }
    report_corruption(database, said.output);
  }

  // What pg_amcheck prints: `heap table "db.schema.table", block 3, offset 4:` and the message below; or an error.
  void report_corruption(const std::string& database, std::string_view output) {
    constexpr std::size_t most = 20;
    std::size_t found = 0;
    std::string subject;
    while (!output.empty()) {
      const std::size_t end = std::min(output.find('\n'), output.size());
      const std::string_view line = output.substr(0, end);
      output.remove_prefix(std::min(end + 1, output.size()));
      if (line.empty()) continue;
      if (line.front() != ' ') {
        subject = line;
        if (line.ends_with(':')) subject.pop_back();
        if (line.find("error:") == std::string_view::npos) continue;
      }
      if (++found > most) continue;
      const std::string text{line.substr(std::min(line.find_first_not_of(' '), line.size()))};
      add(checks::boot_corrupt, where_ / database, printable(subject, 300), "no corruption", printable(text, 300));
    }
    if (found == 0) add(checks::boot_corrupt, where_ / database, "pg_amcheck fails", "no corruption", printable(subject, 300));
    if (found > most) add(checks::boot_corrupt, where_ / database, fmt::format("pg_amcheck finds {} more", found - most));
  }

  // pg_amcheck takes patterns: quoted, a name is itself.
  static std::string pattern_of(const std::string& name) { return quote_identifier(name); }

  void count_rows(const postgres_server& server, const std::string& database) {
    auto session = connect(server, database);
    if (!session) return;
    try {
      const query_result tables = session->query(
          "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
          "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1");
      for (const std::string_view name : tables.column(0)) {
        table_comparison table;
        table.artifact = where_.to_string();
        table.database = database;
        table.name = name;
        std::uint64_t rows = 0;
        try {
          const std::string text = session->value("SELECT pg_catalog.count(*) FROM ONLY " + table.name);
          std::from_chars(text.data(), text.data() + text.size(), rows);
        } catch (const sql_error& error) {
          add(checks::boot_corrupt, where_ / database / table.name, "the table cannot be read", "its rows", printable(error.message));
          continue;
        }
        outcome_.rows += rows;
        table.restored = rows_fact{rows, std::nullopt};
        table.outcome = "counted";
        outcome_.tables.push_back(std::move(table));
      }
    } catch (const sql_error& error) {
      add(checks::boot_corrupt, where_ / database, "its tables cannot be listed", "a list", printable(error.message));
    }
  }

  std::filesystem::path data_;
  location where_;
  std::string postgres_;
  std::filesystem::path work_;
  std::optional<system_user> user_;
  unsigned jobs_;
  const std::atomic<bool>* stop_;
  std::string superuser_;
  data_directory_outcome outcome_;
};

}  // namespace detail

/// `data`: the restored directory, which is changed by starting it. `work`: where the server keeps its own files; it does
/// not exist yet. `postgres`: where to look for programs first. Without programs of the right version it is `unchecked`.
/// Throws `environment_error` when the machine is at fault, `interrupted`.
inline data_directory_outcome rehearse_data_directory(const std::filesystem::path& data, const location& where, const std::string& postgres,
                                                      const std::filesystem::path& work, const std::optional<system_user>& user,
                                                      unsigned jobs, const std::atomic<bool>* stop) {
  return detail::data_directory_rehearsal{data, where, postgres, work, user, jobs, stop}.run();
}

}  // namespace restorable
