// find_postgres: the PostgreSQL installations of this machine that can run a server.
//
// Layer: server. Debian keeps them in /usr/lib/postgresql/N/bin, off PATH; pg_config knows where others are.
//   const auto found = find_postgres(); if (!found.empty()) found.front().program("initdb")
#pragma once

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/sandbox/process.hpp"

namespace knowngood {

struct postgres_programs {
  std::filesystem::path directory;
  unsigned major = 0;   ///< 15
  std::string version;  ///< `15.18`

  [[nodiscard]] std::string program(std::string_view name) const { return (directory / name).string(); }
  [[nodiscard]] bool has(std::string_view name) const { return ::access(program(name).c_str(), X_OK) == 0; }
};

namespace detail {

/// `15.18` of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
inline std::string version_in(std::string_view text) {
  const std::size_t at = text.find_first_of("0123456789");
  if (at == std::string_view::npos) return {};
  return std::string{text.substr(at, text.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz", at) - at)};
}

inline std::optional<postgres_programs> programs_in(const std::filesystem::path& directory) {
  postgres_programs found;
  found.directory = directory;
  if (!found.has("initdb") || !found.has("postgres")) return std::nullopt;
  process_request ask;
  ask.arguments = {found.program("postgres"), "--version"};
  ask.user = unprivileged_user();
  ask.directory = "/";
  ask.time_limit = std::chrono::seconds{20};
  try {
    const process_result said = run_process(ask);
    found.version = version_in(said.output);
    std::from_chars(found.version.data(), found.version.data() + found.version.size(), found.major);
    if (said.exit_code == 0 && !said.timed_out && found.major != 0) return found;
  } catch (const environment_error&) {
    // not for this machine, or not for that user: no server that could be run here
  }
  return std::nullopt;
}

inline std::vector<std::filesystem::path> postgres_directories(const std::string& first) {
  std::vector<std::filesystem::path> directories;
  if (!first.empty()) directories.emplace_back(first);
  for (const char* parent : {"/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/postgresql"}) {
    std::error_code error;
    for (auto one = std::filesystem::directory_iterator{parent, error};
         !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
      directories.push_back(one->path() / "bin");
    }
  }
  std::error_code error;
  for (auto one = std::filesystem::directory_iterator{"/usr", error};
       !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
    if (one->path().filename().string().starts_with("pgsql-")) directories.push_back(one->path() / "bin");
  }
  directories.emplace_back("/usr/local/pgsql/bin");
  try {
    const process_result said =
        run_process({.arguments = {"pg_config", "--bindir"}, .time_limit = std::chrono::seconds{20}});
    if (said.exit_code == 0) directories.emplace_back(said.output.substr(0, said.output.find('\n')));
  } catch (const environment_error&) {
    // not installed: there are the other places
  }
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t colon = rest.find(':');
    if (rest.front() == '/') directories.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return directories;
}

}  // namespace detail

/// Newest first, each once; `first` is a directory to look in besides the usual places, and comes first whatever its
/// version. Those without initdb or a server that runs are left out. Throws `environment_error` when `first` has none.
inline std::vector<postgres_programs> find_postgres(const std::string& first = {}) {
  std::vector<postgres_programs> all;
  std::set<std::filesystem::path> seen;
  const std::vector<std::filesystem::path> directories = detail::postgres_directories(first);
  for (std::size_t i = 0; i < directories.size(); ++i) {
    std::error_code error;
    const auto real = std::filesystem::canonical(directories[i] / "postgres", error);
    auto found = error || !seen.insert(real).second ? std::nullopt : detail::programs_in(directories[i]);
    if (found) {
      all.push_back(std::move(*found));
    } else if (i == 0 && !first.empty()) {
      throw environment_error{
          location{first}, "there are no initdb and postgres in it that run on this host",
          "name the directory that holds PostgreSQL's programs, for example /usr/lib/postgresql/15/bin"};
    }
  }
  std::stable_sort(all.begin() + (first.empty() ? 0 : 1), all.end(),
                   [](const postgres_programs& a, const postgres_programs& b) { return a.major > b.major; });
  return all;
}

/// Those of one major version.
inline std::optional<postgres_programs> find_postgres(const std::string& first, unsigned major) {
  for (auto& one : find_postgres(first)) {
    if (one.major == major) return one;
  }
  return std::nullopt;
}

}  // namespace knowngood
