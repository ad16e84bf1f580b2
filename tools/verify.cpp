// verify: is every backup that should exist there, fresh, whole and unaltered, down to the last nested byte?
//
// arguments -> policy and plan -> run -> report -> text -> exit code (docs/verify.md)

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "progress_line.hpp"
#include "restorable/audit/headline.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/audit/report_json.hpp"
#include "restorable/audit/report_text.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/version.hpp"
#include "restorable/catalog/policy.hpp"
#include "restorable/hash/digest.hpp"
#include "restorable/io/atomic_file.hpp"
#include "restorable/verify/path_plan.hpp"
#include "restorable/verify/policy_plan.hpp"
#include "restorable/verify/run.hpp"

namespace {

using namespace restorable;

/// What a monitoring system takes as "could not tell"; a mistake in the command line is no verdict on the backups.
constexpr int nagios_unknown = 3;

struct arguments {
  std::vector<std::string> paths;
  std::string policy;
  std::string root;
  std::vector<std::string> components;
  std::string report;
  std::string now;
  std::string colour = "auto";
  std::vector<std::string> limit_settings;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  bool tables = false;
  bool notes = false;
  bool verbose = false;
  bool quiet = false;
  bool strict = false;
  bool nagios = false;
  bool progress = false;
  bool no_progress = false;
  bool list_checks = false;
};

void declare(CLI::App& app, arguments& given) {
  app.add_option("PATH", given.paths, "artifacts, directories of them, checksum files; - is standard input");
  app.add_option("--policy", given.policy, "the nightly run: what should be there (docs/policy.md)")->type_name("FILE");
  app.add_option("--root", given.root, "look for the policy's estate here instead")->type_name("DIR");
  app.add_option("--component", given.components, "only this component of the policy; may be repeated")
      ->allow_extra_args(false)->type_name("NAME");
  app.add_option("--report", given.report, "write the audit report, JSON, here")->type_name("FILE");
  app.add_option("-j,--jobs", given.jobs, "artifacts verified at a time (default: the cores)")
      ->check(CLI::Range(1U, 1024U))->type_name("N");
  app.add_flag("--tables", given.tables, "show tables with their rows");
  app.add_flag("--notes", given.notes, "show notes too");
  app.add_flag("-v,--verbose", given.verbose, "show everything: digests, fingerprints, properties, refs, notes");
  app.add_flag("-q,--quiet", given.quiet, "print nothing when all is sound");
  app.add_flag("--strict", given.strict, "warnings fail the run too");
  app.add_flag("--nagios", given.nagios, "one status line with perfdata, and Nagios exit codes");
  app.add_flag("--progress", given.progress, "show progress even when standard error is no terminal");
  app.add_flag("--no-progress", given.no_progress, "never show progress");
  app.add_option("--color", given.colour, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}))->type_name("WHEN");
  app.add_option("--now", given.now, "run as if it were TIME (2025-12-04T03:00:00Z)")->type_name("TIME");
  app.add_option("--limit", given.limit_settings,
                 "raise a bound: nesting_depth, entries, expanded_bytes, expansion_ratio, name_bytes, list_bytes, "
                 "compared_members")->allow_extra_args(false)->type_name("NAME=N");
  app.add_flag("--list-checks", given.list_checks, "print the table of everything that can be found, and stop");
  app.set_version_flag("--version", std::string{version_text});
  app.footer("exit codes: 0 sound, 1 unsound, 2 usage or policy mistake, 3 could not check all, 130/143 interrupted");
}

limits parse_limits(const std::vector<std::string>& settings) {
  limits bounds;
  struct named_limit {
    std::string_view name;
    std::uint64_t limits::* member;
  };
  constexpr std::array<named_limit, 6> known{{{"entries", &limits::entries},
                                              {"compared_members", &limits::compared_members},
                                              {"expanded_bytes", &limits::expanded_bytes},
                                              {"expansion_ratio", &limits::expansion_ratio},
                                              {"name_bytes", &limits::name_bytes},
                                              {"list_bytes", &limits::list_bytes}}};
  for (const auto& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string_view name = std::string_view{setting}.substr(0, equals);
    const auto value = equals == std::string::npos ? std::nullopt : parse_byte_size(setting.substr(equals + 1));
    if (!value || *value == 0) throw usage_error{fmt::format("--limit {}: must be NAME=N with N a number above 0", setting)};
    const auto found = std::find_if(known.begin(), known.end(), [&](const named_limit& one) { return one.name == name; });
    if (found != known.end()) {
      bounds.*found->member = *value;
    } else if (name == "nesting_depth") {
      bounds.nesting_depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, 1000));
    } else {
      std::vector<std::string_view> names{"nesting_depth"};
      for (const auto& one : known) names.push_back(one.name);
      const std::string_view near = nearest(name, names);
      throw usage_error{fmt::format("--limit {}: no such limit{}", name, near.empty() ? "" : fmt::format(": did you mean {}?", near))};
    }
  }
  return bounds;
}

/// The policy as asked for: with another root, with some of its components only.
policy load(const arguments& given) {
  policy estate = load_policy(given.policy);
  if (!given.root.empty()) estate.estate.root = std::filesystem::absolute(given.root).lexically_normal().string();
  std::vector<std::string_view> names;
  for (const auto& component : estate.components) names.push_back(component.name);
  for (const auto& wanted : given.components) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    const std::string_view near = nearest(wanted, names);
    throw usage_error{fmt::format("--component {}: the policy has no such component{}", wanted,
                                  near.empty() ? "" : fmt::format(": did you mean {}?", near))};
  }
  return estate;
}

