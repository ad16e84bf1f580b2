// memory_source: bytes that are in memory already, as a source; in chunks of any size, which is how tests feed layers.
//
// Layer: io.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

/// Owns a copy of the bytes. Its end is always proved.
class memory_source final : public source {
 public:
  /// `chunk`: the most bytes that one `next()` hands out, at least 1.
  explicit memory_source(std::string bytes, std::size_t chunk = std::numeric_limits<std::size_t>::max())
      : bytes_{std::move(bytes)}, chunk_{std::max<std::size_t>(chunk, 1)} {}

 private:
  bool grant_retention(std::size_t) override { return true; }

  byte_view produce() override {
    const std::string_view rest = std::string_view{bytes_}.substr(position_);
    const std::string_view now = rest.substr(0, chunk_);
    position_ += now.size();
    return std::as_bytes(std::span{now});
  }

  std::string bytes_;
  std::size_t chunk_;
  std::size_t position_ = 0;
};

}  // namespace knowngood
