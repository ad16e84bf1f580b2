// directory: one directory's entries with what their status says, for discovery.hpp; nothing below it is looked at.
//
// Layer: catalog. Not being there is an answer; not being allowed to look is an `environment_error`.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/time.hpp"

namespace knowngood {

/// Which file it is, whatever it is called.
struct file_identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend auto operator<=>(const file_identity&, const file_identity&) = default;
};

/// An entry of a directory. Size, time and identity are those of what a link leads to.
struct directory_entry {
  std::string name;
  bool regular = false;
  bool directory = false;
  bool symlink = false;
  bool dangling = false;  ///< a symbolic link that leads nowhere
  std::string target;     ///< of a symbolic link, as it is written
  std::uint64_t size = 0;
  moment modified{};
  file_identity identity;
  std::vector<std::string> parts;    ///< names, where the entry stands for what was split
  std::vector<std::string> missing;  ///< names of parts that are not there
};

/// An entry whose status cannot be had.
struct unreadable_entry {
  std::string name;
  environment_error error;
};

struct directory_contents {
  bool exists = false;
  std::string why_not;                   ///< when it does not exist: `no such directory`, `not a directory`
  std::vector<directory_entry> entries;  ///< by name
  std::vector<unreadable_entry> failures;
};

namespace detail {

inline environment_error cannot(const std::string& path, const char* action, int error_number) {
  return environment_error{location{path}, fmt::format("cannot {}: {}", action, std::strerror(error_number)),
                           error_number == EACCES || error_number == EPERM
                               ? "run as a user who may read it, or grant that user read permission"
                               : "check the file system and the system's log"};
}

inline void fill(directory_entry& entry, const struct stat& status) {
  entry.regular = S_ISREG(status.st_mode);
  entry.directory = S_ISDIR(status.st_mode);
  entry.size = static_cast<std::uint64_t>(status.st_size);
  entry.modified = moment{std::chrono::seconds{status.st_mtim.tv_sec}};
  entry.identity = {status.st_dev, status.st_ino};
}

}  // namespace detail

/// The entries of `path`, by name, without itself and its parent. Throws `environment_error` when it is there and
/// cannot be read.
inline directory_contents list_directory(const std::string& path) {
  directory_contents contents;
  const std::unique_ptr<DIR, int (*)(DIR*)> handle{::opendir(path.c_str()), &::closedir};
  if (!handle) {
    if (errno != ENOENT && errno != ENOTDIR) throw detail::cannot(path, "list the directory", errno);
    contents.why_not = errno == ENOENT ? "no such directory" : "not a directory";
    return contents;
  }
  contents.exists = true;
  for (;;) {
    errno = 0;
    const dirent* next = ::readdir(handle.get());
    if (next == nullptr && errno != 0) throw detail::cannot(path, "list the directory", errno);
    if (next == nullptr) break;
    directory_entry entry;
    entry.name = next->d_name;
    if (entry.name == "." || entry.name == "..") continue;
    const int fd = ::dirfd(handle.get());
    struct stat status {};
    if (::fstatat(fd, next->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // rotation removed it meanwhile
      if (errno == EACCES) throw detail::cannot(path, "look at the files in the directory", errno);
      contents.failures.push_back(
          {entry.name, detail::cannot((std::filesystem::path{path} / entry.name).string(), "look at the file", errno)});
      continue;
    }
    detail::fill(entry, status);
    if (S_ISLNK(status.st_mode)) {
      entry.symlink = true;
      std::error_code ignored;
      entry.target = std::filesystem::read_symlink(std::filesystem::path{path} / entry.name, ignored).string();
      if (::fstatat(fd, next->d_name, &status, 0) == 0) {
        detail::fill(entry, status);
      } else if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        entry.dangling = true;
      } else {
        contents.failures.push_back({entry.name, detail::cannot((std::filesystem::path{path} / entry.name).string(),
                                                                "follow the link", errno)});
        continue;
      }
    }
    contents.entries.push_back(std::move(entry));
  }
  std::sort(contents.entries.begin(), contents.entries.end(),
            [](const directory_entry& a, const directory_entry& b) { return a.name < b.name; });
  return contents;
}

/// Bytes of all regular files below `path`; symbolic links are not followed. Throws `environment_error`.
inline std::uint64_t size_of_tree(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator walk{path, error};
  for (; !error && walk != std::filesystem::recursive_directory_iterator{}; walk.increment(error)) {
    struct stat status {};
    if (::lstat(walk->path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      bytes += static_cast<std::uint64_t>(status.st_size);
    }
  }
  if (error) throw detail::cannot(path, "measure the directory", error.value());
  return bytes;
}

}  // namespace knowngood
