// drill: do the backups really restore, to the same rows, and how long does it take?
//
// arguments -> policy and plan -> rehearsal in a scratch directory -> report -> text -> exit code (docs/drill.md)

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/compare/take_capture.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/drill/dry_run.hpp"
#include "knowngood/drill/recovery_trend.hpp"
#include "knowngood/drill/run_drill.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/ledger/earlier_reports.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/server/conninfo.hpp"
#include "progress_line.hpp"
#include "report_output.hpp"
#include "run_arguments.hpp"

namespace knowngood::drill_program {

namespace {

struct arguments {
  tool::run_arguments run;
  tool::output_arguments output;
  std::string scratch;
  std::string postgres;
  std::string server;
  std::string source;
  std::string capture;
  std::vector<std::string> skip;
  bool keep = false;
  bool dry_run = false;
};

void declare(CLI::App& app, arguments& given) {
  app.add_option("PATH", given.run.paths, "artifacts to restore, directories of them, or one full backup");
  tool::declare(app, given.run);
  tool::declare(app, given.output);
  app.add_option("--scratch", given.scratch, "make the scratch directory in here (default: TMPDIR, or /tmp)")
      ->type_name("DIR");
  app.add_flag("--keep", given.keep, "leave the scratch directory for inspection");
  app.add_option("-j,--jobs", given.run.jobs, "connections and index builds at a time (default: the cores)")
      ->check(CLI::Range(1U, 64U))
      ->type_name("N");
  app.add_flag("--dry-run", given.dry_run, "print what would be restored and the space it needs, and stop");
  app.add_option("--server", given.server,
                 "restore into databases of the drill's own on this server (default: a private one)")
      ->type_name("DSN");
  app.add_option("--source", given.source, "compare with this live database, which is only read")->type_name("DSN");
  app.add_option("--capture", given.capture, "expected rows of the dump (default: ARTIFACT.capture.json where it is)")
      ->type_name("FILE");
  app.add_option("--postgres", given.postgres, "look for PostgreSQL's programs here first")->type_name("DIR");
  app.add_option("--skip", given.skip, "do not run this step; the drill fails unless the policy allows it")
      ->allow_extra_args(false)
      ->type_name("STEP");
  app.set_version_flag("--version", std::string{version_text});
  app.footer(
      "exit codes: 0 sound, 1 unsound, 2 usage or policy mistake, 3 could not rehearse all, 4 something is left "
      "behind,\n"
      "            130/143 interrupted");
}

struct capture_arguments {
  std::string source;
  std::string out;
  std::string artifact;
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  std::vector<std::string> not_schemas;
  std::vector<std::string> not_tables;
  std::vector<std::string> not_data;
  std::vector<std::string> command;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
};

CLI::App& declare(CLI::App& app, capture_arguments& given) {
  CLI::App& capture = *app.add_subcommand(
      "capture", "run a backup COMMAND in a snapshot, and write down every table's rows in that very snapshot");
  capture.add_option("--source", given.source, "the database that COMMAND backs up")->type_name("DSN")->required();
  capture.add_option("--out", given.out, "write the capture here; drill looks for ARTIFACT.capture.json")
      ->type_name("FILE")
      ->required();
  capture.add_option("--artifact", given.artifact, "the file or directory that COMMAND makes, to say which it is")
      ->type_name("FILE");
  capture.add_option("--schema", given.schemas, "only this schema, as for pg_dump -n; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  capture.add_option("--table", given.tables, "only this table, as for pg_dump -t; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  capture.add_option("--exclude-schema", given.not_schemas, "not this schema, as for pg_dump -N; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  capture.add_option("--exclude-table", given.not_tables, "not this table, as for pg_dump -T; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  capture.add_option("--exclude-table-data", given.not_data, "not the rows of this table; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  capture.add_option("-j,--jobs", given.jobs, "connections that read rows (default: the cores)")
      ->check(CLI::Range(1U, 64U))
      ->type_name("N");
  capture
      .add_option("COMMAND", given.command,
                  "after --: the backup command; {snapshot} in it becomes the snapshot's name")
      ->required();
  capture.footer(
      "for example: drill capture --source dbname=ner11_db --out db.sql.capture.json -- pg_dump --snapshot={snapshot} "
      "-f db.sql ner11_db");
  return capture;
}

int run_capture(const capture_arguments& given) {
  capture_request request;
  request.source = conninfo_with_environment(given.source);
  request.command = given.command;
  request.artifact = given.artifact;
  request.only_schemas = given.schemas;
  request.only_tables = given.tables;
  request.not_schemas = given.not_schemas;
  request.not_tables = given.not_tables;
  request.not_tables.insert(request.not_tables.end(), given.not_data.begin(), given.not_data.end());
  request.jobs = given.jobs;
  request.stop = tool::stop_requested;
  // one of an earlier run would speak of another backup than the one that is being made
  request.before_command = [&given] {
    require_writable_file(given.out, location{given.out});
    if (::unlink(given.out.c_str()) != 0 && errno != ENOENT)
      throw write_error(location{given.out}, "remove the capture of an earlier run", errno);
  };
  capture taken;
  try {
    taken = take_capture(request);
  } catch (const interrupted&) {
    tool::complain("drill capture: interrupted: there is no capture");
  } catch (const environment_error& error) {
    if (tool::stop_signal == 0) throw;
    tool::complain(fmt::format("drill capture: {}", error.what()));
  }
  if (tool::stop_signal != 0) return exit_code::interrupted_by(tool::stop_signal);
  write_file_atomically(given.out, to_json(taken), location{given.out});
  return 0;
}

std::string usual_scratch() {
  const char* directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

/// Recovery times against those of the sound drills in the ledger.
void compare_with_earlier(const std::string& ledger, report& result) {
  constexpr std::size_t most = 12;  // that restored the same components
  constexpr std::size_t most_read = 48;
  std::size_t alike = 0;
  std::vector<std::vector<recovery_report>> recoveries;
  const earlier_problems problems = each_earlier_report(
      ledger, result.started,
      [](const ledger_entry& entry) {
        return entry.about.tool == "drill" && entry.about.exit_code == exit_code::sound;
      },
      [&](report one) {
        alike += same_components(one.recoveries, result.recoveries) ? 1U : 0U;
        recoveries.push_back(std::move(one.recoveries));
        return alike < most && recoveries.size() < most_read;
      });
  result.findings.insert(result.findings.end(), problems.findings.begin(), problems.findings.end());
  result.unchecked.insert(result.unchecked.end(), problems.unchecked.begin(), problems.unchecked.end());
  judge_trend(recoveries, result);
  result.verdict = overall_verdict(result);
  if (result.exit_code == exit_code::sound || result.exit_code == exit_code::unchecked)
    result.exit_code = exit_code_of(result);
}

/// What a policy asks of a component's drill, and only programs for drills can tell whether it can be asked.
void require_meaningful(const component_policy& component) {
  if (!component.drill) return;
  const std::string table = fmt::format("[component.{}.drill]", component.name);
  require_known_steps(component.drill->allow_skip, table + " allow_skip");
  if (!component.drill->source.empty()) require_conninfo(component.drill->source, table + " source");
}

int run(const arguments& given, int argc, const char* const* argv) {
  tool::require_sensible(given.run, "restore");
  const tool::shifted_clock clock{given.run.now};
  const tool::signers by = tool::load_signers(given.output);
  if (!given.dry_run) tool::require_writable(given.output);

  progress_board board;
  drill_settings settings;
  settings.bounds = tool::parse_limits(given.run.limit_settings);
  settings.stop = tool::stop_requested;
  settings.clock = [&clock] { return clock.now(); };
  settings.jobs = given.run.jobs;
  settings.keep = given.keep;
  settings.scratch = given.scratch.empty() ? usual_scratch() : given.scratch;
  settings.postgres = given.postgres;
  settings.server = given.server;
  settings.source = given.source;
  settings.skip = {given.skip.begin(), given.skip.end()};
  require_known_steps(settings.skip, "--skip");
  if (!given.server.empty()) require_conninfo(given.server, "--server");
  if (!given.source.empty()) require_conninfo(given.source, "--source");

  report result = tool::begin_report("drill", argc, argv, given.run, clock);
  std::optional<policy> estate;
  if (!given.run.policy.empty()) {
    if (!given.capture.empty()) throw usage_error{"--capture needs a PATH: a policy names captures with drill.capture"};
    estate = tool::load(given.run);
    tool::name_policy(result, given.run.policy, *estate);
    for (const auto& component : estate->components) require_meaningful(component);
    settings.time_limit = estate->estate.drill_time_limit;
  }
  const auto make_plan = [&] {
    return estate ? plan_drill(*estate, result.started, given.run.components, settings.bounds)
                  : plan_drill(given.run.paths, given.capture, settings.bounds);
  };
  if (given.dry_run) {
    const drill_plan plan = make_plan();
    tool::print(describe(plan, settings));
    return dry_run_code(plan);
  }
  tool::run_reported(result, [&] {
    const drill_plan plan = make_plan();
    {
      std::optional<tool::progress_line> line;
      if (tool::wants_progress(given.run.progress, given.run.no_progress)) line.emplace(board);
      settings.progress = &board;
      run_drill(plan, settings, result);
    }
    if (!given.output.ledger.empty()) compare_with_earlier(given.output.ledger, result);
  });
  result.finished = clock.now();
  if (!result.complete && tool::stop_signal != 0 && result.exit_code != exit_code::left_behind) {
    result.exit_code = exit_code::interrupted_by(tool::stop_signal);
  }
  return tool::deliver(result, given.output, by);
}

}  // namespace

int main(int argc, char** argv) {
  return tool::run_program("drill", [&] {
    CLI::App app{
        "Restores backups into a scratch directory, compares them to the last row, and measures how long that takes.",
        "drill"};
    arguments given;
    declare(app, given);
    capture_arguments captured;
    const CLI::App& capture = declare(app, captured);
    if (const auto code = tool::parse(app, "drill", argc, argv)) return *code;
    tool::catch_stop_signals();
    if (capture.parsed()) return tool::guarded_main("drill capture", false, [&] { return run_capture(captured); });
    return tool::guarded_main("drill", given.output.nagios, [&] { return run(given, argc, argv); });
  });
}

}  // namespace knowngood::drill_program
