// verify: is every backup that should exist there, fresh, whole and unaltered, down to the last nested byte?
//
// arguments -> policy and plan -> run -> report -> text -> exit code (docs/verify.md)

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/verify/earlier_artifacts.hpp"
#include "knowngood/verify/path_plan.hpp"
#include "knowngood/verify/policy_plan.hpp"
#include "knowngood/verify/run.hpp"
#include "progress_line.hpp"
#include "report_output.hpp"
#include "run_arguments.hpp"

namespace knowngood::verify_program {

namespace {

struct arguments {
  tool::run_arguments run;
  tool::output_arguments output;
  path_options paths;
  bool list_checks = false;
};

void declare(CLI::App& app, arguments& given) {
  app.add_option("PATH", given.run.paths, "artifacts, directories of them, checksum files; - is standard input");
  tool::declare(app, given.run);
  tool::declare(app, given.output);
  app.add_option("-j,--jobs", given.run.jobs, "artifacts verified at a time (default: the cores)")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  app.add_flag("--lists-outside", given.paths.lists_outside,
               "a checksum file given as PATH may name files outside of its directory");
  app.add_flag("--list-checks", given.list_checks, "print the table of everything that can be found, and stop");
  app.set_version_flag("--version", std::string{version_text});
  app.footer("exit codes: 0 sound, 1 unsound, 2 usage or policy mistake, 3 could not check all, 130/143 interrupted");
}

void print_checks() {
  std::string text = "| check | severity | found when | what to do |\n|---|---|---|---|\n";
  for (const check* one : checks::all) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", one->id, to_string(one->usual), one->meaning, one->advice);
  }
  tool::print(text);
}

int run(const arguments& given, int argc, const char* const* argv) {
  if (given.list_checks) {
    print_checks();
    return 0;
  }
  tool::require_sensible(given.run, "verify");
  const tool::shifted_clock clock{given.run.now};
  const tool::signers by = tool::load_signers(given.output);
  tool::require_writable(given.output);

  progress_board board;
  run_settings settings;
  settings.options.bounds = tool::parse_limits(given.run.limit_settings);
  settings.options.stop = tool::stop_requested;
  settings.jobs = given.run.jobs;
  settings.progress = &board;

  report result = tool::begin_report("verify", argc, argv, given.run, clock);
  std::optional<policy> estate;
  if (!given.run.policy.empty()) {
    estate = tool::load(given.run);
    tool::name_policy(result, given.run.policy, *estate);
  }
  tool::run_reported(result, [&] {
    verify_plan plan;
    if (estate) {
      earlier_artifacts earlier;
      if (!given.output.ledger.empty()) earlier = read_earlier_artifacts(given.output.ledger, *estate, result.started);
      plan = plan_policy(*estate, result.started, given.run.components, settings.options.bounds, earlier);
    } else {
      plan = plan_paths(given.run.paths, settings.options.bounds, given.paths);
    }
    std::optional<tool::progress_line> line;
    if (tool::wants_progress(given.run.progress, given.run.no_progress)) line.emplace(board);
    run_plan(std::move(plan), settings, result);
  });
  result.finished = clock.now();
  if (!result.complete && tool::stop_signal != 0) result.exit_code = exit_code::interrupted_by(tool::stop_signal);
  return tool::deliver(result, given.output, by);
}

}  // namespace

int main(int argc, char** argv) {
  return tool::run_program("verify", [&] {
    CLI::App app{
        "Verifies backups: digests, compression, archives, PostgreSQL dumps, git bundles, down to the last nested "
        "byte.",
        "verify"};
    arguments given;
    declare(app, given);
    if (const auto code = tool::parse(app, "verify", argc, argv)) return *code;
    tool::catch_stop_signals();
    return tool::guarded_main("verify", given.output.nagios, [&] { return run(given, argc, argv); });
  });
}

}  // namespace knowngood::verify_program
