// postgres_server: a PostgreSQL server of the drill's own, on a private unix socket, with settings fit for throwing away.
//
// Layer: drill. No TCP, no durability, no autovacuum, no library preloaded, no command for archiving or restoring. It ends
// with this object, and when the process that holds it is killed. It is to be made by a thread that lives as long.
//   auto server = postgres_server::create(find_postgres().front(), scratch / "server", unprivileged_user(), {}, &stop);
//   connection session{server->dsn("postgres", server->superuser()), where};
#pragma once

#include <libpq-fe.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
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
#include "restorable/drill/conninfo.hpp"
#include "restorable/drill/postgres_programs.hpp"
#include "restorable/drill/process.hpp"
#include "restorable/io/atomic_file.hpp"
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
  static std::unique_ptr<postgres_server> create(const postgres_programs& programs, const std::filesystem::path& directory,
                                                 const std::optional<system_user>& user, const server_settings& settings,
                                                 const std::atomic<bool>* stop) {
    make_directory(directory, user);
    process_request initdb;
    initdb.arguments = {programs.program("initdb"), "--pgdata=" + (directory / "data").string(),
                        "--username=" + std::string{own_superuser}, "--encoding=UTF8", "--lc-collate=C",
                        "--lc-ctype=" + settings.locale, "--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C",
                        "--auth=trust", "--no-sync", "--no-instructions"};
    initdb.directory = directory.string();
    initdb.user = user;
    initdb.stop = stop;
    const process_outcome made = run_process(initdb);
    if (made.stopped) throw interrupted{};
    if (made.exit_code != 0) {
      throw environment_error{location{directory.string()}, "initdb failed: " + printable(last_lines(made.output, 3), 600),
                              "check that the PostgreSQL installation is whole"};
    }
    try {
      return start(programs, directory, directory / "data", user, settings, stop, std::string{own_superuser});
    } catch (const server_refused& refused) {
      throw environment_error{location{directory.string()}, refused.what(), "look at the message; --scratch DIR or --postgres DIR may help"};
    }
  }

  /// Starts a cluster that was restored into `data`, all of which belongs to `user` already. Nothing of its own
  /// configuration is obeyed: the files for that are made in `directory`, which does not exist yet. `superuser` is not
  /// known before it runs: see `roles`. Throws `server_refused` when it does not start.
  static std::unique_ptr<postgres_server> boot(const postgres_programs& programs, const std::filesystem::path& directory,
                                               const std::filesystem::path& data, const std::optional<system_user>& user,
                                               const server_settings& settings, const std::atomic<bool>* stop,
                                               const std::string& superuser) {
    make_directory(directory, user);
    return start(programs, directory, data, user, settings, stop, superuser);
  }

  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;
  ~postgres_server() {
    server_->stop(SIGQUIT, std::chrono::seconds{5});
    remove_socket_directory();
  }

  /// Conninfo: the private socket, `database`, `role`.
  [[nodiscard]] std::string dsn(std::string_view database, std::string_view role) const {
    std::string conninfo = conninfo_with("", "host", sockets_.string());
    conninfo = conninfo_with(conninfo, "port", "5432");
    conninfo = conninfo_with(conninfo, "dbname", std::string{database});
    return conninfo_with(conninfo, "user", std::string{role});
  }

  [[nodiscard]] const std::string& superuser() const noexcept { return superuser_; }
  [[nodiscard]] const postgres_programs& programs() const noexcept { return programs_; }
  [[nodiscard]] const std::filesystem::path& sockets() const noexcept { return sockets_; }
  [[nodiscard]] pid_t pid() const noexcept { return server_->pid(); }
  [[nodiscard]] bool running() { return server_->running(); }

  /// The last lines of its log.
  [[nodiscard]] std::string log_tail(std::size_t lines = 10) const { return last_lines(read_log(log_), lines); }

  /// Ends it: without waiting for clients, then, if need be, at once. Throws `environment_error` when it is still there.
  void stop() {
    if (!server_->stop(SIGINT, std::chrono::seconds{20})) server_->stop(SIGQUIT, std::chrono::seconds{5});
    remove_socket_directory();
    if (server_->running()) {
      throw environment_error{location{"PostgreSQL"}, fmt::format("the server, process {}, does not end", server_->pid()), "kill it"};
    }
  }

 private:
  postgres_server(postgres_programs programs, std::filesystem::path sockets, bool own_sockets, std::filesystem::path log,
                  std::unique_ptr<child_process> server, std::string superuser)
      : programs_{std::move(programs)}, sockets_{std::move(sockets)}, own_sockets_{own_sockets}, log_{std::move(log)},
        server_{std::move(server)}, superuser_{std::move(superuser)} {}

  static void make_directory(const std::filesystem::path& directory, const std::optional<system_user>& user) {
    const location where{directory.string()};
    if (::mkdir(directory.c_str(), 0700) != 0) throw write_error(where, "make it", errno);
    if (user && ::chown(directory.c_str(), user->uid, user->gid) != 0) throw write_error(where, "give it to the server's user", errno);
  }

  // Room for a socket's name is 107 bytes. The other place has the scratch's naming, so that a sweep of TMPDIR finds it.
  static std::filesystem::path socket_directory(const std::filesystem::path& directory, const std::optional<system_user>& user, bool& own) {
    constexpr std::size_t longest = 107 - std::string_view{"/.s.PGSQL.5432.lock"}.size();
    own = directory.string().size() > longest;
    if (!own) return directory;
    std::string name = "/tmp/restorable-drill-XXXXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw write_error(location{name}, "make a directory for the server's socket", errno);
    if (user && ::chown(name.c_str(), user->uid, user->gid) != 0) throw write_error(location{name}, "give it to the server's user", errno);
    return name;
  }

  void remove_socket_directory() {
    if (!own_sockets_) return;
    for (const char* name : {".s.PGSQL.5432", ".s.PGSQL.5432.lock"}) ::unlink((sockets_ / name).c_str());
    ::rmdir(sockets_.c_str());
    own_sockets_ = false;
  }

  static std::vector<std::string> usual_settings(const server_settings& wanted, unsigned major) {
    struct sysinfo memory {};
    const std::uint64_t total = ::sysinfo(&memory) == 0 ? static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit : std::uint64_t{1} << 30;
    const std::uint64_t mib = total >> 20;
    const auto shared = std::clamp<std::uint64_t>(mib / 8, 32, 1024);
    const auto maintenance = std::clamp<std::uint64_t>(mib / 8 / std::max(wanted.jobs, 1U), 32, 1024);
    std::vector<std::string> all{
        "listen_addresses=", "port=5432", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
        "max_wal_senders=0", "archive_mode=off", "autovacuum=off", "max_wal_size=16GB", "checkpoint_timeout=1h", "jit=off",
        "logging_collector=off", "log_destination=stderr", "shared_preload_libraries=", "session_preload_libraries=", "local_preload_libraries=",
        "restore_command=", "archive_command=", "primary_conninfo=", "ssl=off", "hot_standby=off", "max_connections=60",
        "max_locks_per_transaction=512", "max_worker_processes=16", "track_activities=on", "update_process_title=off",
        "bgwriter_lru_maxpages=0", "wal_compression=off", "max_prepared_transactions=20"};
    all.push_back(fmt::format("shared_buffers={}MB", shared));
    all.push_back(fmt::format("maintenance_work_mem={}MB", maintenance));
    if (major >= 17) all.emplace_back("event_triggers=off");  // some run when a session begins
    all.insert(all.end(), wanted.extra.begin(), wanted.extra.end());
    return all;
  }

  static std::unique_ptr<postgres_server> start(const postgres_programs& programs, const std::filesystem::path& directory,
                                                const std::filesystem::path& data, const std::optional<system_user>& user,
                                                const server_settings& settings, const std::atomic<bool>* stop, std::string superuser) {
    bool own_sockets = false;
    const std::filesystem::path sockets = socket_directory(directory, user, own_sockets);
    const std::filesystem::path log = directory / "log";
    // the directory is private, so whoever reaches the socket is us
    for (const auto& [name, text] : {std::pair{"hba.conf", "local all all trust\n"}, std::pair{"ident.conf", ""}, std::pair{"server.conf", ""}}) {
      write_file_atomically((directory / name).string(), text, location{(directory / name).string()});
      if (user && ::chown((directory / name).c_str(), user->uid, user->gid) != 0) {
        throw write_error(location{(directory / name).string()}, "give it to the server's user", errno);
      }
    }
    process_request request;
    request.arguments = {programs.program("postgres"), "-D", data.string(),
                         "-c", "config_file=" + (directory / "server.conf").string(),
                         "-c", "hba_file=" + (directory / "hba.conf").string(),
                         "-c", "ident_file=" + (directory / "ident.conf").string(),
                         "-c", "data_directory=" + data.string(),
                         "-c", "unix_socket_directories=" + sockets.string()};
    for (const auto& setting : usual_settings(settings, programs.major)) {
      request.arguments.emplace_back("-c");
      request.arguments.push_back(setting);
    }
    request.directory = data.string();
    request.user = user;
    request.confined = true;
    auto process = std::make_unique<child_process>(request, log.string(), SIGQUIT);
    std::unique_ptr<postgres_server> server{new postgres_server{programs, sockets, own_sockets, log, std::move(process), std::move(superuser)}};
    server->wait_until_ready(stop);
    return server;
  }

  void wait_until_ready(const std::atomic<bool>* stop) {
    const std::string conninfo = isolated_conninfo(dsn("postgres", superuser_));
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes{5};  // of recovery, on a slow disk
    for (;;) {
      if (stop != nullptr && stop->load()) throw interrupted{};
      if (!server_->running()) throw server_refused{"the server does not start: " + telling_lines()};
      if (std::filesystem::exists(sockets_ / ".s.PGSQL.5432") && PQping(conninfo.c_str()) == PQPING_OK) return;
      if (std::chrono::steady_clock::now() > until) throw server_refused{"the server takes no connections within five minutes: " + telling_lines()};
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  // What stopped it, rather than what it said last.
  [[nodiscard]] std::string telling_lines() const {
    const std::string text = read_log(log_);
    std::string telling;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = std::string_view{text}.substr(at, end - at);
      for (const std::string_view word : {"FATAL:", "PANIC:", "ERROR:", "HINT:", "DETAIL:"}) {
        const std::size_t found = line.find(word);
        if (found != std::string_view::npos && telling.size() < 600) telling += (telling.empty() ? "" : "; ") + printable(line.substr(found));
      }
      at = end + 1;
    }
    return telling.empty() ? printable(last_lines(text, 3), 600) : telling;
  }

  static std::string read_log(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary | std::ios::ate};
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
  std::filesystem::path sockets_;
  bool own_sockets_;
  std::filesystem::path log_;
  std::unique_ptr<child_process> server_;
  std::string superuser_;
};

}  // namespace restorable
