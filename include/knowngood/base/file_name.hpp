// file_name_of, folder_of: the last part of a path, and what stands before it, as text alone.
//
// Layer: base. For names from archives and reports as well, which need not exist: nothing is looked up, and `..` is a
// name like any other. Both answers are views of the argument. Example: file_name_of("a/b.tar") == "b.tar".
#pragma once

#include <cstddef>
#include <string_view>

namespace knowngood {

/// What stands behind the last slash: empty for `a/`, all of a path without a slash.
constexpr std::string_view file_name_of(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

/// What stands before the last slash: `a/b` of `a/b/c`; empty for a path without a slash, and for `/c`.
constexpr std::string_view folder_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

}  // namespace knowngood
