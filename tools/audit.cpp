// audit: what do the reports say, are they genuine, and is the newest good enough to ship on?
//
// arguments -> reports or ledger -> show, export, check, judge -> print -> exit code (docs/audit.md)

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "command_line.hpp"
#include "gate_output.hpp"
#include "report_output.hpp"
#include "restorable/audit/check_signature.hpp"
#include "restorable/audit/gate.hpp"
#include "restorable/audit/junit_xml.hpp"
#include "restorable/audit/ledger_check.hpp"
#include "restorable/audit/ledger_reader.hpp"
#include "restorable/audit/prometheus_text.hpp"
#include "restorable/audit/report_html.hpp"
#include "restorable/audit/report_json.hpp"
#include "restorable/audit/report_markdown.hpp"
#include "restorable/audit/report_text.hpp"
#include "restorable/audit/signing_key.hpp"
#include "restorable/base/version.hpp"
#include "restorable/catalog/policy.hpp"
#include "restorable/io/atomic_file.hpp"
#include "restorable/io/file_source.hpp"

namespace {

using namespace restorable;

std::string read_file(const std::string& path, std::uint64_t most = std::uint64_t{512} << 20) {
  const location where{path};
  file_source file{path, where};
  std::string text;
  for (byte_view chunk = file.next(); !chunk.empty(); chunk = file.next()) {
    text.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
    if (text.size() > most) throw environment_error{where, "is too large to be read", "check that it is the file that you mean"};
  }
  return text;
}

std::vector<verification_key> load_keys(const std::vector<std::string>& paths) {
  std::vector<verification_key> keys;
  for (const auto& path : paths) keys.push_back(load_verification_key(path));
  return keys;
}

moment time_now(const std::string& given) {
  if (given.empty()) return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto now = parse_moment(given);
  if (!now) throw usage_error{fmt::format("--now {}: not a time: write it as 2025-12-04T03:00:00Z", given)};
  return *now;
}

/// The reports of a ledger, or the one report that a path leads to.
evidence gather(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return evidence_of(parse_report(read_file(path), path));
  evidence shown;
  const ledger_listing listing = read_ledger(path);
  for (const auto& one : listing.problems.findings) fmt::print(stderr, "audit: {}: {}: {}\n", to_string(one.severity), one.where.to_string(), printable(one.message));
  if (!listing.problems.findings.empty()) {
    throw environment_error{location{path}, "the ledger is damaged, and what it holds is no evidence", "audit ledger check says what is wrong"};
  }
  for (const auto& line : listing.lines) {
    try {
      shown.add(load_report(path, line.entry));
    } catch (const stream_error& error) {
      throw environment_error{error.as_finding().where, error.what(), "audit ledger check says what is wrong"};
    }
  }
  return shown;
}

void print_findings(const std::vector<finding>& findings, const std::vector<unchecked_item>& unchecked) {
  for (const auto& one : findings) {
    fmt::print("{:<8} {}  {}\n         {}\n", to_string(one.severity), one.check, one.where.to_string(), printable(one.message));
    if (!one.expected.empty()) fmt::print("         expected  {}\n", printable(one.expected));
    if (!one.actual.empty()) fmt::print("         actual    {}\n", printable(one.actual));
    if (const auto advice = advice_for(one.check); !advice.empty()) fmt::print("         -> {}\n", advice);
  }
  for (const auto& one : unchecked) fmt::print("unchecked {}: {}\n         -> {}\n", one.where.to_string(), printable(one.message), printable(one.advice));
}

bool any_error(const std::vector<finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const finding& one) { return one.severity == severity::error; });
}

// --- keys and signatures

struct key_arguments {
  std::string out;
  std::string passphrase_file;
  std::string document;
  std::string signature;
  std::string sign_with;
  std::vector<std::string> keys;
};

std::optional<std::string> passphrase(const key_arguments& given) {
  return given.passphrase_file.empty() ? std::nullopt : std::optional{given.passphrase_file};
}

int run_keygen(const key_arguments& given) {
  const signing_key key = make_key_files(given.out, passphrase(given));
  fmt::print("{0}.key  the private key: keep it where the programs run, mode 0600\n{0}.pub  the public key: give it to whoever checks\nkey id {1}\n", given.out,
             key.public_key().id());
  return 0;
}

