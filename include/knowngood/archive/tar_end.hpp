// tar_end: whether a tar archive ends as one must, and is the last thing in its stream.
//
// Layer: archive; part of tar_reader, of no use alone. POSIX.1-1988 ustar: two zero blocks, and nothing behind them but
// what fills the last record.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/archive/tar_feed.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

/// What follows the end of an archive.
struct behind_tar_end {
  std::optional<std::uint64_t> stray;  ///< the first byte that is not zero
  bool header = false;                 ///< a block that is a header of tar
};

/// Reads the upstream to its proved end, from `end` on.
inline behind_tar_end drain_behind(tar_feed& feed, std::uint64_t end) {
  behind_tar_end behind;
  std::vector<std::byte> block;
  const auto look = [&](byte_view bytes, std::uint64_t at) {
    if (!behind.stray && !all_zero(bytes)) {
      const auto first = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
      behind.stray = at + static_cast<std::uint64_t>(first - bytes.begin());
    }
    if (!behind.stray || behind.header) return;
    if (block.empty()) block.assign(static_cast<std::size_t>((at - end) % tar_block), std::byte{0});
    while (!bytes.empty()) {  // in blocks, as tar -i would go on
      const std::size_t more = std::min(tar_block - block.size(), bytes.size());
      block.insert(block.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
      bytes = bytes.subspan(more);
      if (block.size() < tar_block) break;
      behind.header |= !all_zero(block) && tar_checksum_of(block).matches();
      block.clear();
    }
  };
  look(feed.bytes(end, feed.pulled()), end);
  while (!feed.ended()) {
    const std::uint64_t at = feed.pulled();
    look(feed.pull(), at);
  }
  return behind;
}

/// tar reads whole records, and passes over what is in the last one behind the end.
inline void report_stray(const behind_tar_end& behind, std::uint64_t end, unsigned blocks, std::uint64_t size,
                         const location& where, finding_sink& findings) {
  constexpr std::array<std::uint64_t, 7> records{10'240, 32'768, 65'536, 131'072, 262'144, 524'288, 1'048'576};
  const bool padding = blocks >= 2 && !behind.header &&
                       std::any_of(records.begin(), records.end(),
                                   [&](std::uint64_t record) { return size % record == 0 && size - end < record; });
  findings.report(make_finding(
      padding ? checks::tar_padding : checks::tar_data_after_end, where.at(*behind.stray),
      padding ? "the archive's last record is not padded with zeros" : "data follows the end of the archive",
      "zero bytes or nothing", fmt::format("{} bytes from here on", size - *behind.stray)));
}

/// Reads the upstream to its proved end, and judges how the archive ended: libarchive took `end` for that.
/// `header_start`: where it looked for a further header. `damaged_run`: the blocks before were no headers.
inline void judge_tar_end(tar_feed& feed, std::uint64_t header_start, std::uint64_t end, bool damaged_run,
                          const location& where, finding_sink& findings) {
  const std::uint64_t from = std::max(header_start, end < 1024 ? std::uint64_t{0} : end - 1024);
  const std::vector<std::byte> marker = feed.bytes(from, end);
  unsigned blocks = 0;
  for (std::size_t size = marker.size(); size >= tar_block; size -= tar_block, ++blocks) {
    if (!all_zero(byte_view{marker}.subspan(size - tar_block, tar_block))) break;
  }
  const behind_tar_end behind = drain_behind(feed, end);
  if (damaged_run) return;  // what looked like an end lies in a member whose header is lost
  if (blocks < 2) {
    auto found =
        make_finding(checks::tar_end_missing, where.at(end), "the zero blocks that end an archive are not complete",
                     "two zero blocks", blocks == 1 ? "one of two" : "none");
    // Some programs write but one; that it is the last thing in a stream whose end is proved is enough.
    if (blocks == 1 && !behind.stray && feed.pulled() % tar_block == 0) found.severity = severity::warning;
    findings.report(std::move(found));
  }
  if (behind.stray) report_stray(behind, end, blocks, feed.pulled(), where, findings);
}

}  // namespace knowngood::detail
