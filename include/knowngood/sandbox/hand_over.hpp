// make_directory, make_directory_for, give_tree, open_way: directories that root makes, and gives away, for a server
// that handles a hostile backup.
//
// Layer: sandbox. What belongs to the server's user is his to rename and to replace by links at any moment, so that
// root opens what it gives away without following links, gives away what it has opened, and has no business in it
// afterwards.
//   make_directory(scratch / "server");                        // root's: whoever runs the server passes through
//   make_directory_for(scratch / "server" / "data", user);     // the user's
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "knowngood/base/location.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/open_beneath.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

namespace detail {

constexpr int directory_itself = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

inline file_descriptor open_directory_of_ours(const std::filesystem::path& path, const char* action) {
  file_descriptor opened{::open(path.c_str(), directory_itself)};
  struct stat about {};
  if (opened.get() < 0 || ::fstat(opened.get(), &about) != 0) throw write_error(location{path.string()}, action, errno);
  if (about.st_uid != ::geteuid()) throw write_error(location{path.string()}, action, EPERM);
  return opened;
}

using directory_entries = std::unique_ptr<DIR, int (*)(DIR*)>;

/// What an open directory holds, from the beginning; null, and `errno` says why, where it cannot be listed.
inline directory_entries entries_of(int directory) {
  const int listed = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  directory_entries entries{listed < 0 ? nullptr : ::fdopendir(listed), &::closedir};
  if (!entries && listed >= 0) ::close(listed);
  return entries;
}

/// Everything in an open directory, which stays whose it is.
inline void give_entries(int directory, const std::filesystem::path& path, const system_user& user) {
  const auto failed = [&](std::string_view name) {
    throw write_error(location{(path / name).string()}, "give it to the server's user", errno);
  };
  const directory_entries entries = entries_of(directory);
  if (!entries) failed(".");
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat about {};
    if (::fstatat(directory, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) failed(name);
    if (!S_ISDIR(about.st_mode)) {
      if (::fchownat(directory, entry->d_name, user.uid, user.gid, AT_SYMLINK_NOFOLLOW) != 0) failed(name);
      continue;
    }
    const file_descriptor below = open_beneath(directory, entry->d_name, O_RDONLY | O_DIRECTORY);
    if (below.get() < 0) failed(name);
    give_entries(below.get(), path / name, user);
    if (::fchown(below.get(), user.uid, user.gid) != 0) failed(name);
  }
}

/// Closes an open directory's own directories to everybody else, but for the one called `but`.
inline void close_directories(int directory, const std::filesystem::path& path, std::string_view but) {
  const auto failed = [&](std::string_view name) {
    throw write_error(location{(path / name).string()}, "close it to the server's user", errno);
  };
  const directory_entries entries = entries_of(directory);
  if (!entries) failed(".");
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    struct stat about {};
    if (name == "." || name == ".." || name == but) continue;
    if (::fstatat(directory, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) failed(name);
    if (!S_ISDIR(about.st_mode) || (about.st_mode & 0077U) == 0) continue;
    if (!change_mode_beneath(directory, entry->d_name, 0700)) failed(name);
  }
}

}  // namespace detail

/// Lets whoever runs the server pass from `top`, a directory of ours, down to `below`, a directory in it, by a way on
/// which nobody else can write, and to nothing that lies beside it. Throws `environment_error`.
inline void open_way(const std::filesystem::path& top, const std::filesystem::path& below) {
  const std::filesystem::path relative = below.lexically_relative(top);
  if (relative == ".") return;  // it is given away itself
  const file_descriptor root = detail::open_directory_of_ours(top, "let the server's user pass through");
  std::filesystem::path way;
  for (const auto& part : relative) {
    if (part == ".") return;
    const bool passable = change_mode_beneath(root.get(), way.string(), 0711);
    const file_descriptor at = open_beneath(root.get(), way.string(), O_RDONLY | O_DIRECTORY);
    if (!passable || at.get() < 0)
      throw write_error(location{(top / way).string()}, "let the server's user pass through", errno);
    detail::close_directories(at.get(), top / way, part.string());
    way /= part;
  }
}

/// Makes a directory of our own that others may pass through, and no more. Throws `environment_error`.
inline void make_directory(const std::filesystem::path& path) {
  const location where{path.string()};
  if (::mkdir(path.c_str(), 0700) != 0) throw write_error(where, "make it", errno);
  const file_descriptor made = detail::open_directory_of_ours(path, "make it");
  if (::fchmod(made.get(), 0711) != 0) throw write_error(where, "make it", errno);
}

/// Makes a private directory of `user`'s; of our own without one. Throws `environment_error`.
inline void make_directory_for(const std::filesystem::path& path, const std::optional<system_user>& user) {
  const location where{path.string()};
  if (::mkdir(path.c_str(), 0700) != 0) throw write_error(where, "make it", errno);
  if (!user) return;
  const file_descriptor made = detail::open_directory_of_ours(path, "give it to the server's user");
  if (::fchown(made.get(), user->uid, user->gid) != 0) throw write_error(where, "give it to the server's user", errno);
}

/// Gives a whole tree to `user`, links themselves and not what they lead to, and makes its top private. Nobody else may
/// be able to reach it while this runs: it lies below a private directory of ours. Without `user` it stays ours. Throws
/// `environment_error` that names the first for which it is not possible.
inline void give_tree(const std::filesystem::path& top, const std::optional<system_user>& user) {
  const location where{top.string()};
  const file_descriptor opened = detail::open_directory_of_ours(top, "give it to the server's user");
  if (::fchmod(opened.get(), 0700) != 0) throw write_error(where, "make it private", errno);
  if (!user) return;
  detail::give_entries(opened.get(), top, *user);
  if (::fchown(opened.get(), user->uid, user->gid) != 0)
    throw write_error(where, "give it to the server's user", errno);
}

}  // namespace knowngood
