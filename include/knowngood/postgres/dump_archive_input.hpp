// dump_archive_input: the bytes, integers and strings of which pg_dump's archives consist, read from any source.
//
// Layer: postgres. A length is believed only as far as bytes arrive: one of 2^31 costs nothing. Example:
//   dump_archive_input in{*file, where};  in.take("magic", 5);  in.set_integer_bytes(4);  in.integer("count");
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class dump_archive_input {
 public:
  /// `upstream` outlives this object. `where`: of the archive. At most `string_bytes` of strings are read, together.
  dump_archive_input(source& upstream, location where, std::uint64_t string_bytes)
      : upstream_{upstream}, where_{std::move(where)}, string_bytes_{string_bytes} {}

  /// How wide integers are, without their sign byte: 1 to 8.
  void set_integer_bytes(unsigned bytes) noexcept { integer_bytes_ = bytes; }

  /// The next byte. Throws `dump.truncated` at the archive's end, as all that follow; `part` says inside what.
  std::uint8_t byte(std::string_view part) {
    if (!refill()) throw_truncated(part);
    const auto value = std::to_integer<std::uint8_t>(rest_.front());
    advance(1);
    return value;
  }

  /// The next `bytes` bytes.
  std::string take(std::string_view part, std::uint64_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      const std::string_view piece = view(part, bytes - text.size());
      text += piece;
    }
    return text;
  }

  /// A sign byte and the integer's magnitude, least significant byte first. Throws `dump.archive` for what no writer
  /// makes: another sign than 0 and 1, a magnitude beyond 63 bits, a negative nothing.
  std::int64_t integer(std::string_view part) {
    const std::uint64_t at = offset_;
    const std::uint8_t sign = byte(part);
    std::uint64_t magnitude = 0;
    for (unsigned i = 0; i < integer_bytes_; ++i) magnitude |= std::uint64_t{byte(part)} << (8 * i);
    if (sign > 1 || (sign == 1 && magnitude == 0) ||
        magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw damaged(at, fmt::format("{} is no integer", part), "a sign of 0 or 1", fmt::format("{}", sign));
    }
    const auto value = static_cast<std::int64_t>(magnitude);
    return sign == 1 ? -value : value;
  }

  /// An unsigned number of `bytes` bytes, least significant first: an offset in the archive.
  std::uint64_t number(std::string_view part, unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
      const std::uint64_t next = byte(part);
      if (i < 8) value |= next << (8 * i);
    }
    return value;
  }

  /// An integer and as many bytes; nothing for the length -1, which stands for NULL.
  std::optional<std::string> string(std::string_view part) {
    const std::uint64_t at = offset_;
    const std::int64_t length = integer(part);
    if (length < 0) return std::nullopt;
    read_bytes_ += static_cast<std::uint64_t>(length);
    // What is claimed and not there is found at the end of the input; what is there has a bound.
    if (read_bytes_ > string_bytes_) {
      if (!holds(static_cast<std::uint64_t>(length))) throw_truncated(part);
      throw_limit_exceeded(where_.at(at), "toc_bytes", string_bytes_, read_bytes_);
    }
    return take(part, static_cast<std::uint64_t>(length));
  }

  /// The next bytes as they lie in memory, at least one and at most `most`, which is not 0. Valid until the next call.
  std::string_view view(std::string_view part, std::uint64_t most) {
    if (!refill()) throw_truncated(part);
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(most, rest_.size()));
    const std::string_view piece{reinterpret_cast<const char*>(rest_.data()), size};
    advance(size);
    return piece;
  }

  /// True at the proved end of the archive.
  bool at_end() { return !refill(); }

  /// Of the next byte, in the archive.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] const location& where() const noexcept { return where_; }

  [[nodiscard]] stream_error damaged(std::uint64_t at, std::string message, std::string expected,
                                     std::string actual) const {
    return stream_error{checks::dump_archive, where_.at(at), std::move(message), std::move(expected),
                        std::move(actual)};
  }

  [[noreturn]] void throw_truncated(std::string_view part) const {
    throw stream_error{checks::dump_truncated, where_.at(offset_), fmt::format("the archive ends in {}", part),
                       "more bytes", fmt::format("end after {} bytes", offset_)};
  }

 private:
  bool refill() {
    if (rest_.empty()) rest_ = upstream_.next();
    return !rest_.empty();
  }

  void advance(std::size_t bytes) {
    rest_ = rest_.subspan(bytes);
    offset_ += bytes;
  }

  // Whether that many bytes follow; they are dropped.
  bool holds(std::uint64_t bytes) {
    while (bytes > 0 && refill()) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, rest_.size()));
      advance(size);
      bytes -= size;
    }
    return bytes == 0;
  }

  source& upstream_;
  location where_;
  std::uint64_t string_bytes_;
  std::uint64_t read_bytes_ = 0;
  unsigned integer_bytes_ = 4;
  byte_view rest_;
  std::uint64_t offset_ = 0;
};

}  // namespace knowngood
