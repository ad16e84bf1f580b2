// What verify and drill do with a finished report: the JSON file, the text, the status line, the exit code.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "command_line.hpp"
#include "restorable/audit/check_signature.hpp"
#include "restorable/audit/headline.hpp"
#include "restorable/audit/ledger.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/audit/report_json.hpp"
#include "restorable/audit/report_text.hpp"
#include "restorable/audit/signing_key.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/location.hpp"
#include "restorable/base/time.hpp"
#include "restorable/io/atomic_file.hpp"

namespace restorable::tool {

/// What a monitoring system takes as "could not tell"; a mistake in the command line is no verdict on the backups.
inline constexpr int nagios_unknown = 3;

struct output_arguments {
  std::string report;
  std::string ledger;
  std::string sign;
  std::vector<std::string> trust;
  std::string passphrase_file;
  std::string colour = "auto";
  bool tables = false;
  bool notes = false;
  bool verbose = false;
  bool quiet = false;
  bool nagios = false;
};

inline void declare(CLI::App& app, output_arguments& given) {
  app.add_option("--report", given.report, "write the audit report, JSON, here")->type_name("FILE");
  app.add_option("--ledger", given.ledger, "keep the report in this ledger, for good (docs/ledger.md)")->type_name("DIR");
  app.add_option("--sign", given.sign, "sign report and ledger with this private key")->type_name("NAME.key");
  app.add_option("--passphrase-file", given.passphrase_file, "of an encrypted key: its first line, mode 0600")->type_name("FILE");
  app.add_option("--trust", given.trust, "accept a ledger's head that this earlier key has signed; may be repeated")
      ->allow_extra_args(false)->type_name("OLD.pub");
  app.add_flag("--tables", given.tables, "show tables with their rows");
  app.add_flag("--notes", given.notes, "show notes too");
  app.add_flag("-v,--verbose", given.verbose, "show everything: digests, fingerprints, properties, refs, notes");
  app.add_flag("-q,--quiet", given.quiet, "print nothing when all is sound");
  app.add_flag("--nagios", given.nagios, "one status line with perfdata, and Nagios exit codes");
  app.add_option("--color", given.colour, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}))->type_name("WHEN");
}

/// What a report is signed with, and earlier keys whose signature on the ledger's head is as good.
struct signers {
  std::optional<signing_key> key;
  std::vector<verification_key> trusted;
};

/// The keys, loaded before anything is checked: a night's work must not end with a key that cannot be read.
inline signers load_signers(const output_arguments& given) {
  if (!given.trust.empty() && (given.ledger.empty() || given.sign.empty())) {
    throw usage_error{"--trust needs --ledger DIR and --sign NAME.key: it is for the run that signs with a new key"};
  }
  signers loaded;
  if (given.sign.empty()) return loaded;
  if (given.ledger.empty() && (given.report.empty() || given.report == "-")) {
    throw usage_error{"--sign needs --ledger DIR or --report FILE: something to sign that stays"};
  }
  loaded.key = load_signing_key(given.sign, given.passphrase_file.empty() ? std::nullopt : std::optional{given.passphrase_file});
  for (const auto& path : given.trust) loaded.trusted.push_back(load_verification_key(path));
  return loaded;
}

/// Stores the report in the ledger. False when that was not possible, which is said on standard error.
inline bool keep_in_ledger(const report& result, const std::string& document, const output_arguments& given,
                           const signers& by, const std::function<moment()>& clock) {
  const auto complain = [&](const std::string& where, const std::string& what, const std::string& advice) {
    fmt::print(stderr, "{}: the report was not kept in the ledger: {}{}{}\n  {}\n", result.tool, where, where.empty() ? "" : ": ", what, advice);
    return false;
  };
  try {
    ledger_options options;
    if (by.key) options.key = &*by.key;
    options.trusted = by.trusted;
    options.now = clock;
    const ledger_receipt receipt = append_to_ledger(given.ledger, document, options);
    for (const auto& one : receipt.findings) {
      fmt::print(stderr, "{}: {}: {}: {}\n  {}\n", result.tool, to_string(one.severity), one.where.to_string(), printable(one.message), advice_for(one.check));
    }
    return true;
  } catch (const environment_error& error) {
    return complain(error.where().to_string(), error.what(), error.advice());
  } catch (const stream_error& error) {
    return complain(error.as_finding().where.to_string(), error.what(), std::string{advice_for(error.as_finding().check)});
  } catch (const usage_error& error) {
    return complain("", error.what(), "audit ledger check says more");
  }
}

/// Writes and prints `result` as asked for. Returns the exit code: the report's own, or 3 when it was 0 and something
/// that was asked for could not be written. `clock` says when the ledger records it.
inline int deliver(const report& result, const output_arguments& given, const signers& by, const std::function<moment()>& clock) {
  // First the document, which outlives the run; what goes wrong with it must not hide what was found.
  int code = result.exit_code;
  const std::string document = given.report.empty() && given.ledger.empty() ? std::string{} : to_json(result);
  if (!given.ledger.empty() && !keep_in_ledger(result, document, given, by, clock) && code == 0) code = 3;
  if (!given.report.empty()) {
    try {
      write_file_atomically(given.report, document, location{given.report});
      if (by.key && given.report != "-") {
        const std::string name = given.report.substr(given.report.rfind('/') + 1);
        write_file_atomically(given.report + ".dsse", to_json(sign_report(document, name, *by.key)), location{given.report + ".dsse"});
      }
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
