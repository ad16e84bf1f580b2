// output_file: a file that an archive's member is restored to: written with its holes, and not done before it is
// closed.
//
// Layer: archive; part of extraction, of no use alone.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <utility>

#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

/// A file being written, which says when closing it fails: some file systems tell only then that the disk is full.
class output_file {
 public:
  explicit output_file(int fd) noexcept : fd_{fd} {}
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;
  ~output_file() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

  /// Takes the content in order; pieces of zeros become holes. `errno` where false.
  bool append(byte_view bytes) {
    while (!bytes.empty()) {
      const std::size_t zeros = pieces(bytes, true);
      const std::size_t data = pieces(bytes.subspan(zeros), false);
      ends_in_hole_ = data == 0;
      if (!write_at(bytes.subspan(zeros, data), position_ + zeros)) return false;
      position_ += zeros + data;
      bytes = bytes.subspan(zeros + data);
    }
    return true;
  }

  /// After the last byte: a hole at the end is a part of the file too. `errno` where false.
  bool end() { return !ends_in_hole_ || ::ftruncate(fd_, static_cast<off_t>(position_)) == 0; }

  /// True when all of it was taken; `errno` otherwise.
  bool close() noexcept { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  // How many bytes at the front are pieces of zeros, which are left as holes; or pieces of anything else.
  static std::size_t pieces(byte_view chunk, bool zeros) {
    constexpr std::size_t piece = std::size_t{64} << 10;
    std::size_t size = 0;
    while (size < chunk.size()) {
      const byte_view one = chunk.subspan(size, std::min(piece, chunk.size() - size));
      if ((one.size() == piece && all_zero(one)) != zeros) break;
      size += one.size();
    }
    return size;
  }

  bool write_at(byte_view bytes, std::uint64_t position) const {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(position));
      if (written < 0 && errno == EINTR) continue;
      if (written == 0) errno = EIO;
      if (written <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      position += static_cast<std::uint64_t>(written);
    }
    return true;
  }

  int fd_;
  std::uint64_t position_ = 0;
  bool ends_in_hole_ = false;
};

/// For utimensat: the time of access stays. Nothing for what no clock shows.
inline std::optional<std::array<struct timespec, 2>> times_of(double modified) {
  constexpr double most = 9.0e15;  // beyond, doubles skip seconds
  if (!(std::abs(modified) < most)) return std::nullopt;
  const double whole = std::floor(modified);
  struct timespec now {
    0, UTIME_OMIT
  };
  const auto nanoseconds = std::clamp(static_cast<long>((modified - whole) * 1e9), 0L, 999'999'999L);
  return std::array{now, timespec{static_cast<time_t>(whole), nanoseconds}};
}

/// Sets the time of modification of an open file; false where the file system cannot hold it.
inline bool set_time(int fd, double modified) {
  const auto times = times_of(modified);
  return times && ::futimens(fd, times->data()) == 0;
}

}  // namespace knowngood::detail
