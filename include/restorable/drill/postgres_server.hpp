// postgres_server: a PostgreSQL server of the drill's own, on a private unix socket, with settings fit for throwing
// away.
//
// Layer: drill. No TCP, no durability, no autovacuum, no library preloaded, no command for archiving or restoring. It
// ends with this object, and when the process that holds it is killed. It is to be made by a thread that lives as long.
//   auto server = postgres_server::create(find_postgres().front(), scratch / "server", unprivileged_user(), {}, &stop);
//   connection session{server->dsn("postgres", server->superuser()), where};
#pragma once

#include <libpq-fe.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/error.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/available_memory.hpp"
#include "restorable/drill/conninfo.hpp"
#include "restorable/drill/postgres_programs.hpp"
#include "restorable/drill/process.hpp"
#include "restorable/drill/scratch.hpp"
#include "restorable/io/system_error.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

struct server_settings {
  unsigned jobs = 2;                    ///< connections that work side by side
  std::string locale = "C.UTF-8";       ///< LC_CTYPE of new clusters; the order is always C
  std::vector<std::string> extra = {};  ///< NAME=VALUE, over the usual ones
};

/// The server ended while it was starting: not the environment's fault, but that of the data directory, if that was
/// restored. `what()` holds the telling lines of its log.
class server_refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class postgres_server {
 public:
  /// The bootstrap superuser of clusters made here: a name that no dump has, so that a dump's own `postgres` is a role
  /// like any other.
  static constexpr std::string_view own_superuser = "restorable_admin";

  /// Makes a cluster in `directory`, which does not exist yet, and starts it. `user`: who runs it when we are root.
  /// `stop` ends the wait. Throws `environment_error`, `interrupted`.
  static std::unique_ptr<postgres_server> create(const postgres_programs& programs,
                                                 const std::filesystem::path& directory,
                                                 const std::optional<system_user>& user,
                                                 const server_settings& settings, const std::atomic<bool>* stop) {
    make_directory(directory, user);
    process_request initdb;
    initdb.arguments = {programs.program("initdb"),
                        "--pgdata=" + (directory / "data").string(),
                        "--username=" + std::string{own_superuser},
                        "--encoding=UTF8",
                        "--lc-collate=C",
                        "--lc-ctype=" + settings.locale,
                        "--lc-messages=C",
                        "--lc-monetary=C",
                        "--lc-numeric=C",
                        "--lc-time=C",
                        "--auth=trust",
                        "--no-sync"};
    initdb.directory = directory.string();
    initdb.user = user;
    initdb.time_limit = std::chrono::minutes{5};
    initdb.stop = stop;
    const process_outcome made = run_process(initdb);
    if (made.stopped) throw interrupted{};
    if (made.exit_code != 0) {
      throw environment_error{location{directory.string()}, "initdb failed: " + telling_lines(made.output),
                              "check that the PostgreSQL installation is whole, and that the scratch directory can be "
                              "reached and written by the server's user"};
    }
    try {
      return start(programs, directory, directory / "data", user, settings, stop, std::string{own_superuser});
    } catch (const server_refused& refused) {
      throw environment_error{location{directory.string()}, refused.what(),
                              "do what the message asks for; --scratch DIR and --postgres DIR choose other places"};
    }
  }

  /// Starts a cluster that was restored into `data`, all of which belongs to `user` already. Nothing of its own
  /// configuration is obeyed: the files for that are made in `directory`, which does not exist yet. `superuser` is not
  /// known before it runs: see `roles`. Throws `server_refused` when it does not start.
  static std::unique_ptr<postgres_server> boot(const postgres_programs& programs,
                                               const std::filesystem::path& directory,
                                               const std::filesystem::path& data,
                                               const std::optional<system_user>& user, const server_settings& settings,
                                               const std::atomic<bool>* stop, const std::string& superuser) {
    make_directory(directory, user);
    return start(programs, directory, data, user, settings, stop, superuser);
  }

