// open_members: the reader for whatever archive a stream is.
//
// Layer: archive. Example: auto reader = open_members(open_archive(path, where, bounds, known), where, bounds, known);
#pragma once

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "knowngood/archive/archive_kind.hpp"
#include "knowngood/archive/library_reader.hpp"
#include "knowngood/archive/member_reader.hpp"
#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/archive/zip_reader.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/io/lookahead.hpp"

namespace knowngood {

/// A stream of no known kind is read as a tar, so that a damaged one is found for what it is. `findings` outlives the
/// reader. Throws `environment_error` for a format that is not read from a stream.
inline std::unique_ptr<member_reader> open_members(std::unique_ptr<source> stream, const location& where,
                                                   const limits& bounds, finding_sink& findings) {
  auto head = std::make_unique<lookahead>(std::move(stream));
  const byte_view first = head->peek(iso9660_head_bytes);
  const archive_kind format = is_tar(first) ? archive_kind::none : detect_archive(first);
  if (format == archive_kind::none) return std::make_unique<tar_reader>(std::move(head), where, bounds, findings);
  if (format == archive_kind::zip) return std::make_unique<zip_reader>(std::move(head), where, bounds, findings);
  if (library_reader::needs_random_access(format)) {
    throw environment_error{where, fmt::format("a {} archive is not read from a stream", to_string(format)),
                            "unpack it by hand, or use tar"};
  }
  return std::make_unique<library_reader>(format, std::move(head), where, bounds, findings);
}

}  // namespace knowngood
