// gunzip: a gzip file (RFC 1952), all of its members, as the stream of what was compressed; every field is verified.
//
// Layer: codec. The end that it reports is proved: each member's CRC-32 and length matched, nothing but zero padding
// follows the last, and the upstream proved its own end.
//   gunzip<> plain{std::make_unique<file_source>("db.sql.gz", here), here, findings};
// Bytes are tentative until that end: they are handed out before the trailer that vouches for them has come.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/codec/chunk_writer.hpp"
#include "knowngood/codec/inflate.hpp"
#include "knowngood/codec/inflate_input.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Throws `stream_error` with a check of the family `gzip`, at an offset in the compressed stream. Reports to the
/// sink, and reads on: `gzip.trailing-zeros` (a note) and `gzip.member-after-zeros` (an error: gunzip would drop that
/// member). What was inflated before a failure is handed out before it is thrown.
template <inflate_engine Engine = default_inflate_engine>
class gunzip final : public source {
 public:
  /// `where` names the compressed stream itself; `findings` outlives this object.
  gunzip(std::unique_ptr<source> upstream, location where, finding_sink& findings)
      : in_{std::move(upstream)}, where_{std::move(where)}, findings_{findings} {}

 private:
  enum class phase : unsigned char { before_first_member, in_data, in_trailer, after_member };

  bool grant_retention(std::size_t chunks) override {
    out_.keep(chunks);
    return true;
  }

  byte_view produce() override {
    return out_.next([this](std::span<std::byte> room) { return some_into(room); });
  }

  // Bytes written to the front of `room`, none only at the proved end of the whole stream.
  std::size_t some_into(std::span<std::byte> room) {
    for (;;) {
      if (phase_ == phase::in_data) {
        if (const std::size_t made = inflate_into(room); made > 0) return made;
      } else if (phase_ == phase::in_trailer) {
        verify_trailer();
      } else if (!begin_member()) {
        return 0;
      }
    }
  }

  // Inflates into `output`, which is not empty. Returns the bytes produced, none only when the member's data ends.
  std::size_t inflate_into(std::span<std::byte> output) {
    for (;;) {
      const inflate_step step = engine_.run(in_.ahead(), output);
      in_.consume(step.consumed);
      const auto produced = output.first(step.produced);
      crc_ = Engine::crc32(crc_, produced);
      length_ += produced.size();
      switch (step.status) {
        case inflate_status::failed: {
          stream_error error{checks::gzip_deflate, here(), fmt::format("compressed data is invalid: {}", step.reason),
                             "a DEFLATE stream", std::string{step.reason}};
          if (produced.empty()) throw error;
          out_.fail_behind(std::move(error));
          return produced.size();
        }
        case inflate_status::ended:
          in_.give_back(engine_.unread());
          phase_ = phase::in_trailer;
          return produced.size();
        case inflate_status::running: break;
      }
      if (!produced.empty()) return produced.size();
      if (step.consumed == 0 && !in_.refill()) throw truncated("compressed data");
    }
  }

  // RFC 1952, section 2.3: CRC32 and ISIZE, the length modulo 2^32.
  void verify_trailer() {
    const std::uint64_t trailer_at = in_.position();
    const std::uint32_t crc = take_little_endian("trailer", 4);
    const std::uint32_t size = take_little_endian("trailer", 4);
    if (crc != crc_) {
      throw stream_error{checks::gzip_crc32, where_.at(trailer_at), "CRC-32 of the data differs from the trailer's",
                         fmt::format("{:08x}", crc), fmt::format("{:08x}", crc_)};
    }
    if (size != (length_ & 0xFFFFFFFFU)) {
      throw stream_error{checks::gzip_length, where_.at(trailer_at + 4),
                         "length of the data differs from the trailer's (modulo 2^32)", fmt::format("{} bytes", size),
                         fmt::format("{} bytes", length_ & 0xFFFFFFFFU)};
    }
    phase_ = phase::after_member;
  }

  // Reads up to and including the next member's header. False at the proved end of the whole stream.
  bool begin_member() {
    const bool first = phase_ == phase::before_first_member;
    const std::uint64_t zeros = first ? 0 : skip_zeros();
    if (!in_.refill()) {
      if (first) throw truncated("member header");
      if (zeros > 0) {
        findings_.report(make_finding(checks::gzip_trailing_zeros, where_.at(in_.position() - zeros),
                                      fmt::format("{} zero bytes follow the last member", zeros), "nothing",
                                      fmt::format("{} zero bytes", zeros)));
      }
      return false;
    }
    const std::uint64_t member_at = in_.position();
    read_magic(first, member_at);
    if (zeros > 0 && !std::exchange(reported_after_zeros_, true)) {
      findings_.report(make_finding(checks::gzip_member_after_zeros, where_.at(member_at),
                                    fmt::format("a member follows {} zero bytes", zeros), "no member after padding",
                                    "a member"));
    }
    read_header_after_magic(member_at);
    engine_.reset();
    crc_ = 0;
    length_ = 0;
    phase_ = phase::in_data;
    return true;
  }

