// wal_segment: which file of write-ahead log holds a position, and what it is called.
//
// Layer: postgres. PostgreSQL manual, "WAL Internals": 24 hexadecimal digits for timeline and number, sizes from 1 MiB
// to 1 GiB, set when the cluster is made. Example:
//   wal_segment{1, 0x2000028 / 0x1000000}.name(0x1000000) == "000000010000000000000002"
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace knowngood {

struct wal_segment {
  std::uint32_t timeline = 0;
  std::uint64_t number = 0;  ///< its first position divided by the segments' size

  friend auto operator<=>(const wal_segment&, const wal_segment&) = default;

  /// `bytes`: the size of the cluster's segments.
  [[nodiscard]] std::string name(std::uint32_t bytes) const {
    const std::uint64_t per_id = (std::uint64_t{1} << 32U) / bytes;
    return fmt::format("{:08X}{:08X}{:08X}", timeline, number / per_id, number % per_id);
  }
};

/// A position as PostgreSQL writes it, `0/2000028`; nothing for other text.
inline std::optional<std::uint64_t> parse_wal_position(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto hex = [](std::string_view digits) -> std::optional<std::uint32_t> {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto high = hex(text.substr(0, slash));
  const auto low = hex(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return (std::uint64_t{*high} << 32U) | *low;
}

/// Whether `name` is one of a segment file: 24 upper-case hexadecimal digits, and nothing else.
constexpr bool is_wal_segment_name(std::string_view name) noexcept {
  return name.size() == 24 && name.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

}  // namespace knowngood
