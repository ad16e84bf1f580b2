// open_dump: a stored dump of PostgreSQL, compressed or not, plain or an archive of the custom or directory format, as
// one SQL script.
//
// Layer: inspect. Example: load_dump(open_dump(path, where, bounds, findings), where, target, options);
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "knowngood/archive/open_archive.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/inspect/dump_files.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/read_ahead.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_archive_script.hpp"
#include "knowngood/postgres/dump_archive_toc.hpp"

namespace knowngood {

/// `path`: a file, or the folder of a dump in directory format. What is no archive of pg_dump's is handed on as it is.
/// `findings` outlives the source, which throws what
/// `open_archive` and `dump_archive_script` throw. Throws `environment_error` when the file cannot be opened.
inline std::unique_ptr<source> open_dump(const std::string& path, const location& where, const limits& bounds,
                                         finding_sink& findings) {
  if (std::filesystem::is_directory(path)) {
    auto contents = std::make_unique<file_source>((std::filesystem::path{path} / dump_contents_name).string(),
                                                  where / std::string{dump_contents_name});
    return std::make_unique<read_ahead>(std::make_unique<dump_archive_script>(
        std::move(contents), where, bounds, findings, dump_files_in(path, where, bounds, findings)));
  }
  auto stored = std::make_unique<lookahead>(open_archive(path, where, bounds, findings));
  constexpr std::size_t magic_bytes = 5;
  if (!is_dump_archive(stored->peek(magic_bytes))) return stored;
  return std::make_unique<read_ahead>(
      std::make_unique<dump_archive_script>(std::move(stored), where, bounds, findings));
}

}  // namespace knowngood
