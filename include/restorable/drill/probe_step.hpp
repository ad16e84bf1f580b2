// run_probes: the policy's own commands, run against what was restored.
//
// Layer: drill. Step `probe`. The commands are the operator's, not the backup's, and run as the drill's user.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/time.hpp"
#include "restorable/drill/drill_item.hpp"
#include "restorable/drill/drill_scene.hpp"
#include "restorable/drill/process.hpp"

namespace restorable {

/// One step for each component of the plan that has a probe. The environment names the pieces: RESTORABLE_SCRATCH,
/// RESTORABLE_DATABASE_DSN, RESTORABLE_REPOSITORY, RESTORABLE_CONFIGURATION, RESTORABLE_MODELS, RESTORABLE_VOLUMES,
/// RESTORABLE_ARCHIVES; of several of a kind, separated by colons.
inline void run_probes(drill_scene& scene) {
  std::set<std::string> done;
  for (const auto& target : scene.plan.targets) {
    if (target.wishes.probe.empty() || !done.insert(target.component).second) continue;
    scene.steps.run({"probe", target.component, ""}, target.wishes.allow_skip, [&](step_report& step) {
      process_request request;
      request.arguments = {"/bin/sh", "-c", target.wishes.probe};
      request.directory = scene.root().string();
      request.environment = plain_environment();
      request.environment.push_back("RESTORABLE_SCRATCH=" + scene.root().string());
      for (const auto& [name, value] : scene.restored()) request.environment.push_back(name + "=" + value);
      request.time_limit = target.wishes.probe_timeout;
      request.stop = scene.settings.stop;
      const process_outcome ran = run_process(request);
      if (ran.stopped) throw interrupted{};
      step.output = ran.output;
      const location where{target.component.empty() ? "probe" : target.component};
      if (ran.timed_out) {
        step.findings.push_back(make_finding(checks::probe_timeout, where, "the probe did not end in time",
                                             "at most " + format_duration(target.wishes.probe_timeout), fmt::format("still running after {:.0f} s", ran.seconds)));
      } else if (ran.exit_code != 0) {
        step.findings.push_back(make_finding(checks::probe_failed, where, "the probe fails", "exit status 0", fmt::format("exit status {}", ran.exit_code)));
      }
    });
  }
}

}  // namespace restorable
