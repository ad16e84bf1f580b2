// What verify and drill do with a finished report: the JSON file, the text, the status line, the exit code.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "knowngood/audit/report_text.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/masked_passwords.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/ledger/check_signature.hpp"
#include "knowngood/ledger/ledger.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/report/headline.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_json.hpp"
#include "knowngood/report/report_verdict.hpp"

namespace knowngood::tool {

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

/// How a report is shown on standard output.
inline text_style style_of(const output_arguments& given) {
  text_style style;
  style.colour = use_colour(given.colour, STDOUT_FILENO);
  style.unicode = use_unicode();
  style.tables = given.tables || given.verbose;
  style.notes = given.notes || given.verbose;
  style.verbose = given.verbose;
  style.width = terminal_width(STDOUT_FILENO, 100);
  return style;
}

inline void declare(CLI::App& app, output_arguments& given) {
  app.add_option("--report", given.report, "write the audit report, JSON, here")->type_name("FILE");
  app.add_option("--ledger", given.ledger, "keep the report in this ledger, for good (docs/ledger.md)")
      ->type_name("DIR");
  app.add_option("--sign", given.sign, "sign report and ledger with this private key")->type_name("NAME.key");
  app.add_option("--passphrase-file", given.passphrase_file, "of an encrypted key: its first line, mode 0600")
      ->type_name("FILE");
  app.add_option("--trust", given.trust, "accept a ledger's head that this earlier key has signed; may be repeated")
      ->allow_extra_args(false)
      ->type_name("OLD.pub");
  app.add_flag("--tables", given.tables, "show tables with their rows");
  app.add_flag("--notes", given.notes, "show notes too");
  app.add_flag("-v,--verbose", given.verbose, "show everything: digests, fingerprints, properties, refs, notes");
  app.add_flag("-q,--quiet", given.quiet, "print nothing when all is sound");
  app.add_flag("--nagios", given.nagios, "one status line with perfdata, and Nagios exit codes");
  app.add_option("--color", given.colour, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
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
  loaded.key =
      load_signing_key(given.sign, given.passphrase_file.empty() ? std::nullopt : std::optional{given.passphrase_file});
  for (const auto& path : given.trust) loaded.trusted.push_back(load_verification_key(path));
  return loaded;
}

/// What in the way of the report is known before anything is read is said then: throws `environment_error`.
inline void require_writable(const output_arguments& given) {
  if (!given.ledger.empty()) require_writable_ledger(given.ledger);
  if (given.report.empty() || given.report == "-") return;
  require_writable_file(given.report, location{given.report});
  if (!given.sign.empty()) require_writable_file(given.report + ".dsse", location{given.report + ".dsse"});
}

/// Stores the report in the ledger. What was in the way of that, if anything.
inline std::optional<unchecked_item> keep_in_ledger(const report& result, const std::string& document,
                                                    const output_arguments& given, const signers& by) {
  const auto problem = [&](const location& where, const std::string& what, const std::string& advice) {
    return unchecked_item{where, "the report was not kept in the ledger: " + what, advice};
  };
  try {
    ledger_options options;
    if (by.key) options.key = &*by.key;
    options.trusted = by.trusted;
    const append_result receipt = append_to_ledger(given.ledger, document, options);
    for (const auto& one : receipt.findings) {
      complain(fmt::format("{}: {}: {}: {}\n  {}", result.tool, to_string(one.severity), one.where.to_string(),
                           printable(one.message), advice_for(one.check)));
    }
    return std::nullopt;
  } catch (const environment_error& error) {
    return problem(error.where(), error.what(), error.advice());
  } catch (const stream_error& error) {
    return problem(error.as_finding().where, error.what(), std::string{advice_for(error.as_finding().check)});
  } catch (const usage_error& error) {
    return problem(location{given.ledger}, error.what(), "audit ledger check says more");
  }
}

/// Writes the report's file, and its signature beside it. What was in the way of that, if anything.
inline std::optional<unchecked_item> write_report(const std::string& document, const output_arguments& given,
                                                  const signers& by) {
  try {
    write_file_atomically(given.report, document, location{given.report});
    if (by.key && given.report != "-") {
      const std::string name{file_name_of(given.report)};
      write_file_atomically(given.report + ".dsse", to_json(sign_report(document, name, *by.key)),
                            location{given.report + ".dsse"});
    }
    return std::nullopt;
  } catch (const environment_error& error) {
    return unchecked_item{error.where(), fmt::format("the report was not written: {}", error.what()), error.advice()};
  }
}

/// Writes and prints `result` as asked for. Returns the exit code: the report's own, or 3 when it was 0 and something
/// that was asked for could not be written; that is then said in what is written after it, in the last line too.
inline int deliver(report result, const output_arguments& given, const signers& by) {
  // First the document, which outlives the run; what goes wrong with it must not hide what was found.
  const auto add = [&](const std::optional<unchecked_item>& problem) {
    if (!problem) return;
    complain(
        fmt::format("{}: {}: {}\n  {}", result.tool, problem->where.to_string(), problem->message, problem->advice));
    result.unchecked.push_back(*problem);
    result.verdict = overall_verdict(result);
    result.exit_code = exit_code::unchecked_unless(result.exit_code);
  };
  if (!given.ledger.empty()) add(keep_in_ledger(result, to_json(result), given, by));
  if (!given.report.empty()) add(write_report(to_json(result), given, by));
  if (given.nagios) {
    const nagios_status status = nagios_line(result);
    if (write_all(STDOUT_FILENO, status.line + "\n")) return status.code;
    complain(fmt::format("{}: the status line could not be written: {}", result.tool, std::strerror(errno)));
    return status.code == 0 ? nagios_unknown : status.code;
  }
  if (given.quiet && result.exit_code == exit_code::sound) return result.exit_code;
  if (write_all(STDOUT_FILENO, render_text(result, style_of(given))) || errno == EPIPE) return result.exit_code;
  const int problem = errno;
  const int code = exit_code::unchecked_unless(result.exit_code);
  complain(fmt::format("{}: the text could not be written: {}\n{}; exit {}", result.tool, std::strerror(problem),
                       headline(result).to_string(), code));
  return code;
}

/// Runs `body`, which plans and makes the run that `result` tells of, so that a run which something of this host ended
/// has a report too: of what was found until then, and of what that was. What the user got wrong is passed on.
template <typename Body>
void run_reported(report& result, Body body) {
  const auto end_early = [&](unchecked_item why) {
    result.complete = true;  // as far as it could get
    result.unchecked.push_back(std::move(why));
    judge_report(result, nullptr);
  };
  try {
    guarded(
        location{result.tool},
        [&](const finding& one) {
          end_early({one.where, one.message, std::string{advice_for(one.check)}});
        },
        end_early, body);
  } catch (const interrupted&) {
    result.complete = false;
    judge_report(result, nullptr);
  }
}

namespace detail {

// Some libraries end the program where the memory does not suffice, with a code that would say something else.
inline std::atomic<bool> ends_by_itself{false};

inline void die_of(const char* why) noexcept {
  constexpr std::string_view rest = "\n  free some memory, or allow more (ulimit -v, MemoryMax); exit 3\n";
  (void)!::write(STDERR_FILENO, why, std::strlen(why));
  (void)!::write(STDERR_FILENO, rest.data(), rest.size());
  ::_exit(exit_code::unchecked);
}

/// Whatever ends the program in the middle of something says so with the code for that; also what does so before main,
/// where libraries and this program are set up.
[[gnu::constructor(101)]] inline void end_with_a_code_of_ours() {
  std::set_terminate([] { die_of("knowngood: ended in the middle of its work, for want of memory or by an error"); });
  std::atexit([] {
    if (!ends_by_itself) die_of("knowngood: a library ended the program in the middle of its work");
  });
}

}  // namespace detail

/// Runs `body` and turns what it throws into a message and an exit code.
template <typename Body>
int guarded_main(std::string_view program, bool nagios, Body body) {
  const auto say = [&](const std::string& text, int code) {
    complain(fmt::format("{}: {}{}", program, text, code == exit_code::usage ? "" : fmt::format("; exit {}", code)));
    if (nagios) write_all(STDOUT_FILENO, nagios_failure(text.substr(0, text.find('\n'))).line + "\n");
    return nagios ? nagios_unknown : code;
  };
  try {
    try {
      const int code = body();
      if ((std::fflush(stdout) == 0 && std::ferror(stdout) == 0) || errno == EPIPE) return code;
      return say(fmt::format("its text could not be written: {}", std::strerror(errno)),
                 exit_code::unchecked_unless(code));
    } catch (const usage_error& error) {
      return say(mask_passwords(error.what()), exit_code::usage);
    } catch (const environment_error& error) {
      return say(fmt::format("{}: {}\n  {}", error.where().to_string(), error.what(), error.advice()),
                 exit_code::unchecked);
    } catch (const stream_error& error) {
      const finding& one = error.as_finding();
      return say(fmt::format("{}: {}\n  {}", one.where.to_string(), printable(one.message), advice_for(one.check)),
                 exit_code::unchecked);
    } catch (const interrupted&) {
      return say("interrupted before there was anything to report", exit_code::interrupted_by(stop_signal));
    } catch (const std::bad_alloc&) {
      const unchecked_item why = out_of_memory(location{});
      return say(fmt::format("{}\n  {}", why.message, why.advice), exit_code::unchecked);
    } catch (const std::system_error& error) {
      return say(
          fmt::format("{}\n  check the limits of this user (ulimit -a) and the system's log", printable(error.what())),
          exit_code::unchecked);
    } catch (const std::exception& error) {
      return say(
          fmt::format("internal error: {}\n  please report it with the command that led here", printable(error.what())),
          exit_code::unchecked);
    }
  } catch (const std::exception&) {
    detail::die_of("knowngood: the memory does not suffice to say what went wrong");
  }
  return exit_code::unchecked;
}

/// The whole of a program: `body` returns its exit code. Nothing that goes wrong ends it with a code of another
/// meaning.
template <typename Body>
int run_program(std::string_view program, Body body) {
  hold_standard_streams();
  const int code = guarded_main(program, false, body);
  detail::ends_by_itself = true;
  return code;
}

/// Parses the command line, and masks the passwords in `argv`. Returns an exit code when there is nothing more to do.
inline std::optional<int> parse(CLI::App& app, std::string_view program, int argc, char** argv) {
  const bool nagios = std::find(argv, argv + argc, std::string_view{"--nagios"}) != argv + argc;
  const std::vector<std::string> given(argv, argv + argc);
  mask_arguments(argc, argv);  // at once, for as long as they are seen as they were given others can read them
  std::vector<const char*> words;
  for (const auto& word : given) words.push_back(word.c_str());
  try {
    app.parse(argc, words.data());
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    const std::string why = explain(app, error);
    complain(fmt::format("{}: {}\n  {} --help lists the options", program, why, program));
    if (nagios) write_all(STDOUT_FILENO, nagios_failure(why).line + "\n");
    return nagios ? nagios_unknown : exit_code::usage;
  }
  return std::nullopt;
}

}  // namespace knowngood::tool
