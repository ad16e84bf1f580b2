// lz4_decoder: lz4 frames (LZ4 Frame Format 1.6.3) one after the other, skippable and legacy ones among them, by
// liblz4.
//
// Layer: codec, internal. Compiled where KNOWNGOOD_HAVE_LZ4 is defined. A legacy frame (`lz4 -l`) has neither checksum
// nor end mark: its end is proved only by a last block that is not full.
#pragma once

#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "knowngood/codec/frame_head.hpp"
#include "knowngood/codec/stream_decoder.hpp"

namespace knowngood::detail {

class lz4_decoder final : public stream_decoder {
 public:
  lz4_decoder() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) != 0) throw std::bad_alloc{};
    context_.reset(context);
  }

  decode_step run(byte_view input, std::span<std::byte> output, bool /*last*/) override {
    switch (phase_) {
      case phase::magic: return read_magic(input, output);
      case phase::frame: return run_frame(input, output);
      case phase::legacy_size: return read_legacy_size(input);
      case phase::legacy_block: return read_legacy_block(input);
      case phase::legacy_output: return hand_out_legacy(output);
    }
    return {};
  }

  [[nodiscard]] bool complete() const override {
    if (phase_ == phase::magic) return head_.size() == 0 && frames_ > 0;
    if (phase_ != phase::legacy_size || head_.size() != 0) return false;
    if (!legacy_end_proved_) {
      throw decode_failure{decode_failure::kind::end_unproved,
                           "nothing marks the end of a legacy lz4 frame, and its last block is full"};
    }
    return true;
  }

  /// Only a content checksum counts: a block checksum covers neither the block's size nor its flag "uncompressed", so
  /// one flipped bit passes it and changes the content.
  [[nodiscard]] bool has_content_check() const override { return data_frames_ > 0 && checked_frames_ == data_frames_; }

 private:
  [[noreturn]] static void trailing_data() {
    throw decode_failure{decode_failure::kind::trailing_data, "bytes that are no lz4 frame follow the last one"};
  }

  enum class phase : unsigned char { magic, frame, legacy_size, legacy_block, legacy_output };
  static constexpr std::uint32_t frame_magic = 0x184D2204;
  static constexpr std::uint32_t legacy_magic = 0x184C2102;
  static constexpr std::size_t legacy_block_bytes = std::size_t{8} << 20;

  // Every byte is looked at as it comes: the library does not know legacy frames, and consumes what it rejects.
  decode_step read_magic(byte_view input, std::span<std::byte> output) {
    if (input.empty()) return {};
    head_.push(input.front());
    if (!head_.begins(frame_magic) && !head_.begins(legacy_magic) && !head_.begins(skippable_magic, skippable_any)) {
      if (frames_ > 0) trailing_data();
      throw decode_failure{decode_failure::kind::damaged, "not an lz4 frame"};
    }
    if (head_.size() == 4) begin_frame(output);
    return {1, 0};
  }

  void begin_frame(std::span<std::byte> output) {
    if (head_.begins(legacy_magic)) {
      ++frames_;
      ++data_frames_;
      legacy_end_proved_ = false;
      head_.clear();
      phase_ = phase::legacy_size;
      return;
    }
    phase_ = phase::frame;
    frame_bytes_ = 4;
    static_cast<void>(decode(byte_view{head_.data(), 4}, output.first(0)));
  }

  decode_step run_frame(byte_view input, std::span<std::byte> output) {
    if (!head_.full() && !input.empty()) {
      input = input.first(1);
      head_.push(input.front());
    }
    const decode_step step = decode(input, output);
    frame_bytes_ += step.consumed;
    return step;
  }

  decode_step decode(byte_view input, std::span<std::byte> output) {
    std::size_t consumed = input.size();
    std::size_t produced = output.size();
    const std::size_t result =
        LZ4F_decompress(context_.get(), output.data(), &produced, input.data(), &consumed, nullptr);
    if (LZ4F_isError(result) != 0) fail(result);
    if (result == 0) end_frame();
    return {consumed, produced};
  }

  void end_frame() {
    ++frames_;
    if (head_.begins(frame_magic)) {
      constexpr unsigned content_checksum_flag = 4;
      if (has_dictionary()) without_dictionary();
      ++data_frames_;
      if ((head_[4] & content_checksum_flag) != 0) ++checked_frames_;
    }
    head_.clear();
    phase_ = phase::magic;
  }

  [[noreturn]] void fail(std::size_t result) const {
    constexpr std::size_t longest_header = 19;
    if (frame_bytes_ > longest_header && has_dictionary()) without_dictionary();
    throw decode_failure{decode_failure::kind::damaged, LZ4F_getErrorName(result)};
  }

  [[nodiscard]] bool has_dictionary() const noexcept {
    return head_.full() && head_.begins(frame_magic) && (head_[4] & 1U) != 0;
  }
  [[noreturn]] static void without_dictionary() {
    throw decode_failure{decode_failure::kind::unsupported, "the frame was compressed with a dictionary"};
  }

  // Legacy frames: blocks of {compressed size, data}, each of 8 MiB but the last, up to the end or another frame.
  decode_step read_legacy_size(byte_view input) {
    if (input.empty()) return {};
    head_.push(input.front());
    if (head_.size() < 4) return {1, 0};
    const std::uint32_t size = head_.word();
    if (size > static_cast<std::uint32_t>(LZ4_COMPRESSBOUND(legacy_block_bytes))) {
      if (!head_.begins(frame_magic) && !head_.begins(legacy_magic) && !head_.begins(skippable_magic, skippable_any)) {
        trailing_data();
      }
      begin_frame({});
      return {1, 0};
    }
    head_.clear();
    block_.clear();
    block_wanted_ = size;
    phase_ = phase::legacy_block;
    return {1, 0};
  }

  decode_step read_legacy_block(byte_view input) {
    const std::size_t taken = std::min(input.size(), block_wanted_ - block_.size());
    block_.insert(block_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(taken));
    if (block_.size() < block_wanted_) return {taken, 0};
    plain_.resize(legacy_block_bytes);
    const int size =
        LZ4_decompress_safe(reinterpret_cast<const char*>(block_.data()), reinterpret_cast<char*>(plain_.data()),
                            static_cast<int>(block_.size()), static_cast<int>(plain_.size()));
    if (size <= 0) throw decode_failure{decode_failure::kind::damaged, "a block of a legacy frame is corrupt"};
    plain_left_ = byte_view{plain_}.first(static_cast<std::size_t>(size));
    legacy_end_proved_ = plain_left_.size() < legacy_block_bytes;
    phase_ = phase::legacy_output;
    return {taken, 0};
  }

  decode_step hand_out_legacy(std::span<std::byte> output) {
    const std::size_t size = std::min(output.size(), plain_left_.size());
    std::memcpy(output.data(), plain_left_.data(), size);
    plain_left_ = plain_left_.subspan(size);
    if (plain_left_.empty()) phase_ = phase::legacy_size;
    return {0, size};
  }

  struct free_context {
    void operator()(LZ4F_dctx* context) const noexcept { LZ4F_freeDecompressionContext(context); }
  };

  std::unique_ptr<LZ4F_dctx, free_context> context_;
  phase phase_ = phase::magic;
  frame_head<5> head_;  // in legacy frames: the next block's size
  std::uint64_t frame_bytes_ = 0;
  std::size_t frames_ = 0;  // skippable ones included
  std::size_t data_frames_ = 0;
  std::size_t checked_frames_ = 0;
  std::vector<std::byte> block_;
  std::size_t block_wanted_ = 0;
  std::vector<std::byte> plain_;
  byte_view plain_left_;
  bool legacy_end_proved_ = false;
};

}  // namespace knowngood::detail
