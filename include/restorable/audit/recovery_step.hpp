// is_recovery_step, restores_content: which steps of a drill a real recovery has too, told by their names.
//
// Layer: audit. drill/step_names.hpp lists all steps. Example: restores_content("load-dump"), !restores_content("probe")
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace restorable {

/// Whether a step is part of a real recovery; comparisons and checks are only part of a rehearsal.
inline bool is_recovery_step(std::string_view name) {
  constexpr std::array recovery{"verify-artifact", "unpack-full-system", "clone-bundle", "restore-configuration", "restore-models",
                                "restore-volume",  "restore-archive",    "boot-volume",  "start-server",          "load-dump"};
  return std::find(recovery.begin(), recovery.end(), name) != recovery.end();
}

/// Whether something is there after it that was in a backup before; a server alone is as empty as it was.
inline bool restores_content(std::string_view name) {
  return is_recovery_step(name) && name != "verify-artifact" && name != "start-server";
}

}  // namespace restorable
