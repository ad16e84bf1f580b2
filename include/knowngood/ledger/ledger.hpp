// append_to_ledger: stores a report in a ledger for good, and adds the line that vouches for it.
//
// Layer: ledger. Runs at the same time wait for each other. Whenever a run is killed or the disk is full, what was
// there stays as it was; what the run left half done is completed or put aside by the next one, which says so in
// findings. Above 400 lines: what appending does, and what it mends after another's that broke off, is one protocol.
// Example: const auto receipt = append_to_ledger("/var/lib/knowngood", to_json(report), {.key = &key});
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/ledger/dsse.hpp"
#include "knowngood/ledger/in_toto_statement.hpp"
#include "knowngood/ledger/ledger_directory.hpp"
#include "knowngood/ledger/ledger_line.hpp"
#include "knowngood/ledger/ledger_reader.hpp"
#include "knowngood/ledger/ledger_tail.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/report/read_report.hpp"
#include "knowngood/report/report_json.hpp"

namespace knowngood {

struct ledger_options {
  const signing_key* key = nullptr;            ///< signs the report and the ledger's head
  std::vector<verification_key> trusted = {};  ///< earlier keys whose head is accepted beside that of `key`
  std::chrono::milliseconds patience{60'000};  ///< how long to wait for another run
  std::function<moment()> now = {};            ///< the clock, read under the lock; the system's by default
};

struct append_result {
  ledger_entry entry;
  std::string line_sha256;        ///< of the line: noted elsewhere, it proves later that the ledger still holds it
  std::vector<finding> findings;  ///< what earlier runs left behind, and what was done about it
};

namespace detail {

/// One append, step by step, under the exclusive lock.
class ledger_writer {
 public:
  ledger_writer(const std::string& path, const ledger_options& options)
      : options_{&options},
        directory_{ledger_directory::open_or_create(path)},
        lock_{directory_, ledger_lock::kind::exclusive, options.patience} {}

  append_result append(std::string_view text, const report& of) {
    open_lines();
    const std::string remainder = read_tail();
    // A signed line that is torn now was not torn by a run that was killed; nothing is touched then.
    if (!remainder.empty() && !complete(remainder)) {
      check_head();
      put_aside(remainder);
    } else {
      check_head();
    }
    recover_pending();
    ledger_entry entry;
    entry.about = make_claim(of, text);
    entry.report = ledger_report_path(entry.about);
    const std::string envelope_path = entry.report + std::string{ledger_files::envelope_suffix};
    const std::string envelope = options_->key == nullptr ? "" : make_envelope(of, text, entry.report);
    const bool report_there = is_there_already(entry.report, text);
    const bool envelope_there = options_->key != nullptr && is_there_already(envelope_path, envelope);
    // Whoever signs the next head vouches for all lines before it; that this one was behind is problem.
    if (options_->key != nullptr && last_ && signed_sequence_ != last_->sequence) {
      if (signed_sequence_ != 0) {
        report_problem(checks::ledger_head, severity::note, directory_.where(ledger_files::head),
                       "the signed head was behind the ledger's last line, and is signed anew",
                       fmt::format("line {}", last_->sequence), fmt::format("line {}", signed_sequence_));
      }
      write_head();
    }
    directory_.write(ledger_files::pending, entry.report + "\n", 0644);
    if (options_->key != nullptr) {
      entry.signature = sha256_of(envelope);
      // The signature comes first: a report that the next run finds without one was never to be signed.
      if (!envelope_there) directory_.write(envelope_path, envelope, 0444);
    } else if (head_there_) {
      report_problem(checks::signature_missing, severity::warning, directory_.where(entry.report),
                     "the ledger is signed, and this report is added without a signature");
    }
    if (!report_there) directory_.write(entry.report, text, 0444);
    try {
      add_line(entry);
      if (options_->key != nullptr) write_head();
      directory_.remove(ledger_files::pending);
    } catch (const environment_error& error) {
      throw environment_error{
          error.where(),
          fmt::format("{}; the report itself is stored as {}, the next run completes what is missing", error.what(),
                      entry.report),
          error.advice()};
    }
    return {*last_, last_sha256_, std::move(findings_)};
  }

 private:
  [[nodiscard]] location lines_where() const { return directory_.where(ledger_files::lines); }

