// zip_lzma_source: a member of a zip archive that is compressed with LZMA, as its content.
//
// Layer: archive; part of zip_reader, of no use alone. APPNOTE.TXT 6.3.10, section 5.8: two bytes of version, two of
// length, the properties, and an LZMA stream that ends with a marker or at the size that the member's header states.
// Compiled where KNOWNGOOD_HAVE_LZMA is defined.
#pragma once

#include <lzma.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/codec/buffer_ring.hpp"
#include "knowngood/codec/stream_decoder.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class zip_lzma_source final : public source {
 public:
  /// `size`: of the content, where no marker ends it.
  zip_lzma_source(std::unique_ptr<source> packed, std::optional<std::uint64_t> size, location where)
      : packed_{std::move(packed)}, size_{size}, where_{std::move(where)} {}
  ~zip_lzma_source() override { lzma_end(&stream_); }

 private:
  static constexpr std::size_t properties = 5;

  byte_view produce() override {
    if (ended_) return {};
    if (!begun_) begin();
    const std::span<std::byte> out = buffers_.next();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    for (;;) {
      if (input_.empty() && !last_) {
        input_ = packed_->next();
        last_ = input_.empty();
      }
      stream_.next_in = reinterpret_cast<const std::uint8_t*>(input_.data());
      stream_.avail_in = input_.size();
      const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
      input_ = input_.subspan(input_.size() - stream_.avail_in);
      const byte_view made = out.first(out.size() - stream_.avail_out);
      if (result == LZMA_STREAM_END) {
        ended_ = true;
        return made;
      }
      if (result == LZMA_MEM_ERROR) throw std::bad_alloc{};
      if (result == LZMA_MEMLIMIT_ERROR) {
        throw environment_error{where_, "the member needs more memory to be inflated than is allowed",
                                "check it with the tool that wrote it"};
      }
      if (result != LZMA_OK && result != LZMA_BUF_ERROR) fail("the data is corrupt");
      if (!made.empty()) return made;
      if (last_) fail("the data ends before its end");
    }
  }

  void begin() {
    std::array<std::uint8_t, 4 + properties> head{};
    for (auto& byte : head) {
      while (input_.empty()) {
        input_ = packed_->next();
        if (input_.empty()) fail("the data ends in its header");
      }
      byte = std::to_integer<std::uint8_t>(input_.front());
      input_ = input_.subspan(1);
    }
    if (head[2] != properties || head[3] != 0) fail("its properties are none");
    // The file format of LZMA alone: the properties and the size of the content, unknown as all ones.
    std::array<std::uint8_t, properties + 8> alone{};
    for (std::size_t i = 0; i < properties; ++i) alone[i] = head[4 + i];
    for (std::size_t i = 0; i < 8; ++i) {
      alone[properties + i] = static_cast<std::uint8_t>(size_ ? *size_ >> (8 * i) & 0xFFU : 0xFFU);
    }
    if (lzma_alone_decoder(&stream_, decoder_memory) != LZMA_OK) throw std::bad_alloc{};
    begun_ = true;
    std::byte nothing{};
    stream_.next_in = alone.data();
    stream_.avail_in = alone.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(&nothing);
    stream_.avail_out = 1;  // with no room at all not even the header is read
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    if (result == LZMA_STREAM_END) {
      ended_ = true;
    } else if (result != LZMA_OK && result != LZMA_BUF_ERROR) {
      fail("its properties are none");
    }
  }

  [[noreturn]] void fail(const char* reason) const {
    throw stream_error{checks::archive_damaged, where_.at(delivered()), fmt::format("lzma: {}", reason),
                       "a valid LZMA stream", reason};
  }

  std::unique_ptr<source> packed_;
  std::optional<std::uint64_t> size_;
  location where_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  buffer_ring buffers_;
  byte_view input_;
  bool begun_ = false;
  bool ended_ = false;
  bool last_ = false;
};

}  // namespace knowngood::detail
