// directory_backup: whether a directory is one backup as a whole, whatever files it is made of: a dump in pg_dump's
// directory format, or a PostgreSQL data directory as pg_basebackup leaves it.
//
// Layer: verify. Example: if (is_directory_backup("/backups/shop.d")) …   // toc.dat, 3345.dat.gz, …
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "knowngood/inspect/dump_files_watch.hpp"

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

}  // namespace knowngood
