// drain: reads a source to its proved end, for what the reading proves; read_all: the same, keeping the bytes.
//
// Layer: io.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "knowngood/base/limits.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Reads to the end. Returns the number of bytes read by this call. Throws what the source throws.
inline std::uint64_t drain(source& from) {
  std::uint64_t bytes = 0;
  for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next()) bytes += chunk.size();
  return bytes;
}

/// Reads to the end and returns the bytes. Throws what the source throws, and `environment_error` that names
/// `limit` once more than `most` bytes have come.
inline std::string read_all(source& from, const location& where, std::uint64_t most,
                            std::string_view limit = "list_bytes") {
  std::string bytes;
  for (byte_view chunk = from.next(); !chunk.empty(); chunk = from.next()) {
    if (bytes.size() + chunk.size() > most) throw_limit_exceeded(where, limit, most, bytes.size() + chunk.size());
    bytes.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  }
  return bytes;
}

}  // namespace knowngood
