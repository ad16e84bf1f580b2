// zlib_stream: one zlib stream (RFC 1950), as pg_dump's archives hold their data, as the stream of what was compressed.
//
// Layer: codec. The end that it reports is proved: the DEFLATE data is complete, its Adler-32 matched, and the upstream
// proved its own end right behind it.
//   zlib_stream<> plain{std::move(block), where};
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/codec/chunk_writer.hpp"
#include "knowngood/codec/inflate.hpp"
#include "knowngood/codec/inflate_input.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Continues an Adler-32 (RFC 1950, section 9); a new one begins with 1.
inline std::uint32_t adler32_of(std::uint32_t sum, byte_view bytes) noexcept {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
#ifdef KNOWNGOOD_HAVE_ISAL
  return isal_adler32(sum, data, bytes.size());
#else
  return static_cast<std::uint32_t>(::adler32_z(sum, data, bytes.size()));
#endif
}

/// Throws `stream_error` of the family `compression`, at an offset in the compressed stream. What was inflated before
/// a failure is handed out before it is thrown.
template <inflate_engine Engine = default_inflate_engine>
class zlib_stream final : public source {
 public:
  /// `where` names the compressed stream itself.
  zlib_stream(std::unique_ptr<source> upstream, location where) : in_{std::move(upstream)}, where_{std::move(where)} {}

 private:
  enum class phase : unsigned char { header, data, trailer, end };

  bool grant_retention(std::size_t chunks) override {
    out_.keep(chunks);
    return true;
  }

  byte_view produce() override {
    return out_.next([this](std::span<std::byte> room) { return some_into(room); });
  }

  // Bytes written to the front of `room`, none only at the stream's proved end.
  std::size_t some_into(std::span<std::byte> room) {
    while (phase_ != phase::end) {
      switch (phase_) {
        case phase::header: read_header(); break;
        case phase::data:
          if (const std::size_t made = inflate_into(room); made > 0) return made;
          break;
        case phase::trailer: verify_trailer(); break;
        case phase::end: break;
      }
    }
    return 0;
  }

  // RFC 1950, section 2.2: CMF and FLG, a multiple of 31 together; no preset dictionary.
  void read_header() {
    const std::uint32_t cmf = take();
    const std::uint32_t flags = take();
    if ((cmf & 0xFU) != 8 || (cmf * 256 + flags) % 31 != 0 || (flags & 0x20U) != 0) {
      throw failed(checks::compression_damaged, "not a zlib stream", "a zlib header such as 789c",
                   fmt::format("{:02x}{:02x}", cmf, flags));
    }
    phase_ = phase::data;
  }

  // Returns the bytes produced, none only when the data ends.
  std::size_t inflate_into(std::span<std::byte> output) {
    for (;;) {
      const inflate_step step = engine_.run(in_.ahead(), output);
      in_.consume(step.consumed);
      const auto produced = output.first(step.produced);
      adler_ = adler32_of(adler_, produced);
      if (step.status == inflate_status::failed) {
        stream_error error = failed(checks::compression_damaged, fmt::format("zlib: {}", step.reason),
                                    "a DEFLATE stream", std::string{step.reason});
        if (produced.empty()) throw error;
        out_.fail_behind(std::move(error));
        return produced.size();
      }
      if (step.status == inflate_status::ended) {
        in_.give_back(engine_.unread());
        phase_ = phase::trailer;
        return produced.size();
      }
      if (!produced.empty()) return produced.size();
      if (step.consumed == 0 && !in_.refill()) throw truncated();
    }
  }

  void verify_trailer() {
    std::uint32_t stored = 0;
    for (int i = 0; i < 4; ++i) stored = (stored << 8U) | take();
    if (stored != adler_) {
      throw failed(checks::compression_damaged, "Adler-32 of the data differs from the one stored behind it",
                   fmt::format("{:08x}", stored), fmt::format("{:08x}", adler_));
    }
    if (in_.refill()) {
      throw failed(checks::compression_trailing_data, "bytes follow the end of the zlib stream", "nothing",
                   fmt::format("{:02x}", std::to_integer<unsigned>(in_.ahead().front())));
    }
    phase_ = phase::end;
  }

  std::uint32_t take() {
    if (!in_.refill()) throw truncated();
    const auto value = std::to_integer<std::uint32_t>(in_.ahead().front());
    in_.consume(1);
    return value;
  }

  [[nodiscard]] stream_error failed(const check& what, std::string message, std::string expected,
                                    std::string actual) const {
    return stream_error{what, where_.at(in_.position()), std::move(message), std::move(expected), std::move(actual)};
  }

  [[nodiscard]] stream_error truncated() const {
    return failed(checks::compression_truncated, "the zlib stream ends early", "a complete stream",
                  fmt::format("end after {} bytes", in_.position()));
  }

  detail::inflate_input in_;
  location where_;
  Engine engine_;
  detail::chunk_writer out_;
  phase phase_ = phase::header;
  std::uint32_t adler_ = 1;
};

}  // namespace knowngood
