// run_process, child_process: programs run in a process group of their own, with an environment that is given whole, as
// an unprivileged user where wanted, and never outliving the drill.
//
// Layer: drill. Linux: a child is told by the kernel when the thread that started it ends (PR_SET_PDEATHSIG), so that
// kill -9 of the drill leaves no server behind; a child_process is to be started by a thread that lives as long.
//   const process_outcome git = run_process({.arguments = {"git", "fsck", "--full"}, .directory = clone});
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/error.hpp"
#include "restorable/base/location.hpp"
#include "restorable/drill/confinement.hpp"
#include "restorable/drill/file_confinement.hpp"
#include "restorable/io/file_descriptor.hpp"
#include "restorable/io/system_error.hpp"

namespace restorable {

struct system_user {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

/// Who runs what root must not, PostgreSQL above all: `restorable` where there is such a user, whom nothing else belongs to;
/// `postgres`, else `nobody`. Nothing unless this process is root's.
inline std::optional<system_user> unprivileged_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"restorable", "postgres", "nobody"}) {
    const passwd* entry = ::getpwnam(name);
    if (entry != nullptr && entry->pw_uid != 0) return system_user{entry->pw_uid, entry->pw_gid, name};
  }
  return system_user{65534, 65534, "65534"};
}

/// PATH of the caller, messages in English, no home, no time zone of its own; nothing else is inherited.
inline std::vector<std::string> plain_environment() {
  const char* path = std::getenv("PATH");
  return {std::string{"PATH="} + (path != nullptr && *path != '\0' ? path : "/usr/local/bin:/usr/bin:/bin"), "LC_ALL=C",
          "TZ=UTC", "HOME=/nonexistent"};
}

struct process_request {
  std::vector<std::string> arguments;                          ///< [0]: a path, or looked for in `environment`'s PATH
  std::string directory = {};                                  ///< to run in; empty: the caller's
  std::vector<std::string> environment = plain_environment();  ///< NAME=VALUE, all of it
  std::optional<system_user> user = std::nullopt;              ///< to run as; needs root
  std::chrono::seconds time_limit{0};                          ///< 0: none
  std::size_t output_bytes = 65'536;        ///< of standard output and error that are kept: the beginning and the end
  bool confined = false;                    ///< it may neither run programs nor open connections
  std::vector<std::string> writable = {};   ///< of a confined one: directories below which alone it may write
  std::string input = {};                   ///< its standard input; empty: /dev/null
  const std::atomic<bool>* stop = nullptr;  ///< when it turns true, the process group is ended
  std::function<void(std::string_view)> on_output =
      {};  ///< receives standard output as it comes; then only standard error is kept
};

struct process_outcome {
  int exit_code = -1;  ///< 128 + signal for one that was killed
  bool timed_out = false;
  bool stopped = false;
  std::string output;
  double seconds = 0;
};

namespace detail {

/// The beginning and the end of a text of any length.
class bounded_text {
 public:
  explicit bounded_text(std::size_t most) : head_most_{most / 2}, tail_most_{most - most / 2} {}

  void add(std::string_view text) {
    const std::size_t room = head_most_ - head_.size();
    head_ += text.substr(0, room);
    if (text.size() <= room) return;
    tail_ += text.substr(room);
    if (tail_.size() > 2 * tail_most_ + 4096) cut();
  }

  [[nodiscard]] std::string take() {
    cut();
    if (left_out_ == 0) return std::move(head_) + tail_;
    return fmt::format("{}\n[… {} bytes left out …]\n{}", head_, left_out_, tail_);
  }

 private:
  void cut() {
    if (tail_.size() <= tail_most_) return;
    left_out_ += tail_.size() - tail_most_;
    tail_.erase(0, tail_.size() - tail_most_);
  }

