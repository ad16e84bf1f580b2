// process_request: a program that is to be run, with an environment that is given whole, as an unprivileged user where
// wanted, confined where wanted; and how it is started and ended.
//
// Layer: sandbox. Whoever wants a program run uses run_process (process.hpp) or child_process (child_process.hpp).
// Linux: a child is told by the kernel when the thread that started it ends (PR_SET_PDEATHSIG), so that kill -9 of the
// drill leaves nothing behind.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
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
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/confinement.hpp"
#include "knowngood/sandbox/file_confinement.hpp"
#include "knowngood/sandbox/isolation.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

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
  std::size_t output_bytes = 65'536;  ///< of standard output and error that are kept: the beginning and the end
  bool confined = false;              ///< it may neither run programs nor open connections, nor what else a server
                                      ///< of a hostile backup has no use for
  bool isolated = false;              ///< it sees the system's programs, what it is given, and nothing else
  std::vector<std::string> writable =
      {};  ///< of a confined or isolated one: directories below which alone it may write
  std::vector<std::string> readable = {};  ///< of an isolated one: directories that it may read beside those
  int group = -1;                          ///< entrance of the control group that it is put into; negative: none
  std::uint64_t memory = 0;                ///< bytes that each of its processes may take where it is in none; 0: any
  std::string input = {};                  ///< its standard input; empty: /dev/null
  stop_flag stop = {};                     ///< asked: the process group is ended, and `interrupted` thrown
  std::function<void(std::string_view)> on_output =
      {};  ///< receives standard output as it comes; then only standard error is kept
};

namespace detail {

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
  const isolation_plan* view;
  const std::vector<sock_filter>* filter;  // null: it is not confined
  int files;                               // ruleset of file_confinement; negative: none
  int group;                               // entrance of a control group; negative: none
  rlim_t memory;                           // bytes for each process; 0: any
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

/// Lowers a limit; one that is lower already stays, whoever we are.
inline void limit(int what, rlim_t most) noexcept {
  const auto which = static_cast<decltype(RLIMIT_CORE)>(what);
  rlimit now{};
  if (::getrlimit(which, &now) == 0) most = std::min(most, now.rlim_max);
  const rlimit both{most, most};
  ::setrlimit(which, &both);
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
  if (setup.group >= 0 && ::write(setup.group, "0", 1) != 1) fail("control group");
  // What it maps for itself: address space would count shared memory in each process, and all that is reserved only.
  if (setup.group < 0 && setup.memory > 0) limit(RLIMIT_DATA, setup.memory);
  if (::dup2(setup.input, 0) < 0 || ::dup2(setup.output, 1) < 0 || ::dup2(setup.error, 2) < 0) fail("dup2");
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const mode_t mask = ::umask(022);
  if (const char* refused = enter_isolation(*setup.view)) fail(refused);
  ::umask(mask);
  if (setup.user != nullptr) {
    // The library's own functions would tell all threads, and take a lock that a thread of the parent's may have held
    // when it was copied: here is one thread, and nobody to tell.
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) fail("setgroups");
    if (::syscall(SYS_setresgid, setup.user->gid, setup.user->gid, setup.user->gid) != 0) fail("setresgid");
    if (::syscall(SYS_setresuid, setup.user->uid, setup.user->uid, setup.user->uid) != 0) fail("setresuid");
    if (setup.user->own) limit(RLIMIT_NPROC, 512);
  }
  if (setup.filter != nullptr) limit(RLIMIT_CORE, 0);
  // After the change of user, which clears it.
  ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(setup.death_signal), 0UL, 0UL, 0UL);
  if (setup.directory != nullptr && ::chdir(setup.directory) != 0) fail("chdir");
  const bool held_back = setup.filter != nullptr || setup.view->namespaces != 0;
  if (held_back && !confine_files(setup.files)) fail("landlock");
  // Everything else that is open is none of the child's business; `failures` closes itself at exec.
  close_range_of(3U, static_cast<unsigned>(failures) - 1U);
  close_range_of(static_cast<unsigned>(failures) + 1U, ~0U);
  // The parent may be gone already: then nobody listens.
  pollfd listener{failures, 0, 0};
  if (::poll(&listener, 1, 0) > 0 && (listener.revents & POLLERR) != 0) ::_exit(127);
  if (setup.filter != nullptr && !confine(*setup.filter)) fail("seccomp");
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

/// Where the kernel shows the process all that its user sees, Landlock keeps it from reading most of that.
inline file_descriptor rules_for(const process_request& request, const std::string& program,
                                 const isolation_plan& view) {
  if (request.writable.empty()) return file_descriptor{};
  file_access access;
  access.written = request.writable;
  access.reads_all = !request.isolated || view.namespaces != 0;
  if (!access.reads_all) {
    access.read = request.readable;
    access.read.insert(access.read.end(), devices.begin(), devices.end());
    access.run.assign(system_directories.begin(), system_directories.end());
    access.run.insert(access.run.end(), system_files.begin(), system_files.end());
    access.run.insert(access.run.end(), {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf"});
    access.run.push_back(prefix_of(program));
  }
  return file_rules(access);
}

/// Without /proc the loader does not learn where a program lies whose libraries lie beside it ($ORIGIN, ld.so(8)).
inline std::vector<std::string> environment_of(const process_request& request, const std::string& program,
                                               const isolation_plan& view) {
  std::vector<std::string> environment = request.environment;
  if (view.namespaces == 0 || prefix_of(program).empty()) return environment;
  environment.push_back("LD_ORIGIN_PATH=" + std::filesystem::canonical(program).parent_path().string());
  return environment;
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
                            "start knowngood from a program that leaves SIGCHLD at its default"};
  }
  std::vector<char*> arguments = pointers_to(request.arguments);
  std::array<int, 2> pipe{-1, -1};
  const file_descriptor input_low = input_of(request);
  if (input_low.get() < 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) throw system_error(where, "start it", errno);
  const file_descriptor failures_out{pipe[0]};
  file_descriptor failures_low{pipe[1]};
  file_descriptor failures = above_standard(failures_low.get());
  const file_descriptor input = above_standard(input_low.get());
  const file_descriptor out = above_standard(output);
  const file_descriptor err = above_standard(error);
  const file_descriptor group = request.group < 0 ? file_descriptor{} : above_standard(request.group);
  if (failures.get() < 0 || (request.group >= 0 && group.get() < 0) || input.get() < 0 || out.get() < 0 ||
      err.get() < 0)
    throw system_error(where, "start it", errno);
  const isolation_plan view =
      request.isolated ? plan_isolation(program, request.writable, request.readable, request.user) : isolation_plan{};
  const std::vector<std::string> variables = environment_of(request, program, view);
  std::vector<char*> environment = pointers_to(variables);
  const file_descriptor files = request.confined ? rules_for(request, program, view) : file_descriptor{};
  const std::vector<sock_filter> filter =
      request.confined ? confining_filter(program.c_str()) : std::vector<sock_filter>{};
  // whoever is the first in a namespace of processes hears no signal that he has no handler for, but this one
  const bool is_first = (view.namespaces & CLONE_NEWPID) != 0;
  const child_setup setup{program.c_str(),
                          arguments.data(),
                          environment.data(),
                          request.directory.empty() ? nullptr : request.directory.c_str(),
                          request.user ? &*request.user : nullptr,
                          input.get(),
                          out.get(),
                          err.get(),
                          is_first ? SIGKILL : death_signal,
                          &view,
                          request.confined ? &filter : nullptr,
                          files.get(),
                          group.get(),
                          request.memory};
  const pid_t pid = fork_isolated(view);
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

}  // namespace knowngood
