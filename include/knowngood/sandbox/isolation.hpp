// isolation: a process's own view of the machine: the system's programs to read, directories that it is given, a
// private /tmp, no other process, no network, and nothing else.
//
// Layer: sandbox; part of start_process.hpp. Linux namespaces, by root or, where the kernel grants them to everybody,
// in a namespace of users. Where it grants none, as in many containers, the process sees what its user sees.
//   const isolation_plan plan = plan_isolation(program, {"/x/data"}, {"/x/conf"}, user);
//   const pid_t pid = fork_isolated(plan); if (pid == 0) { const char* failed = enter_isolation(plan); … }
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/sandbox/system_call_filter.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood::detail {

/// One thing that is put into the new root.
struct isolation_action {
  enum class kind {
    directory,   ///< at `to`
    link,        ///< at `to`, to `from`
    file,        ///< at `to`, which holds `from`
    system,      ///< `from` as it is, to be read
    device,      ///< `from` as it is
    given_read,  ///< `from`, to be read
    given,       ///< `from`, to be written
    temporary,   ///< an empty file system of its own
  };
  kind what = kind::directory;
  std::string from;
  std::string to;
};

struct isolation_plan {
  int namespaces = 0;    ///< CLONE_NEW…; 0: none
  std::string user_map;  ///< of a namespace of users; empty: there is none
  std::string group_map;
  std::vector<isolation_action> actions;
};

inline constexpr const char* old_root = "/old-root";

/// Directories of the system's, which hold its programs and their libraries.
inline constexpr std::array<const char*, 9> system_directories{"/usr",   "/bin",    "/sbin", "/lib", "/lib32",
                                                               "/lib64", "/libx32", "/nix",  "/gnu"};
/// And what these lead to.
inline constexpr std::array<const char*, 3> system_files{"/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"};
inline constexpr std::array<const char*, 5> devices{"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                                    "/dev/urandom"};

/// Where a program that is none of the system's has its libraries: `/opt/pgsql` of `/opt/pgsql/bin/postgres`. Empty for
/// one of the system's.
inline std::string prefix_of(const std::string& program) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(program, error);
  if (error) return {};
  for (const std::string_view one : system_directories) {
    if (real.string().starts_with(fmt::format("{}/", one))) return {};
  }
  const std::filesystem::path directory = real.parent_path();
  return (directory.filename() == "bin" && directory.has_parent_path() && directory.parent_path() != "/"
              ? directory.parent_path()
              : directory)
      .string();
}

/// All that a process is to see. `written` and `read`: directories that it is given. Real paths, of which nobody else
/// can change the parts.
inline std::vector<isolation_action> view_for(const std::string& program, const std::vector<std::string>& written,
                                              const std::vector<std::string>& read, const system_user& user) {
  using kind = isolation_action::kind;
  std::vector<isolation_action> view;
  std::set<std::string> made;
  const auto make_way = [&](const std::filesystem::path& to) {
    std::filesystem::path way = "/";
    for (const auto& part : to.relative_path()) {
      way /= part;
      if (made.insert(way.string()).second) view.push_back({kind::directory, {}, way.string()});
    }
  };
  const auto add = [&](kind what, const std::string& from) {
    struct stat about {};
    if (::stat(from.c_str(), &about) != 0) return;
    const std::filesystem::path to = from;
    make_way(S_ISDIR(about.st_mode) ? to : to.parent_path());
    if (!S_ISDIR(about.st_mode)) view.push_back({kind::file, {}, from});
    view.push_back({what, old_root + from, from});
  };
  for (const char* one : {"/etc", "/dev", "/dev/shm", "/tmp"}) make_way(one);
  for (const char* one : {"/dev/shm", "/tmp"}) view.push_back({kind::temporary, {}, one});
  for (const char* one : system_directories) {
    std::error_code error;
    const auto leads = std::filesystem::read_symlink(one, error);
    error ? add(kind::system, one) : view.push_back({kind::link, leads.string(), one});
  }
  for (const char* one : system_files) add(kind::system, one);
  for (const char* one : devices) add(kind::device, one);
  if (const std::string prefix = prefix_of(program); !prefix.empty()) add(kind::system, prefix);
  const std::string name = user.name.empty() ? "knowngood" : user.name;
  view.push_back(
      {kind::file, fmt::format("{}:x:{}:{}::/nonexistent:/bin/false\n", name, user.uid, user.gid), "/etc/passwd"});
  view.push_back({kind::file, fmt::format("{}:x:{}:\n", name, user.gid), "/etc/group"});
  for (const auto& one : read) add(kind::given_read, one);
  for (const auto& one : written) add(kind::given, one);
  return view;
}

inline bool write_text(const char* path, std::string_view text) noexcept {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  return written;
}

// Linux, include/uapi/linux/mount.h: a system's headers may be older than its kernel.
struct mount_attributes {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;
  std::uint64_t user_namespace = 0;
};
inline constexpr std::uint64_t read_only = 1;
inline constexpr std::uint64_t no_set_uid = 2;
inline constexpr std::uint64_t no_devices = 4;
inline constexpr std::uint64_t no_programs = 8;

inline bool set_mount(const char* path, std::uint64_t attributes, bool all_below) noexcept {
  constexpr long mount_setattr_call = 442;
  constexpr unsigned recursive = 0x8000;
  mount_attributes wanted;
  wanted.set = attributes;
  return ::syscall(mount_setattr_call, AT_FDCWD, path, all_below ? recursive : 0U, &wanted, sizeof wanted) == 0;
}

inline bool carry_out(const isolation_action& action) noexcept {
  using kind = isolation_action::kind;
  const char* from = action.from.c_str();
  const char* to = action.to.c_str();
  const auto bind = [&](std::uint64_t attributes) {
    return ::mount(from, to, nullptr, MS_BIND | MS_REC, nullptr) == 0 &&
           (attributes == 0 || set_mount(to, attributes, true));
  };
  switch (action.what) {
    case kind::directory:
      ::mkdir(to, 0755);  // what is given may hold it already
      return true;
    case kind::link: return ::symlink(from, to) == 0;
    case kind::file: {
      const int file = ::open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
      if (file < 0) return errno == EEXIST;
      const bool written = ::write(file, from, action.from.size()) == static_cast<ssize_t>(action.from.size());
      ::close(file);
      return written;
    }
    case kind::system: return bind(read_only | no_set_uid | no_devices);
    case kind::device: return bind(0);
    case kind::given_read: return bind(read_only | no_set_uid | no_devices | no_programs);
    case kind::given: return bind(no_set_uid | no_devices | no_programs);
    case kind::temporary:
      return ::mount("tmpfs", to, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m") == 0;
  }
  return false;
}

/// In the child of `fork_isolated`, whose umask is 022 afterwards: goes where nothing but the plan's view is. Returns
/// the step that the kernel refuses; null when all is done. Async-signal-safe.
inline const char* enter_isolation(const isolation_plan& plan) noexcept {
  if (plan.namespaces == 0) return nullptr;
  ::umask(022);
  write_text("/proc/self/oom_score_adj", "1000");  // the first to go when the host has no memory left
  if (!plan.user_map.empty()) {
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", plan.user_map) ||
        !write_text("/proc/self/gid_map", plan.group_map))
      return "uid_map";
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "mount";
  // on any directory that is there; it is uncovered again once this is the root
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0) return "mount tmpfs";
  if (::chdir("/tmp") != 0 || ::mkdir("old-root", 0700) != 0) return "mkdir";
  if (::syscall(SYS_pivot_root, ".", "old-root") != 0 || ::chdir("/") != 0) return "pivot_root";
  for (const auto& action : plan.actions) {
    if (!carry_out(action)) return "mount --bind";
  }
  if (::umount2(old_root, MNT_DETACH) != 0 || ::rmdir(old_root) != 0) return "umount";
  if (!set_mount("/", read_only | no_set_uid | no_devices, false)) return "mount_setattr";
  return nullptr;
}

/// As fork, into the plan's namespaces.
inline pid_t fork_isolated(const isolation_plan& plan) noexcept {
  if (plan.namespaces == 0) return ::fork();
  return static_cast<pid_t>(::syscall(SYS_clone, static_cast<unsigned long>(plan.namespaces | SIGCHLD), 0, 0, 0, 0));
}

/// What this kernel grants to whom this process is.
struct isolation_offer {
  int namespaces = 0;        ///< CLONE_NEW…; 0: none
  std::string refused = {};  ///< what it refused first; empty: nothing
};

inline isolation_plan plan_of(int namespaces) {
  isolation_plan plan;
  plan.namespaces = namespaces;
  if ((namespaces & CLONE_NEWUSER) == 0) return plan;
  plan.user_map = fmt::format("{0} {0} 1\n", ::geteuid());
  plan.group_map = fmt::format("{0} {0} 1\n", ::getegid());
  return plan;
}

/// Tries `namespaces` with a view of the system alone. Returns what is refused; empty when nothing is.
inline std::string try_isolation(int namespaces) {
  isolation_plan plan = plan_of(namespaces);
  plan.actions = view_for("", {}, {}, {::geteuid(), ::getegid(), ""});
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "pipe";
  const file_descriptor ours{ends[0]};
  file_descriptor childs{ends[1]};
  const pid_t pid = fork_isolated(plan);
  if (pid < 0) return fmt::format("clone: {}", std::strerror(errno));
  if (pid == 0) {
    const char* failed = enter_isolation(plan);
    if (failed != nullptr) {
      const int why = errno;
      static_cast<void>(!::write(childs.get(), &why, sizeof why));
      static_cast<void>(!::write(childs.get(), failed, std::strlen(failed)));
    }
    ::_exit(0);
  }
  childs = file_descriptor{};
  std::array<char, 64> said{};
  std::size_t size = 0;
  for (ssize_t got = 0;
       (got = ::read(ours.get(), said.data() + size, said.size() - size)) != 0 && size < said.size();) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  int why = 0;
  if (size >= sizeof why) {
    std::memcpy(&why, said.data(), sizeof why);
    return fmt::format("{}: {}", std::string_view{said.data() + sizeof why, size - sizeof why}, std::strerror(why));
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::string{} : "the trial ended by a signal";
}

/// Found out by trying, once.
inline const isolation_offer& offered_isolation() {
  static const isolation_offer offer = [] {
    isolation_offer found;
    if (this_architecture == 0) return isolation_offer{0, "clone: not on this processor"};
    const int by_whom = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
    const int least = by_whom | CLONE_NEWNS;
    for (const int more : {CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS, CLONE_NEWPID | CLONE_NEWIPC, 0}) {
      const std::string refused = try_isolation(least | more);
      if (refused.empty()) {
        found.namespaces = least | more;
        break;
      }
      if (found.refused.empty()) found.refused = refused;
    }
    return found;
  }();
  return offer;
}

/// For a program that is run as `user`, or as whoever we are.
inline isolation_plan plan_isolation(const std::string& program, const std::vector<std::string>& written,
                                     const std::vector<std::string>& read, const std::optional<system_user>& user) {
  isolation_plan plan = plan_of(offered_isolation().namespaces);
  if (plan.namespaces != 0)
    plan.actions = view_for(program, written, read, user ? *user : system_user{::geteuid(), ::getegid(), ""});
  return plan;
}

}  // namespace knowngood::detail
