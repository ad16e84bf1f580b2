// digest_members: digests of an archive's members with other algorithms than the first reading computed, for the rare list
// of SHA-512 or MD5 inside a full backup.
//
// Layer: verify. A second reading of the artifact, inflating and digesting only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "restorable/archive/tar_reader.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/codec/detect.hpp"
#include "restorable/hash/digest_set.hpp"
#include "restorable/io/lookahead.hpp"
#include "restorable/io/source.hpp"

namespace restorable {

/// From the archive's spelling of each regular member's name to its digests by algorithm. Throws what reading throws; what
/// it would find has been found by the first reading.
inline std::map<std::string, std::map<std::string, std::string>> digest_members(
    std::unique_ptr<source> stored, const location& where, const std::vector<digest_algorithm>& algorithms,
    const limits& bounds) {
  finding_list known_already;
  std::unique_ptr<source> stream = std::move(stored);
  for (std::uint32_t layer = 0; layer < bounds.nesting_depth; ++layer) {
    auto head = std::make_unique<lookahead>(std::move(stream));
    const compression how = detect_compression(head->peek(compression_head_bytes));
    if (how == compression::none) {
      stream = std::move(head);
      break;
    }
    stream = decompressed(std::move(head), how, where, known_already);
  }
  std::map<std::string, std::map<std::string, std::string>> digests;
  tar_reader reader{std::move(stream), where, bounds, known_already};
  while (const tar_member* member = reader.next()) {
    if (member->type != entry_type::file) continue;
    digest_set set{algorithms};
    source& body = reader.body();
    for (byte_view chunk = body.next(); !chunk.empty(); chunk = body.next()) set.update(chunk);
    digests[member->name] = set.finish();
  }
  return digests;
}

}  // namespace restorable
