// pack_inflater: one object's zlib stream (RFC 1950) off a pack_input, piece by piece, its Adler-32 checked.
//
// Layer: git, internal to pack.hpp. One z_stream and one buffer serve all objects of a pack.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "knowngood/git/pack_input.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class pack_inflater {
 public:
  enum class end : unsigned char { proved, input_ends, damaged };

  pack_inflater() : buffer_(std::size_t{64} << 10) {
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc{};
  }
  pack_inflater(const pack_inflater&) = delete;
  pack_inflater& operator=(const pack_inflater&) = delete;
  ~pack_inflater() { inflateEnd(&stream_); }

  /// Inflates the stream that `in` stands at, to its end; `out` is called with each piece. `expected`: bytes that ought
  /// to come; only a hint. `damaged` is explained by `reason`. What `in` throws comes through.
  template <typename Out>
  end inflate_one(pack_input& in, std::uint64_t expected, Out&& out) {
    inflateReset(&stream_);
    // Where all fits into the buffer zlib can do without its window.
    const int flush = expected <= buffer_.size() ? Z_FINISH : Z_NO_FLUSH;
    for (;;) {
      if (!in.want(1)) return end::input_ends;
      const byte_view input = in.available();
      const auto given = static_cast<uInt>(std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max()));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));  // zlib only reads it
      stream_.avail_in = given;
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int result = inflate(&stream_, flush);
      const std::size_t used = given - stream_.avail_in;
      const std::size_t made = buffer_.size() - stream_.avail_out;
      in.consume(used);
      if (made != 0) out(byte_view{buffer_}.first(made));
      if (result == Z_STREAM_END) return end::proved;
      if (result == Z_OK || (result == Z_BUF_ERROR && used + made != 0)) continue;
      reason_ = result == Z_NEED_DICT    ? "a preset dictionary is asked for"
                : stream_.msg != nullptr ? stream_.msg
                                         : "the stream makes no progress";
      return end::damaged;
    }
  }

  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  z_stream stream_{};
  std::vector<std::byte> buffer_;
  std::string reason_;
};

}  // namespace knowngood::detail
