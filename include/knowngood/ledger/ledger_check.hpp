// check_ledger: whether a ledger still is what was written: every line, every report, every signature, and its end.
//
// Layer: ledger. Without keys it shows that nothing was changed by accident or by somebody who did not recompute the
// chain; with keys that nobody did who lacks the key. Reports that no line lists are reported as well. Example:
//   const auto result = check_ledger("/var/lib/knowngood", {.keys = {load_verification_key("backup01.pub")}});
#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/ledger/check_signature.hpp"
#include "knowngood/ledger/ledger_directory.hpp"
#include "knowngood/ledger/ledger_line.hpp"
#include "knowngood/ledger/ledger_reader.hpp"
#include "knowngood/report/read_report.hpp"
#include "knowngood/report/report_json.hpp"

namespace knowngood {

/// A line that a ledger must still hold, known from elsewhere: a copy of its head, a receipt. It alone shows that a
/// ledger was put back, head and all, to an earlier state.
struct ledger_anchor {
  std::uint64_t sequence = 0;
  std::string sha256;
};

/// The anchor that a person noted as `34:9f86d0…`, number and SHA-256 of a line. Throws `usage_error`.
inline ledger_anchor parse_anchor(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view number = text.substr(0, colon);
  ledger_anchor anchor{0, std::string{colon == std::string_view::npos ? "" : text.substr(colon + 1)}};
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), anchor.sequence);
  if (error != std::errc{} || end != number.data() + number.size() || anchor.sequence == 0 ||
      anchor.sha256.size() != 64 || anchor.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw usage_error{fmt::format("{}: is no line of a ledger: write it as N:SHA256, as audit ledger check prints it",
                                  printable(text, 120))};
  }
  return anchor;
}

/// The anchor in a copy of a ledger's `head.dsse`, whose bytes are `text`. With keys, one of them must have signed it.
/// Throws `stream_error`.
inline ledger_anchor anchor_of_head(std::string_view text, const std::vector<verification_key>& keys,
                                    const location& where) {
  const dsse_envelope envelope = parse_envelope(text, where);
  if (!keys.empty()) {
    signature_result signature;
    detail::check_signers(envelope, text, keys, where, signature);
    if (signature.signed_by.empty()) {
      throw stream_error{checks::signature_invalid, where, "no known key has signed this head"};
    }
  }
  const ledger_head head = read_head_statement(envelope.payload, where);
  return {head.sequence, head.sha256};
}

struct ledger_check_options {
  std::vector<verification_key> keys = {};  ///< with one, everything must be signed by it; any of several will do
  std::vector<ledger_anchor> anchors = {};
  std::chrono::milliseconds patience{60'000};
};

struct ledger_check {
  std::vector<listed_line> lines;         ///< those that can be read
  std::uint64_t line_count = 0;           ///< all of them; none is an error, for it proves nothing
  std::uint64_t reports_checked = 0;      ///< lines whose report is there and is the one that was listed
  std::uint64_t signatures_verified = 0;  ///< lines whose report a known key has signed
  std::optional<ledger_head> head;        ///< what the head says, if it is there and holds
  bool head_signed = false;               ///< by a known key
  std::vector<finding> findings;          ///< in the order of the ledger; as many as `bounded_findings` keeps
  std::uint64_t errors_left_out = 0;      ///< further ones that are errors
  std::uint64_t others_left_out = 0;      ///< further ones that are not
  std::string pending;                    ///< report that a killed run did not get to list; empty: there is none
  std::vector<unchecked_item> unchecked;  ///< what could not be read

  /// Whether anything was found to be wrong, listed or left out; what is `unchecked` is none of it.
  [[nodiscard]] bool is_damaged() const { return errors_left_out > 0 || has_error(findings); }
};

namespace detail {

class ledger_checker {
 public:
  ledger_checker(const std::string& path, const ledger_check_options& options)
      : options_{&options}, directory_{ledger_directory::open(path)} {}

