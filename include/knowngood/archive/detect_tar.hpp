// Is this the beginning of a tar archive? Decided by bits that were verified, never by a name.
//
// Layer: archive. Example: if (is_tar(in.peek(1024))) ...
// Verified are the header's checksum (POSIX.1-1988 ustar, section 10.1.1; signed sums as old Sun and BSD tars wrote
// them) together with the form of its numeric fields, or the magic with its version. The magic alone is enough on
// purpose: a tar whose first header is damaged is a damaged tar, not a file of unknown kind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "knowngood/io/source.hpp"

namespace knowngood {

namespace detail {

inline constexpr std::size_t tar_block = 512;

/// True when every byte is zero.
inline bool all_zero(byte_view bytes) noexcept {
  return bytes.empty() ||
         (bytes.front() == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

inline std::string_view tar_field(byte_view block, std::size_t offset, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(block.data()) + offset, size};
}

/// The number in an octal field: blanks, digits, then blanks and NULs only. Nothing where it has another form or no
/// digit.
constexpr std::optional<std::uint64_t> tar_octal(std::string_view field) noexcept {
  std::size_t at = std::min(field.find_first_not_of(' '), field.size());
  const std::size_t first = at;
  std::uint64_t value = 0;
  for (; at < field.size() && field[at] >= '0' && field[at] <= '7'; ++at) {
    value = value * 8 + static_cast<std::uint64_t>(field[at] - '0');
  }
  if (at == first) return std::nullopt;
  for (; at < field.size(); ++at) {
    if (field[at] != ' ' && field[at] != '\0') return std::nullopt;
  }
  return value;
}

/// What a header says its checksum is, and what it is.
struct tar_checksum {
  std::optional<std::uint64_t> stored;  ///< nothing: the field is no octal number
  std::int64_t unsigned_sum = 0;
  std::int64_t signed_sum = 0;
  [[nodiscard]] bool matches() const noexcept {
    if (!stored) return false;
    const auto value = static_cast<std::int64_t>(*stored);
    return value == unsigned_sum || value == signed_sum;
  }
};

/// Of a block of 512 bytes; its checksum field counts as blanks.
inline tar_checksum tar_checksum_of(byte_view block) noexcept {
  tar_checksum sum;
  sum.stored = tar_octal(tar_field(block, 148, 8));
  for (std::size_t i = 0; i < tar_block; ++i) {
    const auto byte = i >= 148 && i < 156 ? std::byte{' '} : block[i];
    sum.unsigned_sum += std::to_integer<std::uint8_t>(byte);
    sum.signed_sum += static_cast<std::int8_t>(std::to_integer<std::uint8_t>(byte));
  }
  return sum;
}

/// An octal number, GNU's base-256 (first byte with its high bit), or an empty field.
inline bool tar_number_is_plausible(std::string_view field) noexcept {
  if ((static_cast<unsigned char>(field.front()) & 0x80U) != 0) return true;
  return tar_octal(field).has_value() || field.find_first_not_of(std::string_view{" \0", 2}) == std::string_view::npos;
}

}  // namespace detail

/// How many bits of `head` were verified to be a tar archive's, 0 when it is none. `head`: the stream's beginning,
/// 1,024 bytes of it where there are so many; with fewer than 512 nothing can be verified.
inline unsigned tar_verified_bits(byte_view head) noexcept {
  using namespace std::string_view_literals;
  if (head.size() < detail::tar_block) return 0;
  const byte_view block = head.first(detail::tar_block);
  if (detail::all_zero(block)) {
    // An archive of nothing: its two end blocks.
    if (head.size() < 2 * detail::tar_block) return 0;
    return detail::all_zero(head.first(2 * detail::tar_block)) ? 64 : 0;
  }
  const auto magic = detail::tar_field(block, 257, 8);
  const unsigned by_magic = magic == "ustar\0"
                                     "00"sv ||
                                    magic == "ustar  \0"sv
                                ? 64
                                : 0;
  const char type = detail::tar_field(block, 156, 1).front();
  const bool plausible =
      block.front() != std::byte{0} &&
      (type == '\0' || (type >= '0' && type <= '9') || (type >= 'A' && type <= 'Z') || (type >= 'a' && type <= 'z')) &&
      detail::tar_number_is_plausible(detail::tar_field(block, 100, 8)) &&
      detail::tar_number_is_plausible(detail::tar_field(block, 108, 8)) &&
      detail::tar_number_is_plausible(detail::tar_field(block, 116, 8)) &&
      detail::tar_number_is_plausible(detail::tar_field(block, 124, 12)) &&
      detail::tar_number_is_plausible(detail::tar_field(block, 136, 12));
  return by_magic + (plausible && detail::tar_checksum_of(block).matches() ? 48 : 0);
}

/// True for the beginning of a tar archive; see `tar_verified_bits`.
inline bool is_tar(byte_view head) noexcept { return tar_verified_bits(head) >= 48; }

}  // namespace knowngood