int run_sign(const key_arguments& given) {
  const signing_key key = load_signing_key(given.sign_with, passphrase(given));
  const std::string document = read_file(given.document);
  const std::string out = given.signature.empty() ? given.document + ".dsse" : given.signature;
  write_file_atomically(out, to_json(sign_report(document, given.document.substr(given.document.rfind('/') + 1), key)), location{out});
  fmt::print("{}\n", out);
  return 0;
}

int run_check_signature(const key_arguments& given) {
  const std::string envelope = given.signature.empty() ? given.document + ".dsse" : given.signature;
  const auto keys = load_keys(given.keys);
  if (!std::filesystem::exists(envelope)) {
    print_findings({make_finding(checks::signature_missing, location{given.document}, "there is no signature beside the report", envelope, "no such file")}, {});
    return 1;
  }
  const signature_result result = check_signature(read_file(given.document), read_file(envelope), keys, location{envelope});
  print_findings(result.findings, {});
  if (any_error(result.findings)) return 1;
  for (const auto& id : result.signed_by) fmt::print("{}: signed by key {}\n", given.document, id);
  return 0;
}

// --- ledger

int run_ledger_list(const std::string& directory) {
  const ledger_listing listing = read_ledger(directory);
  for (const auto& line : listing.lines) {
    fmt::print("{:>6}  {}  {:<7} {:<11} exit {:<3} {}  {}\n", line.entry.sequence, to_rfc3339(line.entry.about.started), line.entry.about.tool,
               to_string(line.entry.about.verdict), line.entry.about.exit_code, line.entry.signature ? "signed  " : "unsigned", line.entry.report);
  }
  print_findings(listing.problems.findings, {});
  return any_error(listing.problems.findings) ? 1 : 0;
}

int run_ledger_check(const std::string& directory, const std::vector<std::string>& keys) {
  ledger_check_options options;
  options.keys = load_keys(keys);
  const ledger_check checked = check_ledger(directory, options);
  print_findings(checked.findings, checked.unchecked);
  if (checked.findings_left_out > 0) fmt::print("and {} more\n", checked.findings_left_out);
  fmt::print("{} of {} reports are those that were listed", checked.reports_checked, checked.line_count);
  if (!keys.empty()) fmt::print(", {} signed by a known key; the head is {}", checked.signatures_verified, checked.head_signed ? "signed" : "NOT signed by a known key");
  const bool wrong = any_error(checked.findings);
  fmt::print("\n{}\n", wrong ? "UNSOUND: the ledger was damaged or edited" : !checked.unchecked.empty() ? "UNCHECKED: not all of it could be read" : "SOUND");
  return wrong ? 1 : checked.unchecked.empty() ? 0 : 3;
}

// --- gate

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
};

std::chrono::seconds duration_of(std::string_view option, const std::string& text) {
  const auto length = parse_duration(text);
  if (!length || length->count() <= 0) throw usage_error{fmt::format("{} {}: not a length of time: write it as 26h or 92d", option, text)};
  return *length;
}

gate_request request_of(const gate_arguments& given) {
  gate_request request;
  if (!given.policy.empty()) {
    const policy estate = load_policy(given.policy);
    request.rules = estate.gate;
    for (const auto& component : estate.components) {
      if (component.required) request.components.push_back(component.name);
    }
  }
  if (!given.max_age.empty()) request.rules.max_age = duration_of("--max-age", given.max_age);
  if (!given.drill_within.empty()) request.rules.drill_within = duration_of("--drill-within", given.drill_within);
  if (given.allow_unprotected) request.rules.allow_unprotected = true;
  if (given.no_drill) request.rules.require_drill = false;
  request.signatures = !given.keys.empty();
  request.now = time_now(given.now);
  return request;
}

