// zlib_inflate_engine: raw DEFLATE by zlib. The reference, and what is used where ISA-L is not to be had.
//
// Layer: codec. See codec/inflate.hpp for what an engine promises.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>

#include "knowngood/codec/inflate_step.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class zlib_inflate_engine {
 public:
  /// Throws `std::bad_alloc`, and `std::runtime_error` when the library at run time is not the one compiled against.
  zlib_inflate_engine() : stream_{std::make_unique<z_stream>()} {
    const int raw_with_largest_window = -MAX_WBITS;
    const int result = inflateInit2(stream_.get(), raw_with_largest_window);
    if (result == Z_MEM_ERROR) throw std::bad_alloc{};
    if (result != Z_OK) throw std::runtime_error{"zlib cannot be initialised: another version than compiled against"};
  }
  zlib_inflate_engine(zlib_inflate_engine&&) noexcept = default;
  zlib_inflate_engine& operator=(zlib_inflate_engine&&) = delete;
  ~zlib_inflate_engine() {
    if (stream_) inflateEnd(stream_.get());
  }

  void reset() noexcept { inflateReset(stream_.get()); }

  inflate_step run(byte_view input, std::span<std::byte> output) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    const auto offered = static_cast<uInt>(std::min(input.size(), most));
    const auto room = static_cast<uInt>(std::min(output.size(), most));
    // zlib's interface predates const; it does not write to its input
    stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
    stream_->avail_in = offered;
    stream_->next_out = reinterpret_cast<Bytef*>(output.data());
    stream_->avail_out = room;
    const int result = inflate(stream_.get(), Z_NO_FLUSH);
    inflate_step step{offered - stream_->avail_in, room - stream_->avail_out, inflate_status::running, {}};
    switch (result) {
      case Z_OK:
      case Z_BUF_ERROR: break;  // the latter: no progress without more input or output
      case Z_STREAM_END: step.status = inflate_status::ended; break;
      case Z_MEM_ERROR: throw std::bad_alloc{};
      default:
        step.status = inflate_status::failed;
        step.reason = stream_->msg != nullptr ? std::string_view{stream_->msg} : "invalid data";
    }
    return step;
  }

  /// Always empty: zlib itself returns what it took too much.
  [[nodiscard]] byte_view unread() const noexcept { return {}; }

  static std::uint32_t crc32(std::uint32_t crc, byte_view bytes) noexcept {
    return static_cast<std::uint32_t>(::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  }

 private:
  std::unique_ptr<z_stream> stream_;  // on the heap: zlib keeps a pointer back to it
};

}  // namespace knowngood
