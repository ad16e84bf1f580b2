// The records of a zip archive: local headers, entries of the central directory, its end; taken from bytes.
//
// Layer: archive; part of zip_reader, of no use alone. After PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "knowngood/archive/tar_member.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

inline std::uint64_t zip_number(byte_view bytes, std::size_t at, std::size_t count) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count && at + i < bytes.size(); ++i) {
    value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
  }
  return value;
}

inline std::string zip_text(byte_view bytes, std::size_t at, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, count};
}

inline constexpr std::uint32_t zip_local = 0x04034B50;
inline constexpr std::uint32_t zip_descriptor = 0x08074B50;
inline constexpr std::uint32_t zip_entry = 0x02014B50;
inline constexpr std::uint32_t zip_signature = 0x05054B50;
inline constexpr std::uint32_t zip_extra_data = 0x08064B50;
inline constexpr std::uint32_t zip64_end = 0x06064B50;
inline constexpr std::uint32_t zip64_locator = 0x07064B50;
inline constexpr std::uint32_t zip_end = 0x06054B50;

/// Of one member, in its local header or in the central directory.
struct zip_header {
  static constexpr std::size_t local_bytes = 30;
  static constexpr std::size_t entry_bytes = 46;

  std::string name;
  unsigned flags = 0;
  unsigned method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  ///< entries only: of the local header
  unsigned unix_mode = 0;    ///< entries only; 0 where another system wrote them
  bool zip64 = false;
  std::optional<double> modified;

  [[nodiscard]] bool encrypted() const noexcept { return (flags & 1U) != 0 || method == 99; }
  [[nodiscard]] bool sizes_follow() const noexcept { return (flags & 8U) != 0; }
};

/// Section 4.5: fields that did not fit are in the extra field, in this order and only those.
inline void apply_zip_extra(zip_header& header, byte_view extra, bool entry) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const auto id = static_cast<unsigned>(zip_number(extra, at, 2));
    const auto size = static_cast<std::size_t>(zip_number(extra, at + 2, 2));
    at += 4;
    if (size > extra.size() - at) return;
    const byte_view field = extra.subspan(at, size);
    if (id == 1) {
      std::size_t next = 0;
      header.zip64 = true;
      for (std::uint64_t* value : {&header.size, &header.packed, &header.offset}) {
        if (*value != 0xFFFFFFFF || next + 8 > field.size() || (value == &header.offset && !entry)) continue;
        *value = zip_number(field, next, 8);
        next += 8;
      }
    } else if (id == 0x5455 && field.size() >= 5 && (zip_number(field, 0, 1) & 1U) != 0) {
      header.modified = static_cast<double>(static_cast<std::int32_t>(zip_number(field, 1, 4)));
    }
    at += size;
  }
}

/// `bytes`: the whole header with name and extra field.
inline zip_header parse_zip_local(byte_view bytes) {
  zip_header header;
  header.flags = static_cast<unsigned>(zip_number(bytes, 6, 2));
  header.method = static_cast<unsigned>(zip_number(bytes, 8, 2));
  header.crc = static_cast<std::uint32_t>(zip_number(bytes, 14, 4));
  header.packed = zip_number(bytes, 18, 4);
  header.size = zip_number(bytes, 22, 4);
  const auto name = static_cast<std::size_t>(zip_number(bytes, 26, 2));
  header.name = zip_text(bytes, zip_header::local_bytes, name);
  apply_zip_extra(header, bytes.subspan(zip_header::local_bytes + name), false);
  return header;
}

/// `bytes`: the whole entry with name, extra field and comment.
inline zip_header parse_zip_entry(byte_view bytes) {
  zip_header header;
  header.flags = static_cast<unsigned>(zip_number(bytes, 8, 2));
  header.method = static_cast<unsigned>(zip_number(bytes, 10, 2));
  header.crc = static_cast<std::uint32_t>(zip_number(bytes, 16, 4));
  header.packed = zip_number(bytes, 20, 4);
  header.size = zip_number(bytes, 24, 4);
  const auto name = static_cast<std::size_t>(zip_number(bytes, 28, 2));
  const auto extra = static_cast<std::size_t>(zip_number(bytes, 30, 2));
  constexpr unsigned made_on_unix = 3;
  if (zip_number(bytes, 5, 1) == made_on_unix) header.unix_mode = static_cast<unsigned>(zip_number(bytes, 40, 2));
  header.offset = zip_number(bytes, 42, 4);
  header.name = zip_text(bytes, zip_header::entry_bytes, name);
  apply_zip_extra(header, bytes.subspan(zip_header::entry_bytes + name, extra), true);
  return header;
}

/// What the end of the central directory says of it.
struct zip_directory_end {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t disk = 0;
};

constexpr std::string_view zip_method_name(unsigned method) noexcept {
  switch (method) {
    case 1: return "shrink";
    case 6: return "implode";
    case 9: return "deflate64";
    case 14: return "lzma";
    case 94: return "mp3";
    case 96: return "jpeg";
    case 97: return "wavpack";
    case 98: return "ppmd";
    default: return "a method unknown here";
  }
}

}  // namespace knowngood::detail
