// dump_archive_block: the data of one entry of a dump archive: stored in pieces, compressed as its header says.
//
// Layer: postgres; part of dump_archive_script, of no use alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/codec/decompress.hpp"
#include "knowngood/codec/zlib_stream.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_input.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood::detail {

/// The stored bytes of one data block: pieces, each behind its length, up to one of length 0.
class dump_archive_block final : public source {
 public:
  /// `in` stands behind the block's header and outlives this object.
  explicit dump_archive_block(dump_archive_input& in) : in_{in} {}

 private:
  static constexpr std::string_view part = "a data block";

  byte_view produce() override {
    if (left_ == 0) {
      const std::uint64_t at = in_.offset();
      const std::int64_t length = in_.integer(part);
      if (length < 0) {
        throw in_.damaged(at, "a piece of a data block has a negative length", "0 or more", fmt::format("{}", length));
      }
      if (length == 0) return {};
      left_ = static_cast<std::uint64_t>(length);
    }
    const std::string_view piece = in_.view(part, left_);
    left_ -= piece.size();
    return std::as_bytes(std::span{piece});
  }

  dump_archive_input& in_;
  std::uint64_t left_ = 0;
};

/// What was compressed in a block.
inline std::unique_ptr<source> dump_archive_data(dump_archive_input& in, dump_archive_compression how,
                                                 const location& where, finding_sink& findings) {
  auto block = std::make_unique<dump_archive_block>(in);
  switch (how) {
    case dump_archive_compression::none: return block;
    case dump_archive_compression::gzip: return std::make_unique<zlib_stream<>>(std::move(block), where);
    case dump_archive_compression::lz4:
      return std::make_unique<decompress>(std::move(block), compression::lz4, where, findings);
    case dump_archive_compression::zstd:
      return std::make_unique<decompress>(std::move(block), compression::zstd, where, findings);
  }
  return block;
}

}  // namespace knowngood::detail
