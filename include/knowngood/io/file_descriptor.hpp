// file_descriptor: a file descriptor that closes itself.
//
// Layer: io. Example: file_descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
#pragma once

#include <unistd.h>

#include <utility>

namespace knowngood {

/// Owns the descriptor; a negative one is none. Whoever opens it looks at `errno` before anything else can change it.
class file_descriptor {
 public:
  explicit file_descriptor(int fd = -1) noexcept : fd_{fd} {}
  file_descriptor(file_descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~file_descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace knowngood
