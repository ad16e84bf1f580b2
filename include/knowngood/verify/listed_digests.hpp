// digest_members: digests of an archive's members that the first reading did not compute, for the rare list of SHA-512
// or MD5 inside a full backup, and files of a full backup within another that nothing but a list makes a backup.
//
// Layer: verify. A second reading of the artifact, inflating and digesting only.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/archive/open_members.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/hash/digest_set.hpp"
#include "knowngood/io/borrowed.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// From the archive's spelling of a regular member's name to its digests by algorithm.
using member_digests = std::map<std::string, std::map<std::string, std::string>>;

/// `inside`: the names of the members that lead to the archive, one within the other; none: `stored` is it. Throws what
/// reading throws; what it would find has been found by the first reading.
inline member_digests digest_members(std::unique_ptr<source> stored, const location& where,
                                     const std::vector<digest_algorithm>& algorithms, const limits& bounds,
                                     std::span<const std::string> inside = {}) {
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
  member_digests digests;
  const auto reader = open_members(std::move(stream), where, bounds, known_already);
  while (const tar_member* member = reader->next()) {
    if (member->type != entry_type::file) continue;
    source& body = reader->body();
    if (!inside.empty()) {  // of two of a name the later one is what a restore leaves
      if (member->name != inside.front()) continue;
      digests = digest_members(borrow(body), where / member->name, algorithms, bounds, inside.subspan(1));
      continue;
    }
    digest_set set{algorithms};
    for (byte_view chunk = body.next(); !chunk.empty(); chunk = body.next()) set.update(chunk);
    digests[member->name] = set.finish();
  }
  return digests;
}

}  // namespace knowngood
