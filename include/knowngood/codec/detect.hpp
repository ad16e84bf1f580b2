// detect: which compression a stream has, told from its first bytes alone; and the source that undoes it.
//
// Layer: codec. Example:
//   lookahead in{std::move(file)};
//   const compression kind = detect_compression(in.peek(compression_head_bytes));
//   auto plain = decompressed(borrow(in), kind, here, findings);
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "knowngood/codec/compression.hpp"
#include "knowngood/codec/decompress.hpp"
#include "knowngood/codec/frame_head.hpp"
#include "knowngood/codec/gunzip.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// What `detect_compression` wants to see; a shorter stream is shown whole.
inline constexpr std::size_t compression_head_bytes = 512;

namespace detail {

inline std::uint32_t little_endian_at(byte_view head, std::size_t offset) noexcept {
  if (head.size() < offset + 4) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(head[offset + i]) << (8 * i);
  return value;
}

/// "BZh", a level, and the magic number of a block or of the end. That magic may be damaged in two of its six bytes:
/// damage there shall be called damage to a bzip2 file, not a file of no known kind.
inline bool is_bzip2(byte_view head) noexcept {
  if (head.size() < 4) return false;
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint8_t>(head[i]); };
  if (at(0) != 'B' || at(1) != 'Z' || at(2) != 'h' || at(3) < '1' || at(3) > '9') return false;
  constexpr std::array<std::uint8_t, 6> block{0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
  constexpr std::array<std::uint8_t, 6> end{0x17, 0x72, 0x45, 0x38, 0x50, 0x90};
  const std::size_t shown = std::min(head.size() - 4, block.size());
  const auto differing = [&](const auto& magic) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < shown; ++i) {
      if (at(4 + i) != magic[i]) ++bytes;
    }
    return bytes;
  };
  const std::size_t tolerated = shown == block.size() ? 2 : 0;
  return std::min(differing(block), differing(end)) <= tolerated;
}

}  // namespace detail

/// The compression of a stream that begins with `head` (`compression_head_bytes` of it, or all there is), by magic
/// numbers only; `none` where there is no known one. What follows the magic number is not held against it: a file whose
/// header is damaged behind it is a damaged file of that format, and reading it says so.
inline compression detect_compression(byte_view head) noexcept {
  constexpr std::array gzip{std::byte{0x1F}, std::byte{0x8B}, std::byte{8}};
  constexpr std::array xz{std::byte{0xFD}, std::byte{'7'}, std::byte{'z'},
                          std::byte{'X'},  std::byte{'Z'}, std::byte{0}};
  const auto begins = [&](const auto& magic) {
    return head.size() >= magic.size() && std::equal(magic.begin(), magic.end(), head.begin());
  };
  if (begins(gzip)) return compression::gzip;
  if (begins(xz)) return compression::xz;
  if (detail::is_bzip2(head)) return compression::bzip2;

  // zstd and lz4 share their skippable frames: the first frame behind those decides, zstd where none is in sight
  bool skipped = false;
  for (std::size_t at = 0; at + 4 <= head.size();) {
    const std::uint32_t magic = detail::little_endian_at(head, at);
    if (magic == 0xFD2FB528) return compression::zstd;
    if (magic == 0x184D2204 || magic == 0x184C2102) return compression::lz4;
    if ((magic & ~detail::skippable_any) != detail::skippable_magic) break;
    skipped = true;
    at += 8 + std::size_t{detail::little_endian_at(head, at + 4)};
  }
  return skipped ? compression::zstd : compression::none;
}

/// A source of what `upstream` holds once `kind` is undone; `upstream` itself for `none`. See codec/gunzip.hpp and
/// codec/decompress.hpp for what it throws and reports.
inline std::unique_ptr<source> decompressed(std::unique_ptr<source> upstream, compression kind, location where,
                                            finding_sink& findings) {
  switch (kind) {
    case compression::none: return upstream;
    case compression::gzip: return std::make_unique<gunzip<>>(std::move(upstream), std::move(where), findings);
    default: return std::make_unique<decompress>(std::move(upstream), kind, std::move(where), findings);
  }
}

/// Once `plain`, made by `decompressed`, has ended: true when a checksum of the format vouched for all of its content.
inline bool has_content_check(const source& plain, compression kind) {
  if (kind == compression::gzip) return true;
  const auto* layer = dynamic_cast<const decompress*>(&plain);
  return layer != nullptr && layer->has_content_check();
}

}  // namespace knowngood
