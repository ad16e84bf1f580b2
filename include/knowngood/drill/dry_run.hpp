// describe: what a drill would restore, in which order and how much space that may take, without doing any of it.
//
// Layer: drill.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/drill/drill_settings.hpp"

namespace knowngood {

/// 1 when something is missing that should be restored, 3 when something could not be looked at.
inline int dry_run_code(const drill_plan& plan) {
  const bool missing = std::any_of(plan.components.begin(), plan.components.end(),
                                   [](const auto& one) { return has_error(one.findings); });
  if (missing || has_error(plan.findings)) return exit_code::unsound;
  return plan.unchecked.empty() && !plan.targets.empty() ? exit_code::sound : exit_code::unchecked;
}

/// For people. Space is estimated from stored sizes; the drill itself knows it, once it has verified what it will
/// unpack.
inline std::string describe(const drill_plan& plan, const drill_settings& settings) {
  constexpr std::uint64_t expansion = 6;  // of compressed SQL, with its indexes; archives take less
  std::uint64_t space = std::uint64_t{320} << 20;
  std::string text = "would restore, in this order:\n";
  for (const auto& target : plan.targets) {
    const artifact_task& task = target.candidates.front().task;
    const std::uint64_t size = task.size.value_or(0);
    space += size * expansion;
    text += fmt::format("  {}{}  {}{}\n", target.component.empty() ? "" : target.component + ": ", printable(task.path),
                        format_byte_size(size), target.candidates.front().capture.empty() ? "" : ", with a capture");
  }
  if (plan.targets.empty()) text += "  nothing\n";
  const auto list = [&](const std::vector<finding>& findings) {
    for (const auto& one : findings)
      text += fmt::format("  {} {}: {}\n", to_string(one.severity), one.where.to_string(), printable(one.message));
  };
  list(plan.findings);
  for (const auto& component : plan.components) list(component.findings);
  for (const auto& one : plan.unchecked)
    text += fmt::format("  unchecked {}: {}\n", one.where.to_string(), one.message);
  text += fmt::format("into {}{}, which takes about {}\n", printable(settings.scratch.string()),
                      settings.server.empty() ? "" : " and the given server", format_byte_size(space));
  return text;
}

}  // namespace knowngood