  /// Adds `own_superuser` to a restored cluster that does not run and whose superusers are not known; for this the
  /// server runs once, alone, in `directory`, which does not exist yet. Returns what it complains about; empty when it
  /// is done.
  static std::string add_superuser(const postgres_programs& programs, const std::filesystem::path& directory,
                                   const std::filesystem::path& data, const std::optional<system_user>& user,
                                   const server_settings& settings, const std::atomic<bool>* stop) {
    make_directory(directory, user);
    process_request single = request_of(programs, directory, data, user, settings, directory);
    single.arguments.insert(single.arguments.begin() + 1, "--single");
    single.arguments.emplace_back("template1");
    single.input = fmt::format("CREATE ROLE {0};\nALTER ROLE {0} SUPERUSER LOGIN;\n", own_superuser);
    single.time_limit = longest_start;
    single.stop = stop;
    const process_outcome said = run_process(single);
    if (said.stopped) throw interrupted{};
    std::string complaints;
    for (std::string_view rest = said.output; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const bool there = line.find(fmt::format("role \"{}\" already exists", own_superuser)) !=
                         std::string_view::npos;  // of an earlier drill
      if (!there) complaints.append(line).append("\n");
    }
    const bool failed = said.exit_code != 0 || complaints.find("ERROR:") != std::string::npos;
    return failed ? telling_lines(complaints) : std::string{};
  }

  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;
  ~postgres_server() {
    if (!server_) return;
    server_->stop(SIGQUIT, std::chrono::seconds{5});
    detail::end_processes_inside(data_.string());
  }

  /// Conninfo: the private socket, `database`, `role`.
  [[nodiscard]] std::string dsn(std::string_view database, std::string_view role) const {
    std::string conninfo = conninfo_with("", "host", sockets_.string());
    conninfo = conninfo_with(conninfo, "port", "5432");
    conninfo = conninfo_with(conninfo, "dbname", database);
    return conninfo_with(conninfo, "user", role);
  }

  [[nodiscard]] const std::string& superuser() const noexcept { return superuser_; }
  [[nodiscard]] const postgres_programs& programs() const noexcept { return programs_; }
  [[nodiscard]] const std::filesystem::path& sockets() const noexcept { return sockets_; }
  [[nodiscard]] pid_t pid() const noexcept { return server_->pid(); }
  [[nodiscard]] bool running() { return server_->running(); }

  /// The last lines of its log.
  [[nodiscard]] std::string log_tail(std::size_t lines = 10) const { return last_lines(read_log(), lines); }
  /// What its log complains about, for people; empty when it does not.
  [[nodiscard]] std::string complaints() const { return complaints_in(read_log()); }

  /// Ends it: without waiting for clients, then, if need be, at once. Throws `environment_error` when it is still
  /// there.
  void stop() {
    if (!server_->stop(SIGINT, std::chrono::seconds{20})) server_->stop(SIGQUIT, std::chrono::seconds{5});
    detail::end_processes_inside(
        data_.string());  // children of one that was killed, which are not in its process group
    if (!detail::processes_inside(data_.string()).empty()) {
      throw environment_error{location{"PostgreSQL"},
                              fmt::format("the server, process {}, does not end", server_->pid()), "kill it"};
    }
    if (own_sockets_) own_sockets_->remove();
    own_sockets_.reset();
  }

 private:
  static constexpr std::chrono::seconds longest_start = std::chrono::minutes{15};  // of recovery, on a slow disk

  postgres_server(postgres_programs programs, std::filesystem::path data, std::filesystem::path log,
                  std::string superuser)
      : programs_{std::move(programs)},
        data_{std::move(data)},
        log_{std::move(log)},
        superuser_{std::move(superuser)} {}

  static void make_directory(const std::filesystem::path& directory, const std::optional<system_user>& user) {
    const location where{directory.string()};
    if (::mkdir(directory.c_str(), 0700) != 0) throw write_error(where, "make it", errno);
    if (user && ::chown(directory.c_str(), user->uid, user->gid) != 0)
      throw write_error(where, "give it to the server's user", errno);
  }

