// What verify and drill do with a finished report: the JSON file, the text, the status line, the exit code.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "command_line.hpp"
#include "restorable/audit/headline.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/audit/report_json.hpp"
#include "restorable/audit/report_text.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/location.hpp"
#include "restorable/io/atomic_file.hpp"

namespace restorable::tool {

/// What a monitoring system takes as "could not tell"; a mistake in the command line is no verdict on the backups.
inline constexpr int nagios_unknown = 3;

struct output_arguments {
  std::string report;
  std::string colour = "auto";
  bool tables = false;
  bool notes = false;
  bool verbose = false;
  bool quiet = false;
  bool nagios = false;
};

inline void declare(CLI::App& app, output_arguments& given) {
  app.add_option("--report", given.report, "write the audit report, JSON, here")->type_name("FILE");
  app.add_flag("--tables", given.tables, "show tables with their rows");
  app.add_flag("--notes", given.notes, "show notes too");
  app.add_flag("-v,--verbose", given.verbose, "show everything: digests, fingerprints, properties, refs, notes");
  app.add_flag("-q,--quiet", given.quiet, "print nothing when all is sound");
  app.add_flag("--nagios", given.nagios, "one status line with perfdata, and Nagios exit codes");
  app.add_option("--color", given.colour, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}))->type_name("WHEN");
}

/// Writes and prints `result` as asked for. Returns the exit code: the report's own, or 3 when it was 0 and something
/// that was asked for could not be written.
inline int deliver(const report& result, const output_arguments& given) {
  // First the document, which outlives the run; what goes wrong with it must not hide what was found.
  int code = result.exit_code;
  if (!given.report.empty()) {
    try {
      write_file_atomically(given.report, to_json(result), location{given.report});
    } catch (const environment_error& error) {
      fmt::print(stderr, "{}: the report was not written: {}: {}\n  {}\n", result.tool, error.where().to_string(), error.what(),
                 error.advice());
      if (code == 0) code = 3;
    }
  }
  if (given.nagios) {
    const nagios_status status = nagios_line(result);
    write_all(STDOUT_FILENO, status.line + "\n");
    return status.code == 0 && code != result.exit_code ? nagios_unknown : status.code;
  }
  if (given.quiet && code == 0) return 0;
  text_style style;
  style.colour = use_colour(given.colour, STDOUT_FILENO);
  style.unicode = use_unicode();
  style.tables = given.tables || given.verbose;
  style.notes = given.notes || given.verbose;
  style.verbose = given.verbose;
  style.width = terminal_width(STDOUT_FILENO, 100);
  if (!write_all(STDOUT_FILENO, render_text(result, style)) && errno != EPIPE) {
    fmt::print(stderr, "{}: the text could not be written: {}\n", result.tool, std::strerror(errno));
    if (code == 0) code = 3;
  }
  return code;
}

/// Runs `body` and turns what it throws into a message and an exit code.
template <typename Body>
int guarded_main(std::string_view program, bool nagios, Body body) {
  try {
    return body();
  } catch (const usage_error& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return nagios ? nagios_unknown : 2;
  } catch (const environment_error& error) {
    fmt::print(stderr, "{}: {}: {}\n  {}\n", program, error.where().to_string(), error.what(), error.advice());
    return 3;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: internal error: {}\n  please report it with the command that led here\n", program, error.what());
    return 3;
  }
}

/// Parses the command line. Returns an exit code when there is nothing more to do.
inline std::optional<int> parse(CLI::App& app, std::string_view program, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}: {}\n  {} --help lists the options\n", program, explain(app, error), program);
    const bool nagios = std::find(argv, argv + argc, std::string_view{"--nagios"}) != argv + argc;
    return nagios ? nagios_unknown : 2;
  }
  return std::nullopt;
}

}  // namespace restorable::tool
