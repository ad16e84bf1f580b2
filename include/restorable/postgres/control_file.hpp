// control_file: reads a cluster's global/pg_control, to know its version and the state that it was copied in.
//
// Layer: postgres. Format: PostgreSQL source, catalog/pg_control.h; a CRC-32C over all fields before it. Offsets were
// checked against pg_controldata for control versions 1300 (PostgreSQL 13 to 16), 1700 (17) and 1800 (18).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "restorable/io/source.hpp"

namespace restorable {

/// CRC-32C (Castagnoli), reflected, as PostgreSQL computes it.
constexpr std::uint32_t crc32c(byte_view bytes) noexcept {
  constexpr auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte b : bytes) crc = table[(crc ^ std::to_integer<std::uint32_t>(b)) & 0xFFU] ^ (crc >> 8U);
  return crc ^ 0xFFFFFFFFU;
}

struct control_file {
  static constexpr std::size_t file_bytes = 8192;

  std::uint64_t system_identifier = 0;
  std::uint32_t control_version = 0;
  std::uint32_t catalog_version = 0;
  std::uint32_t state = 0;                     ///< DBState: 1 shut down, 2 shut down in recovery, 6 in production
  std::optional<bool> crc_matches;             ///< nothing for a control version whose layout is not known
  std::optional<std::uint32_t> checksum_version;  ///< 0: pages carry no checksums

  /// True when nothing was writing: the files are of one moment.
  [[nodiscard]] bool shut_down() const noexcept { return state == 1 || state == 2; }

  [[nodiscard]] std::string_view state_name() const noexcept {
    constexpr std::array<std::string_view, 7> names{"starting up",           "shut down", "shut down in recovery",
                                                    "shutting down",         "in crash recovery",
                                                    "in archive recovery",   "in production"};
    return state < names.size() ? names[state] : "unknown";
  }
};

/// Reads the fields; nothing when `bytes` is too short or its control version is not plausible (another byte order,
/// another file).
inline std::optional<control_file> parse_control_file(byte_view bytes) {
  const auto u32 = [&](std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i > 0; --i) value = (value << 8U) | std::to_integer<std::uint32_t>(bytes[offset + i - 1]);
    return value;
  };
  if (bytes.size() < 296) return std::nullopt;
  control_file control;
  control.system_identifier = (std::uint64_t{u32(4)} << 32U) | u32(0);
  control.control_version = u32(8);
  control.catalog_version = u32(12);
  control.state = u32(16);
  if (control.control_version < 800 || control.control_version > 9900 || control.state > 6) return std::nullopt;
  std::size_t crc_offset = 0;
  switch (control.control_version) {
    case 1300:
    case 1700: crc_offset = 288; break;
    case 1800: crc_offset = 292; break;
    default: return control;
  }
  control.crc_matches = crc32c(bytes.first(crc_offset)) == u32(crc_offset);
  control.checksum_version = u32(252);
  return control;
}

}  // namespace restorable