  std::uint64_t skip_zeros() {
    std::uint64_t zeros = 0;
    while (in_.refill()) {
      const byte_view ahead = in_.ahead();
      const auto other = std::find_if(ahead.begin(), ahead.end(), [](std::byte b) { return b != std::byte{0}; });
      const auto run = static_cast<std::size_t>(other - ahead.begin());
      zeros += run;
      in_.consume(run);
      if (run < ahead.size()) break;
    }
    return zeros;
  }

  // RFC 1952, section 2.3.1: ID1, ID2.
  void read_magic(bool first, std::uint64_t member_at) {
    header_crc_ = 0;
    std::string met;
    for (const std::uint8_t wanted : {std::uint8_t{0x1F}, std::uint8_t{0x8B}}) {
      const std::uint8_t met_byte = take("member header");
      met += fmt::format("{:02x}", met_byte);
      if (met_byte == wanted) continue;
      if (first) throw stream_error{checks::gzip_header, where_.at(member_at), "not a gzip member", "1f8b", met};
      throw stream_error{checks::gzip_trailing_data, where_.at(member_at),
                         "bytes that are no member follow the last one", "end of the stream, or 1f8b", met};
    }
  }

  // RFC 1952, section 2.3.1: CM, FLG, MTIME, XFL, OS and the optional fields that FLG announces.
  void read_header_after_magic(std::uint64_t member_at) {
    constexpr unsigned fhcrc = 2, fextra = 4, fname = 8, fcomment = 16, reserved = 0xE0;
    if (const unsigned method = take("member header"); method != 8) {
      throw stream_error{checks::gzip_header, where_.at(member_at + 2), "unknown compression method", "8",
                         fmt::format("{}", method)};
    }
    const unsigned flags = take("member header");
    if ((flags & reserved) != 0) {
      throw stream_error{checks::gzip_header, where_.at(member_at + 3), "reserved flags are set",
                         fmt::format("{:02x}", flags & ~reserved), fmt::format("{:02x}", flags)};
    }
    for (int i = 0; i < 6; ++i) take("member header");
    if ((flags & fextra) != 0) {
      for (std::uint32_t left = take_little_endian("member header", 2); left > 0; --left) take("member header");
    }
    for (const unsigned text : {fname, fcomment}) {
      while ((flags & text) != 0 && take("member header") != 0) continue;
    }
    if ((flags & fhcrc) != 0) {
      const std::uint32_t computed = header_crc_ & 0xFFFFU;
      const std::uint64_t stored_at = in_.position();
      if (const std::uint32_t stored = take_little_endian("member header", 2); stored != computed) {
        throw stream_error{checks::gzip_header_crc, where_.at(stored_at), "CRC-16 of the member header differs",
                           fmt::format("{:04x}", stored), fmt::format("{:04x}", computed)};
      }
    }
  }

  std::uint8_t take(const char* part) {
    if (!in_.refill()) throw truncated(part);
    const byte_view byte = in_.ahead().first(1);
    header_crc_ = Engine::crc32(header_crc_, byte);
    const auto value = std::to_integer<std::uint8_t>(byte.front());
    in_.consume(1);
    return value;
  }

  std::uint32_t take_little_endian(const char* part, unsigned bytes) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint32_t{take(part)} << (8 * i);
    return value;
  }

  [[nodiscard]] location here() const { return where_.at(in_.position()); }

  [[nodiscard]] stream_error truncated(const char* part) const {
    return stream_error{checks::gzip_truncated, here(), fmt::format("the stream ends in the {}", part),
                        "a complete member", fmt::format("end after {} bytes", in_.position())};
  }

  detail::inflate_input in_;
  location where_;
  finding_sink& findings_;
  Engine engine_;
  detail::chunk_writer out_;
  phase phase_ = phase::before_first_member;
  std::uint32_t header_crc_ = 0;
  std::uint32_t crc_ = 0;              // of the current member's data
  std::uint64_t length_ = 0;           // of the current member's data
  bool reported_after_zeros_ = false;  // the first such member is enough: a crafted file has millions
};

}  // namespace knowngood
