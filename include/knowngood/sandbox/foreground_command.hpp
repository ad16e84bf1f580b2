// foreground_command: a command of the operator's own, run beside us with our standard streams, our directory and our
// environment, as a shell would run it.
//
// Layer: sandbox. Nothing of it comes from a backup. (sandbox/process.hpp runs programs apart from us, with nothing
// inherited.)
//   foreground_command dump{{"pg_dump", "--file=x.sql", "db"}, {{"PGTZ", "UTC"}}}; dump.wait({}) == 0
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"

extern "C" char** environ;  // NOLINT: POSIX has it so

namespace knowngood {

class foreground_command {
 public:
  /// Starts `arguments`, the program first, looked up in PATH. `variables` are set in its environment, over ours.
  /// Throws `environment_error` when it cannot be started.
  foreground_command(std::vector<std::string> arguments,
                     const std::vector<std::pair<std::string, std::string>>& variables) {
    std::vector<std::string> environment;
    for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
      const std::string_view entry = *one;
      bool replaced = false;
      for (const auto& [name, value] : variables) replaced |= entry.substr(0, entry.find('=')) == name;
      if (!replaced) environment.emplace_back(entry);
    }
    for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);

    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    // signals that we block or ignore are its own business
    sigset_t none;
    sigset_t usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) ::sigaddset(&usual, signal);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const std::string program = arguments.front();
    const int failed = ::posix_spawnp(&pid_, program.c_str(), nullptr, &attributes, pointers(arguments).data(),
                                      pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) {
      pid_ = -1;
      throw environment_error{location{"command"}, "cannot run " + printable(program) + ": " + std::strerror(failed),
                              "check the command after --, and PATH"};
    }
  }
  foreground_command(const foreground_command&) = delete;
  foreground_command& operator=(const foreground_command&) = delete;
  /// Ends it when nobody has waited for its end.
  ~foreground_command() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      finish(std::chrono::seconds{5});
    }
  }

  /// Its exit code, 128 + N when signal N ended it. Once `stop` is asked for it gets SIGTERM, and SIGKILL ten
  /// seconds later.
  int wait(stop_flag stop) {
    while (pid_ > 0) {
      if (stop.requested()) {
        ::kill(pid_, SIGTERM);
        finish(std::chrono::seconds{10});
      } else if (!reap(WNOHANG)) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
      }
    }
    return exit_code_;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (auto& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }

  bool reap(int flags) {
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, flags);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return false;
    exit_code_ = ended < 0 ? 127 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return true;
  }

  void finish(std::chrono::seconds grace) {
    const auto until = std::chrono::steady_clock::now() + grace;
    while (pid_ > 0 && !reap(WNOHANG)) {
      if (std::chrono::steady_clock::now() > until) {
        ::kill(pid_, SIGKILL);
        while (!reap(0)) {
        }
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
      }
    }
  }

  pid_t pid_ = -1;
  int exit_code_ = 127;
};

}  // namespace knowngood