  ledger_check check() {
    std::optional<std::string> head;
    {
      // Reports never change once they are listed, so that runs need not wait until all of them are read.
      const ledger_lock lock{directory_, ledger_lock::kind::shared, options_->patience};
      auto listing = read_lines(directory_);
      result_.lines = std::move(listing.lines);
      result_.line_count = listing.line_count;
      problems_ = std::move(listing.problems);
      attempt(directory_.where(ledger_files::head), [&] {
        head = directory_.read(ledger_files::head, largest_head);
        head_missing_ = !head;
      });
      attempt(directory_.where(ledger_files::pending),
              [&] { pending_ = directory_.read(ledger_files::pending, 4096).value_or(""); });
      if (pending_.ends_with('\n')) pending_.pop_back();
      find_unlisted();
    }
    if (result_.line_count == 0) {
      problems_.add(make_finding(checks::ledger_line, directory_.where(ledger_files::lines), "has no lines",
                                 "one at least", "none"));
    }
    for (const auto& line : result_.lines) check_line(line);
    report_unsigned();
    check_head(head);
    for (const auto& anchor : options_->anchors) {
      require_line(anchor.sequence, anchor.sha256, directory_.where(ledger_files::lines), "that was noted elsewhere");
    }
    report_unlisted();
    result_.findings = std::move(problems_.findings);
    result_.errors_left_out = problems_.errors_left_out;
    result_.others_left_out = problems_.others_left_out;
    return std::move(result_);
  }

 private:
  /// Runs `action`; what keeps it from looking is reported as unchecked, what is wrong as a finding.
  template <typename Action>
  void attempt(const location& where, Action action) {
    try {
      action();
    } catch (const stream_error& error) {
      problems_.add(error.as_finding());
    } catch (const environment_error& error) {
      add_unchecked({error.where(), error.what(), error.advice()});
    } catch (const usage_error& error) {
      add_unchecked({where, error.what(), "read it with a newer version of knowngood"});
    }
  }

  void add_unchecked(unchecked_item item) {
    if (result_.unchecked.size() < bounded_findings::most) result_.unchecked.push_back(std::move(item));
  }

  void check_line(const listed_line& line) {
    const location where = directory_.where(ledger_files::lines) / fmt::format("line {}", line.number);
    attempt(directory_.where(line.entry.report), [&] {
      const std::string text = read_listed_report(directory_, line.entry);
      ++result_.reports_checked;
      // The envelope is held to the line, and needs the report's digest alone; so it comes before what may not be read.
      check_envelope_of(line);
      const report_claim is = make_claim(parse_report(text, line.entry.report), text);
      if (is == line.entry.about) return;
      const auto words = [](const report_claim& claim) {
        return fmt::format("{} from {} to {}, {}, exit code {}, {}", printable(claim.tool, 40),
                           to_rfc3339(claim.started), to_rfc3339(claim.finished), to_string(claim.verdict),
                           claim.exit_code, claim.complete ? "complete" : "interrupted");
      };
      problems_.add(make_finding(checks::ledger_line, where, "does not say what its report says", words(is),
                                 words(line.entry.about)));
    });
  }

  void check_envelope_of(const listed_line& line) {
    const auto& entry = line.entry;
    const std::string path = entry.report + std::string{ledger_files::envelope_suffix};
    const location where = directory_.where(path);
    const ledger_file file = directory_.open_file(path);
    if (file.error == ENOENT) {
      if (entry.signature) {
        problems_.add(make_finding(checks::signature_missing, where,
                                   fmt::format("the signature that line {} lists is not there", line.number)));
      } else {
        unsigned_.push_back(line.number);
      }
      return;
    }
    if (file.error == ELOOP) {
      throw stream_error{checks::signature_invalid, where,
                         "a symbolic link or something else that is no regular file is "
                         "in the signature's place"};
    }
    if (!file.is_there()) throw system_error(where, "open", file.error);
    const auto text = directory_.read(path, largest_envelope);
    if (!text) throw stream_error{checks::signature_missing, where, "vanished while the ledger was checked"};
    if (entry.signature && sha256_of(*text) != *entry.signature) {
      problems_.add(make_finding(checks::signature_invalid, where,
                                 fmt::format("is not the signature that line {} lists", line.number), *entry.signature,
                                 sha256_of(*text)));
      return;
    }
    signature_result signature;
    const auto said = open_envelope(*text, options_->keys, where, signature);
    if (said) {
      compare_claims(
          *said, entry.about.sha256, [&] { return entry.about; }, where, signature);
    }
    if (!has_error(signature.findings) && !signature.signed_by.empty()) {
      ++result_.signatures_verified;
      if (first_signed_ == 0) first_signed_ = line.number;
    }
    for (auto& one : signature.findings) problems_.add(std::move(one));
  }

