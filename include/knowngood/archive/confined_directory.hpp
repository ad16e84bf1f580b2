// confined_directory: a directory and what lies beneath it, reached part by part, so that no symbolic link leads out.
//
// Layer: archive. What was restored from a backup is as hostile as the backup: its symbolic links point anywhere.
// Whoever reads restored files opens them through this, not by path.
//   const confined_directory restored{"/scratch/config"};
//   if (const auto text = restored.read_file(".env", where, bounds.list_bytes)) ...
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/open_beneath.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

namespace detail {

/// The parts of a name between its slashes, without empty ones and `.`; `..` stays.
inline std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  while (!name.empty()) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    if (const std::string_view part = name.substr(0, slash); !part.empty() && part != ".") parts.emplace_back(part);
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return parts;
}

inline bool leads_up(std::span<const std::string> parts) noexcept {
  return std::find(parts.begin(), parts.end(), "..") != parts.end();
}

inline std::string joined(std::span<const std::string> parts) {
  std::string path;
  for (const auto& part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

/// Opens a directory beneath `root`; a negative descriptor with `errno` set where a part is missing or no directory. A
/// symbolic link is none.
inline file_descriptor open_directory_beneath(int root, std::span<const std::string> parts) {
  return open_beneath(root, joined(parts), O_RDONLY | O_DIRECTORY);
}

}  // namespace detail

class confined_directory {
 public:
  /// Opens `path`, which is the caller's own and may go through symbolic links. Throws `environment_error`.
  explicit confined_directory(const std::filesystem::path& path)
      : directory_{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, where_{path.string()} {
    if (directory_.get() < 0) throw system_error(where_, "open the directory", errno);
  }

  /// Stays this object's.
  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

  /// What lies at `path`, itself and not what it may point at; nothing where nothing lies, or where the way leads up or
  /// through a symbolic link.
  [[nodiscard]] std::optional<struct stat> status(std::string_view path) const {
    const std::vector<std::string> parts = detail::parts_of(path);
    if (detail::leads_up(parts)) return std::nullopt;
    return status_of(parts);
  }

  /// Where `path` leads once the symbolic links on its way are followed: a path with none. Nothing where it leads to
  /// nothing or out of this directory; an absolute target leads out.
  [[nodiscard]] std::optional<std::string> resolve(std::string_view path) const {
    constexpr unsigned most_links = 40;  // as the kernel follows
    std::vector<std::string> ahead = detail::parts_of(path);
    std::reverse(ahead.begin(), ahead.end());
    std::vector<std::string> behind;
    for (unsigned links = 0; !ahead.empty();) {
      std::string part = std::move(ahead.back());
      ahead.pop_back();
      if (part == "..") {
        if (behind.empty()) return std::nullopt;
        behind.pop_back();
        continue;
      }
      behind.push_back(std::move(part));
      const auto found = status_of(behind);
      if (!found) return std::nullopt;
      if (!S_ISLNK(found->st_mode)) continue;
      const auto target = link_target(behind);
      if (++links > most_links || !target || target->starts_with('/')) return std::nullopt;
      behind.pop_back();
      std::vector<std::string> further = detail::parts_of(*target);
      ahead.insert(ahead.end(), further.rbegin(), further.rend());
      if (ahead.size() > most_parts) return std::nullopt;
    }
    return detail::joined(behind);
  }

  /// Opens the regular file that `path` leads to, for reading; a negative descriptor where there is none. Throws
  /// `environment_error` where there is one that cannot be opened.
  [[nodiscard]] file_descriptor open_file(std::string_view path) const {
    const auto real = resolve(path);
    if (!real) return file_descriptor{};
    const std::vector<std::string> parts = detail::parts_of(*real);
    const auto found = status_of(parts);
    if (parts.empty() || !found || !S_ISREG(found->st_mode)) return file_descriptor{};
    const file_descriptor parent =
        detail::open_directory_beneath(directory_.get(), std::span{parts}.first(parts.size() - 1));
    // A fifo that took the file's place would block.
    file_descriptor file{
        ::openat(parent.get(), parts.back().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (file.get() < 0) throw system_error(where_ / *real, "open", errno);
    return file;
  }

  /// The content of the regular file that `path` leads to; nothing where there is none. Throws `environment_error` for
  /// more than `most` bytes, and where it cannot be read.
  [[nodiscard]] std::optional<std::string> read_file(std::string_view path, const location& where,
                                                     std::uint64_t most) const {
    file_descriptor file = open_file(path);
    if (file.get() < 0) return std::nullopt;
    file_source from{std::move(file), where};
    return read_all(from, where, most);
  }

  /// Calls `visit(path, status)` for everything beneath, a directory before what is in it, until it says false. Follows
  /// no symbolic link. Throws `environment_error` where a directory cannot be read.
  template <typename Visit>
  void walk(Visit&& visit) const {
    std::vector<level> levels;
    levels.push_back(open_level(directory_.get(), ".", {}));
    while (!levels.empty()) {
      level& now = levels.back();
      errno = 0;
      const ::dirent* entry = ::readdir(now.stream.get());
      if (entry == nullptr) {
        if (errno != 0) throw system_error(where_ / now.path, "read the directory", errno);
        levels.pop_back();
        continue;
      }
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string path = now.path.empty() ? name : now.path + "/" + name;
      struct stat status {};
      const int directory = ::dirfd(now.stream.get());
      if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        throw system_error(where_ / path, "stat", errno);
      }
      if (!visit(path, std::as_const(status))) return;
      if (S_ISDIR(status.st_mode)) levels.push_back(open_level(directory, name, path));
    }
  }

 private:
  static constexpr std::size_t most_parts = 65'536;

  struct close_stream {
    void operator()(::DIR* stream) const noexcept { ::closedir(stream); }
  };
  struct level {
    std::unique_ptr<::DIR, close_stream> stream;
    std::string path;
  };

  [[nodiscard]] level open_level(int directory, const std::string& name, std::string path) const {
    const int opened = ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0) throw system_error(where_ / path, "open the directory", errno);
    ::DIR* const stream = ::fdopendir(opened);
    if (stream == nullptr) {
      const int error = errno;
      ::close(opened);
      throw system_error(where_ / path, "open the directory", error);
    }
    return {std::unique_ptr<::DIR, close_stream>{stream}, std::move(path)};
  }

  [[nodiscard]] std::optional<struct stat> status_of(std::span<const std::string> parts) const {
    struct stat status {};
    if (parts.empty()) {
      if (::fstat(directory_.get(), &status) != 0) throw system_error(where_, "stat", errno);
      return status;
    }
    const file_descriptor parent = detail::open_directory_beneath(directory_.get(), parts.first(parts.size() - 1));
    if (parent.get() >= 0 && ::fstatat(parent.get(), parts.back().c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
      return status;
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG) return std::nullopt;
    throw system_error(where_ / detail::joined(parts), "stat", errno);
  }

  [[nodiscard]] std::optional<std::string> link_target(std::span<const std::string> parts) const {
    const file_descriptor parent = detail::open_directory_beneath(directory_.get(), parts.first(parts.size() - 1));
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(parent.get(), parts.back().c_str(), target.data(), target.size());
    if (size < 0 || static_cast<std::size_t>(size) == target.size()) return std::nullopt;
    target.resize(static_cast<std::size_t>(size));
    return target;
  }

  file_descriptor directory_;
  location where_;
};

}  // namespace knowngood