  std::size_t head_most_;
  std::size_t tail_most_;
  std::string head_;
  std::string tail_;
  std::size_t left_out_ = 0;
};

inline std::string find_program(const std::string& name, const std::vector<std::string>& environment) {
  if (name.find('/') != std::string::npos) return name;
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& one : environment) {
    if (one.starts_with("PATH=")) path = std::string_view{one}.substr(5);
  }
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string candidate = std::string{path.substr(0, colon)} + "/" + name;
    struct stat about {};
    if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0 && ::stat(candidate.c_str(), &about) == 0 &&
        S_ISREG(about.st_mode)) {
      return candidate;
    }
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
  }
  throw environment_error{location{name}, fmt::format("there is no program {} here", name),
                          "install it, or put its directory into PATH"};
}

// What the child says when it cannot become the program: which call failed, and errno.
struct start_failure {
  std::array<char, 16> call{};
  int error = 0;
};

struct child_setup {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* directory;    // null: as it is
  const system_user* user;  // null: as it is
  int input;
  int output;
  int error;
  int death_signal;
  pid_t parent;
  bool confined;
  int writable;  // ruleset of file_confinement; negative: none
};

/// Closes all descriptors from `first` to `last`.
inline void close_range_of(unsigned first, unsigned last) noexcept {
  if (first > last || ::syscall(SYS_close_range, first, last, 0U) == 0) return;
  rlimit most{};  // an older kernel
  const unsigned known = ::getrlimit(RLIMIT_NOFILE, &most) == 0
                             ? static_cast<unsigned>(std::min<rlim_t>(most.rlim_cur, 1U << 20U))
                             : 65'536U;
  for (unsigned one = first; one <= last && one < known; ++one) ::close(static_cast<int>(one));
}

// Between fork and exec: only what POSIX calls async-signal-safe, and no memory is allocated.
[[noreturn]] inline void become(const child_setup& setup, int failures) {
  const auto fail = [&](const char* call) {
    start_failure failure;
    for (std::size_t i = 0; i + 1 < failure.call.size() && call[i] != '\0'; ++i) failure.call[i] = call[i];
    failure.error = errno;
    static_cast<void>(!::write(failures, &failure, sizeof failure));
    ::_exit(127);
  };
  ::setpgid(0, 0);
  if (::dup2(setup.input, 0) < 0 || ::dup2(setup.output, 1) < 0 || ::dup2(setup.error, 2) < 0) fail("dup2");
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (setup.user != nullptr) {
    if (::setgroups(0, nullptr) != 0) fail("setgroups");
    if (::setresgid(setup.user->gid, setup.user->gid, setup.user->gid) != 0) fail("setresgid");
    if (::setresuid(setup.user->uid, setup.user->uid, setup.user->uid) != 0) fail("setresuid");
  }
  // After the change of user, which clears it; the parent may be gone already.
  ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(setup.death_signal), 0UL, 0UL, 0UL);
  if (::getppid() != setup.parent) ::_exit(127);
  if (setup.directory != nullptr && ::chdir(setup.directory) != 0) fail("chdir");
  if (setup.confined && !confine_files(setup.writable)) fail("landlock");
  // Everything else that is open is none of the child's business; `failures` closes itself at exec.
  close_range_of(3U, static_cast<unsigned>(failures) - 1U);
  close_range_of(static_cast<unsigned>(failures) + 1U, ~0U);
  if (setup.confined && !confine(setup.program)) fail("seccomp");
  ::execve(setup.program, setup.arguments, setup.environment);
  fail("execve");
  ::_exit(127);
}

inline std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// A copy of a descriptor that no dup2 onto the standard three can hit, wherever they were closed when we were started.
inline file_descriptor above_standard(int descriptor) {
  return file_descriptor{::fcntl(descriptor, F_DUPFD_CLOEXEC, 10)};
}

