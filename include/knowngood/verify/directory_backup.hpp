// directory_backup: whether a directory is one backup as a whole, whatever files it is made of: a dump in pg_dump's
// directory format, or a PostgreSQL data directory as pg_basebackup leaves it; and the digest that stands for it.
//
// Layer: verify. Example: if (is_directory_backup("/backups/shop.d")) …   // toc.dat, 3345.dat.gz, …
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/location.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/system_error.hpp"

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
  std::vector<std::filesystem::path> left{folder};  // the next one last
  while (!left.empty()) {
    const std::filesystem::path path = std::move(left.back());
    left.pop_back();
    std::error_code error;
    const auto type = std::filesystem::symlink_status(path, error).type();
    if (error) throw system_error(location{path.string()}, "look at it", error.value());
    if (type == std::filesystem::file_type::directory) {
      std::vector<std::filesystem::path> inside;
      auto walk = std::filesystem::directory_iterator{path, error};
      for (; !error && walk != std::filesystem::directory_iterator{}; walk.increment(error))
        inside.push_back(walk->path());
      if (error) throw system_error(location{path.string()}, "list the directory", error.value());
      std::sort(inside.begin(), inside.end());
      left.insert(left.end(), inside.rbegin(), inside.rend());
    } else if (type == std::filesystem::file_type::regular && !is_checksum_list_name(path.filename().string())) {
      file_source file{path.string(), location{path.string()}};
      digest sha256{digest_algorithm::sha256()};
      for (byte_view chunk = file.next(); !chunk.empty(); chunk = file.next()) {
        sha256.update(chunk);
        result.bytes += chunk.size();
      }
      const std::string line = fmt::format("{}  {}\n", sha256.finish(), path.lexically_relative(folder).string());
      all.update(std::as_bytes(std::span{line}));
    }
  }
  result.sha256 = all.finish();
  return result;
}

}  // namespace knowngood
