// xz_decoder: .xz streams (The .xz File Format 1.1.0) one after the other, with their padding, by liblzma.
//
// Layer: codec, internal. Compiled where KNOWNGOOD_HAVE_LZMA is defined.
#pragma once

#include <lzma.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>

#include <fmt/format.h>

#include "knowngood/codec/stream_decoder.hpp"

namespace knowngood::detail {

class xz_decoder final : public stream_decoder {
 public:
  xz_decoder() = default;
  ~xz_decoder() override { lzma_end(&stream_); }

  decode_step run(byte_view input, std::span<std::byte> output, bool last) override {
    if (!in_stream_) {
      // section 2.2: stream padding, zeros in multiples of four
      const auto data = std::find_if(input.begin(), input.end(), [](std::byte b) { return b != std::byte{0}; });
      const auto zeros = static_cast<std::size_t>(data - input.begin());
      if (streams_ > 0) padding_ += zeros;
      if (streams_ > 0 && zeros > 0) return {zeros, 0};
      if (input.empty()) return {};
      begin_stream(input.front());
    }
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_.avail_out = output.size();
    const lzma_ret result = lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
    interpret(result);
    return {input.size() - stream_.avail_in, output.size() - stream_.avail_out};
  }

  [[nodiscard]] bool complete() const override {
    if (in_stream_ || streams_ == 0) return false;
    check_padding();
    return true;
  }

  [[nodiscard]] bool has_content_check() const override { return streams_ > 0 && checked_streams_ == streams_; }

 private:
  [[noreturn]] static void trailing_data() {
    throw decode_failure{decode_failure::kind::trailing_data, "bytes that are no xz stream follow the last one"};
  }

  void begin_stream(std::byte first) {
    check_padding();
    if (first != std::byte{0xFD}) not_a_stream();
    constexpr std::uint32_t flags = LZMA_TELL_NO_CHECK | LZMA_TELL_UNSUPPORTED_CHECK;
    if (lzma_stream_decoder(&stream_, decoder_memory, flags) != LZMA_OK) throw std::bad_alloc{};
    in_stream_ = true;
    check_verified_ = true;
    padding_ = 0;
  }

  void check_padding() const {
    if (padding_ % 4 == 0) return;
    throw decode_failure{decode_failure::kind::trailing_data,
                         fmt::format("{} zero bytes follow the last stream, which is no multiple of four", padding_)};
  }

  [[noreturn]] void not_a_stream() const {
    if (streams_ > 0) trailing_data();
    throw decode_failure{decode_failure::kind::damaged, "not an xz stream"};
  }

  void interpret(lzma_ret result) {
    using kind = decode_failure::kind;
    switch (result) {
      case LZMA_OK:
      case LZMA_BUF_ERROR: return;  // the latter: no progress without more input
      case LZMA_STREAM_END:
        in_stream_ = false;
        ++streams_;
        if (check_verified_) ++checked_streams_;
        return;
      case LZMA_NO_CHECK:
      case LZMA_UNSUPPORTED_CHECK: check_verified_ = false; return;
      case LZMA_MEM_ERROR: throw std::bad_alloc{};
      case LZMA_FORMAT_ERROR: not_a_stream();
      // both are told only once the header's own CRC-32 has matched, so it is not damage
      case LZMA_MEMLIMIT_ERROR:
        throw decode_failure{kind::unsupported,
                             fmt::format("the stream needs {} bytes of memory, more than the {} allowed",
                                         lzma_memusage(&stream_), decoder_memory)};
      case LZMA_OPTIONS_ERROR:
        throw decode_failure{kind::unsupported, "the stream uses a filter or option that this liblzma does not know"};
      default: throw decode_failure{kind::damaged, "the data is corrupt"};
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool in_stream_ = false;
  bool check_verified_ = true;  // of the current stream
  std::uint64_t padding_ = 0;   // zeros behind the last stream
  std::size_t streams_ = 0;
  std::size_t checked_streams_ = 0;
};

}  // namespace knowngood::detail
