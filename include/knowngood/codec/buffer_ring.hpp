// buffer_ring: the output buffers of a codec, used in turn, so that views into the last few stay valid.
//
// Layer: codec. What `source::retain` asks for is what `keep` grants.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace knowngood::detail {

class buffer_ring {
 public:
  /// Of each buffer. Large enough that a virtual call per chunk is nothing, small enough for a second-level cache.
  static constexpr std::size_t bytes = std::size_t{256} << 10;

  /// Each buffer stays untouched for `further` calls of `next()` after the one that returned it. Before the first.
  void keep(std::size_t further) { buffers_.resize(further + 1); }

  /// The buffer whose turn it is; its content is indeterminate.
  std::span<std::byte> next() {
    auto& buffer = buffers_[turn_++ % buffers_.size()];
    if (!buffer) buffer = std::make_unique_for_overwrite<std::byte[]>(bytes);
    return {buffer.get(), bytes};
  }

 private:
  std::vector<std::unique_ptr<std::byte[]>> buffers_{1};
  std::size_t turn_ = 0;
};

}  // namespace knowngood::detail
