// run_probes: the policy's own commands, run against what was restored.
//
// Layer: drill. Step `probe`. The commands are the operator's, not the backup's, and run as the drill's user.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/location.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/rehearse/probe.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// The probes of a drill that restored nothing at all.
inline void forgo_probes(const drill_plan& plan, step_recorder& steps) {
  std::set<std::string> done;
  const verdict cause = steps.last();
  for (const auto& target : plan.targets) {
    if (target.policy.probe.empty() || !done.insert(target.component).second) continue;
    steps.forgo({drill_steps::probe, target.component, ""}, "nothing was restored that it could look at",
                target.policy.allow_skip, cause);
  }
}

/// One step for each component of the plan that has a probe. The environment names the pieces: KNOWNGOOD_SCRATCH,
/// KNOWNGOOD_DATABASE_DSN, KNOWNGOOD_REPOSITORY, KNOWNGOOD_CONFIGURATION, KNOWNGOOD_MODELS, KNOWNGOOD_VOLUMES,
/// KNOWNGOOD_ARCHIVES; of several of a kind, separated by colons. Where nothing of the component was restored there is
/// nothing to look at; and a database that was not restored must not be another one, so that its name leads nowhere.
inline void run_probes(drill_scene& scene) {
  std::set<std::string> done;
  if (!scene.probe_variables().contains("KNOWNGOOD_DATABASE_DSN")) {
    scene.add_probe_variable(
        "KNOWNGOOD_DATABASE_DSN",
        fmt::format("host={} dbname=not-restored", (scene.root() / "no-database-was-restored").string()));
  }
  for (const auto& target : scene.plan.targets) {
    if (target.policy.probe.empty() || !done.insert(target.component).second) continue;
    const auto& steps = scene.steps.steps();
    const bool restored = std::any_of(steps.begin(), steps.end(), [&](const step_report& step) {
      return step.component == target.component && !step.skipped && restores_content(step.name);
    });
    if (!restored) {
      scene.steps.forgo({drill_steps::probe, target.component, ""}, "nothing was restored that it could look at",
                        target.policy.allow_skip, scene.steps.last());
      continue;
    }
    scene.steps.run({drill_steps::probe, target.component, ""}, target.policy.allow_skip, [&](step_report& step) {
      probe_result ran =
          run_probe(target.policy.probe, scene.probe_variables(), scene.root(), target.policy.probe_timeout,
                    location{target.component.empty() ? "probe" : target.component}, scene.settings.stop);
      step.output = std::move(ran.output);
      step.findings = std::move(ran.findings);
    });
  }
}

}  // namespace knowngood
