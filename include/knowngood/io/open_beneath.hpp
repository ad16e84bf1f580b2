// open_beneath: opens what lies below an open directory, through no symbolic link, whoever changes what lies there
// meanwhile.
//
// Layer: io. Linux openat2 (since 5.6); part by part, each without following links, where the kernel lacks it. Beneath
// a directory that somebody else may write, root opens whatever it opens through this, and acts on what it has opened.
//   const file_descriptor log = open_beneath(scratch, "server/log", O_RDONLY);
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/io/file_descriptor.hpp"

namespace knowngood {

namespace detail {

// Spelt out here, since a system's headers may be older than its kernel. Linux, include/uapi/linux/openat2.h.
struct open_how {
  std::uint64_t flags = 0;
  std::uint64_t mode = 0;
  std::uint64_t resolve = 0;
};

/// Part by part. `..` and absolute paths are refused, with EXDEV as openat2 has it.
inline file_descriptor walk_beneath(int directory, std::string_view path, int flags, mode_t mode) {
  if (path.starts_with('/')) {
    errno = EXDEV;
    return file_descriptor{};
  }
  file_descriptor at;
  int from = directory;
  for (;;) {
    while (path.starts_with('/')) path.remove_prefix(1);
    const std::string part{path.substr(0, path.find('/'))};
    path.remove_prefix(part.size());
    const bool last = path.find_first_not_of('/') == std::string_view::npos;
    if (part == "..") {
      errno = EXDEV;
      return file_descriptor{};
    }
    file_descriptor next{last ? ::openat(from, part.empty() ? "." : part.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode)
                              : ::openat(from, part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    const int error = errno;
    at = std::move(next);
    errno = error;  // closing the one before may have changed it
    if (last || at.get() < 0) return at;
    from = at.get();
  }
}

}  // namespace detail

/// A negative descriptor with `errno` set where `path` does not lie beneath `directory` (EXDEV), a symbolic link stands
/// on the way or at its end (ELOOP, or ENOTDIR), or it cannot be opened. `flags`, `mode`: as for openat.
inline file_descriptor open_beneath(int directory, const std::string& path, int flags, mode_t mode = 0) {
  constexpr long openat2_call = 437;       // the same on every architecture that we build for
  constexpr std::uint64_t no_links = 0x6;  // RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS
  constexpr std::uint64_t beneath = 0x8;   // RESOLVE_BENEATH
  const detail::open_how how{static_cast<std::uint64_t>(flags | O_CLOEXEC), (flags & O_CREAT) != 0 ? mode : 0U,
                             no_links | beneath};
  file_descriptor opened{
      static_cast<int>(::syscall(openat2_call, directory, path.empty() ? "." : path.c_str(), &how, sizeof how))};
  // what is renamed meanwhile makes it try again, filters of containers refuse what they do not know in many ways, and
  // part by part there is no longest path
  const bool told = opened.get() >= 0 ||
                    (errno != ENOSYS && errno != EPERM && errno != EAGAIN && errno != EINVAL && errno != ENAMETOOLONG);
  return told ? std::move(opened) : detail::walk_beneath(directory, path, flags, mode);
}

/// Changes the mode of a directory beneath `directory`, which nobody need be able to read, and of nothing else that may
/// stand there by now. False, and `errno` says why, where it cannot.
inline bool change_mode_beneath(int directory, const std::string& path, mode_t mode) {
  if (const file_descriptor read = open_beneath(directory, path, O_RDONLY | O_DIRECTORY); read.get() >= 0)
    return ::fchmod(read.get(), mode) == 0;
  const file_descriptor at = open_beneath(directory, path, O_PATH | O_DIRECTORY);
  return at.get() >= 0 && ::chmod(("/proc/self/fd/" + std::to_string(at.get())).c_str(), mode) == 0;
}

}  // namespace knowngood
