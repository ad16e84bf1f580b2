// drill_scratch: the private directory that a drill works in. Gone afterwards, whatever happened, and proved to be;
// what a drill that was killed left behind is found by the next one and removed, and never anything else.
//
// Layer: drill. A scratch directory is named `restorable-drill-XXXXXXXX`, belongs to its drill's user, and holds
// `owner.lock`, which the drill keeps locked as long as it lives: whoever can lock it knows that its owner is gone.
//   drill_scratch scratch{"/tmp", unprivileged_user()}; auto where = scratch.make("models"); ... scratch.remove();
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/byte_size.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/process.hpp"
#include "restorable/io/file_descriptor.hpp"
#include "restorable/io/system_error.hpp"

namespace restorable {

/// Throws `environment_error` when the file system of `directory` has less than `bytes` free.
inline void require_space(const std::filesystem::path& directory, std::uint64_t bytes) {
  struct statvfs space {};
  if (::statvfs(directory.c_str(), &space) != 0)
    throw write_error(location{directory.string()}, "look at its free space", errno);
  const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  if (free >= bytes) return;
  throw environment_error{
      location{directory.string()},
      fmt::format("the drill needs {} of space here, and {} are free", format_byte_size(bytes), format_byte_size(free)),
      "free space, or choose another directory with --scratch DIR"};
}

namespace detail {

inline constexpr std::string_view scratch_prefix = "restorable-drill-";
inline constexpr std::string_view scratch_lock = "owner.lock";
inline constexpr std::string_view scratch_magic = "restorable drill scratch\n";

/// Up to a thousand names of what is in an open directory, without `kept`.
inline std::vector<std::string> some_names_in(int directory, std::string_view kept) {
  std::vector<std::string> names;
  const int listed = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{listed < 0 ? nullptr : ::fdopendir(listed), &::closedir};
  if (!entries && listed >= 0) ::close(listed);
  while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
    const std::string_view one = entry->d_name;
    if (one != "." && one != ".." && one != kept) names.emplace_back(one);
    if (names.size() == 1000) break;
  }
  return names;
}

/// Removes a scratch directory and all that is in it, however deep: what lies deeper is moved up first, so that neither
/// the stack nor the open files grow with a backup's nesting. Follows no symbolic link and enters nothing that is
/// mounted there, which cannot be moved. The lock goes last: when this is interrupted, the next drill can still tell
/// what it finds. Returns what stays and why; empty when nothing does.
class scratch_removal {
 public:
  scratch_removal(int parent, std::string name, std::string path)
      : parent_{parent}, name_{std::move(name)}, path_{std::move(path)} {}

