// chunk_writer: fills a codec's next chunk, so that whoever reads small chunks upstream still hands out large ones, and
// keeps a failure back until what was made before it has been handed out.
//
// Layer: codec. Example:
//   byte_view produce() override { return out_.next([this](std::span<std::byte> room) { return some_into(room); }); }
#pragma once

#include <cstddef>
#include <exception>
#include <span>
#include <utility>

#include "knowngood/codec/buffer_ring.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class chunk_writer {
 public:
  /// See buffer_ring::keep.
  void keep(std::size_t further) { buffers_.keep(further); }

  /// A chunk of what `some(room)` writes to the front of the room that is left, which is never empty: how many bytes,
  /// 0 at the proved end. What it throws behind the first byte is thrown by the following call.
  template <typename Some>
  byte_view next(Some&& some) {
    if (failure_) std::rethrow_exception(failure_);
    const std::span<std::byte> all = buffers_.next();
    std::size_t used = 0;
    try {
      while (used < all.size() && !failure_) {
        const std::size_t made = some(all.subspan(used));
        if (made == 0) break;
        used += made;
      }
    } catch (...) {
      if (used == 0) throw;
      failure_ = std::current_exception();
    }
    return all.first(used);
  }

  /// For `some`, which has written something and cannot go on behind it.
  template <typename Error>
  void fail_behind(Error error) {
    failure_ = std::make_exception_ptr(std::move(error));
  }

 private:
  buffer_ring buffers_;
  std::exception_ptr failure_;
};

}  // namespace knowngood::detail
