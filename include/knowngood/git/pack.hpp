// read_pack: every object of a git pack inflated, every delta followed as far as memory allows, the trailer's digest
// compared (gitformat-pack); in one pass and bounded memory.
//
// Layer: git. What is proved: each object's zlib stream and size, each delta's instructions, the number of objects, the
// digest over everything; that commits have their parents and trees, trees what they list and tags their objects, as
// far as the names of all objects are known: a delta whose base was let go is read again where the stream can be.
//   const pack_summary pack = read_pack(file, location{"x.pack"}, pack_request{}, bounds, findings);
#pragma once

#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/git/pack_input.hpp"
#include "knowngood/git/pack_reader.hpp"
#include "knowngood/git/pack_summary.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// Reads a pack to its end and the source's. Throws `stream_error` for what stops reading (`bundle.truncated`,
/// `bundle.pack-header`, `bundle.object` where a stream cannot be inflated) and what the source throws. Reports the
/// rest: `bundle.object`, `bundle.object-count`, `bundle.digest`, `bundle.trailing-data`, and `bundle.prerequisites`
/// for commits without their parents. Throws `environment_error` beyond `bounds.expanded_bytes`. `where`: of the
/// stream.
inline pack_summary read_pack(source& from, const location& where, const pack_request& request, const limits& bounds,
                              finding_sink& findings) {
  detail::pack_input in{from};
  return detail::pack_reader{in, where, request, bounds, findings}.read();
}

}  // namespace knowngood
