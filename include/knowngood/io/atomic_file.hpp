// write_file_atomically: replaces a file as a whole or not at all, and knows that the bytes have reached the medium.
//
// Layer: io. A report half written is worse than none: whoever reads it must find the old one or the new one. What
// cannot be replaced (a pipe, a terminal, /dev/stdout) is written directly. Example:
//   write_file_atomically("report.json", to_json(report), location{"report.json"});
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

/// Writes all of `bytes` to an open descriptor and waits until the medium has them, where it is one that can say so.
/// Throws `environment_error`; how much was written by then is unknown.
inline void write_and_sync(int descriptor, std::string_view bytes, const location& where) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor, bytes.data(), bytes.size());
    if (done > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (done == 0) {
      throw write_error(where, "write", ENOSPC);
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor, POLLOUT, 0};  // whoever shares the pipe with us made it non-blocking
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      throw write_error(where, "write", errno);
    }
  }
  // Pipes, terminals and some network file systems have nothing to flush, and say so.
  while (::fsync(descriptor) != 0) {
    if (errno == EINVAL || errno == ENOTSUP || errno == ENOSYS || errno == EROFS) break;
    if (errno != EINTR) throw write_error(where, "flush", errno);
  }
}

namespace detail {

/// The descriptor of this process that a path stands for: /dev/stdout, /dev/fd/3, /proc/self/fd/3.
inline std::optional<int> descriptor_named(std::string_view path) {
  if (path == "/dev/stdout") return 1;
  if (path == "/dev/stderr") return 2;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view digits = path.substr(folder.size());
    int number = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc{} && end == digits.data() + digits.size() && number >= 0) return number;
  }
  return std::nullopt;
}

/// `a/b/` of `a/b/c`; empty where there is no slash.
inline std::string directory_prefix(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

/// Follows symbolic links, so that the file is replaced and not the link; stops where the path stands for a descriptor.
inline std::string link_target(std::string path, const location& where) {
  for (int hops = 0; hops < 40; ++hops) {
    if (descriptor_named(path) || path.starts_with("/proc/")) return path;
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = ::readlink(path.c_str(), buffer.data(), buffer.size());
    if (length < 0) return path;
    const std::string target(buffer.data(), static_cast<std::size_t>(length));
    path = target.starts_with('/') ? target : directory_prefix(path) + target;
  }
  throw write_error(where, "write", ELOOP);
}

/// A file beside the one to be replaced, removed again unless it took that one's place.
class temporary_file {
 public:
  /// `directory` ends in a slash or is empty for the current one. `mode` is subject to the umask.
  temporary_file(const std::string& directory, mode_t mode, const location& where) {
    std::random_device random;
    for (int attempt = 0;; ++attempt) {
      path_ = fmt::format("{}.knowngood-{:08x}{:08x}.tmp", directory, random(), random());
      descriptor_ = file_descriptor{::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
      if (descriptor_.get() >= 0) return;
      if (errno != EEXIST || attempt == 100) throw write_error(where, "create a temporary file beside it", errno);
    }
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  [[nodiscard]] int get() const noexcept { return descriptor_.get(); }

  void rename_to(const std::string& path, const location& where) {
    if (::rename(path_.c_str(), path.c_str()) != 0) throw write_error(where, "put in place", errno);
    path_.clear();
  }

 private:
  std::string path_;
  file_descriptor descriptor_;
};

inline void sync_directory(const std::string& directory, const location& where) {
  const file_descriptor opened{::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.get() < 0) return;  // writable and not readable: nothing more can be done from here
  if (::fsync(opened.get()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS && errno != EROFS) {
    throw write_error(where, "make the new file last", errno);
  }
}

}  // namespace detail

/// Whether `write_file_atomically` could put a file at `path`, as far as that can be told without doing it: tried in
/// its directory, where nothing is left. Throws `environment_error` as that would.
inline void require_writable_file(const std::string& path, const location& where) {
  if (path.empty()) throw write_error(where, "write to an empty path", ENOENT);
  const std::string target = detail::link_target(path, where);
  if (const auto descriptor = detail::descriptor_named(target)) {
    const int flags = ::fcntl(*descriptor, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) throw write_error(where, "write", EBADF);
    return;
  }
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) throw write_error(where, "write", errno);
  if ((exists && S_ISDIR(old.st_mode)) || target.ends_with('/')) throw write_error(where, "write", EISDIR);
  if (exists && !S_ISREG(old.st_mode)) return;  // a pipe or a device: its other end says
  const detail::temporary_file tried{detail::directory_prefix(target), S_IRUSR | S_IWUSR, where};
}

/// Puts `bytes` at `path`. A regular file, or none, is replaced by way of a temporary file in the same directory:
/// written, flushed, renamed, the directory flushed; it keeps the mode (and, where permitted, the owner) of the file it
/// replaces, else 0644 less the umask. A symbolic link stays and its target is replaced. Pipes, character devices and
/// names of open descriptors are written directly; opening a pipe waits for its reader.
/// Throws `environment_error` at `where` with advice. Then the temporary file is gone and an old file untouched, unless
/// the directory alone could not be flushed, which the message says.
inline void write_file_atomically(const std::string& path, std::string_view bytes, const location& where) {
  if (path.empty()) throw write_error(where, "write to an empty path", ENOENT);
  if (path.find('\0') != std::string::npos) throw write_error(where, "write to a path with a zero byte", EINVAL);
  const std::string target = detail::link_target(path, where);
  if (const auto descriptor = detail::descriptor_named(target)) return write_and_sync(*descriptor, bytes, where);

  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) throw write_error(where, "write", errno);
  if (exists && S_ISDIR(old.st_mode)) throw write_error(where, "write", EISDIR);
  if (exists && (S_ISFIFO(old.st_mode) || S_ISCHR(old.st_mode))) {
    const file_descriptor opened{::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
    if (opened.get() < 0) throw write_error(where, "open for writing", errno);
    return write_and_sync(opened.get(), bytes, where);
  }
  if (exists && !S_ISREG(old.st_mode)) {
    throw environment_error{where, "cannot write: neither a regular file, a pipe nor a character device",
                            "choose another path"};
  }
  if (target.ends_with('/')) throw write_error(where, "write", EISDIR);

  const std::string directory = detail::directory_prefix(target);
  detail::temporary_file temporary{directory, exists ? old.st_mode & 0777 : 0644, where};
  if (exists) {
    // The old owner keeps access where we may arrange it, another group never gets it. The mode comes last: a change of
    // owner may cut it.
    const bool group_kept = ::fchown(temporary.get(), old.st_uid, old.st_gid) == 0 ||
                            ::fchown(temporary.get(), static_cast<uid_t>(-1), old.st_gid) == 0;
    const mode_t mode = old.st_mode & (group_kept ? 0777U : 0707U);
    if (::fchmod(temporary.get(), mode) != 0) throw write_error(where, "set the mode of its replacement", errno);
  }
  write_and_sync(temporary.get(), bytes, where);
  temporary.rename_to(target, where);
  detail::sync_directory(directory, where);
}

}  // namespace knowngood
