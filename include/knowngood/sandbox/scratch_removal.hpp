// scratch_removal: removes a scratch directory with whatever a hostile backup has put into it.
//
// Layer: sandbox; part of scratch.hpp. Example: scratch_removal{parent, "knowngood-drill-x", path}.run() is empty when
// nothing is left.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/open_beneath.hpp"

namespace knowngood::detail {

inline constexpr std::string_view scratch_prefix = "knowngood-drill-";
inline constexpr std::string_view scratch_lock = "owner.lock";
inline constexpr std::string_view scratch_magic = "knowngood drill scratch\n";

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
      if (!left_.empty()) return left_;
    }
    ::unlinkat(root_.get(), std::string{scratch_lock}.c_str(), 0);
    if (::unlinkat(parent_, name_.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return because(name_, errno);
    return {};
  }

 private:
  // Of an entry of the root.
  void remove(const std::string& name) {
    if (::unlinkat(root_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) return note_left(name, errno);
    if (::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR) == 0) return;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES) return note_left(name, errno);
    const std::string ours = move(root_.get(), name);
    if (!ours.empty()) empty(ours);
  }

  // What is in the directory becomes the root's, or goes.
  void empty(const std::string& name) {
    file_descriptor inside = open_beneath(root_.get(), name, O_RDONLY | O_DIRECTORY);
    if (inside.get() < 0 && (errno == ENOTDIR || errno == ELOOP)) {  // somebody was quicker: it is no directory
      if (::unlinkat(root_.get(), name.c_str(), 0) != 0 && errno != ENOENT) note_left(name, errno);
      return;
    }
    if (inside.get() < 0 && errno == EACCES && change_mode_beneath(root_.get(), name, 0700)) {
      inside = open_beneath(root_.get(), name, O_RDONLY | O_DIRECTORY);
    }
    if (inside.get() < 0) return note_left(name, errno);
    ::fchmod(inside.get(), 0700);
    for (;;) {
      const std::vector<std::string> names = some_names_in(inside.get(), "");
      if (names.empty()) break;
      for (const auto& one : names) {
        if (::unlinkat(inside.get(), one.c_str(), 0) == 0 || errno == ENOENT) continue;
        if (errno != EISDIR && errno != EPERM) return note_left(one, errno);
        if (::unlinkat(inside.get(), one.c_str(), AT_REMOVEDIR) == 0) continue;
        if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES) return note_left(one, errno);
        if (move(inside.get(), one).empty()) return;
      }
    }
    if (::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) note_left(name, errno);
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
        change_mode_beneath(from, name, 0700);  // moving it changes its `..`
        failed = ::renameat(from, name.c_str(), root_.get(), to.c_str()) == 0 ? 0 : errno;
      }
      if (failed == 0) return to;
      note_left(name, failed);
      return {};
    }
  }

  void note_left(const std::string& name, int why) {
    if (left_.empty()) left_ = because(path_ + "/…/" + name, why);
  }
  static std::string because(const std::string& what, int why) {
    return fmt::format("{}: {}", printable(what), std::strerror(why));
  }

  int parent_;
  std::string name_;
  std::string path_;
  file_descriptor root_;
  std::uint64_t moved_ = 0;
  std::string left_;
};

}  // namespace knowngood::detail
