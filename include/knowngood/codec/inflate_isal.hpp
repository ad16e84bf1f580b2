// isal_inflate_engine: raw DEFLATE by Intel's ISA-L, several times as fast as zlib.
//
// Layer: codec. See codec/inflate.hpp for what an engine promises. Compiled where KNOWNGOOD_HAVE_ISAL is defined.
#pragma once

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "knowngood/codec/inflate_step.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class isal_inflate_engine {
 public:
  /// Throws `std::bad_alloc`.
  isal_inflate_engine() : state_{std::make_unique<inflate_state>()} { reset(); }

  void reset() noexcept {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_DEFLATE;
    unread_bytes_ = 0;
  }

  inflate_step run(byte_view input, std::span<std::byte> output) {
    constexpr std::size_t most = std::size_t{1} << 30;  // its counters are 32 bits wide, some of them signed
    const auto offered = static_cast<std::uint32_t>(std::min(input.size(), most));
    const auto room = static_cast<std::uint32_t>(std::min(output.size(), most));
    // its interface lacks const; it does not write to its input
    state_->next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(input.data()));
    state_->avail_in = offered;
    state_->next_out = reinterpret_cast<std::uint8_t*>(output.data());
    state_->avail_out = room;
    const int result = isal_inflate(state_.get());
    if (result != ISAL_DECOMP_OK) return failed(result, input.first(offered), room);
    inflate_step step{offered - state_->avail_in, room - state_->avail_out, inflate_status::running, {}};
    if (state_->block_state == ISAL_BLOCK_FINISH) {
      step.status = inflate_status::ended;
      take_back_unread();
    }
    return step;
  }

  [[nodiscard]] byte_view unread() const noexcept { return byte_view{unread_}.first(unread_bytes_); }

  static std::uint32_t crc32(std::uint32_t crc, byte_view bytes) noexcept {
    return crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }

 private:
  // After an error the counters of the input are off by what its fast loop had set aside; only the pointer is right.
  inflate_step failed(int result, byte_view offered, std::uint32_t room) const noexcept {
    const auto begin = reinterpret_cast<std::uintptr_t>(offered.data());
    const auto reached = reinterpret_cast<std::uintptr_t>(state_->next_in);
    std::size_t consumed = reached >= begin && reached - begin <= offered.size() ? reached - begin : offered.size();
    const auto not_decoded = static_cast<std::size_t>(std::max(state_->read_in_length, 0)) / 8;
    consumed -= std::min(consumed, not_decoded);
    return {consumed, room - std::min(state_->avail_out, room), inflate_status::failed, describe(result)};
  }

  // The bit buffer reads ahead by up to eight bytes and keeps them; what follows the final block begins at a byte.
  void take_back_unread() noexcept {
    const auto bits = static_cast<unsigned>(std::max(state_->read_in_length, 0));
    std::uint64_t rest = state_->read_in >> (bits % 8);
    unread_bytes_ = bits / 8;
    for (std::size_t i = 0; i < unread_bytes_; ++i, rest >>= 8U) unread_[i] = static_cast<std::byte>(rest & 0xFFU);
  }

  static std::string_view describe(int result) noexcept {
    switch (result) {
      case ISAL_INVALID_BLOCK: return "invalid block header or code lengths";
      case ISAL_INVALID_SYMBOL: return "invalid code";
      case ISAL_INVALID_LOOKBACK: return "distance reaches before the start of the data";
      default: return "invalid data";
    }
  }

  std::unique_ptr<inflate_state> state_;
  std::array<std::byte, 8> unread_{};
  std::size_t unread_bytes_ = 0;
};

}  // namespace knowngood
