// directory_backup: whether a directory is one backup as a whole, whatever files it is made of: a dump in pg_dump's
// directory format, or a PostgreSQL data directory as pg_basebackup leaves it; and the digest that stands for it.
//
// Layer: verify. Example: if (is_directory_backup("/backups/shop.d")) …   // toc.dat, 3345.dat.gz, …
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "knowngood/archive/directory_reader.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

inline bool is_directory_backup(const std::filesystem::path& folder) {
  const auto is_file = [&](const char* name) {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::symlink_status(folder / name, error));
  };
  if (is_file("PG_VERSION") && (is_file("global/pg_control") || is_file("global/pg_filenode.map"))) return true;
  const std::filesystem::path contents = folder / dump_contents_name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(contents, error))) return false;
  std::array<char, 5> magic{};
  std::ifstream{contents, std::ios::binary}.read(magic.data(), magic.size());
  return std::string_view{magic.data(), magic.size()} == "PGDMP";
}

/// What stands for a backup that is a directory: the SHA-256, in hex, of what `sha256sum` prints of its files in the
/// order of their names; and the bytes of them all. Checksum lists and what is no regular file are left out. Throws
/// `environment_error` for what cannot be read.
struct directory_digest {
  std::string sha256;
  std::uint64_t bytes = 0;
};
inline directory_digest digest_of_directory(const std::filesystem::path& folder) {
  directory_digest result;
  digest all{digest_algorithm::sha256()};
  directory_reader files{folder, location{folder.string()}, limits{},
                         [&](const std::string&, byte_view chunk) { result.bytes += chunk.size(); }};
  while (const tar_member* file = files.next()) {
    if (file->type != entry_type::file || is_checksum_list_name(file->name)) continue;
    digest sha256{digest_algorithm::sha256()};
    source& content = files.body();
    for (byte_view chunk = content.next(); !chunk.empty(); chunk = content.next()) sha256.update(chunk);
    const std::string line = fmt::format("{}  {}\n", sha256.finish(), file->name);
    all.update(std::as_bytes(std::span{line}));
  }
  result.sha256 = all.finish();
  return result;
}

}  // namespace knowngood
