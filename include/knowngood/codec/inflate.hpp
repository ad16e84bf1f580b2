// inflate: what gunzip needs of a raw DEFLATE decoder (RFC 1951), and which of them is used unless told otherwise.
//
// Layer: codec. Two engines satisfy it: `isal_inflate_engine` (several times as fast, x86-64 and AArch64) and
// `zlib_inflate_engine` (everywhere). Tests hold one against the other. They differ in this: ISA-L decodes with
// incomplete sets of codes, which zlib rejects and no compressor writes; after damage it is then the CRC that differs.
//   gunzip<> fast{...};   gunzip<zlib_inflate_engine> reference{...};
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "knowngood/codec/inflate_step.hpp"
#include "knowngood/codec/inflate_zlib.hpp"
#include "knowngood/io/source.hpp"
#ifdef KNOWNGOOD_HAVE_ISAL
#include "knowngood/codec/inflate_isal.hpp"
#endif

namespace knowngood {

/// A raw DEFLATE decoder that can be used again.
/// - `reset()` begins a new stream; nothing of the previous one can be referred to any more.
/// - `run(input, output)` decodes from `input` into `output`, which is not empty. Called again with what is left of the
///   input (an empty one when nothing is) until it neither consumes nor produces; only then does it want new input.
/// - `unread()`, after a step that ended: bytes that `run` counted as consumed and that lie behind the stream's last
///   byte, at most 8, in order; valid until `reset()`.
/// - `crc32(crc, bytes)` continues a CRC-32 (RFC 1952, section 8) by the fastest means that come with the decoder; a
/// new
///   one begins with 0.
template <typename Engine>
concept inflate_engine = std::default_initializable<Engine> &&
    requires(Engine& engine, const Engine& constant, byte_view input, std::span<std::byte> output, std::uint32_t crc) {
  engine.reset();
  { engine.run(input, output) } -> std::same_as<inflate_step>;
  { constant.unread() } -> std::same_as<byte_view>;
  { Engine::crc32(crc, input) } -> std::same_as<std::uint32_t>;
};

#ifdef KNOWNGOOD_HAVE_ISAL
using default_inflate_engine = isal_inflate_engine;
#else
using default_inflate_engine = zlib_inflate_engine;
#endif

static_assert(inflate_engine<zlib_inflate_engine>);
static_assert(inflate_engine<default_inflate_engine>);

}  // namespace knowngood
