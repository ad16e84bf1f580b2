// file_source: a regular file, a pipe or standard input, read once from start to end.
//
// Layer: io. A file that shrinks or grows while it is read is not the file that was asked about: `file.changed`.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

class file_source final : public source {
 public:
  static constexpr std::size_t default_chunk = std::size_t{256} << 10;

  /// Opens `path`. Throws `environment_error` when it cannot be opened, or is neither a regular file nor a pipe.
  file_source(const std::string& path, location where, std::size_t chunk_bytes = default_chunk)
      : file_source{file_descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)}, std::move(where),
                    chunk_bytes, errno} {}

  /// Takes over an open descriptor, for example standard input.
  file_source(file_descriptor descriptor, location where, std::size_t chunk_bytes = default_chunk,
              int open_error = EBADF)
      : descriptor_{std::move(descriptor)}, where_{std::move(where)}, chunk_bytes_{chunk_bytes} {
    if (descriptor_.get() < 0) throw system_error(where_, "open", open_error);
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) throw system_error(where_, "stat", errno);
    if (S_ISDIR(status.st_mode)) throw system_error(where_, "read", EISDIR);
    if (S_ISREG(status.st_mode)) {
      size_ = static_cast<std::uint64_t>(status.st_size);
      ::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    buffers_.resize(1);
  }

  /// Size in bytes when opened; nothing for a pipe.
  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// From now on the wait for a pipe's next bytes ends with `interrupted` once `stop` is asked for, whichever thread it
  /// is in; a signal interrupts the read of one thread alone.
  void watch(stop_flag stop) noexcept { stop_ = stop; }

 private:
  bool grant_retention(std::size_t chunks) override {
    buffers_.resize(chunks + 1);
    return true;
  }

  byte_view produce() override {
    auto& buffer = buffers_[turn_++ % buffers_.size()];
    buffer.resize(chunk_bytes_);
    for (;;) {
      wait_for_pipe();
      const ssize_t got = ::read(descriptor_.get(), buffer.data(), buffer.size());
      if (got > 0) return byte_view{buffer}.first(static_cast<std::size_t>(got));
      if (got == 0) {
        if (size_ && *size_ != delivered()) {
          throw stream_error{checks::file_changed, where_.at(delivered()), "file changed while it was read",
                             fmt::format("{} bytes", *size_), fmt::format("{} bytes", delivered())};
        }
        return {};
      }
      if (errno == EINTR) continue;
      if (errno == EIO) {
        throw stream_error{checks::file_unreadable, where_.at(delivered()), "the medium cannot be read here",
                           "readable bytes", std::strerror(EIO)};
      }
      throw system_error(where_.at(delivered()), "read", errno);
    }
  }

  void wait_for_pipe() const {
    if (size_ || !stop_.watched()) return;
    pollfd pipe{descriptor_.get(), POLLIN, 0};
    int ready = 0;
    do {
      stop_.throw_if_requested();
      ready = ::poll(&pipe, 1, 100);
    } while (ready == 0 || (ready < 0 && errno == EINTR));
  }

  file_descriptor descriptor_;
  location where_;
  stop_flag stop_;
  std::size_t chunk_bytes_;
  std::optional<std::uint64_t> size_;
  std::vector<std::vector<std::byte>> buffers_;
  std::size_t turn_ = 0;
};

}  // namespace knowngood
