// ledger list and ledger check: what a ledger holds, and whether it is whole (docs/ledger.md).
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "audit_input.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/ledger/ledger_reader.hpp"

namespace knowngood::tool {

struct ledger_arguments {
  std::string directory;
  std::vector<std::string> keys;
  std::vector<std::string> heads;
  std::vector<std::string> lines;
};

struct ledger_commands {
  const CLI::App* list;
  const CLI::App* check;
};

inline ledger_commands declare(CLI::App& app, ledger_arguments& looked_at) {
  CLI::App* ledger = app.add_subcommand("ledger", "look at a ledger");
  ledger->require_subcommand(1);
  CLI::App* list = ledger->add_subcommand("list", "a line for each report");
  list->add_option("DIR", looked_at.directory, "the ledger")->required();
  CLI::App* check_all =
      ledger->add_subcommand("check", "check every report, the chain, and with a key every signature");
  check_all->add_option("DIR", looked_at.directory, "the ledger")->required();
  check_all->add_option("--key", looked_at.keys, "a public key that may have signed; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME.pub");
  check_all
      ->add_option("--head", looked_at.heads,
                   "a copy of head.dsse kept elsewhere: the ledger must still hold its line; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COPY");
  check_all->add_option("--line", looked_at.lines, "a line noted elsewhere, as this command prints it; may be repeated")
      ->allow_extra_args(false)
      ->type_name("N:SHA256");
  return {list, check_all};
}

inline int run_ledger_list(const std::string& directory) {
  const ledger_listing listing = read_ledger(directory);
  for (const auto& line : listing.lines) {
    fmt::print("{:>6}  {}  {:<7} {:<11} exit {:<3} {}  {}\n", line.entry.sequence, to_rfc3339(line.entry.about.started),
               printable(line.entry.about.tool), to_string(line.entry.about.verdict), line.entry.about.exit_code,
               line.entry.signature ? "signed  " : "unsigned", printable(line.entry.report));
  }
  print_findings(listing.problems.findings, {});
  print_left_out(listing.problems.errors_left_out, listing.problems.others_left_out);
  return has_error(listing.problems.findings) ? exit_code::unsound : exit_code::sound;
}

/// What the ledger must still hold, as it was noted or copied elsewhere.
inline std::vector<ledger_anchor> anchors_of(const ledger_arguments& given, const std::vector<verification_key>& keys) {
  std::vector<ledger_anchor> anchors;
  for (const auto& copy : given.heads) {
    try {
      anchors.push_back(anchor_of_head(read_file(copy, location{copy}, largest_head), keys, location{copy}));
    } catch (const stream_error& error) {
      throw usage_error{fmt::format("--head {}: cannot be held against the ledger: {}", printable(copy), error.what())};
    }
  }
  for (const auto& line : given.lines) anchors.push_back(parse_anchor(line));
  return anchors;
}

inline int run_ledger_check(const ledger_arguments& given) {
  ledger_check_options options;
  options.keys = load_keys(given.keys);
  options.anchors = anchors_of(given, options.keys);
  const ledger_check checked = check_ledger(given.directory, options);
  print_findings(checked.findings, checked.unchecked);
  print_left_out(checked.errors_left_out, checked.others_left_out);
  fmt::print("{} of {} reports are those that were listed", checked.reports_checked, checked.line_count);
  if (!given.keys.empty())
    fmt::print(", {} signed by a known key; the head is {}", checked.signatures_verified,
               checked.head_signed ? "signed" : "NOT signed by a known key");
  const bool wrong = checked.is_damaged();
  if (!checked.lines.empty()) {
    fmt::print("\nthe last line is {}:{}", checked.lines.back().entry.sequence, checked.lines.back().sha256);
  }
  fmt::print("\n{}\n", wrong                        ? "UNSOUND: the ledger was damaged or edited"
                       : !checked.unchecked.empty() ? "UNCHECKED: not all of it could be read"
                                                    : "SOUND");
  return wrong ? exit_code::unsound : checked.unchecked.empty() ? exit_code::sound : exit_code::unchecked;
}

}  // namespace knowngood::tool
