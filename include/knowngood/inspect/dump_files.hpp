// dump_files: the files of a dump that pg_dump wrote in its directory format, one for each table and large object, as
// they lie in a folder.
//
// Layer: inspect. Example: dump_archive_script{toc, where, bounds, findings, dump_files_in(folder, where, bounds,
// findings)};
#pragma once

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/base/expansion.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/observed.hpp"
#include "knowngood/io/open_beneath.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/postgres/dump_archive_files.hpp"

namespace knowngood {

/// How pg_dump's files end, by what compresses them. A large object may begin with anything, so that what is compressed
/// is told by the name alone.
struct dump_file_ending {
  std::string_view ending;
  compression how = compression::none;
};
inline constexpr std::array<dump_file_ending, 4> dump_file_endings{
    {{"", compression::none}, {".gz", compression::gzip}, {".lz4", compression::lz4}, {".zst", compression::zstd}}};

/// Of a file's name; none where it ends otherwise.
inline dump_file_ending dump_file_ending_of(std::string_view name) {
  for (const auto& one : dump_file_endings) {
    if (one.how != compression::none && name.ends_with(one.ending)) return one;
  }
  return {};
}

/// Opens the files in `folder`, through no link. What they hold together is bounded as one artifact is. `findings`
/// outlives what is made. Throws `environment_error`, from what is made too, where a file cannot be read.
inline open_dump_file dump_files_in(const std::string& folder, const location& where, const limits& bounds,
                                    finding_sink& findings) {
  const auto directory =
      std::make_shared<file_descriptor>(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (directory->get() < 0) throw system_error(where, "open", errno);
  const auto grown = std::make_shared<expansion>(bounds);
  return [=, &findings](const std::string& name) -> std::unique_ptr<source> {
    for (const auto& [ending, how] : dump_file_endings) {
      const std::string file = name + std::string{ending};
      file_descriptor opened = open_beneath(directory->get(), file, O_RDONLY | O_NONBLOCK);
      if (opened.get() < 0 && errno == ENOENT) continue;
      const location at = where / file;
      auto content = decompressed(
          std::make_unique<file_source>(std::move(opened), at, file_source::default_chunk, errno), how, at, findings);
      return observe(std::move(content), [grown, at](byte_view chunk) { grown->count(chunk.size(), at); });
    }
    return nullptr;
  };
}

}  // namespace knowngood
