// hermetic_git: runs git cut off from the machine's configuration, hooks, helpers and the network.
//
// Layer: rehearse. Example: hermetic_git git{scratch / "git-home", nullptr};
//   git.run({"clone", "--mirror", "--template=", "--", bundle, clone});
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/sandbox/process.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

class hermetic_git {
 public:
  /// `home`: an existing directory of our own, where git finds nothing. `stop` may be null; it outlives this object.
  hermetic_git(const std::filesystem::path& home, stop_flag stop) : stop_{stop} {
    for (auto& variable : plain_environment()) {
      if (variable.starts_with("PATH=")) environment_.push_back(std::move(variable));
    }
    for (const std::string& variable :
         {"HOME=" + home.string(), "XDG_CONFIG_HOME=" + home.string(), std::string{"LC_ALL=C"}, std::string{"TZ=UTC"},
          std::string{"GIT_CONFIG_NOSYSTEM=1"}, std::string{"GIT_CONFIG_GLOBAL=/dev/null"},
          std::string{"GIT_ATTR_NOSYSTEM=1"}, std::string{"GIT_TERMINAL_PROMPT=0"}, std::string{"GIT_ASKPASS=false"},
          std::string{"GIT_SSH_COMMAND=false"}, std::string{"GIT_EDITOR=false"}, std::string{"GIT_PAGER=cat"},
          std::string{"GIT_ALLOW_PROTOCOL=file"}, std::string{"GIT_OPTIONAL_LOCKS=0"},
          std::string{"GIT_NO_REPLACE_OBJECTS=1"}, std::string{"GIT_NO_LAZY_FETCH=1"},
          std::string{"GIT_LFS_SKIP_SMUDGE=1"}}) {
      environment_.push_back(variable);
    }
  }

  /// Runs as this user from here on, in this home.
  void run_as(system_user user, const std::string& home) {
    user_ = std::move(user);
    set("HOME", home);
  }
  /// Works in the repository at `path` though it belongs to somebody else than whoever runs git.
  void trust(std::string path) { trusted_.push_back(std::move(path)); }
  /// Replaces a variable of the environment.
  void set(std::string_view name, std::string_view value) {
    std::erase_if(environment_, [&](const std::string& one) { return one.starts_with(fmt::format("{}=", name)); });
    environment_.push_back(fmt::format("{}={}", name, value));
  }
  void unset(std::string_view name) {
    std::erase_if(environment_, [&](const std::string& one) { return one.starts_with(fmt::format("{}=", name)); });
  }

  /// Runs git; what it says is the beginning and the end of both streams. Throws `interrupted`, and `environment_error`
  /// where there is no git, it was killed, or it says that this host is at fault: disk full, no memory.
  [[nodiscard]] process_result run(std::vector<std::string> arguments,
                                   const std::filesystem::path& directory = "/") const {
    return run_with(std::move(arguments), directory, {});
  }

  /// The same, each line of standard output handed to `take`; what it says is standard error. A line beyond 64 KiB is
  /// cut.
  template <typename Take>
  process_result lines(std::vector<std::string> arguments, const std::filesystem::path& directory, Take&& take) const {
    constexpr std::size_t most = 65'536;
    std::string rest;
    process_result done = run_with(std::move(arguments), directory, [&](std::string_view text) {
      while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view part = text.substr(0, end);
        rest += part.substr(0, most - std::min(most, rest.size()));
        if (end == std::string_view::npos) return;
        take(std::string_view{rest});
        rest.clear();
        text.remove_prefix(end + 1);
      }
    });
    if (!rest.empty()) take(std::string_view{rest});
    return done;
  }

 private:
  process_result run_with(std::vector<std::string> arguments, const std::filesystem::path& directory,
                          std::function<void(std::string_view)> on_output) const {
    std::vector<std::string> all{"git"};
    for (const char* setting :
         {"core.hooksPath=/dev/null", "core.fsmonitor=false", "core.untrackedCache=false", "protocol.allow=never",
          "protocol.file.allow=always", "submodule.recurse=false", "gc.auto=0", "maintenance.auto=false",
          "init.defaultBranch=main", "advice.detachedHead=false", "core.quotePath=true", "color.ui=never",
          "credential.helper=", "core.pager=cat"}) {
      all.emplace_back("-c");
      all.emplace_back(setting);
    }
    for (const auto& one : trusted_) all.insert(all.end(), {"-c", "safe.directory=" + one});
    const std::string word = arguments.empty() ? "" : arguments.front();
    for (auto& argument : arguments) all.push_back(std::move(argument));
    const process_result done = run_process({.arguments = std::move(all),
                                             .directory = directory.string(),
                                             .environment = environment_,
                                             .user = user_,
                                             .time_limit = std::chrono::seconds{0},
                                             .output_bytes = 65'536,
                                             .stop = stop_,
                                             .on_output = std::move(on_output)});
    blame_host(done, word, directory);
    return done;
  }

  // What git complains about may be this host's fault, and says nothing of the backup.
  static void blame_host(const process_result& done, const std::string& word, const std::filesystem::path& directory) {
    if (done.exit_code == 0) return;
    const auto says = [&](std::string_view text) { return done.output.find(text) != std::string::npos; };
    const location where{directory.string()};
    if (says("No space left on device") || says("Disk quota exceeded")) {
      throw environment_error{where, fmt::format("git {} found no space left on the device", word),
                              "free space there, or choose another --scratch DIR"};
    }
    constexpr int killed = 128 + 9;
    if (done.exit_code == killed || says("died of signal 9") || says("died of signal 15") || says("cannot fork") ||
        says("unable to create thread") || says("Cannot allocate memory") || says("out of memory") ||
        says("Out of memory")) {
      throw environment_error{where, fmt::format("git {} was killed, or found no memory or no process", word),
                              "free memory on this host, and run the drill again"};
    }
    if (says("Too many open files") || says("Read-only file system") || says("Permission denied")) {
      throw environment_error{
          where,
          fmt::format("git {}: {}", word,
                      says("Permission denied") ? "permission denied" : "the host refuses to open more files"),
          "run as a user who may read the bundle and write the scratch directory"};
    }
  }

  std::vector<std::string> environment_;
  std::vector<std::string> trusted_;
  std::optional<system_user> user_;
  stop_flag stop_;
};

}  // namespace knowngood