  /// Lines from before a ledger was signed are covered by the head, like all others; one after that should be signed.
  void report_unsigned() {
    if (options_->keys.empty()) return;
    std::uint64_t before = 0;
    for (const std::uint64_t number : unsigned_) {
      if (number < first_signed_) {
        ++before;
        continue;
      }
      problems_.add(make_finding(checks::signature_missing,
                                 directory_.where(ledger_files::lines) / fmt::format("line {}", number),
                                 "the report of this line is not signed"));
    }
    if (before == 0) return;
    auto problem =
        make_finding(checks::signature_missing, directory_.where(ledger_files::lines),
                     fmt::format("{} {} from before the ledger was signed, and {} vouched for by its head alone",
                                 before, before == 1 ? "line is" : "lines are", before == 1 ? "is" : "are"));
    problem.severity = severity::warning;
    problems_.add(std::move(problem));
  }

  void check_head(const std::optional<std::string>& text) {
    const location where = directory_.where(ledger_files::head);
    if (!text) {
      if (!options_->keys.empty() && head_missing_) {
        problems_.add(make_finding(checks::signature_missing, where, "the ledger has no signed head"));
      }
      return;
    }
    attempt(where, [&] {
      const dsse_envelope envelope = parse_envelope(*text, where);
      if (!options_->keys.empty()) {
        signature_result signature;
        check_signers(envelope, *text, options_->keys, where, signature);
        for (auto& one : signature.findings) {
          one.severity = severity::error;  // a ledger's head is nobody's but knowngood's to write
          problems_.add(std::move(one));
        }
        if (signature.signed_by.empty()) return;
        result_.head_signed = true;
      } else if (to_json(envelope) != *text) {
        throw stream_error{checks::signature_malformed, where, "is not written as knowngood writes it: it was edited"};
      }
      if (envelope.payload_type != in_toto_payload_type) {
        throw stream_error{checks::signature_other, where, "the envelope holds no in-toto statement",
                           std::string{in_toto_payload_type}, printable(envelope.payload_type, 80)};
      }
      const ledger_head head = read_head_statement(envelope.payload, where);
      if (!require_line(head.sequence, head.sha256, where, "that was signed")) return;
      result_.head = head;
      const std::uint64_t last = result_.lines.back().entry.sequence;
      if (last > head.sequence || result_.lines.back().number != result_.line_count) {
        problems_.add(make_finding(
            checks::ledger_head, where,
            "lines were added behind the one that was signed: without the key, or by a run that was killed, which the "
            "next signed run settles",
            fmt::format("line {}", head.sequence), fmt::format("{} lines", result_.line_count)));
      }
    });
  }

  /// A finding unless the ledger holds that line.
  bool require_line(std::uint64_t sequence, const std::string& sha256, const location& where, std::string_view which) {
    const auto found = std::find_if(result_.lines.begin(), result_.lines.end(), [&](const listed_line& line) {
      return line.entry.sequence == sequence && line.sha256 == sha256;
    });
    if (found != result_.lines.end()) return true;
    const auto other = std::find_if(result_.lines.begin(), result_.lines.end(),
                                    [&](const listed_line& line) { return line.entry.sequence == sequence; });
    if (other != result_.lines.end()) {
      problems_.add(make_finding(checks::ledger_head, where, fmt::format("line {} is not the one {}", sequence, which),
                                 sha256, other->sha256));
    } else {
      problems_.add(make_finding(
          checks::ledger_head, where, fmt::format("the ledger lacks line {}, {}: lines were removed", sequence, which),
          fmt::format("{} lines at least", sequence), fmt::format("{} lines", result_.line_count)));
    }
    return false;
  }

