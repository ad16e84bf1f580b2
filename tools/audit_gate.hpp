// gate: may we ship on these backups? (docs/audit.md)
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "audit_input.hpp"
#include "command_line.hpp"
#include "knowngood/audit/gate_output.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/audit/ledger_evidence.hpp"
#include "knowngood/audit/report_markdown.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/io/host_name.hpp"
#include "knowngood/ledger/ledger_check.hpp"

namespace knowngood::tool {

struct gate_arguments {
  std::string ledger;
  std::string policy;
  std::string max_age;
  std::string drill_within;
  std::vector<std::string> keys;
  std::string now;
  std::string junit;
  bool allow_unprotected = false;
  bool no_drill = false;
  bool allow_simulated = false;
};

inline const CLI::App* declare(CLI::App& app, gate_arguments& gate) {
  CLI::App* judge = app.add_subcommand("gate", "may we ship on these backups? each rule, and why");
  judge->add_option("--ledger", gate.ledger, "the ledger")->required()->type_name("DIR");
  judge->add_option("--policy", gate.policy, "its [gate], and the components that have to be covered")
      ->type_name("FILE");
  judge->add_option("--max-age", gate.max_age, "of the newest verification (default: 26h)")->type_name("DURATION");
  judge->add_option("--drill-within", gate.drill_within, "of the newest drill (default: 92d)")->type_name("DURATION");
  judge->add_option("--key", gate.keys, "a public key that must have signed; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME.pub");
  judge->add_option("--now", gate.now, "judge as if it were TIME (2025-12-04T03:00:00Z)")->type_name("TIME");
  judge->add_option("--junit", gate.junit, "write the rules as JUnit XML here")->type_name("FILE");
  judge->add_flag("--allow-unprotected", gate.allow_unprotected, "artifacts may be without any checksum");
  judge->add_flag("--no-drill", gate.no_drill, "there need not be a drill");
  judge->add_flag("--allow-simulated", gate.allow_simulated, "reports made with --now count too");
  return judge;
}

inline std::chrono::seconds duration_of(std::string_view option, const std::string& text) {
  const auto length = parse_duration(text);
  if (!length || length->count() <= 0)
    throw usage_error{fmt::format("{} {}: not a length of time: write it as 26h or 92d", option, text)};
  return *length;
}

inline gate_request request_of(const gate_arguments& given) {
  gate_request request;
  if (!given.policy.empty()) request = request_for(load_policy(given.policy));
  if (!given.max_age.empty()) request.rules.max_age = duration_of("--max-age", given.max_age);
  if (!given.drill_within.empty()) request.rules.drill_within = duration_of("--drill-within", given.drill_within);
  if (given.allow_unprotected) request.rules.allow_unprotected = true;
  if (given.no_drill) request.rules.require_drill = false;
  request.allow_simulated = given.allow_simulated;
  request.signatures = !given.keys.empty();
  request.now = time_now(given.now);
  return request;
}

inline int run_gate(const gate_arguments& given) {
  const gate_request request = request_of(given);
  ledger_check_options options;
  options.keys = load_keys(given.keys);
  if (!given.junit.empty() && given.junit != "-") require_writable_file(given.junit, location{given.junit});
  const gate_judgement judged = judge_ledger(given.ledger, options, request);
  const gate_result& result = judged.result;
  if (!given.junit.empty())
    write_file_atomically(given.junit, gate_junit(result, request.now, host_name()), location{given.junit});
  write_out("-", gate_text(result, use_unicode()));
  const char* actions = std::getenv("GITHUB_ACTIONS");
  if (actions != nullptr && std::string_view{actions} == "true") {
    write_out("-", gate_annotations(result));
    if (const char* summary = std::getenv("GITHUB_STEP_SUMMARY"); summary != nullptr && *summary != '\0') {
      std::ofstream file{summary, std::ios::app};
      file << gate_markdown(result) << render_markdown(judged.shown);
      if (!file.flush()) complain(fmt::format("audit: the step summary could not be written: {}", summary));
    }
  }
  return result.exit_code;
}

}  // namespace knowngood::tool