  void report_problem(const check& what, severity level, location where, std::string message, std::string expected = {},
                      std::string actual = {}) {
    auto problem = make_finding(what, std::move(where), std::move(message), std::move(expected), std::move(actual));
    problem.severity = level;
    findings_.push_back(std::move(problem));
  }

  [[nodiscard]] moment now() const {
    return options_->now ? options_->now() : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }

  void open_lines() {
    lines_ = directory_.open_file(ledger_files::lines, O_RDWR | O_APPEND);
    if (lines_.error == ENOENT) {
      // The empty file comes first of all, so that without it there is nothing else, unless somebody removed it.
      for (const char* other : {ledger_files::reports, ledger_files::head}) {
        struct stat status {};
        if (::fstatat(directory_.get(), other, &status, AT_SYMLINK_NOFOLLOW) == 0) {
          throw stream_error{checks::ledger_line, lines_where(),
                             fmt::format("is not there, although {} is: it was removed", other)};
        }
      }
      directory_.write(ledger_files::lines, "", 0644);
      lines_ = directory_.open_file(ledger_files::lines, O_RDWR | O_APPEND);
    }
    if (lines_.error == ELOOP) {
      throw environment_error{lines_where(), "is a symbolic link or no regular file",
                              "find out who put it there, and restore the ledger from a copy"};
    }
    if (!lines_.is_there()) throw write_error(lines_where(), "open for writing", lines_.error);
  }

  /// Finds the last whole line; returns what stands behind it.
  std::string read_tail() {
    ledger_tail tail = read_ledger_tail(lines_, lines_where());
    last_ = std::move(tail.last);
    last_sha256_ = std::move(tail.last_sha256);
    lines_.size = tail.size;
    return std::move(tail.remainder);
  }

  /// True when a remainder was a whole line but for its newline, which it has now.
  bool complete(const std::string& remainder) {
    const location where = lines_where().at(lines_.size);
    try {
      const ledger_entry entry = parse_ledger_line(remainder, where);
      if (entry.previous != previous() || entry.sequence != next_sequence()) return false;
      write_line("\n", lines_.size + remainder.size());
      lines_.size += remainder.size() + 1;
      last_ = entry;
      last_sha256_ = sha256_of(remainder);
      report_problem(checks::ledger_torn, severity::note, where,
                     fmt::format("line {} lacked its newline only, which was added", entry.sequence));
      return true;
    } catch (const stream_error&) {
      return false;
    }
  }

  /// Moves a torn line into a file of its own.
  void put_aside(const std::string& remainder) {
    const location where = lines_where().at(lines_.size);
    const std::string kept = keep(remainder);
    if (::ftruncate(lines_.descriptor.get(), static_cast<off_t>(lines_.size)) != 0) {
      throw write_error(lines_where(), "cut off the torn line", errno);
    }
    ledger_directory::sync(lines_.descriptor.get(), lines_where());
    report_problem(checks::ledger_torn, severity::warning, where,
                   fmt::format("the last line was torn: its {} bytes were moved to {}", remainder.size(), kept));
  }

  [[nodiscard]] std::string keep(const std::string& bytes) const {
    std::string stamp = to_rfc3339(now());
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    for (int number = 1;; ++number) {
      const std::string name = fmt::format("ledger.torn-{}{}", stamp, number == 1 ? "" : fmt::format("-{}", number));
      struct stat status {};
      if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) continue;
      directory_.write(name, bytes, 0444);
      return name;
    }
  }

  [[nodiscard]] std::string previous() const { return last_ ? last_sha256_ : ledger_beginning; }
  [[nodiscard]] std::uint64_t next_sequence() const { return last_ ? last_->sequence + 1 : 1; }

