// show and export: a report or a ledger for people and for other programs (docs/rendering.md).
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "audit_input.hpp"
#include "command_line.hpp"
#include "knowngood/audit/junit_xml.hpp"
#include "knowngood/audit/ledger_evidence.hpp"
#include "knowngood/audit/prometheus_text.hpp"
#include "knowngood/audit/report_html.hpp"
#include "knowngood/audit/report_markdown.hpp"
#include "knowngood/audit/report_text.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/report/report_history.hpp"
#include "report_output.hpp"

namespace knowngood::tool {

struct export_arguments {
  std::string input;
  std::string junit;
  std::string prometheus;
  std::string html;
  std::string markdown;
  std::string now;
};

struct show_commands {
  const CLI::App* show;
  const CLI::App* write;
};

inline show_commands declare(CLI::App& app, export_arguments& rendered, output_arguments& how) {
  CLI::App* show = app.add_subcommand("show", "a report, or the newest of a ledger, as text");
  show->add_option("REPORT-or-LEDGER", rendered.input, "a report or a ledger")->required();
  show->add_flag("--tables", how.tables, "show tables with their rows");
  show->add_flag("--notes", how.notes, "show notes too");
  show->add_flag("-v,--verbose", how.verbose, "show everything");
  show->add_option("--color", how.colour, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  CLI::App* write = app.add_subcommand("export", "a report or a ledger for other programs and people; FILE may be -");
  write->add_option("REPORT-or-LEDGER", rendered.input, "a report or a ledger")->required();
  write->add_option("--html", rendered.html, "a page that needs nothing else")->type_name("FILE");
  write->add_option("--junit", rendered.junit, "JUnit XML")->type_name("FILE");
  write->add_option("--prometheus", rendered.prometheus, "for node_exporter's text-file collector")->type_name("FILE");
  write->add_option("--markdown", rendered.markdown, "for a step summary")->type_name("FILE");
  write->add_option("--now", rendered.now, "render as if it were TIME")->type_name("TIME");
  return {show, write};
}

/// The reports that a path leads to; remarks about the ledger go to standard error.
inline evidence gather(const std::string& path) {
  found_evidence found = read_evidence(path);
  for (const auto& one : found.remarks)
    complain(fmt::format("audit: {}: {}: {}", to_string(one.severity), one.where.to_string(), printable(one.message)));
  return std::move(found.shown);
}

/// The worst that the newest reports came to, and runs of a part since then.
inline int exit_code_of(const evidence& shown) {
  int code = exit_code::sound;
  for (const auto* newest : {&shown.verify, &shown.drill}) {
    if (*newest && code != exit_code::unsound && (*newest)->exit_code != exit_code::sound) code = (*newest)->exit_code;
  }
  for (const auto* part : shown.partial_since_whole()) {
    const verdict worth = outcome_of(*part).worth;
    if (worth == verdict::unsound) code = exit_code::unsound;
    if (worth == verdict::unchecked) code = exit_code::unchecked_unless(code);
  }
  return code;
}

inline int run_show(const export_arguments& given, const output_arguments& how) {
  const evidence shown = gather(given.input);
  const text_style style = style_of(how);
  std::string text;
  if (shown.history.nights.size() > 1) {
    for (const auto& night : shown.history.nights) {
      text += fmt::format("{}  {:<7} {:<11} {}\n", to_rfc3339(night.started), night.tool, to_string(night.verdict),
                          night.headline);
    }
    text += "\n";
  }
  for (const auto* newest : {&shown.verify, &shown.drill}) {
    if (*newest) text += render_text(**newest, style) + "\n";
  }
  for (const auto* part : shown.partial_since_whole()) {
    text += fmt::format("since then {} looked at a part, {}: {}\n", printable(part->tool), to_rfc3339(part->started),
                        part->headline);
  }
  write_out("-", text);
  return exit_code_of(shown);
}

inline int run_export(const export_arguments& given) {
  if (given.junit.empty() && given.prometheus.empty() && given.html.empty() && given.markdown.empty()) {
    throw usage_error{"nothing to write: give --html FILE, --junit FILE, --prometheus FILE or --markdown FILE"};
  }
  for (const auto* path : {&given.junit, &given.prometheus, &given.markdown, &given.html}) {
    if (!path->empty() && *path != "-") require_writable_file(*path, location{*path});
  }
  const evidence shown = gather(given.input);
  write_out(given.junit, given.junit.empty() ? "" : render_junit(shown));
  write_out(given.prometheus, given.prometheus.empty() ? "" : render_prometheus(shown));
  write_out(given.markdown, given.markdown.empty() ? "" : render_markdown(shown));
  if (!given.html.empty()) {
    html_options options;
    options.now = time_now(given.now);
    (is_ledger(given.input) ? options.ledger_directory : options.report_file) = given.input;
    write_out(given.html, render_html(shown, options));
  }
  return exit_code::sound;
}

}  // namespace knowngood::tool
