// check_configuration_files: whether docker compose would understand the configuration that was restored: its compose
// files and `.env`, in the restored directory and one below.
//
// Layer: rehearse. Example: check_configuration_files(confined_directory{"/scratch/config"}, where, bounds, findings);
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/archive/confined_directory.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/rehearse/compose_file.hpp"
#include "knowngood/rehearse/env_file.hpp"

namespace knowngood {

/// What was looked at.
struct configuration_result {
  std::uint64_t compose_files = 0;
  std::uint64_t env_files = 0;
  std::uint64_t services = 0;
};

/// True for the files that docker compose reads by itself: `docker-compose.yml`, `compose.yaml`, ….
inline bool is_compose_file(std::string_view name) noexcept {
  return name == "docker-compose.yml" || name == "docker-compose.yaml" || name == "compose.yml" ||
         name == "compose.yaml";
}

/// True for the files that override one of those: `docker-compose.prod.yml`, `compose.override.yaml`, ….
inline bool is_compose_override(std::string_view name) noexcept {
  return !is_compose_file(name) && (name.starts_with("docker-compose.") || name.starts_with("compose.")) &&
         (name.ends_with(".yml") || name.ends_with(".yaml"));
}

namespace detail {

struct configuration_directory {
  std::string path;  // empty: the restored directory itself
  std::vector<std::string> compose;
  std::vector<std::string> overrides;
  bool env = false;
};

inline std::map<std::string, configuration_directory> find_configuration(const confined_directory& restored) {
  std::map<std::string, configuration_directory> found;
  restored.walk([&](const std::string& path, const struct stat& status) {
    const std::size_t slash = path.find('/');
    if (S_ISDIR(status.st_mode) || (slash != std::string::npos && path.find('/', slash + 1) != std::string::npos))
      return true;
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (is_compose_file(name)) found[folder].compose.push_back(name);
    if (is_compose_override(name)) found[folder].overrides.push_back(name);
    if (name == ".env") found[folder].env = true;
    return true;
  });
  for (auto& [path, directory] : found) directory.path = path;
  return found;
}

}  // namespace detail

/// Reports `restore.syntax` and, for an `env_file` that is not there, `restore.missing-file`, at `where / path`. Names
/// of variables are shown, values never. Throws `environment_error` for a file beyond `bounds.list_bytes`.
inline configuration_result check_configuration_files(const confined_directory& restored, const location& where,
                                                      const limits& bounds, finding_sink& findings) {
  configuration_result summary;
  for (const auto& [folder, directory] : detail::find_configuration(restored)) {
    const auto beneath = [&folder = folder](std::string_view name) {
      return folder.empty() ? std::string{name} : folder + "/" + std::string{name};
    };
    const auto read = [&](const std::string& path) -> std::optional<std::string> {
      auto text = restored.read_file(path, where / path, bounds.list_bytes);
      if (!text) {  // a symbolic link to nowhere
        findings.report(make_finding(checks::restore_missing_file, where / path,
                                     "the file leads to nothing that was restored", "a regular file", "none"));
      }
      return text;
    };
    compose_surroundings around;
    around.has_file = [&](std::string_view path) { return restored.open_file(beneath(path)).get() >= 0; };
    if (directory.env) {
      if (const auto text = read(beneath(".env"))) {
        around.has_env = true;
        around.variables = read_env_file(*text, where / beneath(".env"), findings);
        ++summary.env_files;
      }
    }
    std::vector<std::pair<std::unique_ptr<compose_file>, bool>> files;
    const auto parse = [&](const std::vector<std::string>& names, bool alone) {
      for (const auto& name : names) {
        const std::string path = beneath(name);
        const auto text = read(path);
        if (!text) continue;
        ++summary.compose_files;
        auto file = std::make_unique<compose_file>(*text, where / path, findings);
        if (!file->parsed()) continue;
        around.names.add(file->names());
        files.emplace_back(std::move(file), alone);
      }
    };
    parse(directory.compose, true);
    parse(directory.overrides, false);
    for (const auto& [file, alone] : files) {
      around.alone = alone;
      file->check(around);
    }
    if (const auto services = around.names.by_section.find("services"); services != around.names.by_section.end()) {
      summary.services += services->second.size();
    }
  }
  return summary;
}

}  // namespace knowngood