  /// A head that does not fit the ledger must never be replaced: signing the next one would hide that lines are gone.
  void check_head() {
    const location where = directory_.where(ledger_files::head);
    const auto text = directory_.read(ledger_files::head, largest_head);
    head_there_ = text.has_value();
    if (!text) {
      if (options_->key != nullptr && last_ && last_->signature && last_->sequence > 1 &&
          is_signed(last_->sequence - 1)) {
        throw stream_error{checks::ledger_head, where, "is not there, although the ledger was signed: it was removed"};
      }
      return;
    }
    const dsse_envelope envelope = parse_envelope(*text, where);
    if (options_->key != nullptr) {
      auto keys = options_->trusted;
      keys.push_back(options_->key->public_key());
      const auto signers = verify_envelope(envelope, keys);
      if (std::all_of(signers.begin(), signers.end(), [](const auto& signer) { return signer.empty(); })) {
        throw usage_error{fmt::format(
            "{}: is signed by key {} and not by {}: sign with that key, or name its public key as trusted; if nobody "
            "changed the key, the head was edited: restore the ledger from a copy",
            where.to_string(), printable(envelope.signatures.front().key_id, 80), options_->key->id())};
      }
    }
    const ledger_head head = read_head_statement(envelope.payload, where);
    const std::string found = !last_ || head.sequence > last_->sequence ? std::string{}
                              : head.sequence == last_->sequence        ? last_sha256_
                                                                        : line_digest(head.sequence);
    if (found != head.sha256) {
      throw stream_error{checks::ledger_head, where,
                         found.empty() ? "lines were removed from the ledger's end"
                                       : fmt::format("line {} is not the one that was signed", head.sequence),
                         found.empty() ? fmt::format("{} lines at least", head.sequence) : head.sha256,
                         found.empty() ? fmt::format("{} lines", last_ ? last_->sequence : 0) : found};
    }
    signed_sequence_ = head.sequence;
  }

  /// SHA-256 of the line of that number; empty where there is none.
  [[nodiscard]] std::string line_digest(std::uint64_t number) const {
    std::string digest;
    each_ledger_line(lines_, lines_where(), [&](const ledger_line_bytes& line) {
      if (line.number == number) digest = sha256_of(line.bytes);
    });
    return digest;
  }

  [[nodiscard]] bool is_signed(std::uint64_t number) const {
    bool found = false;
    each_ledger_line(lines_, lines_where(), [&](const ledger_line_bytes& line) {
      if (line.number == number)
        found = parse_ledger_line(line.bytes, lines_where().at(line.offset)).signature.has_value();
    });
    return found;
  }

  /// What a run that was killed between its report and its line left.
  void recover_pending() {
    auto path = directory_.read(ledger_files::pending, 4096);
    if (!path) return;
    const location where = directory_.where(ledger_files::pending);
    if (path->ends_with('\n')) path->pop_back();
    if (!is_ledger_report_path(*path)) {
      report_problem(checks::ledger_report_unlisted, severity::warning, where,
                     "named no report of a ledger, and was removed", "reports/…", printable(*path, 120));
    } else if (!last_ || last_->report != *path) {
      recover(*path);
    }
    directory_.remove(ledger_files::pending);
  }

  void recover(const std::string& path) {
    const location where = directory_.where(path);
    const std::string envelope_path = path + std::string{ledger_files::envelope_suffix};
    for (const auto& left : {path, envelope_path}) directory_.remove(ledger_directory::temporary_of(left));
    const auto text = directory_.read(path, largest_report);
    if (!text) {
      directory_.remove(envelope_path);
      report_problem(checks::ledger_report_unlisted, severity::note, where,
                     "an earlier run was killed before it had stored its report, of which nothing is left");
      return;
    }
    ledger_entry entry;
    try {
      entry.about = make_claim(parse_report(*text, path), *text);
    } catch (const usage_error&) {
      // Left empty: such a claim has another path.
    }
    if (!is_tool_name(entry.about.tool) || ledger_report_path(entry.about) != path) {
      report_problem(
          checks::ledger_report_unlisted, severity::warning, where,
          "an earlier run was killed, and this file is not the report that it stored: it stays, and is not listed");
      return;
    }
    entry.report = path;
    if (const auto envelope = directory_.read(envelope_path, largest_envelope)) entry.signature = sha256_of(*envelope);
    entry.recovered = true;
    add_line(entry);
    report_problem(checks::ledger_report_unlisted, severity::note, where,
                   fmt::format("an earlier run was killed before it could list its report: line {} lists it now",
                               last_->sequence));
  }

  /// True when the file is there with these bytes: two runs may write the same report in the same second.
  [[nodiscard]] bool is_there_already(const std::string& path, std::string_view bytes) const {
    const auto there = directory_.read(path, std::max<std::uint64_t>(bytes.size(), largest_envelope));
    if (there && *there != bytes) {
      throw stream_error{checks::ledger_report_altered, directory_.where(path),
                         "is there already with other content, and is never overwritten", sha256_of(bytes),
                         sha256_of(*there)};
    }
    return there.has_value();
  }

