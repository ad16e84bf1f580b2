// system_error: a failed system call as the `environment_error` that tells a person what to do about it.
//
// Layer: io. Example: if (fd < 0) throw system_error(where, "open", errno);
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

/// The `environment_error` for a failed system call that was to read `where`, with advice that fits `error_number`.
inline environment_error system_error(const location& where, const char* action, int error_number) {
  std::string advice;
  switch (error_number) {
    case EACCES:
    case EPERM: advice = "run as a user who may read it, or grant that user read permission"; break;
    case ENOENT: advice = "it vanished or was never there: check the path, and whether rotation ran meanwhile"; break;
    case ENOSPC:
    case EDQUOT: advice = "free space on that file system, or choose another directory"; break;
    case EMFILE:
    case ENFILE: advice = "raise the limit of open files (ulimit -n), or lower --jobs"; break;
    case EROFS: advice = "that file system is mounted read-only: choose another directory"; break;
    default: advice = "check the file system and the system's log"; break;
  }
  return environment_error{where, fmt::format("cannot {}: {}", action, std::strerror(error_number)), std::move(advice)};
}

/// The same for one that was to create or write `where`.
inline environment_error write_error(const location& where, const char* action, int error_number) {
  std::string advice;
  switch (error_number) {
    case EACCES:
    case EPERM: advice = "run as a user who may write in that directory, or choose another path"; break;
    case ENOENT: advice = "its directory is not there: create it, or choose another path"; break;
    case ENOTDIR: advice = "a part of its path is a file where a directory belongs: choose another path"; break;
    case EISDIR: advice = "name a file inside of that directory"; break;
    case EINVAL: advice = "choose another path"; break;
    case EFBIG: advice = "raise the limit of file sizes (ulimit -f), or write to another file system"; break;
    case EPIPE: advice = "its reader went away: look at what became of it"; break;
    case ENXIO: advice = "nobody reads at its other end: start the reader, or choose another path"; break;
    case EBUSY: advice = "it is a mount point itself, which cannot be replaced: mount its directory instead"; break;
    case EBADF: advice = "that descriptor is not open for writing: choose another path"; break;
    default: return system_error(where, action, error_number);
  }
  return environment_error{where, fmt::format("cannot {}: {}", action, std::strerror(error_number)), std::move(advice)};
}

}  // namespace knowngood
