// run_probe: the operator's own command, run against what was restored.
//
// Layer: rehearse. The command comes from the policy, not from a backup, and runs as the drill's user. Example:
//   auto outcome = run_probe("./check $KNOWNGOOD_MODELS", {{"KNOWNGOOD_MODELS", dir}}, scratch, 60s, where, stop);
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/sandbox/process.hpp"

namespace knowngood {

struct probe_result {
  std::string output;             ///< beginning and end of what it printed, standard error included
  std::vector<finding> findings;  ///< `probe.failed` or `probe.timeout`; none when it succeeded
  double seconds = 0;
};

/// Runs `command` by /bin/sh in `scratch`, with the caller's PATH, KNOWNGOOD_SCRATCH, and `names` in its environment,
/// and nothing else of the caller's. What it leaves running in its process group is ended. Throws `environment_error`
/// when there is no shell, `interrupted`.
inline probe_result run_probe(const std::string& command, const std::map<std::string, std::string>& names,
                              const std::filesystem::path& scratch, std::chrono::seconds time_limit,
                              const location& where, stop_flag stop) {
  process_request request;
  request.arguments = {"/bin/sh", "-c", command};
  request.directory = scratch.string();
  request.environment.push_back("KNOWNGOOD_SCRATCH=" + scratch.string());
  for (const auto& [name, value] : names) request.environment.push_back(name + "=" + value);
  request.time_limit = time_limit;
  request.stop = stop;
  process_result ran = run_process(request);
  probe_result outcome{std::move(ran.output), {}, ran.seconds};
  if (ran.timed_out) {
    outcome.findings.push_back(make_finding(checks::probe_timeout, where, "the probe did not end in time",
                                            "at most " + format_duration(time_limit),
                                            "still running after " + format_elapsed(ran.seconds)));
  } else if (ran.exit_code != 0) {
    outcome.findings.push_back(make_finding(checks::probe_failed, where, "the probe fails", "exit status 0",
                                            ran.exit_code > 128 ? fmt::format("ended by signal {}", ran.exit_code - 128)
                                                                : fmt::format("exit status {}", ran.exit_code)));
  }
  return outcome;
}

}  // namespace knowngood
