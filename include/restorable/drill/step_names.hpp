// step_names: every step that a drill may have. Policies name them under `drill.allow_skip`, callers with `--skip`.
//
// Layer: drill. docs/drill.md explains each.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "restorable/base/error.hpp"
#include "restorable/base/nearest.hpp"

namespace restorable {

inline constexpr std::array<std::string_view, 18> step_names{
    "prepare-scratch", "verify-artifact", "unpack-full-system", "clone-bundle",    "restore-configuration",
    "restore-volume",  "boot-volume",     "start-server",       "load-dump",       "compare-rows",
    "compare-capture", "check-objects",   "check-assertions",   "restore-models",  "restore-archive",
    "restore",         "probe",           "clean-up"};

/// Throws `usage_error` for a name that no step has. `given_by`: `--skip`, or the key of a policy.
template <typename Names>
void require_known_steps(const Names& names, std::string_view given_by) {
  for (const auto& name : names) {
    if (std::find(step_names.begin(), step_names.end(), name) != step_names.end()) continue;
    const std::string_view near = nearest(name, step_names);
    throw usage_error{fmt::format("{} {}: a drill has no such step{}", given_by, name, near.empty() ? "" : fmt::format(": did you mean {}?", near))};
  }
}

}  // namespace restorable