  /// Files below `reports` that no line lists.
  void find_unlisted() {
    std::unordered_set<std::string> listed;
    for (const auto& line : result_.lines) {
      listed.insert(line.entry.report);
      listed.insert(line.entry.report + std::string{ledger_files::envelope_suffix});
    }
    // Year, month, day, file: whatever lies deeper lies in a directory that is reported itself.
    std::vector<std::pair<std::string, int>> folders{{ledger_files::reports, 0}};
    while (!folders.empty()) {
      const auto [folder, depth] = std::move(folders.back());
      folders.pop_back();
      attempt(directory_.where(folder), [&, &in = folder, at = depth] { list(in, at, listed, folders); });
    }
  }

  void list(const std::string& folder, int depth, const std::unordered_set<std::string>& listed,
            std::vector<std::pair<std::string, int>>& folders) {
    file_descriptor opened = directory_.open_directory(folder);
    if (opened.get() < 0 && errno == ENOENT) return;
    if (opened.get() < 0) throw system_error(directory_.where(folder), "list without following links", errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(::dup(opened.get())), &::closedir};
    if (!stream) throw system_error(directory_.where(folder), "list", errno);
    for (errno = 0; const dirent* entry = ::readdir(stream.get()); errno = 0) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      std::string path = folder + "/" + std::string{name};
      struct stat status {};
      const bool known = ::fstatat(opened.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
      if (known && S_ISDIR(status.st_mode) && depth < 3) {
        folders.emplace_back(std::move(path), depth + 1);
      } else if (listed.find(path) == listed.end()) {
        note_unlisted(std::move(path));
      }
    }
    if (errno != 0) throw system_error(directory_.where(folder), "list", errno);
  }

  void note_unlisted(std::string path) {
    if (path == pending_ && is_ledger_report_path(path)) {
      result_.pending = std::move(path);
      return;
    }
    // As for findings: other files, however many, leave the room for reports alone.
    auto& found = is_ledger_report_path(path) ? reports_ : unlisted_;
    if (found.size() < bounded_findings::most) {
      found.push_back(std::move(path));
    } else {
      ++(&found == &reports_ ? problems_.errors_left_out : problems_.others_left_out);
    }
  }

  /// A report never lies here without a line, or a run that is about to list it: what names it was taken away. Any
  /// other file is nobody's evidence.
  void report_unlisted() {
    const std::string pending_envelope = pending_ + std::string{ledger_files::envelope_suffix};
    std::vector<std::string> all = std::move(unlisted_);
    all.insert(all.end(), reports_.begin(), reports_.end());
    if (!result_.pending.empty()) all.push_back(result_.pending);
    std::sort(all.begin(), all.end());
    for (const auto& path : all) {
      const bool pending = path == result_.pending || path == pending_envelope;
      const bool is_report = !pending && is_ledger_report_path(path);
      auto problem =
          make_finding(checks::ledger_report_unlisted, directory_.where(path),
                       pending     ? "a run was killed before it could list this report: the next run does"
                       : is_report ? "no line lists this report: its line was removed, or the ledger was put "
                                     "back to an earlier state"
                                   : "no line of the ledger lists this file");
      if (!is_report) problem.severity = severity::warning;
      problems_.add(std::move(problem));
    }
  }

  const ledger_check_options* options_;
  ledger_directory directory_;
  ledger_check result_;
  bounded_findings problems_;
  std::string pending_;
  std::vector<std::string> reports_;   // that no line lists
  std::vector<std::string> unlisted_;  // neither lists it, and it is no report
  std::vector<std::uint64_t> unsigned_;
  std::uint64_t first_signed_ = 0;
  bool head_missing_ = false;
};

}  // namespace detail

/// Checks all of the ledger at `path`. Everything wrong is a finding with the number of its line; what cannot be read
/// is `unchecked`, and as little a pass. Throws `environment_error` where there is no ledger at all.
inline ledger_check check_ledger(const std::string& path, const ledger_check_options& options = {}) {
  return detail::ledger_checker{path, options}.check();
}

}  // namespace knowngood
