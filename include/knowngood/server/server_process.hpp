// server_request: with what, where and as whom a PostgreSQL server of the drill's own is run; and the process for that.
//
// Layer: server; part of postgres_server.hpp and single_user_server.hpp. No TCP, no durability, no autovacuum, no
// library preloaded, no command for archiving or restoring; no file is obeyed but those that are written here.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/available_memory.hpp"
#include "knowngood/sandbox/control_group.hpp"
#include "knowngood/sandbox/start_process.hpp"
#include "knowngood/sandbox/system_user.hpp"
#include "knowngood/server/postgres_programs.hpp"

namespace knowngood {

struct server_settings {
  unsigned jobs = 2;                    ///< connections that work side by side
  std::string locale = "C.UTF-8";       ///< LC_CTYPE of new clusters; the order is always C
  std::vector<std::string> extra = {};  ///< NAME=VALUE, over the usual ones
};

/// With what, where and as whom a server is run.
struct server_request {
  postgres_programs programs;
  std::filesystem::path directory;       ///< for what belongs to the server; does not exist yet
  std::optional<system_user> user = {};  ///< who runs it when we are root
  server_settings settings = {};
  stop_flag stop = {};  ///< ends the wait until it takes connections
  server_bounds bounds = {};
};

namespace detail {

inline constexpr std::chrono::seconds longest_start = std::chrono::minutes{15};  // of recovery, on a slow disk

// A file of ours that the server reads and cannot change, in a directory of ours.
inline void write_setting(const std::filesystem::path& path, std::string_view text) {
  const location where{path.string()};
  const file_descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (file.get() < 0 || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fchmod(file.get(), 0644) != 0)
    throw write_error(where, "write it", errno);
}

/// The files that a server obeys, in a directory of ours. Throws `environment_error`.
inline void write_server_files(const std::filesystem::path& directory) {
  // the sockets' directory is private, so whoever reaches one is us
  write_setting(directory / "hba.conf", "local all all trust\n");
  write_setting(directory / "ident.conf", "");
  write_setting(directory / "server.conf", "");
}

inline std::vector<std::string> usual_settings(const server_settings& wanted, unsigned major) {
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
                               "lock_timeout=10min",
                               "ssl=off",
                               "hot_standby=off",
                               "max_connections=60",
                               "max_locks_per_transaction=512",
                               "max_worker_processes=16",
                               "track_activities=on",
                               "update_process_title=off",
                               "bgwriter_lru_maxpages=0",
                               "wal_compression=off",
                               "max_prepared_transactions=0",
                               "dynamic_shared_memory_type=mmap"};  // in the scratch, and gone with it; /dev/shm of a
                                                                    // container is small, and outlives it
  all.push_back(fmt::format("shared_buffers={}MB", shared));
  all.push_back(fmt::format("maintenance_work_mem={}MB", maintenance));
  if (major >= 10)
    all.emplace_back("max_logical_replication_workers=0");  // subscriptions would reach for their publishers
  if (major >= 11) all.emplace_back("jit=off");
  if (major >= 12)
    all.insert(all.end(),
               {"restore_command=", "primary_conninfo=", "archive_cleanup_command=", "recovery_end_command="});
  if (major >= 15) all.emplace_back("archive_library=");
  if (major >= 17)
    all.insert(all.end(), {"event_triggers=off", "allow_alter_system=off"});  // some run when a session begins
  all.insert(all.end(), wanted.extra.begin(), wanted.extra.end());
  return all;
}

// As an item of a setting that is a list of names.
inline std::string quoted_in_list(std::string_view text) {
  std::string quoted{"\""};
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted += '"';
}

/// Obeys no file but those of `write_server_files`. Without `sockets` it has none.
inline process_request server_process(const server_request& of, const std::filesystem::path& data,
                                      const std::filesystem::path& sockets) {
  process_request process;
  process.arguments = {of.programs.program("postgres"), "-D", data.string()};
  std::vector<std::string> settings{
      "config_file=" + (of.directory / "server.conf").string(), "hba_file=" + (of.directory / "hba.conf").string(),
      "ident_file=" + (of.directory / "ident.conf").string(), "data_directory=" + data.string(),
      "unix_socket_directories=" + (sockets.empty() ? "" : quoted_in_list(sockets.string()))};
  for (auto& setting : usual_settings(of.settings, of.programs.major)) settings.push_back(std::move(setting));
  for (auto& setting : settings) {
    process.arguments.emplace_back("-c");
    process.arguments.push_back(std::move(setting));
  }
  process.directory = data.string();
  process.user = of.user;
  process.group = of.bounds.group;
  process.memory = of.bounds.memory;
  process.confined = true;
  process.isolated = true;
  process.readable = {std::filesystem::canonical(of.directory).string()};
  // what Debian makes of the system's dictionaries for text search, to which PostgreSQL's own directory has links
  constexpr std::string_view dictionaries = "/var/cache/postgresql/dicts";
  std::error_code error;
  if (std::filesystem::is_directory(dictionaries, error)) process.readable.emplace_back(dictionaries);
  process.writable = {data.string()};
  if (!sockets.empty()) process.writable.push_back(sockets.string());
  return process;
}

}  // namespace detail

}  // namespace knowngood
