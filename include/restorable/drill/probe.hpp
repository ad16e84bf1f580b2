// run_probe: the operator's own command, run against what was restored.
//
// Layer: drill. The command comes from the policy, not from a backup, and runs as the drill's user. Example:
//   auto outcome = run_probe("./check $RESTORABLE_MODELS", {{"RESTORABLE_MODELS", dir}}, scratch, 60s, where, &stop);
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/time.hpp"
#include "restorable/drill/process.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

struct probe_outcome {
  std::string output;             ///< beginning and end of what it printed, standard error included
  std::vector<finding> findings;  ///< `probe.failed` or `probe.timeout`; none when it succeeded
  double seconds = 0;
};

/// Runs `command` by /bin/sh in `scratch`, with the caller's PATH, RESTORABLE_SCRATCH, and `names` in its environment,
/// and nothing else of the caller's. What it leaves running in its process group is ended. Throws `environment_error`
/// when there is no shell, `interrupted`.
inline probe_outcome run_probe(const std::string& command, const std::map<std::string, std::string>& names,
                               const std::filesystem::path& scratch, std::chrono::seconds time_limit,
                               const location& where, const std::atomic<bool>* stop) {
  process_request request;
  request.arguments = {"/bin/sh", "-c", command};
  request.directory = scratch.string();
  request.environment.push_back("RESTORABLE_SCRATCH=" + scratch.string());
  for (const auto& [name, value] : names) request.environment.push_back(name + "=" + value);
  request.time_limit = time_limit;
  request.stop = stop;
  process_outcome ran = run_process(request);
  if (ran.stopped) throw interrupted{};
  probe_outcome outcome{std::move(ran.output), {}, ran.seconds};
  if (ran.timed_out) {
    outcome.findings.push_back(make_finding(checks::probe_timeout, where, "the probe did not end in time",
                                            "at most " + format_duration(time_limit),
                                            fmt::format("still running after {:.0f} s", ran.seconds)));
  } else if (ran.exit_code != 0) {
    outcome.findings.push_back(make_finding(checks::probe_failed, where, "the probe fails", "exit status 0",
                                            ran.exit_code > 128 ? fmt::format("ended by signal {}", ran.exit_code - 128)
                                                                : fmt::format("exit status {}", ran.exit_code)));
  }
  return outcome;
}

}  // namespace restorable
