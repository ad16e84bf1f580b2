// decompress: a zstd, xz, bzip2 or lz4 file, all of its frames, as the stream of what was compressed.
//
// Layer: codec. The end that it reports is proved: the last frame is complete, nothing follows it but what the format
// allows, and the upstream proved its own end. For gzip see codec/gunzip.hpp; to be told which, codec/detect.hpp.
//   decompress plain{std::move(file), compression::zstd, here, findings};
//   drain(plain);   if (!plain.has_content_check()) ...   // whole, but nothing would have shown altered content
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/codec/chunk_writer.hpp"
#include "knowngood/codec/compression.hpp"
#include "knowngood/codec/stream_decoder.hpp"
#include "knowngood/io/source.hpp"
#ifdef KNOWNGOOD_HAVE_ZSTD
#include "knowngood/codec/decode_zstd.hpp"
#endif
#ifdef KNOWNGOOD_HAVE_LZMA
#include "knowngood/codec/decode_xz.hpp"
#endif
#ifdef KNOWNGOOD_HAVE_BZIP2
#include "knowngood/codec/decode_bzip2.hpp"
#endif
#ifdef KNOWNGOOD_HAVE_LZ4
#include "knowngood/codec/decode_lz4.hpp"
#endif

namespace knowngood {

/// Throws `stream_error` with a check of the family `compression`, at an offset in the compressed stream, and
/// `environment_error` where the stream is well-formed but this build or its libraries cannot read it. What was
/// decompressed before a failure is handed out before it is thrown.
class decompress final : public source {
 public:
  /// True when this build has the library for `kind`.
  static constexpr bool supports(compression kind) noexcept {
    switch (kind) {
#ifdef KNOWNGOOD_HAVE_ZSTD
      case compression::zstd: return true;
#endif
#ifdef KNOWNGOOD_HAVE_LZMA
      case compression::xz: return true;
#endif
#ifdef KNOWNGOOD_HAVE_BZIP2
      case compression::bzip2: return true;
#endif
#ifdef KNOWNGOOD_HAVE_LZ4
      case compression::lz4: return true;
#endif
      default: return false;
    }
  }

  /// `where` names the compressed stream itself; `findings` is for remarks, of which these formats give none so far.
  /// Throws `environment_error` when this build lacks the library for `kind`, and `std::invalid_argument` for the kinds
  /// that are not read here, `none` and `gzip`.
  decompress(std::unique_ptr<source> upstream, compression kind, location where, finding_sink& /*findings*/)
      : upstream_{std::move(upstream)}, kind_{kind}, where_{std::move(where)}, decoder_{make_decoder()} {}

  /// Once ended: true when every frame carried a checksum over its content. Without one, altered content may have gone
  /// unnoticed, and the format alone leaves the artifact unprotected. Only the content's own checksum counts, not those
  /// of headers or blocks.
  [[nodiscard]] bool has_content_check() const { return decoder_->has_content_check(); }

 private:
  bool grant_retention(std::size_t chunks) override {
    out_.keep(chunks);
    return true;
  }

  byte_view produce() override {
    return out_.next([this](std::span<std::byte> room) { return some_into(room); });
  }

  // Bytes written to the front of `room`, none only at the stream's proved end.
  std::size_t some_into(std::span<std::byte> room) {
    for (;;) {
      if (input_.empty() && !last_) {
        input_ = upstream_->next();
        last_ = input_.empty();
      }
      const detail::decode_step step = run_decoder(room);
      input_ = input_.subspan(step.consumed);
      if (step.produced > 0) return step.produced;
      if (step.consumed > 0) continue;
      if (!input_.empty()) throw failed(checks::compression_damaged, "the decoder cannot go on");
      if (last_) {
        require_complete();
        return 0;
      }
    }
  }

  detail::decode_step run_decoder(std::span<std::byte> output) {
    try {
      return decoder_->run(input_, output, last_);
    } catch (const detail::decode_failure& failure) {
      raise(failure);
    }
  }

  void require_complete() const {
    try {
      if (decoder_->complete()) return;
    } catch (const detail::decode_failure& failure) {
      raise(failure);
    }
    throw stream_error{checks::compression_truncated, here(), fmt::format("the {} stream ends early", to_string(kind_)),
                       "a complete stream", fmt::format("end after {} bytes", upstream_->delivered())};
  }

  [[noreturn]] void raise(const detail::decode_failure& failure) const {
    using kind = detail::decode_failure::kind;
    switch (failure.what) {
      case kind::damaged: throw failed(checks::compression_damaged, failure.reason);
      case kind::trailing_data: throw failed(checks::compression_trailing_data, failure.reason);
      case kind::end_unproved: throw failed(checks::compression_end_unproved, failure.reason);
      case kind::unsupported: break;
    }
    throw environment_error{
        here(), fmt::format("cannot read this {} stream: {}", to_string(kind_), failure.reason),
        fmt::format("check it with the tool that wrote it, and the {} of this host", to_string(kind_))};
  }

  [[nodiscard]] stream_error failed(const check& what, const std::string& reason) const {
    return stream_error{what, here(), fmt::format("{}: {}", to_string(kind_), reason),
                        fmt::format("a valid {} stream", to_string(kind_)), reason};
  }

  [[nodiscard]] location here() const { return where_.at(upstream_->delivered() - input_.size()); }

  [[nodiscard]] std::unique_ptr<detail::stream_decoder> make_decoder() const {
    switch (kind_) {
#ifdef KNOWNGOOD_HAVE_ZSTD
      case compression::zstd: return std::make_unique<detail::zstd_decoder>();
#endif
#ifdef KNOWNGOOD_HAVE_LZMA
      case compression::xz: return std::make_unique<detail::xz_decoder>();
#endif
#ifdef KNOWNGOOD_HAVE_BZIP2
      case compression::bzip2: return std::make_unique<detail::bzip2_decoder>();
#endif
#ifdef KNOWNGOOD_HAVE_LZ4
      case compression::lz4: return std::make_unique<detail::lz4_decoder>();
#endif
      case compression::none:
      case compression::gzip: throw std::invalid_argument{"decompress reads neither gzip nor uncompressed streams"};
      default:
        throw environment_error{where_, fmt::format("this build cannot read {}", to_string(kind_)),
                                fmt::format("build knowngood where the development files of {} are", to_string(kind_))};
    }
  }

  std::unique_ptr<source> upstream_;
  compression kind_;
  location where_;
  std::unique_ptr<detail::stream_decoder> decoder_;
  detail::chunk_writer out_;
  byte_view input_;
  bool last_ = false;  // the upstream's end is proved: nothing follows `input_`
};

}  // namespace knowngood
