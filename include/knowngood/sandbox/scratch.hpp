// drill_scratch: the private directory that a drill works in. Gone afterwards, whatever happened, and proved to be;
// what a drill that was killed left behind is found by the next one and removed, and never anything else.
//
// Layer: sandbox. A scratch directory is named `knowngood-drill-XXXXXXXX`, belongs to whoever runs the drill, and holds
// `owner.lock`, which the drill keeps locked as long as it lives: whoever can lock it knows that its owner is gone. The
// user that servers run as passes through it to what is his (hand_over.hpp), and can change nothing in it.
//   drill_scratch scratch{"/tmp", unprivileged_user()}; auto where = scratch.make("models"); ... scratch.remove();
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/host_name.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/drill_processes.hpp"
#include "knowngood/sandbox/scratch_removal.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

/// Whether nothing more can be written into `directory`, or next to nothing.
inline bool is_full(const std::filesystem::path& directory) {
  constexpr std::uint64_t least = std::uint64_t{1} << 20;  // a server's next file may not fit
  struct statvfs space {};
  if (::statvfs(directory.c_str(), &space) != 0) return false;
  return std::uint64_t{space.f_bavail} * space.f_frsize < least || (space.f_files > 0 && space.f_favail == 0);
}

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
  if (!text.starts_with(scratch_magic) || text.find("\nhost " + host_name() + "\n") == std::string::npos)
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

namespace detail {

/// Whether owners that this process cannot name are shown as one: in a container that knows few users.
inline bool knows_few_users() {
  std::ifstream map{"/proc/self/uid_map"};
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t size = 0;
  return !(map >> inside >> outside >> size) || size < 0xFFFFFFFFU;
}

/// Throws `environment_error` where others could rename what lies in one directory of the way to the scratch.
inline void require_safe_directory(const std::filesystem::path& directory) {
  struct stat about {};
  const location where{directory.string()};
  if (::stat(directory.c_str(), &about) != 0) throw write_error(where, "make a scratch directory in it", errno);
  const auto refuse = [&](const std::string& why) {
    throw environment_error{where, fmt::format("a scratch directory is not made here: {}", why),
                            "choose another directory with --scratch DIR, or set the sticky bit: chmod +t"};
  };
  const bool sticky = (about.st_mode & S_ISVTX) != 0;
  if ((about.st_mode & S_IWOTH) != 0 && !sticky)
    refuse("everybody may write in it, and rename what is not theirs (no sticky bit)");
  constexpr uid_t unnamed = 65'534;
  const bool nobodys = about.st_uid == unnamed && knows_few_users();
  if (about.st_uid != 0 && about.st_uid != ::geteuid() && !nobodys)
    refuse(fmt::format("it belongs to user {}, who may rename what is not theirs", about.st_uid));
  if (::geteuid() == 0 && (about.st_mode & S_IWGRP) != 0 && about.st_gid != 0 && !sticky)
    refuse(fmt::format("the group {} may write in it, and rename what is root's (no sticky bit)", about.st_gid));
}

}  // namespace detail

/// Throws `environment_error` where others could put something else into the place of what is made in `directory`, or
/// of a directory that it lies in: where they may write and no sticky bit keeps them from what is not theirs.
inline void require_safe_parent(const std::filesystem::path& directory) {
  std::error_code error;
  const auto real = std::filesystem::canonical(directory, error);
  if (error) throw write_error(location{directory.string()}, "make a scratch directory in it", error.value());
  for (auto way = real;; way = way.parent_path()) {
    detail::require_safe_directory(way);
    if (way == way.root_path()) return;
  }
}

class drill_scratch {
 public:
  /// Makes it in `parent`, which must be there. As root, `passing` is the user that servers run as, and may pass
  /// through.
  drill_scratch(const std::filesystem::path& parent, const std::optional<system_user>& passing) {
    require_safe_parent(parent);
    std::error_code error;
    const auto real = std::filesystem::canonical(parent, error);
    if (error) throw write_error(location{parent.string()}, "make a scratch directory in it", error.value());
    parent_ = file_descriptor{::open(real.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    std::string name = (real / (std::string{detail::scratch_prefix} + "XXXXXXXX")).string();
    if (parent_.get() < 0 || ::mkdtemp(name.data()) == nullptr) {
      throw write_error(location{parent.string()}, "make a scratch directory in it", errno);
    }
    path_ = name;
    root_ = file_descriptor{::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (root_.get() < 0) {
      const int why = errno;
      ::rmdir(path_.c_str());  // just made, and empty
      throw write_error(location{path_.string()}, "open it", why);
    }
    take_lock();
    if (passing && ::fchmod(root_.get(), 0711) != 0) {
      const int why = errno;
      static_cast<void>(remove_all());
      throw write_error(location{path_.string()}, "let the server's user pass through", why);
    }
  }
  drill_scratch(const drill_scratch&) = delete;
  drill_scratch& operator=(const drill_scratch&) = delete;
  ~drill_scratch() {
    if (kept_ || removed_) return;
    try {
      static_cast<void>(remove_all());
    } catch (const std::exception&) {
      // for want of memory: the next drill finds it
    }
  }

  /// A real path without symbolic links in it.
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// A new directory in it, for our eyes only.
  std::filesystem::path make(const std::string& name) const {
    const std::filesystem::path made = path_ / name;
    if (::mkdirat(root_.get(), name.c_str(), 0700) != 0) throw write_error(location{made.string()}, "make it", errno);
    return made;
  }

  /// Leaves it where it is. The next drill does not take it for a leftover either.
  void keep() {
    ::unlinkat(root_.get(), std::string{detail::scratch_lock}.c_str(), 0);
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
    const std::string name{detail::scratch_lock};
    lock_ =
        file_descriptor{::openat(root_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    const std::string text = fmt::format("{}process {}\nhost {}\n", detail::scratch_magic, ::getpid(), host_name());
    // another drill's sweep may hold it for the moment that it takes to see that it is none of its business
    if (lock_.get() < 0 || ::flock(lock_.get(), LOCK_EX) != 0 ||
        ::write(lock_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      const int why = errno;
      static_cast<void>(remove_all());
      throw write_error(location{(path_ / name).string()}, "write it", why);
    }
  }

  std::string remove_all() {
    detail::end_processes_inside(path_.string());
    std::string stays = detail::scratch_removal{parent_.get(), path_.filename().string(), path_.string()}.run();
    removed_ = true;  // or what stays is said; where the memory did not suffice, once more in the end
    return stays;
  }

  file_descriptor parent_;
  file_descriptor root_;
  std::filesystem::path path_;
  file_descriptor lock_;
  bool kept_ = false;
  bool removed_ = false;
};

}  // namespace knowngood