int run_gate(const gate_arguments& given) {
  const gate_request request = request_of(given);
  ledger_check_options options;
  options.keys = load_keys(given.keys);
  const ledger_check checked = check_ledger(given.ledger, options);
  evidence shown;
  for (const auto& line : checked.lines) {
    try {
      shown.add(load_report(given.ledger, line.entry));
    } catch (const stream_error&) {
      // gone or altered: the check of the ledger has said so, and the rule fails
    }
  }
  const gate_result result = judge_gate(checked, shown, request);
  tool::write_all(STDOUT_FILENO, tool::gate_text(result, tool::use_unicode()));
  if (!given.junit.empty()) write_file_atomically(given.junit, tool::gate_junit(result), location{given.junit});
  const char* actions = std::getenv("GITHUB_ACTIONS");
  if (actions != nullptr && std::string_view{actions} == "true") {
    tool::write_all(STDOUT_FILENO, tool::gate_annotations(result));
    if (const char* summary = std::getenv("GITHUB_STEP_SUMMARY"); summary != nullptr && *summary != '\0') {
      std::ofstream file{summary, std::ios::app};
      file << tool::gate_markdown(result) << render_markdown(shown);
      if (!file.flush()) fmt::print(stderr, "audit: the step summary could not be written: {}\n", summary);
    }
  }
  return result.exit_code;
}

// --- show and export

struct export_arguments {
  std::string input;
  std::string junit;
  std::string prometheus;
  std::string html;
  std::string markdown;
  std::string now;
};

int run_show(const export_arguments& given, const tool::output_arguments& how) {
  const evidence shown = gather(given.input);
  text_style style;
  style.colour = tool::use_colour(how.colour, STDOUT_FILENO);
  style.unicode = tool::use_unicode();
  style.tables = how.tables || how.verbose;
  style.notes = how.notes || how.verbose;
  style.verbose = how.verbose;
  style.width = tool::terminal_width(STDOUT_FILENO, 100);
  std::string text;
  if (shown.history.nights.size() > 1) {
    for (const auto& night : shown.history.nights) {
      text += fmt::format("{}  {:<7} {:<11} {}\n", to_rfc3339(night.started), night.tool, to_string(night.verdict), night.headline);
    }
    text += "\n";
  }
  int code = 0;
  for (const auto* newest : {&shown.verify, &shown.drill}) {
    if (!*newest) continue;
    text += render_text(**newest, style) + "\n";
    if (code != 1 && (*newest)->exit_code != 0) code = (*newest)->exit_code;
  }
  tool::write_all(STDOUT_FILENO, text);
  return code;
}

void write_out(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  if (path == "-") {
    if (!tool::write_all(STDOUT_FILENO, text)) throw environment_error{location{"standard output"}, std::strerror(errno), "look at who reads it"};
    return;
  }
  write_file_atomically(path, text, location{path});
}