  std::string run() {
    root_ = file_descriptor{::openat(parent_, name_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (root_.get() < 0) return errno == ENOENT ? std::string{} : because(name_, errno);
    ::fchmod(root_.get(), 0700);
    for (;;) {
      const std::vector<std::string> names = some_names_in(root_.get(), scratch_lock);
      if (names.empty()) break;
      for (const auto& one : names) remove(one);
      if (!stays_.empty()) return stays_;
    }
    ::unlinkat(root_.get(), std::string{scratch_lock}.c_str(), 0);
    if (::unlinkat(parent_, name_.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return because(name_, errno);
    return {};
  }

 private:
  // Of an entry of the root.
  void remove(const std::string& name) {
    if (::unlinkat(root_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) return keep(name, errno);
    if (::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR) == 0) return;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES) return keep(name, errno);
    const std::string ours = move(root_.get(), name);
    if (!ours.empty()) empty(ours);
  }

  // What is in the directory becomes the root's, or goes.
  void empty(const std::string& name) {
    file_descriptor inside{::openat(root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (inside.get() < 0 && errno == EACCES && ::fchmodat(root_.get(), name.c_str(), 0700, 0) == 0) {
      inside = file_descriptor{::openat(root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    }
    if (inside.get() < 0) return keep(name, errno);
    ::fchmod(inside.get(), 0700);
    for (;;) {
      const std::vector<std::string> names = some_names_in(inside.get(), "");
      if (names.empty()) break;
      for (const auto& one : names) {
        if (::unlinkat(inside.get(), one.c_str(), 0) == 0 || errno == ENOENT) continue;
        if (errno != EISDIR && errno != EPERM) return keep(one, errno);
        if (::unlinkat(inside.get(), one.c_str(), AT_REMOVEDIR) == 0) continue;
        if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES) return keep(one, errno);
        if (move(inside.get(), one).empty()) return;
      }
    }
    if (::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) keep(name, errno);
  }

  // To a name of its own in the root; refused for a mount point. Empty when it is.
  std::string move(int from, const std::string& name) {
    for (;;) {
      const std::string to = fmt::format(".removed-{}", ++moved_);
      struct stat taken {};
      if (::fstatat(root_.get(), to.c_str(), &taken, AT_SYMLINK_NOFOLLOW) == 0) continue;
      int failed = ::renameat(from, name.c_str(), root_.get(), to.c_str()) == 0 ? 0 : errno;
      struct stat about {};
      if (failed == EACCES && ::fstatat(from, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISDIR(about.st_mode)) {
        ::fchmodat(from, name.c_str(), 0700, 0);  // moving it changes its `..`
        failed = ::renameat(from, name.c_str(), root_.get(), to.c_str()) == 0 ? 0 : errno;
      }
      if (failed == 0) return to;
      keep(name, failed);
      return {};
    }
  }

  void keep(const std::string& name, int why) {
    if (stays_.empty()) stays_ = because(path_ + "/…/" + name, why);
  }
  static std::string because(const std::string& what, int why) {
    return fmt::format("{}: {}", printable(what), std::strerror(why));
  }

  int parent_;
  std::string name_;
  std::string path_;
  file_descriptor root_;
  std::uint64_t moved_ = 0;
  std::string stays_;
};

inline std::string read_of_process(pid_t pid, const char* what) {
  const file_descriptor file{::open(fmt::format("/proc/{}/{}", pid, what).c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text(std::size_t{256} << 10, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1;
       file.get() >= 0 && got > 0 && size<text.size(); size += got> 0 ? static_cast<std::size_t>(got) : 0) {
    got = ::read(file.get(), text.data() + size, text.size() - size);
  }
  text.resize(size);
  return text;
}

/// Whether it is a drill's own: PostgreSQL that stands in `root`, or what stands there and was given `root` as its
/// scratch directory or its home. A person's shell that looks at a leftover stands there too.
inline bool is_of_drill(pid_t pid, const std::string& root) {
  std::error_code gone;
  const std::filesystem::path process = fmt::format("/proc/{}", pid);
  const auto within = [&](std::string_view path) { return path == root || path.starts_with(root + "/"); };
  if (!within(std::filesystem::read_symlink(process / "cwd", gone).string()) || gone) return false;
  std::string program = std::filesystem::read_symlink(process / "exe", gone).filename().string();
  program = program.substr(0, program.find(' '));  // `postgres (deleted)`
  if (!gone && (program == "postgres" || program == "initdb")) return true;
  std::string_view rest;
  const std::string environment = read_of_process(pid, "environ");
  for (rest = environment; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    for (const std::string_view name : {"RESTORABLE_SCRATCH=", "HOME="}) {
      if (one.starts_with(name) && within(one.substr(name.size()))) return true;
    }
  }
  return false;
}

/// Processes of a drill that work in `root`, a real path.
inline std::vector<pid_t> processes_inside(const std::string& root) {
  std::vector<pid_t> found;
  std::error_code error;
  for (auto one = std::filesystem::directory_iterator{"/proc", error};
       !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
    const std::string name = one->path().filename().string();
    pid_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad == std::errc{} && end == name.data() + name.size() && pid != ::getpid() && is_of_drill(pid, root))
      found.push_back(pid);
  }
  return found;
}

/// Ends them: SIGQUIT first, which PostgreSQL takes as "at once"; a second later SIGKILL. Returns how many there were.
inline std::size_t end_processes_inside(const std::string& root) {
  std::set<pid_t> ended;
  for (int round = 0; round < 60; ++round) {
    const std::vector<pid_t> inside = processes_inside(root);
    if (inside.empty()) break;
    for (const pid_t pid : inside) {
      if (ended.insert(pid).second) {
        ::kill(pid, SIGQUIT);
      } else if (round >= 20) {
        ::kill(pid, SIGKILL);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return ended.size();
}

inline std::string host_of_this() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? std::string{host.data()} : std::string{};
}

/// A leftover that is certainly one: the lock is ours to take, and stays taken while it is removed.
inline std::optional<file_descriptor> lock_leftover(int parent, const std::string& name) {
  const file_descriptor directory{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat about {};
  if (directory.get() < 0 || ::fstat(directory.get(), &about) != 0) return std::nullopt;
  const auto helper = unprivileged_user();
  if (about.st_uid != ::geteuid() && !(helper && about.st_uid == helper->uid)) return std::nullopt;  // another user's
  file_descriptor lock{
      ::openat(directory.get(), std::string{scratch_lock}.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat of_lock {};
  if (lock.get() < 0 || ::fstat(lock.get(), &of_lock) != 0 || !S_ISREG(of_lock.st_mode)) return std::nullopt;
  if (of_lock.st_uid != ::geteuid()) return std::nullopt;  // written by whoever ran the drill, not by its server's user
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  std::string text(512, '\0');
  const ssize_t got = ::pread(lock.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  // of another host that shares the file system, whose locks may not reach here
  if (!text.starts_with(scratch_magic) || text.find("\nhost " + host_of_this() + "\n") == std::string::npos)
    return std::nullopt;
  return lock;
}

/// A drill that was killed before it held its lock left a directory that is empty, or has a lock without a word in it.
/// A younger one may be about to get there.
inline void remove_unborn(int parent, const std::string& name) {
  const file_descriptor directory{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat about {};
  if (directory.get() < 0 || ::fstat(directory.get(), &about) != 0 || about.st_uid != ::geteuid()) return;
  const auto age = std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(about.st_mtime);
  if (age <= std::chrono::hours{1}) return;
  const std::string lock_name{scratch_lock};
  const std::vector<std::string> names = some_names_in(directory.get(), "");
  if (names.size() == 1 && names.front() == lock_name) {
    const file_descriptor lock{
        ::openat(directory.get(), lock_name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    const bool nobodys = lock.get() >= 0 && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
    if (!nobodys || ::fstat(lock.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size != 0) return;
    ::unlinkat(directory.get(), lock_name.c_str(), 0);
  }
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);  // refused unless it is empty
}

/// Where directories for sockets are made when the scratch's own path is too long for one.
inline constexpr const char* short_directory = "/tmp";

inline void sweep_one(const std::filesystem::path& parent, finding_sink& findings) {
  const file_descriptor directory{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0) throw write_error(location{parent.string()}, "make a scratch directory in it", errno);
  std::vector<std::string> names;
  std::error_code error;
  for (auto one = std::filesystem::directory_iterator{parent, error};
       !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
    if (one->path().filename().string().starts_with(scratch_prefix)) names.push_back(one->path().filename().string());
  }
  if (error) throw system_error(location{parent.string()}, "look for what earlier drills left in it", error.value());
  for (const auto& name : names) {
    const std::string path = (parent / name).string();
    const auto lock = lock_leftover(directory.get(), name);
    if (!lock) {
      remove_unborn(directory.get(), name);
      continue;
    }
    const std::size_t ended = end_processes_inside(path);
    const std::string stays = scratch_removal{directory.get(), name, path}.run();
    if (!stays.empty()) {
      findings.report(make_finding(checks::drill_cleanup, location{path},
                                   "what a drill that was killed left behind could not be removed", "gone", stays));
      continue;
    }
    findings.report(make_finding(checks::drill_leftover, location{path},
                                 fmt::format("what a drill that was killed left behind was removed{}",
                                             ended > 0 ? fmt::format(", and {} of its processes ended", ended) : "")));
  }
}

}  // namespace detail

/// Removes from `parent`, and from /tmp, where servers with a long path have their sockets, what drills that were
/// killed have left there, their processes first; says so in `findings`. Touches nothing else: not what another drill
/// holds, nor what is another user's or another host's, nor what only bears such a name.
inline void sweep_scratch(const std::filesystem::path& parent, finding_sink& findings) {
  std::error_code error;
  const auto real = std::filesystem::canonical(parent, error);
  if (error) throw write_error(location{parent.string()}, "make a scratch directory in it", error.value());
  detail::sweep_one(real, findings);
  const auto other = std::filesystem::canonical(detail::short_directory, error);
  if (!error && other != real) detail::sweep_one(other, findings);
}

class drill_scratch {
 public:
  /// Makes it in `parent`, which must be there. As root, `owner` is the user that servers run as, and may pass through.
  drill_scratch(const std::filesystem::path& parent, std::optional<system_user> owner) : owner_{std::move(owner)} {
    std::error_code error;
    const auto real = std::filesystem::canonical(parent, error);
    if (error) throw write_error(location{parent.string()}, "make a scratch directory in it", error.value());
    parent_ = file_descriptor{::open(real.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    std::string name = (real / (std::string{detail::scratch_prefix} + "XXXXXXXX")).string();
    if (parent_.get() < 0 || ::mkdtemp(name.data()) == nullptr) {
      throw write_error(location{parent.string()}, "make a scratch directory in it", errno);
    }
    path_ = name;
    take_lock();
    if (owner_ && ::chown(path_.c_str(), owner_->uid, owner_->gid) != 0) {
      const int why = errno;
      static_cast<void>(remove_all());
      throw write_error(location{path_.string()}, "give it to the server's user", why);
    }
  }
  drill_scratch(const drill_scratch&) = delete;
  drill_scratch& operator=(const drill_scratch&) = delete;
  ~drill_scratch() {
    if (!kept_ && !removed_) static_cast<void>(remove_all());
  }

  /// A real path without symbolic links in it.
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// A new directory in it, for its owner's eyes only.
  std::filesystem::path make(const std::string& name) const {
    const std::filesystem::path made = path_ / name;
    if (::mkdir(made.c_str(), 0700) != 0) throw write_error(location{made.string()}, "make it", errno);
    return made;
  }

  /// Leaves it where it is. The next drill does not take it for a leftover either.
  void keep() {
    ::unlink((path_ / detail::scratch_lock).c_str());
    kept_ = true;
  }

  /// Ends what still runs in it and removes it. Throws `environment_error` when something stays.
  void remove() {
    const std::string stays = remove_all();
    struct stat about {};
    if (stays.empty() && ::lstat(path_.c_str(), &about) != 0 && errno == ENOENT) return;
    throw environment_error{location{path_.string()}, stays.empty() ? "it is still there" : stays, "remove it by hand"};
  }

 private:
  void take_lock() {
    const std::string name = (path_ / detail::scratch_lock).string();
    lock_ = file_descriptor{::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    const std::string text =
        fmt::format("{}process {}\nhost {}\n", detail::scratch_magic, ::getpid(), detail::host_of_this());
    // another drill's sweep may hold it for the moment that it takes to see that it is none of its business
    if (lock_.get() < 0 || ::flock(lock_.get(), LOCK_EX) != 0 ||
        ::write(lock_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      const int why = errno;
      static_cast<void>(remove_all());
      throw write_error(location{name}, "write it", why);
    }
  }

  std::string remove_all() {
    removed_ = true;
    detail::end_processes_inside(path_.string());
    return detail::scratch_removal{parent_.get(), path_.filename().string(), path_.string()}.run();
  }

  std::optional<system_user> owner_;
  file_descriptor parent_;
  std::filesystem::path path_;
  file_descriptor lock_;
  bool kept_ = false;
  bool removed_ = false;
};

}  // namespace restorable