void print_checks() {
  std::string text = "| check | severity | found when | what to do |\n|---|---|---|---|\n";
  for (const check* one : checks::all) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", one->id, to_string(one->usual), one->meaning, one->advice);
  }
  tool::write_all(STDOUT_FILENO, text);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : std::string{};
}

std::string sha256_of(std::string_view text) {
  digest sum{digest_algorithm::sha256()};
  sum.update(std::as_bytes(std::span{text}));
  return sum.finish();
}

/// The clock that a run reads; `--now` shifts it as a whole.
class shifted_clock {
 public:
  explicit shifted_clock(std::optional<moment> now) {
    if (now) shift_ = *now - real();
  }
  [[nodiscard]] moment now() const { return real() + shift_; }

 private:
  static moment real() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }
  std::chrono::seconds shift_{0};
};

int run(const arguments& given, int argc, const char* const* argv) {
  if (given.list_checks) {
    print_checks();
    return 0;
  }
  if (given.policy.empty() && given.paths.empty()) throw usage_error{"nothing to verify: give a PATH, or --policy FILE"};
  if (!given.policy.empty() && !given.paths.empty()) {
    throw usage_error{"--policy and PATH exclude each other: the policy says which artifacts there are"};
  }
  if (given.policy.empty() && !(given.root.empty() && given.components.empty())) {
    throw usage_error{"--root and --component need --policy FILE"};
  }
  const std::optional<moment> shifted = given.now.empty() ? std::nullopt : parse_moment(given.now);
  if (!given.now.empty() && !shifted) {
    throw usage_error{fmt::format("--now {}: not a time: write it as 2025-12-04T03:00:00Z", given.now)};
  }

  progress_board board;
  run_settings settings;
  settings.options.bounds = parse_limits(given.limit_settings);
  settings.options.stop = &tool::stop_requested;
  settings.jobs = given.jobs;
  settings.strict = given.strict;
  settings.progress = &board;

  report result;
  result.tool = "verify";
  result.version = version_text;
  result.host = host_name();
  result.command = tool::shell_quoted(argc, argv);
  const shifted_clock clock{shifted};
  result.started = clock.now();

  std::optional<policy> estate;
  verify_plan plan;
  if (given.policy.empty()) {
    plan = plan_paths(given.paths, settings.options.bounds);
  } else {
    estate = load(given);
    result.policy = given.policy;
    result.policy_sha256 = sha256_of(estate->text);
    plan = plan_policy(*estate, result.started, given.components, settings.options.bounds);
  }
  {
    std::optional<tool::progress_line> line;
    if (!given.no_progress && (given.progress || ::isatty(STDERR_FILENO) == 1)) line.emplace(board);
    run_plan(std::move(plan), settings, result);
  }
  result.finished = clock.now();
  if (!result.complete && tool::stop_signal != 0) result.exit_code = 128 + tool::stop_signal;

  // First the document, which outlives the run; what goes wrong with it must not hide what was found.
  int code = result.exit_code;
  if (!given.report.empty()) {
    try {
      write_file_atomically(given.report, to_json(result), location{given.report});
    } catch (const environment_error& error) {
      fmt::print(stderr, "verify: the report was not written: {}: {}\n  {}\n", error.where().to_string(), error.what(), error.advice());
      if (code == 0) code = 3;
    }
  }

  if (given.nagios) {
    const nagios_status status = nagios_line(result);
    tool::write_all(STDOUT_FILENO, status.line + "\n");
    return status.code == 0 && code != result.exit_code ? nagios_unknown : status.code;
  }
  if (given.quiet && code == 0) return 0;
  text_style style;
  style.colour = tool::use_colour(given.colour, STDOUT_FILENO);
  style.unicode = tool::use_unicode();
  style.tables = given.tables || given.verbose;
  style.notes = given.notes || given.verbose;
  style.verbose = given.verbose;
  style.width = tool::terminal_width(STDOUT_FILENO, 100);
  if (!tool::write_all(STDOUT_FILENO, render_text(result, style)) && errno != EPIPE) {
    fmt::print(stderr, "verify: the text could not be written: {}\n", std::strerror(errno));
    if (code == 0) code = 3;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Verifies backups: digests, compression, archives, PostgreSQL dumps, git bundles, down to the last nested byte.",
               "verify"};
  arguments given;
  declare(app, given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "verify: {}\n  verify --help lists the options\n", tool::explain(app, error));
    const bool nagios = std::find(argv, argv + argc, std::string_view{"--nagios"}) != argv + argc;
    return nagios ? nagios_unknown : 2;
  }
  tool::catch_stop_signals();
  try {
    return run(given, argc, argv);
  } catch (const usage_error& error) {
    fmt::print(stderr, "verify: {}\n", error.what());
    return given.nagios ? nagios_unknown : 2;
  } catch (const environment_error& error) {
    fmt::print(stderr, "verify: {}: {}\n  {}\n", error.where().to_string(), error.what(), error.advice());
    return 3;
  } catch (const std::exception& error) {
    fmt::print(stderr, "verify: internal error: {}\n  please report it with the command that led here\n", error.what());
    return 3;
  }
}
