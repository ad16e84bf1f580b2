// random_access: bytes that can be read from anywhere, for the formats whose directory stands at their end.
//
// Layer: io. Example: file_random_access stored{"/backups/site.7z", where}; stored.read_at(0, buffer);
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

class random_access {
 public:
  random_access() = default;
  random_access(const random_access&) = delete;
  random_access& operator=(const random_access&) = delete;
  virtual ~random_access() = default;

  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// Fills the front of `into`; how many bytes, 0 at and behind the end. Throws `environment_error`.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) = 0;
};

class file_random_access final : public random_access {
 public:
  /// Throws `environment_error` when `path` cannot be opened or is no regular file.
  file_random_access(const std::string& path, location where)
      : file_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)}, where_{std::move(where)} {
    struct stat status {};
    if (file_.get() < 0 || ::fstat(file_.get(), &status) != 0) throw system_error(where_, "open", errno);
    if (!S_ISREG(status.st_mode)) throw system_error(where_, "read from anywhere in it", ESPIPE);
    size_ = static_cast<std::uint64_t>(status.st_size);
  }

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (offset >= size_) return 0;  // further than any file goes, too: formats state offsets of 64 bits
    for (;;) {
      const ssize_t got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw system_error(where_.at(offset), "read", errno);
    }
  }

 private:
  file_descriptor file_;
  location where_;
  std::uint64_t size_ = 0;
};

/// Several files, one after the other.
class joined_random_access final : public random_access {
 public:
  /// Throws as `file_random_access` does.
  joined_random_access(const std::vector<std::string>& paths, const location& where) {
    for (const auto& path : paths) {
      files_.push_back(std::make_unique<file_random_access>(path, where));
      size_ += files_.back()->size();
    }
  }

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) override {
    for (const auto& file : files_) {
      if (offset < file->size()) return file->read_at(offset, into);
      offset -= file->size();
    }
    return 0;
  }

 private:
  std::vector<std::unique_ptr<file_random_access>> files_;
  std::uint64_t size_ = 0;
};

/// The bytes from some place on, as a source; small pieces first, for whoever needs little.
class source_from final : public source {
 public:
  /// `stored` outlives this object.
  source_from(random_access& stored, std::uint64_t offset) : stored_{stored}, offset_{offset} {}

 private:
  byte_view produce() override {
    buffer_.resize(buffer_.empty() ? std::size_t{4} << 10U : std::min(buffer_.size() * 4, std::size_t{256} << 10U));
    const std::size_t got = stored_.read_at(offset_, buffer_);
    offset_ += got;
    return byte_view{buffer_}.first(got);
  }

  random_access& stored_;
  std::uint64_t offset_;
  std::vector<std::byte> buffer_;
};

class memory_random_access final : public random_access {
 public:
  explicit memory_random_access(std::string bytes) : bytes_{std::move(bytes)} {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(into.size(), bytes_.size() - static_cast<std::size_t>(offset));
    if (count > 0) std::memcpy(into.data(), bytes_.data() + offset, count);
    return count;
  }

 private:
  std::string bytes_;
};

}  // namespace knowngood
