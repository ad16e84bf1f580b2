// postgres_server: a PostgreSQL server of the drill's own, on a private unix socket, with settings fit for throwing
// away.
//
// Layer: server. No TCP, no durability, no autovacuum, no library preloaded, no command for archiving or restoring. It
// ends with this object, and when the process that holds it is killed. It is to be made by a thread that lives as long.
//   auto server = postgres_server::create({find_postgres().front(), scratch / "server", unprivileged_user()});
//   server_session admin{server->dsn("postgres", server->superuser()), where};
#pragma once

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/child_process.hpp"
#include "knowngood/sandbox/drill_processes.hpp"
#include "knowngood/sandbox/hand_over.hpp"
#include "knowngood/sandbox/process.hpp"
#include "knowngood/sandbox/scratch.hpp"
#include "knowngood/sandbox/system_user.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/postgres_programs.hpp"
#include "knowngood/server/server_log.hpp"
#include "knowngood/server/server_process.hpp"

namespace knowngood {

/// The server refuses a data directory that was restored: not the environment's fault, but that of the directory.
/// `what()` holds what its log complains about.
class server_refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class postgres_server {
 public:
  /// The bootstrap superuser of clusters made here: a name that no dump has, so that a dump's own `postgres` is a role
  /// like any other.
  static constexpr std::string_view own_superuser = "knowngood_admin";

  /// Makes a cluster in the directory, and starts it. Throws `environment_error`, `interrupted`.
  static std::unique_ptr<postgres_server> create(const server_request& request) {
    make_directory(request.directory);
    detail::write_server_files(request.directory);
    const std::filesystem::path data = request.directory / "data";
    make_directory_for(data, request.user);
    process_request initdb;
    initdb.arguments = {request.programs.program("initdb"),
                        "--pgdata=" + data.string(),
                        "--username=" + std::string{own_superuser},
                        "--encoding=UTF8",
                        "--lc-collate=C",
                        "--lc-ctype=" + request.settings.locale,
                        "--lc-messages=C",
                        "--lc-monetary=C",
                        "--lc-numeric=C",
                        "--lc-time=C",
                        "--auth=trust",
                        "--no-sync"};
    initdb.directory = request.directory.string();
    initdb.user = request.user;
    initdb.isolated = true;
    initdb.readable = {request.directory.string()};
    initdb.writable = {data.string()};
    initdb.time_limit = std::chrono::minutes{5};
    initdb.stop = request.stop;
    const process_result made = run_process(initdb);
    const location where{request.directory.string()};
    if (made.exit_code != 0) {
      throw environment_error{where, "initdb failed: " + log_reason(made.output),
                              "check that the PostgreSQL installation is whole, and that the scratch directory can be "
                              "reached and written by the server's user"};
    }
    try {
      return start(request, data, std::string{own_superuser});
    } catch (const server_refused& refused) {
      throw environment_error{where, refused.what(),
                              "do what the message asks for; --scratch DIR and --postgres DIR choose other places"};
    }
  }

