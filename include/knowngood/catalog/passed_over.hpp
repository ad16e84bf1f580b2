// is_passed_over_name: names that are no backup yet, or none at all, in whatever directory they lie.
//
// Layer: catalog. Example: is_passed_over_name("db.sql.gz.filepart"): WinSCP still copies it.
#pragma once

#include <cstddef>
#include <string_view>

#include "knowngood/base/unfinished_name.hpp"

namespace knowngood {

/// Hidden files, `lost+found`, and what is still being written or copied or was left by an editor.
inline bool is_passed_over_name(std::string_view name) {
  return name.starts_with('.') || name == "lost+found" || is_unfinished_name(name);
}

/// Whether a name tells of one backup by a date in it, unlike `latest.sql.gz`.
inline bool is_dated(std::string_view name) {
  std::size_t digits = 0;
  std::size_t longest = 0;
  for (const char c : name) {
    if (c == '-' && digits >= 2) continue;  // `2025-12-04`
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    longest = longest < digits ? digits : longest;
  }
  return longest >= 6;
}

}  // namespace knowngood
