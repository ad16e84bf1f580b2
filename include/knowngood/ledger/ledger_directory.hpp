// ledger_directory: the files of a ledger, reached without ever following a symbolic link, and its lock.
//
// Layer: ledger. Whoever can write into the directory could otherwise lead knowngood, which may run as root, to any
// file of the host. Example: const auto dir = ledger_directory::open("/var/lib/knowngood");
//   const ledger_lock lock{dir, ledger_lock::kind::shared, std::chrono::seconds{60}}; dir.read("ledger.jsonl", limit);
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

namespace ledger_files {
inline constexpr const char* lines = "ledger.jsonl";
inline constexpr const char* lock = "ledger.lock";
inline constexpr const char* head = "head.dsse";
inline constexpr const char* pending = "ledger.pending";  ///< the report that a run is about to list
inline constexpr const char* reports = "reports";
inline constexpr std::string_view envelope_suffix = ".dsse";
}  // namespace ledger_files

/// A regular file below a ledger, open for reading; or why there is none.
struct ledger_file {
  file_descriptor descriptor;
  std::uint64_t size = 0;
  int error = 0;  ///< an `errno`; ENOENT: nothing there; ELOOP: a symbolic link or no regular file

  [[nodiscard]] bool is_there() const noexcept { return error == 0; }
};

class ledger_directory {
 public:
  /// Throws `environment_error` for what is not there or no directory. The directory itself may be a symbolic link.
  static ledger_directory open(const std::string& path) {
    file_descriptor opened{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.get() < 0) throw system_error(location{path}, "open the ledger's directory", errno);
    return ledger_directory{path, std::move(opened)};
  }

  /// Makes the directory where there is none; the one that it lies in must be there, for a disk that is not mounted
  /// must not become a new ledger. Throws `environment_error`.
  static ledger_directory open_or_create(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0) {
      std::string parent = path;
      while (parent.size() > 1 && parent.ends_with('/')) parent.pop_back();
      detail::sync_directory(detail::directory_prefix(parent), location{path});
    } else if (errno != EEXIST) {
      throw write_error(location{path}, "create the ledger's directory", errno);
    }
    ledger_directory opened = open(path);
    struct stat about {};
    if (::fstat(opened.get(), &about) != 0) throw system_error(location{path}, "look at the ledger's directory", errno);
    if ((about.st_mode & S_IWOTH) != 0) {
      throw environment_error{location{path},
                              "everybody may write in the ledger's directory, and put other reports into it",
                              "take that right away: chmod o-w; audit ledger check says whether it was used"};
    }
    return opened;
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int get() const noexcept { return descriptor_.get(); }

  /// `DIR/name`, for messages.
  [[nodiscard]] location where(std::string_view name) const {
    return location{fmt::format("{}{}{}", path_, path_.ends_with('/') ? "" : "/", name)};
  }

