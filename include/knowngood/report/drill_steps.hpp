// drill_step: everything that a drill may do, in one catalogue: its name, what it is, whether a real recovery has it
// too, and whether something is restored by it.
//
// Layer: report. Reports, policies (`drill.allow_skip`) and callers (`--skip`) name steps; docs/drill.md explains each.
// Example: restores_content("load-dump"), !restores_content("probe")
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"

namespace knowngood {

/// An entry of the catalogue. All of it has static storage duration.
struct drill_step {
  std::string_view name;     ///< stable kebab-case word; never reused for something else
  std::string_view meaning;  ///< for people, one clause
  bool in_recovery;          ///< a real recovery takes the time for it too; the others are only of a rehearsal
  bool restores;             ///< something is there after it that was in a backup before
};

namespace drill_steps {

inline constexpr drill_step prepare_scratch{"prepare-scratch", "make a directory for the drill alone", false, false};
inline constexpr drill_step verify_artifact{"verify-artifact", "read a backup as verify does", true, false};
inline constexpr drill_step join_parts{"join-parts", "put the parts of a split backup together", true, false};
inline constexpr drill_step unpack_dump{"unpack-dump", "unpack a dump whose files lie in a tar", true, false};
inline constexpr drill_step unpack_full_system{"unpack-full-system", "unpack a full backup", true, true};
inline constexpr drill_step clone_bundle{"clone-bundle", "clone a repository out of its bundle", true, true};
inline constexpr drill_step restore_configuration{"restore-configuration", "unpack configuration files", true, true};
inline constexpr drill_step restore_volume{"restore-volume", "unpack a volume", true, true};
inline constexpr drill_step boot_volume{"boot-volume", "boot a data directory and look through it", true, true};
inline constexpr drill_step start_server{"start-server", "start a PostgreSQL server, which is empty", true, false};
inline constexpr drill_step load_dump{"load-dump", "load a dump into a database", true, true};
inline constexpr drill_step compare_rows{"compare-rows", "read every table back and compare its rows", false, false};
inline constexpr drill_step compare_capture{"compare-capture", "read what the dump had to hold", false, false};
inline constexpr drill_step check_objects{"check-objects", "see that all is there which is no row", false, false};
inline constexpr drill_step check_assertions{"check-assertions", "ask the database what the policy asks", false, false};
inline constexpr drill_step restore_models{"restore-models", "unpack models", true, true};
inline constexpr drill_step restore_archive{"restore-archive", "unpack an archive", true, true};
inline constexpr drill_step restore{"restore", "restore something of a kind that is not rehearsed", false, false};
inline constexpr drill_step probe{"probe", "run the policy's own command", false, false};
inline constexpr drill_step clean_up{"clean-up", "remove all that the drill made", false, false};

inline constexpr std::array all{
    &prepare_scratch, &verify_artifact,       &join_parts,      &unpack_dump,   &unpack_full_system,
    &clone_bundle,    &restore_configuration, &restore_volume,  &boot_volume,   &start_server,
    &load_dump,       &compare_rows,          &compare_capture, &check_objects, &check_assertions,
    &restore_models,  &restore_archive,       &restore,         &probe,         &clean_up};

/// The step of that name; null for one that this version does not know.
constexpr const drill_step* find(std::string_view name) noexcept {
  for (const drill_step* one : all) {
    if (one->name == name) return one;
  }
  return nullptr;
}

}  // namespace drill_steps

/// Whether a step is part of a real recovery.
constexpr bool is_recovery_step(std::string_view name) noexcept {
  const drill_step* known = drill_steps::find(name);
  return known != nullptr && known->in_recovery;
}

/// Whether something is there after it that was in a backup before.
constexpr bool restores_content(std::string_view name) noexcept {
  const drill_step* known = drill_steps::find(name);
  return known != nullptr && known->restores;
}

/// Throws `usage_error` for a name that no step has. `given_by`: `--skip`, or the key of a policy.
template <typename Names>
void require_known_steps(const Names& names, std::string_view given_by) {
  std::array<std::string_view, drill_steps::all.size()> known;
  std::transform(drill_steps::all.begin(), drill_steps::all.end(), known.begin(),
                 [](const drill_step* one) { return one->name; });
  for (const auto& name : names) {
    if (drill_steps::find(name) != nullptr) continue;
    const std::string_view near = nearest(name, known);
    throw usage_error{fmt::format("{} {}: a drill has no such step{}", given_by, name,
                                  near.empty() ? "" : fmt::format(": did you mean {}?", near))};
  }
}

}  // namespace knowngood