int run_export(const export_arguments& given) {
  if (given.junit.empty() && given.prometheus.empty() && given.html.empty() && given.markdown.empty()) {
    throw usage_error{"nothing to write: give --html FILE, --junit FILE, --prometheus FILE or --markdown FILE"};
  }
  const evidence shown = gather(given.input);
  write_out(given.junit, given.junit.empty() ? "" : render_junit(shown));
  write_out(given.prometheus, given.prometheus.empty() ? "" : render_prometheus(shown));
  write_out(given.markdown, given.markdown.empty() ? "" : render_markdown(shown));
  if (!given.html.empty()) {
    html_options options;
    options.now = time_now(given.now);
    (std::filesystem::is_directory(given.input) ? options.ledger_directory : options.report_file) = given.input;
    write_out(given.html, render_html(shown, options));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Keeps, checks, renders and judges the reports of verify and drill.", "audit"};
  app.set_version_flag("--version", std::string{version_text});
  app.footer("exit codes: 0 sound, 1 unsound or refused, 2 usage mistake, 3 could not tell");
  app.require_subcommand(1);

  key_arguments keys;
  CLI::App* keygen = app.add_subcommand("keygen", "make a key: NAME.key and NAME.pub");
  keygen->add_option("--out", keys.out, "name of both files, without the ending")->required()->type_name("NAME");
  keygen->add_option("--passphrase-file", keys.passphrase_file, "encrypt the private key with its first line")->type_name("FILE");
  CLI::App* sign = app.add_subcommand("sign", "sign a report");
  sign->add_option("REPORT", keys.document, "the report")->required();
  sign->add_option("--key", keys.sign_with, "the private key")->required()->type_name("NAME.key");
  sign->add_option("--passphrase-file", keys.passphrase_file, "of an encrypted key")->type_name("FILE");
  sign->add_option("--out", keys.signature, "the signature (default: REPORT.dsse)")->type_name("FILE");
  CLI::App* check = app.add_subcommand("check-signature", "check the signature of a report");
  check->add_option("REPORT", keys.document, "the report")->required();
  check->add_option("--key", keys.keys, "a public key that may have signed; may be repeated")->required()->allow_extra_args(false)->type_name("NAME.pub");
  check->add_option("--signature", keys.signature, "the signature (default: REPORT.dsse)")->type_name("FILE");

  std::string ledger_directory;
  std::vector<std::string> ledger_keys;
  CLI::App* ledger = app.add_subcommand("ledger", "look at a ledger");
  ledger->require_subcommand(1);
  CLI::App* list = ledger->add_subcommand("list", "a line for each report");
  list->add_option("DIR", ledger_directory, "the ledger")->required();
  CLI::App* check_all = ledger->add_subcommand("check", "check every report, the chain, and with a key every signature");
  check_all->add_option("DIR", ledger_directory, "the ledger")->required();
  check_all->add_option("--key", ledger_keys, "a public key that may have signed; may be repeated")->allow_extra_args(false)->type_name("NAME.pub");

  gate_arguments gate;
  CLI::App* judge = app.add_subcommand("gate", "may we ship on these backups? each rule, and why");
  judge->add_option("--ledger", gate.ledger, "the ledger")->required()->type_name("DIR");
  judge->add_option("--policy", gate.policy, "its [gate], and the components that have to be covered")->type_name("FILE");
  judge->add_option("--max-age", gate.max_age, "of the newest verification (default: 26h)")->type_name("DURATION");
  judge->add_option("--drill-within", gate.drill_within, "of the newest drill (default: 92d)")->type_name("DURATION");
  judge->add_option("--key", gate.keys, "a public key that must have signed; may be repeated")->allow_extra_args(false)->type_name("NAME.pub");
  judge->add_option("--now", gate.now, "judge as if it were TIME (2025-12-04T03:00:00Z)")->type_name("TIME");
  judge->add_option("--junit", gate.junit, "write the rules as JUnit XML here")->type_name("FILE");
  judge->add_flag("--allow-unprotected", gate.allow_unprotected, "artifacts may be without any checksum");
  judge->add_flag("--no-drill", gate.no_drill, "there need not be a drill");

  export_arguments rendered;
  tool::output_arguments how;
  CLI::App* show = app.add_subcommand("show", "a report, or the newest of a ledger, as text");
  show->add_option("REPORT-or-LEDGER", rendered.input, "a report or a ledger")->required();
  show->add_flag("--tables", how.tables, "show tables with their rows");
  show->add_flag("--notes", how.notes, "show notes too");
  show->add_flag("-v,--verbose", how.verbose, "show everything");
  show->add_option("--color", how.colour, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}))->type_name("WHEN");
  CLI::App* write = app.add_subcommand("export", "a report or a ledger for other programs and people; FILE may be -");
  write->add_option("REPORT-or-LEDGER", rendered.input, "a report or a ledger")->required();
  write->add_option("--html", rendered.html, "a page that needs nothing else")->type_name("FILE");
  write->add_option("--junit", rendered.junit, "JUnit XML")->type_name("FILE");
  write->add_option("--prometheus", rendered.prometheus, "for node_exporter's text-file collector")->type_name("FILE");
  write->add_option("--markdown", rendered.markdown, "for a step summary")->type_name("FILE");
  write->add_option("--now", rendered.now, "render as if it were TIME")->type_name("TIME");

  if (const auto code = tool::parse(app, "audit", argc, argv)) return *code;
  ::signal(SIGPIPE, SIG_IGN);
  return tool::guarded_main("audit", false, [&] {
    if (keygen->parsed()) return run_keygen(keys);
    if (sign->parsed()) return run_sign(keys);
    if (check->parsed()) return run_check_signature(keys);
    if (list->parsed()) return run_ledger_list(ledger_directory);
    if (check_all->parsed()) return run_ledger_check(ledger_directory, ledger_keys);
    if (judge->parsed()) return run_gate(gate);
    if (show->parsed()) return run_show(rendered, how);
    return run_export(rendered);
  });
}