  static std::vector<std::string> usual_settings(const server_settings& wanted, unsigned major) {
    const std::uint64_t mib = available_memory() >> 20U;
    const auto shared = std::clamp<std::uint64_t>(mib / 8, 32, 512);
    const auto maintenance = std::clamp<std::uint64_t>(mib / 8 / std::max(wanted.jobs, 1U), 32, 1024);
    std::vector<std::string> all{"listen_addresses=",
                                 "port=5432",
                                 "fsync=off",
                                 "synchronous_commit=off",
                                 "full_page_writes=off",
                                 "wal_level=minimal",
                                 "max_wal_senders=0",
                                 "archive_mode=off",
                                 "autovacuum=off",
                                 "max_wal_size=16GB",
                                 "checkpoint_timeout=1h",
                                 "logging_collector=off",
                                 "log_destination=stderr",
                                 "shared_preload_libraries=",
                                 "session_preload_libraries=",
                                 "local_preload_libraries=",
                                 "archive_command=",
                                 "ssl=off",
                                 "hot_standby=off",
                                 "max_connections=60",
                                 "max_locks_per_transaction=512",
                                 "max_worker_processes=16",
                                 "track_activities=on",
                                 "update_process_title=off",
                                 "bgwriter_lru_maxpages=0",
                                 "wal_compression=off",
                                 "max_prepared_transactions=20",
                                 "dynamic_shared_memory_type=mmap"};  // in the scratch, and gone with it; /dev/shm of a
                                                                      // container is small, and outlives it
    all.push_back(fmt::format("shared_buffers={}MB", shared));
    all.push_back(fmt::format("maintenance_work_mem={}MB", maintenance));
    if (major >= 10)
      all.emplace_back("max_logical_replication_workers=0");  // subscriptions would reach for their publishers
    if (major >= 11) all.emplace_back("jit=off");
    if (major >= 12) all.insert(all.end(), {"restore_command=", "primary_conninfo="});
    if (major >= 17) all.emplace_back("event_triggers=off");  // some run when a session begins
    all.insert(all.end(), wanted.extra.begin(), wanted.extra.end());
    return all;
  }

  // Obeys no file but those that are written here, into `directory`.
  static process_request request_of(const postgres_programs& programs, const std::filesystem::path& directory,
                                    const std::filesystem::path& data, const std::optional<system_user>& user,
                                    const server_settings& settings, const std::filesystem::path& sockets) {
    // the directory is private, so whoever reaches the socket is us
    for (const auto& [name, text] :
         {std::pair{"hba.conf", "local all all trust\n"}, std::pair{"ident.conf", ""}, std::pair{"server.conf", ""}}) {
      const std::string path = (directory / name).string();
      std::ofstream file{path};
      file << text;
      if (!file.flush()) throw write_error(location{path}, "write it", errno);
      if (user && ::chown(path.c_str(), user->uid, user->gid) != 0)
        throw write_error(location{path}, "give it to the server's user", errno);
    }
    process_request request;
    request.arguments = {programs.program("postgres"),
                         "-D",
                         data.string(),
                         "-c",
                         "config_file=" + (directory / "server.conf").string(),
                         "-c",
                         "hba_file=" + (directory / "hba.conf").string(),
                         "-c",
                         "ident_file=" + (directory / "ident.conf").string(),
                         "-c",
                         "data_directory=" + data.string(),
                         "-c",
                         "unix_socket_directories=" + quoted_in_list(sockets.string())};
    for (const auto& setting : usual_settings(settings, programs.major)) {
      request.arguments.emplace_back("-c");
      request.arguments.push_back(setting);
    }
    request.directory = data.string();
    request.user = user;
    request.confined = true;
    request.writable = {data.string(), directory.string()};
    if (sockets != directory) request.writable.push_back(sockets.string());
    return request;
  }

  // As an item of a setting that is a list of names.
  static std::string quoted_in_list(std::string_view text) {
    std::string quoted{"\""};
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted += '"';
  }

