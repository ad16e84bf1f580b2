// detect_bundle: whether content begins as a git bundle does (gitformat-bundle).
//
// Layer: git. Example: is_git_bundle(head) before read_bundle(...).
#pragma once

#include <algorithm>
#include <string_view>

#include "knowngood/io/source.hpp"

namespace knowngood {

/// True for `# v2 git bundle`, `# v3 git bundle` and versions yet to come, also where what follows is damaged (a line
/// end that a text-mode transfer rewrote) and where all there is breaks off after `# v2 git`: `read_bundle` then says
/// what is wrong. `head`: the first 32 bytes or all there are.
inline bool is_git_bundle(byte_view head) noexcept {
  std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  if (!text.starts_with("# v")) return false;
  text.remove_prefix(3);
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || digits > 4) return false;
  text.remove_prefix(digits);
  constexpr std::string_view rest = " git bundle";
  constexpr std::size_t enough = std::string_view{" git"}.size();
  return text.size() >= enough && text.substr(0, rest.size()) == rest.substr(0, text.size());
}

}  // namespace knowngood
