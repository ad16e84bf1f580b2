// pack_entry: the header that each object of a pack begins with: type, size, and where a delta's base is
// (gitformat-pack, "Pack files have the following format").
//
// Layer: git, internal to pack_reader.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "knowngood/git/object_id.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

struct pack_entry {
  enum class kind : unsigned char { whole, ofs_delta, ref_delta };
  kind what = kind::whole;
  git_type type = git_type::unknown;  ///< of a whole object
  std::uint64_t size = 0;             ///< of the zlib stream's content: the object or the delta
  std::uint64_t distance = 0;         ///< of an ofs_delta: bytes from its base's start to its own
  object_id base;                     ///< of a ref_delta
  std::size_t header_bytes = 0;
  bool cut = false;         ///< the bytes end before the header does
  std::string_view defect;  ///< empty for a sound header
};

/// The longest header: ten bytes of size and, at most, a SHA-256.
inline constexpr std::size_t longest_pack_entry_header = 10 + 32;

/// Reads the header at the front of `bytes`. Shorter encodings of a number may exist; git does not mind.
inline pack_entry parse_pack_entry(byte_view bytes, object_format format) {
  pack_entry entry;
  const auto next = [&]() -> std::uint64_t {
    if (entry.header_bytes == bytes.size()) {
      entry.cut = true;
      return 0;
    }
    return std::to_integer<std::uint64_t>(bytes[entry.header_bytes++]);
  };
  std::uint64_t byte = next();
  const std::uint64_t type = byte >> 4U & 7U;
  entry.size = byte & 15U;
  for (unsigned shift = 4; (byte & 0x80U) != 0; shift += 7) {
    if (shift > 53) {
      entry.defect = "its size is out of bounds";
      return entry;
    }
    byte = next();
    entry.size |= (byte & 0x7FU) << shift;
  }
  if (type >= 1 && type <= 4) {
    entry.type = static_cast<git_type>(type);
  } else if (type == 6) {
    entry.what = pack_entry::kind::ofs_delta;
    byte = next();
    entry.distance = byte & 0x7FU;
    while ((byte & 0x80U) != 0) {
      if (entry.distance >> 55U != 0) {
        entry.defect = "the distance to its base is out of bounds";
        return entry;
      }
      byte = next();
      entry.distance = (entry.distance + 1) << 7U | (byte & 0x7FU);
    }
  } else if (type == 7) {
    entry.what = pack_entry::kind::ref_delta;
    const std::size_t length = id_bytes(format);
    if (bytes.size() - entry.header_bytes < length) {
      entry.cut = true;
    } else {
      entry.base = object_id{bytes.subspan(entry.header_bytes, length)};
      entry.header_bytes += length;
    }
  } else {
    entry.defect = "it is of no type that a pack may hold";
  }
  return entry;
}

}  // namespace knowngood::detail
