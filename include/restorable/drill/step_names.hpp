// step_names: every step that a drill may have. Policies name them under `drill.allow_skip`, callers with `--skip`.
//
// Layer: drill. docs/drill.md explains each.
#pragma once

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "restorable/base/error.hpp"
#include "restorable/base/nearest.hpp"

namespace restorable {

inline constexpr std::array<std::string_view, 19> step_names{
    "prepare-scratch", "verify-artifact", "unpack-full-system", "clone-bundle",    "restore-configuration",
    "restore-volume",  "boot-volume",     "start-server",       "load-dump",       "compare-rows",
    "compare-capture", "compare-source",  "check-objects",      "check-assertions", "restore-models",
    "restore-archive", "restore",         "probe",              "clean-up"};

/// Throws `usage_error` for a name that no step has.
inline void require_known_steps(const std::set<std::string>& names) {
  for (const auto& name : names) {
    if (std::find(step_names.begin(), step_names.end(), name) != step_names.end()) continue;
    const std::string_view near = nearest(name, step_names);
    throw usage_error{fmt::format("--skip {}: a drill has no such step{}", name, near.empty() ? "" : fmt::format(": did you mean {}?", near))};
  }
}

}  // namespace restorable