  static std::unique_ptr<postgres_server> start(const postgres_programs& programs,
                                                const std::filesystem::path& directory,
                                                const std::filesystem::path& data,
                                                const std::optional<system_user>& user, const server_settings& settings,
                                                const std::atomic<bool>* stop, std::string superuser) {
    std::unique_ptr<postgres_server> server{
        new postgres_server{programs, std::filesystem::canonical(data), directory / "log", std::move(superuser)}};
    // room for a socket's name is 107 bytes; a leading @ would mean another kind of socket
    server->sockets_ = directory;
    if (directory.string().size() + std::string_view{"/.s.PGSQL.5432"}.size() > 107) {
      server->own_sockets_.emplace(detail::short_directory, user);
      server->sockets_ = server->own_sockets_->path();
    }
    server->server_ = std::make_unique<child_process>(
        request_of(programs, directory, data, user, settings, server->sockets_), server->log_.string(), SIGQUIT);
    server->wait_until_ready(stop);
    return server;
  }

  void wait_until_ready(const std::atomic<bool>* stop) {
    const std::string conninfo = isolated_conninfo(dsn("postgres", superuser_));
    const auto until = std::chrono::steady_clock::now() + longest_start;
    for (;;) {
      if (stop != nullptr && stop->load()) throw interrupted{};
      if (!server_->running()) {
        const std::string why = telling_lines(read_log());
        if (is_the_hosts_fault(why)) {
          throw environment_error{location{"PostgreSQL"}, "the server cannot be started on this host: " + why,
                                  "give it what it asks for, or choose another directory with --scratch DIR"};
        }
        throw server_refused{"the server does not start: " + why};
      }
      if (std::filesystem::exists(sockets_ / ".s.PGSQL.5432") && PQping(conninfo.c_str()) == PQPING_OK) return;
      if (std::chrono::steady_clock::now() > until) {
        throw environment_error{location{"PostgreSQL"},
                                fmt::format("the server takes no connections within {} minutes: {}",
                                            std::chrono::duration_cast<std::chrono::minutes>(longest_start).count(),
                                            telling_lines(read_log())),
                                "choose a faster disk with --scratch DIR, and look at what its log says"};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  // Says nothing of what was restored.
  static bool is_the_hosts_fault(std::string_view text) {
    for (const std::string_view sign :
         {"No space left on device", "Disk quota exceeded", "Cannot allocate memory", "out of memory",
          "Too many open files", "could not create shared memory segment", "could not map anonymous shared memory",
          "could not create semaphores", "Input/output error", "Read-only file system",
          "could not create Unix socket"}) {
      if (text.find(sign) != std::string_view::npos) return true;
    }
    return false;
  }

  static std::string complaints_in(std::string_view text) {
    std::string telling;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      for (const std::string_view word :
           {"FATAL:", "PANIC:", "ERROR:", "HINT:", "DETAIL:", "error:", "terminated by signal"}) {
        const std::size_t found = line.find(word);
        if (found == std::string_view::npos) continue;
        if (telling.size() < 600)
          telling +=
              (telling.empty() ? "" : "; ") + printable(word == "terminated by signal" ? line : line.substr(found));
        break;
      }
    }
    return telling;
  }

  // What stopped it, rather than what it said last.
  static std::string telling_lines(std::string_view text) {
    const std::string complaints = complaints_in(text);
    return complaints.empty() ? printable(last_lines(text, 3), 600) : complaints;
  }

  [[nodiscard]] std::string read_log() const {
    std::ifstream file{log_, std::ios::binary | std::ios::ate};
    const auto size = file ? static_cast<std::streamoff>(file.tellg()) : 0;
    file.seekg(std::max<std::streamoff>(0, size - 65'536));
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  static std::string last_lines(std::string_view text, std::size_t lines) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    std::size_t at = text.size();
    while (lines > 0 && at != std::string_view::npos && at > 0) {
      at = text.rfind('\n', at - 1);
      --lines;
    }
    return std::string{at == std::string_view::npos || at == 0 ? text : text.substr(at + 1)};
  }

  postgres_programs programs_;
  std::filesystem::path data_;
  std::filesystem::path log_;
  std::string superuser_;
  std::filesystem::path sockets_;
  std::optional<drill_scratch> own_sockets_;  // outlives the server, which uses it
  std::unique_ptr<child_process> server_;
};

}  // namespace restorable
