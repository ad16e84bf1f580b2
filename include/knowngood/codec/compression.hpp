// compression: the compressed formats that knowngood reads.
//
// Layer: codec. What a stream is, codec/detect.hpp tells from its first bytes.
#pragma once

#include <string_view>

namespace knowngood {

enum class compression : unsigned char { none, gzip, zstd, xz, bzip2, lz4 };

constexpr std::string_view to_string(compression kind) noexcept {
  switch (kind) {
    case compression::none: return "none";
    case compression::gzip: return "gzip";
    case compression::zstd: return "zstd";
    case compression::xz: return "xz";
    case compression::bzip2: return "bzip2";
    case compression::lz4: return "lz4";
  }
  return "none";
}

}  // namespace knowngood
