// plain_member_name: a member's name as lists, manifests and links spell it.
//
// Layer: archive. Two spellings of one place are one name. Example: plain_member_name("./a//b/") == "a/b".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace knowngood {

/// Without `./`, doubled slashes, and slashes at either end; `..` is undone where there is something to undo.
inline std::string plain_member_name(std::string_view name) {
  std::string plain;
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(slash == std::string_view::npos ? name.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." && !plain.empty()) {
      const std::size_t last = plain.rfind('/');
      plain.resize(last == std::string::npos ? 0 : last);
      continue;
    }
    if (!plain.empty()) plain += '/';
    plain += part;
  }
  return plain;
}

}  // namespace knowngood
