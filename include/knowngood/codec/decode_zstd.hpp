// zstd_decoder: zstd frames (RFC 8878) one after the other, skippable ones among them, by libzstd.
//
// Layer: codec, internal. Compiled where KNOWNGOOD_HAVE_ZSTD is defined.
#pragma once

#include <zstd.h>
#include <zstd_errors.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>

#include <fmt/format.h>

#include "knowngood/codec/frame_head.hpp"
#include "knowngood/codec/stream_decoder.hpp"

namespace knowngood::detail {

class zstd_decoder final : public stream_decoder {
 public:
  zstd_decoder() : context_{ZSTD_createDCtx()} {
    if (!context_) throw std::bad_alloc{};
    // libzstd's own default refuses what `zstd --long=28` and above write
    const auto bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, bounds.upperBound);
  }

  decode_step run(byte_view input, std::span<std::byte> output, bool /*last*/) override {
    if (!in_frame_) {
      if (input.empty()) return {};
      head_.clear();
      in_frame_ = true;
    }
    if (!head_.full() && !input.empty()) {
      input = input.first(1);
      take_head(input.front());
    }
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result) != 0) fail(result);
    if (result == 0) end_frame();
    return {in.pos, out.pos};
  }

  [[nodiscard]] bool complete() const override { return !in_frame_ && frames_ > 0; }
  [[nodiscard]] bool has_content_check() const override { return data_frames_ > 0 && checked_frames_ == data_frames_; }

 private:
  [[noreturn]] static void trailing_data() {
    throw decode_failure{decode_failure::kind::trailing_data, "bytes that are no zstd frame follow the last one"};
  }

  static constexpr std::uint32_t magic = 0xFD2FB528;

  // RFC 8878, section 3.1.1: the magic number, then the frame header descriptor.
  void take_head(std::byte next) {
    head_.push(next);
    if (head_.begins(magic) || head_.begins(skippable_magic, skippable_any)) return;
    if (frames_ > 0) trailing_data();
    throw decode_failure{decode_failure::kind::damaged, "not a zstd frame"};
  }

  void end_frame() {
    in_frame_ = false;
    ++frames_;
    if (!head_.begins(magic)) return;
    constexpr unsigned content_checksum_flag = 4;
    ++data_frames_;
    if ((head_[4] & content_checksum_flag) != 0) ++checked_frames_;
  }

  [[noreturn]] void fail(std::size_t result) const {
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_memory_allocation: throw std::bad_alloc{};
      case ZSTD_error_dictionary_wrong:
        if (frames_ > 0) break;
        throw decode_failure{decode_failure::kind::unsupported, "the frame was compressed with a dictionary"};
      default: break;
    }
    throw decode_failure{decode_failure::kind::damaged, ZSTD_getErrorName(result)};
  }

  struct free_context {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  };

  std::unique_ptr<ZSTD_DCtx, free_context> context_;
  frame_head<5> head_;
  bool in_frame_ = false;
  std::size_t frames_ = 0;  // skippable ones included
  std::size_t data_frames_ = 0;
  std::size_t checked_frames_ = 0;
};

}  // namespace knowngood::detail