  [[nodiscard]] std::string make_envelope(const report& of, std::string_view text, const std::string& path) const {
    const std::string statement = make_report_statement(of, text, file_name_of(path));
    std::string envelope = to_json(sign_payload(in_toto_payload_type, statement, *options_->key));
    if (envelope.size() > largest_envelope) {
      throw environment_error{directory_.where(path), "the report names too many artifacts to be signed",
                              "verify them in several runs"};
    }
    return envelope;
  }

  void add_line(ledger_entry& entry) {
    entry.sequence = next_sequence();
    entry.previous = previous();
    entry.recorded = now();
    const std::string line = to_json(entry);
    write_line(line + "\n", lines_.size);
    lines_.size += line.size() + 1;
    last_ = entry;
    last_sha256_ = sha256_of(line);
  }

  /// All of `bytes` in one write at the end, which is at `size`; on failure the file is cut back to that.
  void write_line(std::string_view bytes, std::uint64_t size) const {
    ssize_t done = -1;
    do {
      done = ::write(lines_.descriptor.get(), bytes.data(), bytes.size());
    } while (done < 0 && errno == EINTR);
    int problem = done < 0 ? errno : static_cast<std::size_t>(done) != bytes.size() ? ENOSPC : 0;
    if (problem == 0 && ::fsync(lines_.descriptor.get()) != 0 && errno != EINVAL && errno != ENOTSUP) problem = errno;
    if (problem == 0) return;
    if (::ftruncate(lines_.descriptor.get(), static_cast<off_t>(size)) != 0) {
      throw write_error(lines_where(), "add a whole line; the next run removes what was written of it", problem);
    }
    throw write_error(lines_where(), "add a line", problem);
  }

  void write_head() {
    const std::string statement = make_head_statement({last_->sequence, last_sha256_, last_->recorded});
    directory_.write(ledger_files::head, to_json(sign_payload(in_toto_payload_type, statement, *options_->key)), 0644);
    signed_sequence_ = last_->sequence;
  }

  const ledger_options* options_;
  ledger_directory directory_;
  ledger_lock lock_;
  ledger_file lines_;
  std::optional<ledger_entry> last_;
  std::string last_sha256_;
  std::uint64_t signed_sequence_ = 0;  // 0: no head
  bool head_there_ = false;
  std::vector<finding> findings_;
};

}  // namespace detail

/// Whether a report could be added to the ledger at `directory`, as far as that can be told without doing it. Throws
/// `environment_error` as `append_to_ledger` would. Nothing is waited for; a directory that is missing is not made.
inline void require_writable_ledger(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 && errno == ENOENT) {
    std::string parent = directory;
    while (parent.size() > 1 && parent.ends_with('/')) parent.pop_back();
    parent = detail::directory_prefix(parent);
    if (::faccessat(AT_FDCWD, parent.empty() ? "." : parent.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
      throw write_error(location{directory}, "create the ledger's directory", errno);
    return;
  }
  const ledger_directory opened = ledger_directory::open(directory);
  if (::faccessat(opened.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    throw write_error(location{directory}, "write into the ledger's directory", errno);
  const ledger_file lines = opened.open_file(ledger_files::lines, O_RDWR | O_APPEND);
  if (lines.error != 0 && lines.error != ENOENT)
    throw write_error(opened.where(ledger_files::lines), "open for writing", lines.error);
}

/// Stores the report `text`, a whole document, in the ledger at `directory`, which is made where there is none, and
/// returns when report, signature, line and head are on the medium. The last line alone is read, however long the
/// ledger. Throws `usage_error` for what is no report, or a head that neither `key` nor a trusted key signed;
/// `stream_error` when the ledger is damaged, lacks signed lines or would have to be rewritten: it stays as it is;
/// `environment_error` when it cannot be written: what was written before stays consistent, the next run completes it.
inline append_result append_to_ledger(const std::string& directory, std::string_view text,
                                      const ledger_options& options = {}) {
  if (text.size() > largest_report) {
    throw environment_error{location{directory},
                            fmt::format("a report of {} is too large for the ledger, at most {} is read",
                                        format_byte_size(text.size()), format_byte_size(largest_report)),
                            "verify fewer artifacts in one run"};
  }
  const report of = parse_report(text, "report");
  if (!is_tool_name(of.tool)) {
    throw usage_error{
        fmt::format("report: /tool/name: the name of a tool is expected, found {}", printable(of.tool, 80))};
  }
  return detail::ledger_writer{directory, options}.append(text, of);
}

}  // namespace knowngood
