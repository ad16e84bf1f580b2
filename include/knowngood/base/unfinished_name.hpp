// is_unfinished_name: names that programs give to files that they still write, or that editors leave behind.
//
// Layer: base. Example: is_unfinished_name("db.sql.gz.filepart") - whoever looks for backups passes over it.
#pragma once

#include <array>
#include <string_view>

namespace knowngood {

/// Of rsync, browsers, WinSCP, rclone, wget and their like; `name~` and `name.partial~` of editors and backups of
/// backups.
inline bool is_unfinished_name(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 11> endings{".tmp",        ".temp",       ".partial",  ".part",
                                                     ".filepart",   ".crdownload", ".download", ".!ut",
                                                     ".incomplete", ".swp",        "~"};
  for (const std::string_view ending : endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace knowngood
