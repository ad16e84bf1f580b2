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
#include "report_output.hpp"
#include "restorable/audit/check_signature.hpp"
#include "restorable/audit/gate.hpp"
#include "restorable/audit/gate_output.hpp"
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
#include "restorable/io/system_error.hpp"

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

/// What lies at a path; `not_found` where nothing does. Throws `environment_error` when that cannot be told.
std::filesystem::file_type type_of(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::none) throw system_error(location{path}, "look at", error.value());
  return type;
}

bool is_directory(const std::string& path) { return type_of(path) == std::filesystem::file_type::directory; }
bool exists(const std::string& path) { return type_of(path) != std::filesystem::file_type::not_found; }

bool any_error(const std::vector<finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const finding& one) { return one.severity == severity::error; });
}

/// The reports of a ledger, or the one report that a path leads to.
evidence gather(const std::string& path) {
  if (!is_directory(path)) return evidence_of(parse_report(read_file(path), path));
  evidence shown;
  const ledger_listing listing = read_ledger(path);
  for (const auto& one : listing.problems.findings) fmt::print(stderr, "audit: {}: {}: {}\n", to_string(one.severity), one.where.to_string(), printable(one.message));
  if (any_error(listing.problems.findings)) {  // those left out come behind others that are listed
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

void print_left_out(std::uint64_t errors, std::uint64_t others) {
  if (errors > 0) fmt::print("and {} more errors\n", errors);
  if (others > 0) fmt::print("and {} more warnings and notes\n", others);
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
  if (exists(out)) {
    // One of an older document of this name has had its day; any other is somebody's evidence.
    try {
      if (names_document(read_file(out), document, location{out})) {
        throw usage_error{fmt::format("{}: signs this very document already: name another file with --out, or look at it with check-signature", printable(out))};
      }
    } catch (const stream_error&) {
      throw usage_error{fmt::format("{}: is there already, and is no signature of a report: name another file with --out", printable(out))};
    }
  }
  write_file_atomically(out, to_json(sign_report(document, given.document.substr(given.document.rfind('/') + 1), key)), location{out});
  fmt::print("{}\n", out);
  return 0;
}

int run_check_signature(const key_arguments& given) {
  const std::string envelope = given.signature.empty() ? given.document + ".dsse" : given.signature;
  const auto keys = load_keys(given.keys);
  if (!exists(envelope)) {
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
  print_left_out(listing.problems.errors_left_out, listing.problems.others_left_out);
  return any_error(listing.problems.findings) ? 1 : 0;
}

struct ledger_arguments {
  std::string directory;
  std::vector<std::string> keys;
  std::vector<std::string> heads;
  std::vector<std::string> lines;
};

/// What the ledger must still hold, as it was noted or copied elsewhere.
std::vector<ledger_anchor> anchors_of(const ledger_arguments& given, const std::vector<verification_key>& keys) {
  std::vector<ledger_anchor> anchors;
  for (const auto& copy : given.heads) {
    try {
      anchors.push_back(anchor_of_head(read_file(copy, largest_head), keys, location{copy}));
    } catch (const stream_error& error) {
      throw usage_error{fmt::format("--head {}: cannot be held against the ledger: {}", printable(copy), error.what())};
    }
  }
  for (const auto& line : given.lines) anchors.push_back(parse_anchor(line));
  return anchors;
}

int run_ledger_check(const ledger_arguments& given) {
  ledger_check_options options;
  options.keys = load_keys(given.keys);
  options.anchors = anchors_of(given, options.keys);
  const ledger_check checked = check_ledger(given.directory, options);
  print_findings(checked.findings, checked.unchecked);
  print_left_out(checked.errors_left_out, checked.others_left_out);
  fmt::print("{} of {} reports are those that were listed", checked.reports_checked, checked.line_count);
  if (!given.keys.empty()) fmt::print(", {} signed by a known key; the head is {}", checked.signatures_verified, checked.head_signed ? "signed" : "NOT signed by a known key");
  const bool wrong = checked.is_damaged();
  if (!checked.lines.empty()) {
    fmt::print("\nthe last line is {}:{}", checked.lines.back().entry.sequence, checked.lines.back().sha256);
  }
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
      gate_component asked{component.name, component.required, component.kind == component_kind::postgres_dump, std::nullopt, std::nullopt};
      if (component.drill) {
        asked.rto = component.drill->rto;
        asked.rpo = component.drill->rpo;
      }
      request.components.push_back(std::move(asked));
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

/// The reports that `checked` lists. One that cannot be had is left to `checked` to tell: mostly it has done so already.
evidence load_evidence(const std::string& ledger, ledger_check& checked) {
  evidence shown;
  const auto leave_unchecked = [&](unchecked_item item) {
    const bool told = std::any_of(checked.unchecked.begin(), checked.unchecked.end(), [&](const auto& one) { return one.where == item.where; });
    if (!told) checked.unchecked.push_back(std::move(item));
  };
  const auto directory = ledger_directory::open(ledger);
  for (const auto& line : checked.lines) {
    try {
      shown.add(load_report(ledger, line.entry));
    } catch (const stream_error& error) {
      const finding told = error.as_finding();
      if (std::find(checked.findings.begin(), checked.findings.end(), told) == checked.findings.end()) checked.findings.push_back(told);
    } catch (const environment_error& error) {
      leave_unchecked({error.where(), error.what(), error.advice()});
    } catch (const usage_error& error) {
      leave_unchecked({directory.where(line.entry.report), error.what(), "read it with a newer version of restorable"});
    }
  }
  return shown;
}

/// Judges, whatever can be had of the ledger: a gate without a word says nothing to whoever waits before it.
gate_result judge(const gate_arguments& given, const gate_request& request, const ledger_check_options& options, evidence& shown) {
  try {
    ledger_check checked = check_ledger(given.ledger, options);
    shown = load_evidence(given.ledger, checked);
    return judge_gate(checked, shown, request);
  } catch (const environment_error& error) {
    return judge_gate(error);
  }
}

int run_gate(const gate_arguments& given) {
  const gate_request request = request_of(given);
  ledger_check_options options;
  options.keys = load_keys(given.keys);
  evidence shown;
  const gate_result result = judge(given, request, options, shown);
  tool::write_all(STDOUT_FILENO, gate_text(result, tool::use_unicode()));
  if (!given.junit.empty()) write_file_atomically(given.junit, gate_junit(result, request.now, tool::host_name()), location{given.junit});
  const char* actions = std::getenv("GITHUB_ACTIONS");
  if (actions != nullptr && std::string_view{actions} == "true") {
    tool::write_all(STDOUT_FILENO, gate_annotations(result));
    if (const char* summary = std::getenv("GITHUB_STEP_SUMMARY"); summary != nullptr && *summary != '\0') {
      std::ofstream file{summary, std::ios::app};
      file << gate_markdown(result) << render_markdown(shown);
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
  for (const auto* part : shown.partial_since_whole()) {
    text += fmt::format("since then {} looked at a part, {}: {}\n", printable(part->tool), to_rfc3339(part->started), part->headline);
    const verdict worth = outcome_of(*part).worth;
    if (worth == verdict::unsound) code = 1;
    if (worth == verdict::unchecked && code == 0) code = 3;
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
    (is_directory(given.input) ? options.ledger_directory : options.report_file) = given.input;
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

  ledger_arguments looked_at;
  CLI::App* ledger = app.add_subcommand("ledger", "look at a ledger");
  ledger->require_subcommand(1);
  CLI::App* list = ledger->add_subcommand("list", "a line for each report");
  list->add_option("DIR", looked_at.directory, "the ledger")->required();
  CLI::App* check_all = ledger->add_subcommand("check", "check every report, the chain, and with a key every signature");
  check_all->add_option("DIR", looked_at.directory, "the ledger")->required();
  check_all->add_option("--key", looked_at.keys, "a public key that may have signed; may be repeated")->allow_extra_args(false)->type_name("NAME.pub");
  check_all->add_option("--head", looked_at.heads, "a copy of head.dsse kept elsewhere: the ledger must still hold its line; may be repeated")
      ->allow_extra_args(false)->type_name("COPY");
  check_all->add_option("--line", looked_at.lines, "a line noted elsewhere, as this command prints it; may be repeated")
      ->allow_extra_args(false)->type_name("N:SHA256");

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
    if (list->parsed()) return run_ledger_list(looked_at.directory);
    if (check_all->parsed()) return run_ledger_check(looked_at);
    if (judge->parsed()) return run_gate(gate);
    if (show->parsed()) return run_show(rendered, how);
    return run_export(rendered);
  });
}
