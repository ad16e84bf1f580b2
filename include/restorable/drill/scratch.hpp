// drill_scratch: the private directory that a drill works in. Gone afterwards, whatever happened, and proved to be; what a
// drill that was killed left behind is found by the next one and removed, and never anything else.
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
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
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
#include "restorable/drill/process.hpp"
#include "restorable/io/file_descriptor.hpp"
#include "restorable/io/system_error.hpp"

namespace restorable {

/// Throws `environment_error` when the file system of `directory` has less than `bytes` free.
inline void require_space(const std::filesystem::path& directory, std::uint64_t bytes) {
  struct statvfs space {};
  if (::statvfs(directory.c_str(), &space) != 0) throw write_error(location{directory.string()}, "look at its free space", errno);
  const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  if (free >= bytes) return;
  throw environment_error{location{directory.string()},
                          fmt::format("the drill needs {} of space here, and {} are free", format_byte_size(bytes), format_byte_size(free)),
                          "free space, or choose another directory with --scratch DIR"};
}

namespace detail {

inline constexpr std::string_view scratch_prefix = "restorable-drill-";
inline constexpr std::string_view scratch_lock = "owner.lock";
inline constexpr std::string_view scratch_magic = "restorable drill scratch\n";

/// Removes what `name` is in `parent`, whatever is below it, and follows no symbolic link. Returns the first path that
/// stays, with the reason; empty when nothing does.
inline std::string remove_tree(int parent, const char* name, const std::string& path) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fmt::format("{}: {}", path, std::strerror(errno));
  file_descriptor inside{::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (inside.get() < 0 && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0) {
    inside = file_descriptor{::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  }
  if (inside.get() < 0) return fmt::format("{}: {}", path, std::strerror(errno));
  ::fchmod(inside.get(), 0700);
  const int listed = ::fcntl(inside.get(), F_DUPFD_CLOEXEC, 3);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::fdopendir(listed), &::closedir};
  if (!entries) return fmt::format("{}: {}", path, std::strerror(errno));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view one = entry->d_name;
    if (one != "." && one != "..") names.emplace_back(one);
  }
  std::string first;
  for (const auto& one : names) {
    std::string stays = remove_tree(inside.get(), one.c_str(), path + "/" + one);
    if (first.empty()) first = std::move(stays);
  }
  if (!first.empty()) return first;
  return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 ? std::string{} : fmt::format("{}: {}", path, std::strerror(errno));
}

/// The same for a scratch directory, whose lock goes last: when this is interrupted, the next drill can still tell what
/// it finds.
inline std::string remove_scratch(int parent, const std::string& name, const std::string& path) {
  const file_descriptor inside{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (inside.get() >= 0) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries{::fdopendir(::fcntl(inside.get(), F_DUPFD_CLOEXEC, 3)), &::closedir};
    std::vector<std::string> names;
    while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
      const std::string_view one = entry->d_name;
      if (one != "." && one != ".." && one != scratch_lock) names.emplace_back(one);
    }
    for (const auto& one : names) {
      const std::string stays = remove_tree(inside.get(), one.c_str(), path + "/" + one);
      if (!stays.empty()) return stays;
    }
  }
  return remove_tree(parent, name.c_str(), path);
}

