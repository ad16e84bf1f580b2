// run_probes: the policy's own commands, run against what was restored.
//
// Layer: drill. Step `probe`. The commands are the operator's, not the backup's, and run as the drill's user.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "restorable/audit/report.hpp"
#include "restorable/drill/drill_item.hpp"
#include "restorable/drill/drill_scene.hpp"
#include "restorable/drill/probe.hpp"

namespace restorable {

/// One step for each component of the plan that has a probe. The environment names the pieces: RESTORABLE_SCRATCH,
/// RESTORABLE_DATABASE_DSN, RESTORABLE_REPOSITORY, RESTORABLE_CONFIGURATION, RESTORABLE_MODELS, RESTORABLE_VOLUMES,
/// RESTORABLE_ARCHIVES; of several of a kind, separated by colons.
inline void run_probes(drill_scene& scene) {
  std::set<std::string> done;
  for (const auto& target : scene.plan.targets) {
    if (target.wishes.probe.empty() || !done.insert(target.component).second) continue;
    scene.steps.run({"probe", target.component, ""}, target.wishes.allow_skip, [&](step_report& step) {
      probe_outcome ran = run_probe(target.wishes.probe, scene.restored(), scene.root(), target.wishes.probe_timeout,
                                    location{target.component.empty() ? "probe" : target.component}, scene.settings.stop);
      step.output = std::move(ran.output);
      step.findings = std::move(ran.findings);
    });
  }
}

}  // namespace restorable