/// What is to be read from standard input, as a file that is nowhere.
inline file_descriptor input_of(const process_request& request) {
  if (request.input.empty()) return file_descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  file_descriptor file{::memfd_create("input", MFD_CLOEXEC)};
  for (std::string_view rest = request.input; file.get() >= 0 && !rest.empty();) {
    const ssize_t put = ::write(file.get(), rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return file_descriptor{};
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// Starts a program. `output` and `error` are its descriptors 1 and 2.
inline pid_t start_process(const process_request& request, int output, int error, int death_signal) {
  const std::string program = find_program(request.arguments.at(0), request.environment);
  const location where{program};
  // the end of a child whose end nobody may wait for tells nothing, and would be taken for success
  struct sigaction children {};
  if (::sigaction(SIGCHLD, nullptr, &children) == 0 &&
      (children.sa_handler == SIG_IGN || (children.sa_flags & SA_NOCLDWAIT) != 0)) {
    throw environment_error{where, "cannot start it: this process was told to ignore how its children end (SIGCHLD)",
                            "start restorable from a program that leaves SIGCHLD at its default"};
  }
  std::vector<char*> arguments = pointers_to(request.arguments);
  std::vector<char*> environment = pointers_to(request.environment);
  std::array<int, 2> pipe{-1, -1};
  const file_descriptor input_low = input_of(request);
  if (input_low.get() < 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) throw system_error(where, "start it", errno);
  const file_descriptor failures_out{pipe[0]};
  file_descriptor failures_low{pipe[1]};
  file_descriptor failures = above_standard(failures_low.get());
  const file_descriptor input = above_standard(input_low.get());
  const file_descriptor out = above_standard(output);
  const file_descriptor err = above_standard(error);
  if (failures.get() < 0 || input.get() < 0 || out.get() < 0 || err.get() < 0)
    throw system_error(where, "start it", errno);
  const file_descriptor writable =
      request.confined && !request.writable.empty() ? file_rules(request.writable) : file_descriptor{};
  const child_setup setup{program.c_str(),
                          arguments.data(),
                          environment.data(),
                          request.directory.empty() ? nullptr : request.directory.c_str(),
                          request.user ? &*request.user : nullptr,
                          input.get(),
                          out.get(),
                          err.get(),
                          death_signal,
                          ::getpid(),
                          request.confined,
                          writable.get()};
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error(where, "start it", errno);
  if (pid == 0) become(setup, failures.get());
  ::setpgid(pid, pid);  // in either process first
  failures_low = file_descriptor{};
  failures = file_descriptor{};
  start_failure failure;
  ssize_t got = 0;
  do {
    got = ::read(failures_out.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return pid;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  throw system_error(where, fmt::format("start it: {}", failure.call.data()).c_str(), failure.error);
}

/// Whether the child has ended; it stays a zombie, so that its number and its group's cannot be another's yet.
inline bool has_ended(pid_t pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return errno == ECHILD;
  return info.si_pid == pid;
}

/// Ends what is left of the child's group and lets the child go. Returns its status; nothing when somebody else in this
/// process took it.
inline std::optional<int> reap(pid_t pid) {
  ::kill(-pid, SIGKILL);
  int status = 0;
  pid_t waited = -1;
  while ((waited = ::waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
  }
  if (waited != pid) return std::nullopt;
  return status;
}

/// A descriptor that is readable once the process has ended; none on a kernel before 5.3.
inline file_descriptor end_of(pid_t pid) {
  constexpr long pidfd_open = 434;  // the same on every architecture that we build for
  return file_descriptor{static_cast<int>(::syscall(pidfd_open, pid, 0U))};
}

inline int exit_code_of_status(std::optional<int> status) {
  if (!status) return -1;
  return WIFEXITED(*status) ? WEXITSTATUS(*status) : WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : -1;
}

/// Ends a child that is still there when this goes out of scope.
struct child_guard {
  explicit child_guard(pid_t of) : pid{of} {}
  child_guard(const child_guard&) = delete;
  child_guard& operator=(const child_guard&) = delete;
  ~child_guard() {
    if (pid > 0) reap(pid);
  }
  pid_t pid;
};

}  // namespace detail

/// Runs a program to its end, or until its time is up or `stop` is set; then its process group gets SIGTERM, and two
/// seconds later SIGKILL. Processes that it leaves behind in its group are ended. Throws `environment_error` when it
/// cannot be started, and what `on_output` throws, once it is ended.
inline process_outcome run_process(const process_request& request) {
  using clock = std::chrono::steady_clock;
  const auto started = clock::now();
  const location where{request.arguments.at(0)};
  std::array<int, 2> both{-1, -1};
  std::array<int, 2> separate{-1, -1};
  if (::pipe2(both.data(), O_CLOEXEC) != 0) throw system_error(where, "make a pipe", errno);
  const file_descriptor out{both[0]};
  file_descriptor out_in{both[1]};
  if (::pipe2(separate.data(), O_CLOEXEC) != 0) throw system_error(where, "make a pipe", errno);
  const file_descriptor err{separate[0]};
  file_descriptor err_in{separate[1]};
  const bool split = static_cast<bool>(request.on_output);
  detail::child_guard child{detail::start_process(request, out_in.get(), split ? err_in.get() : out_in.get(), SIGKILL)};
  const pid_t pid = child.pid;
  const file_descriptor end = detail::end_of(pid);
  out_in = file_descriptor{};
  err_in = file_descriptor{};
  ::fcntl(out.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(err.get(), F_SETFL, O_NONBLOCK);

  process_outcome outcome;
  detail::bounded_text kept{request.output_bytes};
  std::array<pollfd, 3> streams{{{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}, {end.get(), POLLIN, 0}}};
  std::vector<char> buffer(65'536);
  // True while the stream may still give something. Not more than some at a time: a child that never stops writing has
  // a time limit too.
  const auto drain = [&](std::size_t index) {
    for (int round = 0; round < 32; ++round) {
      const ssize_t got = ::read(streams[index].fd, buffer.data(), buffer.size());
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (got == 0) return false;
      const std::string_view text{buffer.data(), static_cast<std::size_t>(got)};
      if (index == 0 && split) {
        request.on_output(text);
      } else {
        kept.add(text);
      }
    }
    return true;
  };
  std::optional<clock::time_point> asked_to_end;
  bool killed = false;
  for (bool ended = false; !ended;) {
    ::poll(streams.data(), streams.size(), end.get() >= 0 ? 50 : 5);
    for (std::size_t i = 0; i < 2; ++i) {
      if (streams[i].fd >= 0 && (streams[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !drain(i))
        streams[i].fd = -1;
    }
    ended = detail::has_ended(pid);
    const auto now = clock::now();
    if (!ended && !asked_to_end) {
      outcome.stopped = request.stop != nullptr && request.stop->load();
      outcome.timed_out = !outcome.stopped && request.time_limit.count() > 0 && now - started >= request.time_limit;
      if (outcome.stopped || outcome.timed_out) {
        ::kill(-pid, SIGTERM);
        asked_to_end = now;
      }
    } else if (!ended && !killed && now - *asked_to_end > std::chrono::seconds{2}) {
      ::kill(-pid, SIGKILL);
      killed = true;
    }
  }
  child.pid = -1;
  const std::optional<int> status = detail::reap(pid);  // with whatever would keep the pipes open
  if (!status) {
    throw environment_error{where, "how it ended is not known: something else in this process waited for it",
                            "run the drill on its own"};
  }
  // What it wrote last is still in the pipes, which hold less than one round reads; who left its group may write on.
  for (std::size_t i = 0; i < 2; ++i) {
    if (streams[i].fd >= 0) static_cast<void>(drain(i));
  }
  outcome.exit_code = detail::exit_code_of_status(status);
  outcome.output = kept.take();
  outcome.seconds = std::chrono::duration<double>(clock::now() - started).count();
  return outcome;
}

/// A program that runs beside us: a server. It is ended with this object at the latest.
class child_process {
 public:
  /// Starts it with standard output and error appended to `log`, a file. `death_signal` is what it gets when the thread
  /// that starts it ends. Throws `environment_error`.
  child_process(const process_request& request, const std::string& log, int death_signal) {
    const file_descriptor out{::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (out.get() < 0) throw write_error(location{log}, "open it", errno);
    if (request.user && ::fchown(out.get(), request.user->uid, request.user->gid) != 0) {
      throw write_error(location{log}, "give it to the server's user", errno);
    }
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

}  // namespace restorable