/// Processes that work in `root`, a real path: PostgreSQL's stand in their data directory, all of a drill's own below it.
inline std::vector<pid_t> processes_inside(const std::filesystem::path& root) {
  std::vector<pid_t> found;
  std::error_code error;
  const std::string below = root.string() + "/";
  for (auto one = std::filesystem::directory_iterator{"/proc", error}; !error && one != std::filesystem::directory_iterator{};
       one.increment(error)) {
    const std::string name = one->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code gone;
    const std::string cwd = std::filesystem::read_symlink(one->path() / "cwd", gone).string();
    if (!gone && (cwd == root.string() || cwd.starts_with(below)) && std::stol(name) != ::getpid()) {
      found.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return found;
}

/// Ends them: SIGQUIT first, which PostgreSQL takes as "at once"; then SIGKILL. Returns how many there were.
inline std::size_t end_processes_inside(const std::filesystem::path& root) {
  std::size_t ended = 0;
  for (int round = 0; round < 60; ++round) {
    const std::vector<pid_t> inside = processes_inside(root);
    if (inside.empty()) break;
    ended = std::max(ended, inside.size());
    for (const pid_t pid : inside) ::kill(pid, round == 0 ? SIGQUIT : round < 20 ? 0 : SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return ended;
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
  if (about.st_uid != ::geteuid() && !(helper && about.st_uid == helper->uid)) return std::nullopt;
  file_descriptor lock{::openat(directory.get(), std::string{scratch_lock}.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat of_lock {};
  if (lock.get() < 0 || ::fstat(lock.get(), &of_lock) != 0 || !S_ISREG(of_lock.st_mode)) return std::nullopt;
  if (of_lock.st_uid != ::geteuid()) return std::nullopt;  // written by whoever ran the drill, not by its server's user
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  std::string text(512, '\0');
  const ssize_t got = ::pread(lock.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  // of another host that shares the file system, whose locks may not reach here
  if (!text.starts_with(scratch_magic) || text.find("\nhost " + host_of_this() + "\n") == std::string::npos) return std::nullopt;
  return lock;
}

/// A drill that was killed before it had a lock left an empty directory; a younger one may be about to get its lock.
inline void remove_unborn(int parent, const std::string& name) {
  struct stat about {};
  if (::fstatat(parent, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(about.st_mode)) return;
  const bool ours = about.st_uid == ::geteuid();
  const bool old = std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(about.st_mtime) > std::chrono::hours{1};
  if (ours && old) ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);  // refused unless it is empty
}

}  // namespace detail

/// Removes from `parent` what drills that were killed have left there, their processes first; says so in `findings`.
inline void sweep_scratch(const std::filesystem::path& parent, finding_sink& findings) {
  const file_descriptor directory{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0) throw write_error(location{parent.string()}, "make a scratch directory in it", errno);
  std::error_code error;
  std::vector<std::string> names;
  for (auto one = std::filesystem::directory_iterator{parent, error}; !error && one != std::filesystem::directory_iterator{};
       one.increment(error)) {
    if (one->path().filename().string().starts_with(detail::scratch_prefix)) names.push_back(one->path().filename().string());
  }
  for (const auto& name : names) {
    const auto lock = detail::lock_leftover(directory.get(), name);
    if (!lock) {
      detail::remove_unborn(directory.get(), name);
      continue;
    }
    const std::filesystem::path path = std::filesystem::canonical(parent / name, error);
    const std::size_t ended = error ? 0 : detail::end_processes_inside(path);
    const std::string stays = detail::remove_scratch(directory.get(), name, (parent / name).string());
    if (!stays.empty()) {
      findings.report(make_finding(checks::drill_cleanup, location{(parent / name).string()},
                                   "what a drill that was killed left behind could not be removed", "gone", stays));
      continue;
    }
    findings.report(make_finding(checks::drill_leftover, location{(parent / name).string()},
                                 fmt::format("what a drill that was killed left behind was removed{}",
                                             ended > 0 ? fmt::format(", and {} of its processes ended", ended) : "")));
  }
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
      throw write_error(location{path_.string()}, "give it to the server's user", errno);
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
    const std::string text = fmt::format("{}process {}\nhost {}\n", detail::scratch_magic, ::getpid(), detail::host_of_this());
    if (lock_.get() < 0 || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 ||
        ::write(lock_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      const int why = errno;
      static_cast<void>(remove_all());
      throw write_error(location{name}, "write it", why);
    }
  }

  std::string remove_all() {
    removed_ = true;
    detail::end_processes_inside(path_);
    return detail::remove_scratch(parent_.get(), path_.filename().string(), path_.string());
  }

  std::optional<system_user> owner_;
  file_descriptor parent_;
  std::filesystem::path path_;
  file_descriptor lock_;
  bool kept_ = false;
  bool removed_ = false;
};

}  // namespace restorable