  /// Starts a cluster that was restored into `data`, all of which belongs to the request's user already. Nothing of
  /// its own configuration is obeyed: the files for that are made in the directory. `superuser`: of the cluster. Throws
  /// `server_refused` when it does not start, `environment_error`, `interrupted`.
  static std::unique_ptr<postgres_server> boot(const server_request& request, const std::filesystem::path& data,
                                               const std::string& superuser) {
    make_directory(request.directory);
    detail::write_server_files(request.directory);
    return start(request, data, superuser);
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
  /// Whether its log blames the host, or it has no space left; once it is so, what fails afterwards says nothing of
  /// what was restored.
  [[nodiscard]] bool blames_host() const { return log_blames_host(read_log()) || is_full(data_); }
  /// What its log complains about, for people; empty when it does not.
  [[nodiscard]] std::string complaints() const { return log_complaints(read_log()); }

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
  static constexpr std::string_view socket_name = ".s.PGSQL.5432";

  postgres_server(postgres_programs programs, std::filesystem::path data, std::filesystem::path log,
                  std::string superuser)
      : programs_{std::move(programs)},
        data_{std::move(data)},
        log_{std::move(log)},
        superuser_{std::move(superuser)} {}

  static std::unique_ptr<postgres_server> start(const server_request& request, const std::filesystem::path& data,
                                                std::string superuser) {
    const std::filesystem::path& directory = request.directory;
    std::unique_ptr<postgres_server> server{new postgres_server{request.programs, std::filesystem::canonical(data),
                                                                directory / "log", std::move(superuser)}};
    // room for a socket's name is 107 bytes; a leading @ would mean another kind of socket
    server->sockets_ = directory / "s";
    if (server->sockets_.string().size() + 1 + socket_name.size() > 107) {
      server->own_sockets_.emplace(detail::short_directory, request.user);
      server->sockets_ = server->own_sockets_->path() / "s";
    }
    make_directory_for(server->sockets_, request.user);
    server->server_ = std::make_unique<child_process>(detail::server_process(request, data, server->sockets_),
                                                      server->log_.string(), SIGQUIT);
    server->wait_until_ready(request);
    return server;
  }

  // The server's user could put a link to somebody else's socket into the place of this one, and has nothing to do in
  // the directory any more. Throws `environment_error`.
  void take_sockets_back() const {
    const location where{sockets_.string()};
    const file_descriptor directory{::open(sockets_.c_str(), detail::directory_itself)};
    struct stat about {};
    if (directory.get() < 0 || ::fchown(directory.get(), ::geteuid(), ::getegid()) != 0 ||
        ::fchmod(directory.get(), 0711) != 0 ||
        ::fstatat(directory.get(), socket_name.data(), &about, AT_SYMLINK_NOFOLLOW) != 0)
      throw system_error(where, "take it back from the server's user", errno);
    if (!S_ISSOCK(about.st_mode))
      throw environment_error{where, "something else was put into the place of the server's socket",
                              "do not trust what was restored; look for what else runs as that user"};
  }

  [[nodiscard]] bool has_socket() const {
    struct stat about {};
    return ::lstat((sockets_ / socket_name).c_str(), &about) == 0 && S_ISSOCK(about.st_mode);
  }

  void wait_until_ready(const server_request& request) {
    bool taken_back = !request.user;
    const std::string conninfo = isolated_conninfo(dsn("postgres", superuser_));
    const auto until = std::chrono::steady_clock::now() + detail::longest_start;
    for (;;) {
      request.stop.throw_if_requested();
      if (!server_->running()) {
        const std::string why = log_reason(read_log());
        if (blames_host()) {
          throw environment_error{location{"PostgreSQL"}, "the server cannot be started on this host: " + why,
                                  "give it what it asks for, or choose another directory with --scratch DIR"};
        }
        throw server_refused{"the server does not start: " + why};
      }
      if (has_socket()) {
        if (!std::exchange(taken_back, true)) take_sockets_back();
        if (PQping(conninfo.c_str()) == PQPING_OK) return;
      }
      if (std::chrono::steady_clock::now() > until) {
        throw environment_error{
            location{"PostgreSQL"},
            fmt::format("the server takes no connections within {} minutes: {}",
                        std::chrono::duration_cast<std::chrono::minutes>(detail::longest_start).count(),
                        log_reason(read_log())),
            "choose a faster disk with --scratch DIR, and look at what its log says"};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  [[nodiscard]] std::string read_log() const {
    std::ifstream file{log_, std::ios::binary | std::ios::ate};
    const auto size = file ? static_cast<std::streamoff>(file.tellg()) : 0;
    file.seekg(std::max<std::streamoff>(0, size - 65'536));
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!text.empty() && text.back() != '\n') text += '\n';
    if (server_ && !server_->running()) text += log_of_end(server_->exit_code());
    return text;
  }

  postgres_programs programs_;
  std::filesystem::path data_;
  std::filesystem::path log_;
  std::string superuser_;
  std::filesystem::path sockets_;
  std::optional<drill_scratch> own_sockets_;  // outlives the server, which uses it
  std::unique_ptr<child_process> server_;
};

}  // namespace knowngood
