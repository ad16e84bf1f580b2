// ref_name: whether git would take a name for a ref (git-check-ref-format).
//
// Layer: git. A bundle's header is under no digest: a name that git refuses is all that can show damage to one.
#pragma once

#include <string_view>

namespace knowngood {

/// True for well-formed names under `refs/`, and for names such as `HEAD` and `worktrees/x/HEAD`, which
/// `git bundle create --all` writes too.
inline bool is_ref_name(std::string_view name) noexcept {
  if (name.empty() || name.back() == '.' || name.find("..") != std::string_view::npos ||
      name.find("@{") != std::string_view::npos) {
    return false;
  }
  const bool below_refs = name.starts_with("refs/");
  std::string_view component;
  for (std::string_view rest = name; !rest.empty() || !component.data();) {
    const auto slash = rest.find('/');
    component = rest.substr(0, slash);
    if (component.empty() || component.front() == '.' || component.ends_with(".lock")) return false;
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
    if (rest.empty()) return false;
  }
  bool last_is_upper = true;
  for (const char c : component) last_is_upper = last_is_upper && ((c >= 'A' && c <= 'Z') || c == '_' || c == '-');
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7F') return false;
    if (std::string_view{"~^:?*[\\"}.find(c) != std::string_view::npos) return false;
  }
  return below_refs || last_is_upper;
}

}  // namespace knowngood
