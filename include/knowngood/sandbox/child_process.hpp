// child_process: a program that runs beside us, in a process group of its own, and does not outlive the drill: a
// server.
//
// Layer: sandbox. It is to be started by a thread that lives as long; see start_process.hpp.
//   child_process server{request, "/scratch/log", SIGQUIT};  server.stop(SIGINT, std::chrono::seconds{20});
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "knowngood/base/location.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/start_process.hpp"

namespace knowngood {

/// A program that runs beside us: a server. It is ended with this object at the latest.
class child_process {
 public:
  /// Starts it with standard output and error written to `log`, a file that is not there yet, and stays ours. Its
  /// `death_signal` is what it gets when the thread that starts it ends. Throws `environment_error`.
  child_process(const process_request& request, const std::string& log, int death_signal) {
    const file_descriptor out{
        ::open(log.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (out.get() < 0) throw write_error(location{log}, "open it", errno);
    pid_ = detail::start_process(request, out.get(), out.get(), death_signal);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() { static_cast<void>(stop(SIGKILL, std::chrono::seconds{0})); }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  [[nodiscard]] bool running() {
    if (!ended_ && detail::has_ended(pid_)) end();
    return !ended_;
  }

  /// Of one that has ended.
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

  /// Sends `number` and waits; after `grace` SIGKILL to its group. False when it did not end by itself.
  bool stop(int number, std::chrono::seconds grace) {
    if (!running()) return true;
    ::kill(pid_, number);
    const auto until = std::chrono::steady_clock::now() + grace;
    while (running() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    if (!running()) return true;
    end();
    return false;
  }

 private:
  void end() {
    exit_code_ = detail::exit_code_of_status(detail::reap(pid_));
    ended_ = true;
  }

  pid_t pid_ = -1;
  bool ended_ = false;
  int exit_code_ = -1;
};

}  // namespace knowngood
