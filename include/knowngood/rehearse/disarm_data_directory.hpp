// disarm_data_directory: takes out of a restored copy of a data directory what would make its server act on anything
// else than this copy.
//
// Layer: rehearse; part of data_directory_rehearsal.hpp.
//   if (const auto obstacle = disarm_data_directory(data, where)) ...   // it cannot be booted as it is
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/unchecked_item.hpp"

namespace knowngood::detail {

/// Whether a name at the top of a data directory belongs to what the server cannot do without.
inline bool belongs_to_server(std::string_view name) {
  constexpr std::array<std::string_view, 7> others{
      "PG_VERSION", "base", "global", "backup_label", "tablespace_map", "current_logfiles", "pg_wal"};
  constexpr std::array<std::string_view, 4> free{"pg_hba.conf", "pg_ident.conf", "pg_log", "pg_stat_tmp"};
  if (std::find(free.begin(), free.end(), name) != free.end()) return false;
  return name.starts_with("pg_") || std::find(others.begin(), others.end(), name) != others.end();
}

/// A base backup may leave to others what it needs: tablespaces, which its map would link to where they were, and WAL.
inline std::optional<unchecked_item> missing_of_base_backup(const std::filesystem::path& data, const location& where) {
  std::error_code error;
  if (std::filesystem::exists(data / "tablespace_map", error) &&
      std::filesystem::file_size(data / "tablespace_map", error) > 0) {
    return unchecked_item{where / "tablespace_map", "the base backup has tablespaces, which lie outside of it",
                          "rehearse it by hand, with its tablespaces mapped"};
  }
  std::ifstream file{data / "backup_label"};
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  const std::size_t begin = line.find("(file ");
  const std::string segment =
      begin == std::string::npos ? "" : line.substr(begin + 6, line.find(')', begin) - begin - 6);
  const bool plausible = segment.size() == 24 && segment.find_first_not_of("0123456789ABCDEF") == std::string::npos;
  if (!plausible || std::filesystem::exists(data / "pg_wal" / segment, error) ||
      std::filesystem::exists(data / "pg_xlog" / segment, error))
    return std::nullopt;
  return unchecked_item{
      where / "backup_label", fmt::format("the base backup starts at WAL file {}, which is not in it", segment),
      "put its WAL into it (pg_basebackup --wal-method=stream --format=plain does), or rehearse it by "
      "hand with its WAL archive"};
}

/// Removes what names other processes, settings, servers and places. Returns what it cannot be booted without; nothing
/// when all is there. Follows no link.
inline std::optional<unchecked_item> disarm_data_directory(const std::filesystem::path& data, const location& where) {
  std::error_code error;
  for (const char* name : {"postmaster.pid", "postmaster.opts", "postgresql.auto.conf", "recovery.signal",
                           "standby.signal", "recovery.conf"})
    std::filesystem::remove_all(data / name, error);
  // slots hold what others still want to fetch, and ask for settings of the server that they were on
  const auto slots = data / "pg_replslot";
  if (std::filesystem::is_directory(std::filesystem::symlink_status(slots, error))) {
    for (const auto& slot : std::filesystem::directory_iterator{slots}) std::filesystem::remove_all(slot.path());
  }
  std::vector<std::filesystem::path> links;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{data}) {
    if (entry.is_symlink()) links.push_back(entry.path());
  }
  std::erase_if(links, [&](const std::filesystem::path& link) {
    // certificates, configuration, logs: whatever is not the server's data lies directly in the directory
    return link.parent_path() == data && !belongs_to_server(link.filename().string()) && std::filesystem::remove(link);
  });
  if (links.empty()) return missing_of_base_backup(data, where);
  return unchecked_item{where,
                        fmt::format("{} of the data directory is a symbolic link, to {}{}",
                                    printable(links.front().lexically_relative(data).string()),
                                    printable(std::filesystem::read_symlink(links.front()).string()),
                                    links.size() > 1 ? fmt::format(", and {} more are", links.size() - 1) : ""),
                        "back up tablespaces and WAL together with it (pg_basebackup does), and rehearse that by hand"};
}

}  // namespace knowngood::detail
