// missing_part, held_parts: what a data directory needs and does not hold itself, and what another archive holds of it.
//
// Layer: inspect. `pg_basebackup --format=tar` writes one archive for the data directory, one for its write-ahead log
// and one for each tablespace: together they are one backup. Example:
//   held_parts beside = …; if (!beside.hold(part)) findings.report(part.otherwise);
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"

namespace knowngood {

/// A tablespace, or segments of write-ahead log.
struct missing_part {
  std::uint32_t tablespace = 0;       ///< its number; 0: write-ahead log
  std::vector<std::string> segments;  ///< of write-ahead log
  std::uint32_t segment_bytes = 0;    ///< each is of that size
  std::string version_directory;      ///< what a tablespace's directory holds begins with that: `PG_15_`
  finding otherwise;                  ///< to report when the part is nowhere

  /// Whether pg_basebackup would put the part into an archive of that name: `pg_wal.tar.gz`, `16391.tar`.
  [[nodiscard]] bool may_be_in(std::string_view name) const {
    const std::string stem = tablespace == 0 ? "pg_wal.tar" : fmt::format("{}.tar", tablespace);
    name = file_name_of(name);
    return name.starts_with(stem) && (name.size() == stem.size() || name[stem.size()] == '.');
  }
};

/// What the root of an archive holds of such parts.
struct held_parts {
  /// The size of a segment that is compressed on its own.
  static constexpr std::uint64_t any_size = 0xFFFF'FFFF'FFFF'FFFF;

  std::map<std::string, std::uint64_t> segments;  ///< with their sizes
  std::set<std::string> version_directories;      ///< `PG_15_202209061`

  [[nodiscard]] bool empty() const noexcept { return segments.empty() && version_directories.empty(); }

  [[nodiscard]] bool hold(const missing_part& part) const {
    if (part.tablespace != 0) {
      const auto found = version_directories.lower_bound(part.version_directory);
      return found != version_directories.end() && found->starts_with(part.version_directory);
    }
    return std::all_of(part.segments.begin(), part.segments.end(), [&](const std::string& name) {
      const auto found = segments.find(name);
      return found != segments.end() && (found->second == part.segment_bytes || found->second == any_size);
    });
  }
};

/// The archives within one archive: what one of them misses, its neighbours in the same folder may hold.
class backup_parts_of_members {
 public:
  void add(const std::string& name, std::vector<missing_part> missing, held_parts held) {
    if (!missing.empty()) missing_.push_back({name, std::move(missing)});
    if (!held.empty() && held_.size() < 1024) held_.emplace_back(name, std::move(held));
  }

  /// Reports what no neighbour holds. To be called at the end of the archive around them.
  void resolve(finding_sink& out) {
    for (auto& [name, parts] : missing_) {
      for (auto& part : parts) {
        const bool found = std::any_of(held_.begin(), held_.end(), [&, &folder = name](const auto& other) {
          return folder_of(other.first) == folder_of(folder) && part.may_be_in(other.first) && other.second.hold(part);
        });
        if (!found) out.report(std::move(part.otherwise));
      }
    }
    missing_.clear();
  }

 private:
  std::vector<std::pair<std::string, std::vector<missing_part>>> missing_;
  std::vector<std::pair<std::string, held_parts>> held_;
};

}  // namespace knowngood
