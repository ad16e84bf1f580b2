// stream_decoder: what decompress needs of a format: decode, say whether the end may be here, say what vouches for it.
//
// Layer: codec, internal. One implementation per format: decode_zstd.hpp, decode_xz.hpp, decode_bzip2.hpp,
// decode_lz4.hpp, each over the format's own library (docs/decisions/0002-decompress.md says why).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "knowngood/io/source.hpp"

namespace knowngood::detail {

/// The most memory that a stream may make a decoder use: enough for whatever the formats' own tools can write (a window
/// of 2 GiB for `zstd --long=31`, a dictionary of 1.5 GiB for xz), whatever a crafted header asks for.
inline constexpr std::uint64_t decoder_memory = (std::uint64_t{2} << 30) + (std::uint64_t{64} << 20);

struct decode_step {
  std::size_t consumed = 0;
  std::size_t produced = 0;
};

/// Thrown by a decoder, which knows neither where nor at which offset it reads; decompress makes the error of it.
struct decode_failure {
  enum class kind : unsigned char { damaged, trailing_data, end_unproved, unsupported };
  kind what;
  std::string reason;
};

class stream_decoder {
 public:
  stream_decoder() = default;
  stream_decoder(const stream_decoder&) = delete;
  stream_decoder& operator=(const stream_decoder&) = delete;
  virtual ~stream_decoder() = default;

  /// Decodes from `input`, which may be empty, into `output`, which is not; across the boundaries of streams (frames)
  /// that follow each other. Neither consuming nor producing means that it wants input. `last`: none follows this.
  /// Throws `decode_failure`.
  virtual decode_step run(byte_view input, std::span<std::byte> output, bool last) = 0;

  /// True when all input so far makes complete streams, at least one. Throws `decode_failure` when an end here would be
  /// one, but a wrong or unprovable one.
  [[nodiscard]] virtual bool complete() const = 0;

  /// True when every stream so far carried a checksum over its content, and it was verified.
  [[nodiscard]] virtual bool has_content_check() const = 0;
};

}  // namespace knowngood::detail