  /// A directory below this one; a negative descriptor and `errno` where there is none.
  [[nodiscard]] file_descriptor open_directory(std::string_view relative) const {
    file_descriptor at{::openat(descriptor_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    while (at.get() >= 0 && !relative.empty()) {
      const std::string part = take_part(relative);
      at = file_descriptor{::openat(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    }
    return at;
  }

  /// The same, making what is missing, and making that last. Throws `environment_error`.
  [[nodiscard]] file_descriptor make_directory(const std::string& relative) const {
    file_descriptor at = open_directory("");
    if (at.get() < 0) throw system_error(where(""), "open the ledger's directory", errno);
    for (std::string_view rest = relative; !rest.empty();) {
      const std::string part = take_part(rest);
      if (::mkdirat(at.get(), part.c_str(), 0755) == 0) {
        sync(at.get(), where(relative));
      } else if (errno != EEXIST) {
        throw write_error(where(relative), "create the directory", errno);
      }
      at = file_descriptor{::openat(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
      if (at.get() < 0) throw write_error(where(relative), "open the directory without following links", errno);
    }
    return at;
  }

  /// A file below this directory. Never waits for a pipe's writer.
  [[nodiscard]] ledger_file open_file(const std::string& relative, int flags = O_RDONLY) const {
    const file_descriptor parent = open_directory(std::string{folder_of(relative)});
    // A link in place of a directory is ENOTDIR to openat, and as little a missing file as one in place of a file.
    if (parent.get() < 0) return {file_descriptor{}, 0, errno == ENOTDIR ? ELOOP : errno};
    const std::string name{file_name_of(relative)};
    file_descriptor opened{
        ::openat(parent.get(), name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (opened.get() < 0) return {file_descriptor{}, 0, errno == ENXIO || errno == EISDIR ? ELOOP : errno};
    struct stat status {};
    if (::fstat(opened.get(), &status) != 0) return {file_descriptor{}, 0, errno};
    if (!S_ISREG(status.st_mode)) return {file_descriptor{}, 0, ELOOP};
    return {std::move(opened), static_cast<std::uint64_t>(status.st_size), 0};
  }

  /// `size` bytes of an open file from `offset`; fewer where it ends. Throws `environment_error`.
  [[nodiscard]] static std::string read_at(const ledger_file& file, std::uint64_t offset, std::uint64_t size,
                                           const location& where) {
    std::string bytes(static_cast<std::size_t>(size), '\0');
    std::size_t length = 0;
    while (length < bytes.size()) {
      const ssize_t got = ::pread(file.descriptor.get(), bytes.data() + length, bytes.size() - length,
                                  static_cast<off_t>(offset + length));
      if (got == 0) break;
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw system_error(where, "read", errno);
      length += static_cast<std::size_t>(got);
    }
    bytes.resize(length);
    return bytes;
  }

  /// The whole of a small file; nothing where there is none. Throws `environment_error` for one that cannot be read,
  /// is larger than `limit` or is no regular file.
  [[nodiscard]] std::optional<std::string> read(const std::string& relative, std::uint64_t limit) const {
    const ledger_file file = open_file(relative);
    if (file.error == ENOENT) return std::nullopt;
    if (file.error == ELOOP) {
      throw environment_error{where(relative), "is a symbolic link or no regular file, a ledger holds none",
                              "find out who put it there, and restore the file from a copy"};
    }
    if (!file.is_there()) throw system_error(where(relative), "open", file.error);
    if (file.size > limit) {
      throw environment_error{
          where(relative),
          fmt::format("is of {}, at most {} are read", format_byte_size(file.size), format_byte_size(limit)),
          "restore it from a copy"};
    }
    return read_at(file, 0, file.size, where(relative));
  }

  /// Puts a file in place as a whole, flushed with its directory; an older one is replaced. `mode` is subject to the
  /// umask. Only under the exclusive lock: the temporary file has a fixed name, so that one that a killed run left is
  /// replaced and not collected.
  void write(const std::string& relative, std::string_view bytes, mode_t mode) const {
    const location place = where(relative);
    const file_descriptor parent = make_directory(std::string{folder_of(relative)});
    const std::string name{file_name_of(relative)};
    const std::string temporary = "." + name + ".tmp";
    if (::unlinkat(parent.get(), temporary.c_str(), 0) != 0 && errno != ENOENT) {
      throw write_error(place, "remove the temporary file of an earlier run", errno);
    }
    const file_descriptor opened{
        ::openat(parent.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
    if (opened.get() < 0) throw write_error(place, "create a temporary file beside it", errno);
    try {
      write_and_sync(opened.get(), bytes, place);
      if (::renameat(parent.get(), temporary.c_str(), parent.get(), name.c_str()) != 0) {
        throw write_error(place, "put in place", errno);
      }
    } catch (...) {
      ::unlinkat(parent.get(), temporary.c_str(), 0);
      throw;
    }
    sync(parent.get(), place);
  }

  /// Removes a file below this directory; says whether it was there. Throws `environment_error`.
  bool remove(const std::string& relative) const {
    const file_descriptor parent = open_directory(std::string{folder_of(relative)});
    if (parent.get() < 0 && errno == ENOENT) return false;
    if (parent.get() < 0) throw write_error(where(relative), "open the directory without following links", errno);
    const std::string name{file_name_of(relative)};
    if (::unlinkat(parent.get(), name.c_str(), 0) != 0) {
      if (errno == ENOENT) return false;
      throw write_error(where(relative), "remove", errno);
    }
    sync(parent.get(), where(relative));
    return true;
  }

  /// The temporary file by way of which `write` puts `relative` in place.
  [[nodiscard]] static std::string temporary_of(const std::string& relative) {
    const std::string_view name = file_name_of(relative);
    return relative.substr(0, relative.size() - name.size()) + "." + std::string{name} + ".tmp";
  }

  /// Waits until the medium has what was changed. Throws `environment_error`.
  static void sync(int descriptor, const location& where) {
    while (::fsync(descriptor) != 0) {
      if (errno == EINVAL || errno == ENOTSUP || errno == ENOSYS || errno == EROFS) return;
      if (errno != EINTR) throw write_error(where, "flush", errno);
    }
  }

 private:
  ledger_directory(std::string path, file_descriptor opened) : path_{std::move(path)}, descriptor_{std::move(opened)} {}

  static std::string take_part(std::string_view& relative) {
    const std::size_t slash = relative.find('/');
    std::string part{relative.substr(0, slash)};
    relative.remove_prefix(slash == std::string_view::npos ? relative.size() : slash + 1);
    // `..` would leave the directory without any link.
    return part == ".." || part.empty() ? std::string{"."} : part;
  }

  std::string path_;
  file_descriptor descriptor_;
};

/// The lock of a ledger, held as long as this object lives; the kernel frees it when the process dies.
class ledger_lock {
 public:
  enum class kind : unsigned char { shared, exclusive };

  /// Waits at most `patience`. A shared lock of a ledger that was never written to is none. Throws `environment_error`.
  ledger_lock(const ledger_directory& directory, kind wanted, std::chrono::milliseconds patience) {
    const location where = directory.where(ledger_files::lock);
    const bool shared = wanted == kind::shared;
    const int flags = shared ? O_RDONLY : O_RDWR | O_CREAT;
    opened_ = file_descriptor{::openat(directory.get(), ledger_files::lock, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                                       S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)};
    if (opened_.get() < 0 && shared && errno == ENOENT) return;
    if (opened_.get() < 0) throw write_error(where, "open the ledger's lock", errno);
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (::flock(opened_.get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) throw system_error(where, "lock the ledger", errno);
      if (std::chrono::steady_clock::now() >= give_up) {
        throw environment_error{
            where,
            fmt::format("another run has held the ledger's lock for {}",
                        format_elapsed(std::chrono::duration<double>(patience).count())),
            fmt::format("wait for that run, or look what it hangs on: fuser {}", where.to_string())};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  }

 private:
  file_descriptor opened_;
};

}  // namespace knowngood
