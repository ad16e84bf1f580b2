// control_file: reads a cluster's global/pg_control: its version, the state that it was copied in, and which files of
// write-ahead log and of transaction status it needs.
//
// Layer: postgres. Format: PostgreSQL source, catalog/pg_control.h; a CRC-32C over all fields before it. Offsets were
// checked against clusters of PostgreSQL 10 to 18 (control versions 1002, 1100, 1201, 1300, 1700 and 1800).
//   if (const auto control = parse_control_file(bytes)) control->shut_down();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

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

  /// Where recovery begins, and what had been handed out by then: a copy of the last checkpoint, and how far it has to
  /// go.
  struct checkpoint {
    std::uint64_t redo = 0;              ///< WAL position from which a start reads
    std::uint64_t location = 0;          ///< WAL position of the checkpoint's own record
    std::uint64_t minimum_recovery = 0;  ///< WAL position before which a standby is not consistent; 0: none
    std::uint32_t timeline = 0;
    std::uint32_t next_xid = 0;
    std::uint32_t oldest_xid = 0;
    std::uint32_t next_multixact = 0;
    std::uint32_t wal_segment_bytes = 0;  ///< a power of two from 1 MiB to 1 GiB
  };

  std::uint64_t system_identifier = 0;
  std::uint32_t control_version = 0;
  std::uint32_t catalog_version = 0;
  std::uint32_t state = 0;                        ///< DBState: 1 shut down, 2 shut down in recovery, 6 in production
  std::optional<bool> crc_matches;                ///< nothing for a control version whose layout is not known
  std::optional<std::uint32_t> checksum_version;  ///< 0: pages carry no checksums
  std::optional<checkpoint> last;                 ///< nothing for an unknown layout, or values that cannot be

  /// True when nothing was writing: the files are of one moment.
  [[nodiscard]] bool shut_down() const noexcept { return state == 1 || state == 2; }

  [[nodiscard]] std::string_view state_name() const noexcept {
    constexpr std::array<std::string_view, 7> names{"starting up",   "shut down",         "shut down in recovery",
                                                    "shutting down", "in crash recovery", "in archive recovery",
                                                    "in production"};
    return state < names.size() ? names[state] : "unknown";
  }

  /// The major versions of PostgreSQL that write this control version, first and last; the catalogue's version tells
  /// those apart that share one. Nothing for a control version that is not known.
  [[nodiscard]] std::optional<std::pair<unsigned, unsigned>> majors() const noexcept {
    constexpr std::array<std::pair<std::uint32_t, unsigned>, 9> catalogs{{{201707211, 10},
                                                                          {201809051, 11},
                                                                          {201909212, 12},
                                                                          {202007201, 13},
                                                                          {202107181, 14},
                                                                          {202209061, 15},
                                                                          {202307071, 16},
                                                                          {202406281, 17},
                                                                          {202506291, 18}}};
    for (const auto& [catalog, major] : catalogs) {
      if (catalog == catalog_version) return std::pair{major, major};
    }
    switch (control_version) {
      case 1002: return std::pair{10U, 10U};
      case 1100: return std::pair{11U, 11U};
      case 1201: return std::pair{12U, 12U};
      case 1300: return std::pair{13U, 16U};
      case 1700: return std::pair{17U, 17U};
      case 1800: return std::pair{18U, 18U};
      default: return std::nullopt;
    }
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
  const auto u64 = [&](std::size_t offset) { return (std::uint64_t{u32(offset + 4)} << 32U) | u32(offset); };
  if (bytes.size() < 296) return std::nullopt;
  control_file control;
  control.system_identifier = u64(0);
  control.control_version = u32(8);
  control.catalog_version = u32(12);
  control.state = u32(16);
  if (control.control_version < 800 || control.control_version > 9900 || control.state > 6) return std::nullopt;

  struct layout {
    std::uint32_t version;
    std::size_t checkpoint;     // the copy of the last one
    std::size_t minimum;        // minRecoveryPoint
    std::size_t segment_bytes;  // xlog_seg_size
    std::size_t checksums;      // data_checksum_version
    std::size_t crc;
  };
  static constexpr std::array<layout, 6> layouts{{{1002, 48, 136, 228, 252, 288},
                                                  {1100, 40, 128, 220, 244, 280},
                                                  {1201, 40, 136, 228, 252, 288},
                                                  {1300, 40, 136, 228, 252, 288},
                                                  {1700, 40, 136, 228, 252, 288},
                                                  {1800, 40, 136, 228, 252, 292}}};
  for (const layout& at : layouts) {
    if (at.version != control.control_version) continue;
    control.crc_matches = crc32c(bytes.first(at.crc)) == u32(at.crc);
    control.checksum_version = u32(at.checksums);
    control_file::checkpoint last;
    last.location = u64(32);
    last.redo = u64(at.checkpoint);
    last.timeline = u32(at.checkpoint + 8);
    last.next_xid = u32(at.checkpoint + 24);
    last.next_multixact = u32(at.checkpoint + (at.version < 1201 ? 32 : 36));
    last.oldest_xid = u32(at.checkpoint + (at.version < 1201 ? 40 : 44));
    last.minimum_recovery = u64(at.minimum);
    last.wal_segment_bytes = u32(at.segment_bytes);
    const bool possible = last.wal_segment_bytes >= (1U << 20U) && last.wal_segment_bytes <= (1U << 30U) &&
                          (last.wal_segment_bytes & (last.wal_segment_bytes - 1)) == 0 && last.redo > 0 &&
                          last.redo <= last.location && last.timeline > 0;
    if (possible && *control.crc_matches) control.last = last;
  }
  return control;
}

}  // namespace knowngood
