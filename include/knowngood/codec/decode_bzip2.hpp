// bzip2_decoder: bzip2 streams one after the other, as bzip2 -c >>, pbzip2 and lbzip2 write them, by libbz2.
//
// Layer: codec, internal. Compiled where KNOWNGOOD_HAVE_BZIP2 is defined.
#pragma once

#include <bzlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>

#include "knowngood/codec/frame_head.hpp"
#include "knowngood/codec/stream_decoder.hpp"

namespace knowngood::detail {

class bzip2_decoder final : public stream_decoder {
 public:
  bzip2_decoder() = default;
  ~bzip2_decoder() override {
    if (in_stream_) BZ2_bzDecompressEnd(&stream_);
  }

  decode_step run(byte_view input, std::span<std::byte> output, bool /*last*/) override {
    if (!in_stream_) {
      if (input.empty()) return {};
      head_.clear();
      stream_ = {};
      if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc{};
      in_stream_ = true;
    }
    if (!head_.full() && !input.empty()) {
      input = input.first(1);
      take_head(input.front());
    }
    constexpr std::size_t most = std::numeric_limits<unsigned>::max();
    const auto offered = static_cast<unsigned>(std::min(input.size(), most));
    const auto room = static_cast<unsigned>(std::min(output.size(), most));
    // libbz2's interface lacks const; it does not write to its input
    stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(input.data()));
    stream_.avail_in = offered;
    stream_.next_out = reinterpret_cast<char*>(output.data());
    stream_.avail_out = room;
    const int result = BZ2_bzDecompress(&stream_);
    const decode_step step{offered - stream_.avail_in, room - stream_.avail_out};
    switch (result) {
      case BZ_OK: break;
      case BZ_STREAM_END:
        BZ2_bzDecompressEnd(&stream_);
        in_stream_ = false;
        ++streams_;
        break;
      case BZ_MEM_ERROR: throw std::bad_alloc{};
      case BZ_DATA_ERROR_MAGIC: not_a_stream();
      default: throw decode_failure{decode_failure::kind::damaged, "a block is corrupt or its CRC differs"};
    }
    return step;
  }

  [[nodiscard]] bool complete() const override { return !in_stream_ && streams_ > 0; }

  /// Always: each block carries a CRC-32, and each stream one of those.
  [[nodiscard]] bool has_content_check() const override { return streams_ > 0; }

 private:
  [[noreturn]] static void trailing_data() {
    throw decode_failure{decode_failure::kind::trailing_data, "bytes that are no bzip2 stream follow the last one"};
  }

  void take_head(std::byte next) {
    constexpr std::uint32_t magic = 0x00685A42;  // "BZh", then the level, a digit
    constexpr std::uint32_t level = 0xFF000000;
    head_.push(next);
    if (!head_.begins(magic, level) || (head_.full() && (head_[3] < '1' || head_[3] > '9'))) not_a_stream();
  }

  [[noreturn]] void not_a_stream() const {
    if (streams_ > 0) trailing_data();
    throw decode_failure{decode_failure::kind::damaged, "not a bzip2 stream"};
  }

  bz_stream stream_{};
  frame_head<4> head_;
  bool in_stream_ = false;
  std::size_t streams_ = 0;
};

}  // namespace knowngood::detail
