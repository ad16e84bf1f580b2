// read_ledger: the lines of a ledger, each checked for itself and against the one before it; and the reports they list.
//
// Layer: ledger. What is wrong with a ledger are findings, and reading goes on: what stands elsewhere is still
// evidence. Example: for (const auto& line : read_ledger(dir).lines) load_report(dir, line.entry);
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/ledger/ledger_directory.hpp"
#include "knowngood/ledger/ledger_line.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/report/read_report.hpp"

namespace knowngood {

/// Sizes that knowngood believes in, whatever a ledger says.
inline constexpr std::size_t longest_ledger_line = 16'384;
inline constexpr std::uint64_t largest_head = 65'536;
inline constexpr std::uint64_t largest_envelope = 64ULL << 20U;
inline constexpr std::uint64_t largest_report = 512ULL << 20U;

/// A line as it stands in the file.
struct ledger_line_bytes {
  std::uint64_t number = 0;  ///< from 1
  std::uint64_t offset = 0;
  std::string_view bytes;  ///< without its newline; empty when it is too long
  bool ended = true;       ///< by a newline
  bool too_long = false;
};

/// Calls `use` with each line of an open ledger, up to the size that it was opened with. Throws `environment_error`.
template <typename Use>
void each_ledger_line(const ledger_file& file, const location& where, Use use) {
  constexpr std::size_t chunk_size = 262'144;
  std::string held;
  ledger_line_bytes line{1, 0, {}, true, false};
  for (std::uint64_t at = 0; at < file.size;) {
    const std::string chunk =
        ledger_directory::read_at(file, at, std::min<std::uint64_t>(chunk_size, file.size - at), where);
    if (chunk.empty()) throw system_error(where, "read all of what was there a moment ago", EIO);
    for (std::size_t begin = 0; begin < chunk.size();) {
      const std::size_t newline = chunk.find('\n', begin);
      const std::string_view part = std::string_view{chunk}.substr(begin, newline - begin);
      line.too_long = line.too_long || held.size() + part.size() > longest_ledger_line;
      if (line.too_long) {
        held.clear();
      } else {
        held += part;
      }
      begin = newline == std::string::npos ? chunk.size() : newline + 1;
      if (newline == std::string::npos) continue;
      line.bytes = held;
      use(line);
      held.clear();
      line = {line.number + 1, at + begin, {}, true, false};
    }
    at += chunk.size();
  }
  if (line.offset == file.size) return;
  line.bytes = held;
  line.ended = false;
  use(line);
}

struct listed_line {
  ledger_entry entry;
  std::uint64_t number = 0;  ///< in the file, from 1
  std::string sha256;        ///< of the line
};

/// Findings in the order in which they came, up to a number that a person may read, and how many there were. Errors
/// have room of their own: whoever adds remarks by the thousand must not push an error out of sight.
struct bounded_findings {
  static constexpr std::size_t most = 1000;  ///< of errors; and of all others together
  std::vector<finding> findings;
  std::uint64_t errors_left_out = 0;
  std::uint64_t others_left_out = 0;  ///< warnings and notes

  void add(finding one) {
    const bool error = is_error(one);
    std::size_t& kept = error ? errors_ : others_;
    if (kept == most) {
      ++(error ? errors_left_out : others_left_out);
      return;
    }
    ++kept;
    findings.push_back(std::move(one));
  }

 private:
  std::size_t errors_ = 0;
  std::size_t others_ = 0;
};

struct ledger_listing {
  std::vector<listed_line> lines;  ///< those that can be read
  std::uint64_t line_count = 0;    ///< all of them
  bounded_findings problems;       ///< `ledger.line`, `ledger.chain`, `ledger.torn`
};

namespace detail {

/// Follows the chain from line to line.
class chain_reader {
 public:
  chain_reader(const ledger_directory& directory, ledger_listing& listing)
      : where_{directory.where(ledger_files::lines)}, listing_{&listing} {}

  void read(const ledger_line_bytes& line) {
    listing_->line_count = line.number;
    const location where = (where_ / fmt::format("line {}", line.number)).at(line.offset);
    // Something unreadable or skipped behind this line says nothing about the ones after it.
    const std::uint64_t expected = std::exchange(sequence_, sequence_ + 1);
    const std::optional<std::string> before = std::exchange(previous_, std::nullopt);
    try {
      if (line.too_long) {
        throw stream_error{checks::ledger_line, where, "is too long to be a line of a ledger",
                           fmt::format("at most {} bytes", longest_ledger_line)};
      }
      previous_ = sha256_of(line.bytes);
      if (!line.ended) {
        throw stream_error{checks::ledger_torn, where,
                           "the last line has no end: the run that wrote it was killed, or "
                           "the line was cut"};
      }
      ledger_entry entry = parse_ledger_line(line.bytes, where);
      follow(entry, line.number, expected, before, where);
      listing_->lines.push_back({std::move(entry), line.number, *previous_});
    } catch (const stream_error& error) {
      listing_->problems.add(error.as_finding());
    }
  }

 private:
  void follow(const ledger_entry& entry, std::uint64_t number, std::uint64_t expected,
              const std::optional<std::string>& before, const location& where) {
    if (entry.sequence != expected) {
      listing_->problems.add(
          make_finding(checks::ledger_chain, where,
                       entry.sequence > expected ? "does not follow the line before it: lines were removed or moved"
                                                 : "does not follow the line before it: lines were repeated or moved",
                       fmt::format("sequence {}", expected), fmt::format("sequence {}", entry.sequence)));
      sequence_ = entry.sequence + 1;
    } else if (before && entry.previous != *before) {
      listing_->problems.add(make_finding(
          checks::ledger_chain, where,
          number == 1 ? "is the first line and says that there was one before it: lines were removed"
                      : fmt::format("was written after another line {} than the one that is there: that one was edited",
                                    number - 1),
          entry.previous, *before));
    }
    if (recorded_ && entry.recorded < *recorded_) {
      auto problem = make_finding(checks::ledger_line, where,
                                  "was recorded before the line above it: the clock was set back in between",
                                  to_rfc3339(*recorded_), to_rfc3339(entry.recorded));
      problem.severity = severity::note;
      listing_->problems.add(std::move(problem));
    }
    recorded_ = entry.recorded;
  }

  location where_;
  ledger_listing* listing_;
  std::uint64_t sequence_ = 1;
  std::optional<std::string> previous_ = ledger_beginning;
  std::optional<moment> recorded_;
};

/// The lines of an open directory, whose lock is held.
inline ledger_listing read_lines(const ledger_directory& directory) {
  const location where = directory.where(ledger_files::lines);
  const ledger_file file = directory.open_file(ledger_files::lines);
  if (file.error == ENOENT) {
    throw environment_error{where, "is not there: this directory holds no ledger",
                            "check the path; make a ledger with verify --ledger DIR; or restore it from a copy"};
  }
  if (file.error == ELOOP) {
    throw environment_error{where, "is a symbolic link or no regular file",
                            "find out who put it there, and restore the ledger from a copy"};
  }
  if (!file.is_there()) throw system_error(where, "open", file.error);
  ledger_listing listing;
  chain_reader chain{directory, listing};
  each_ledger_line(file, where, [&](const ledger_line_bytes& line) { chain.read(line); });
  return listing;
}

/// The bytes of a listed report, which are as many as its line says and have that SHA-256. Throws `stream_error` or
/// `environment_error`.
inline std::string read_listed_report(const ledger_directory& directory, const ledger_entry& entry) {
  const location where = directory.where(entry.report);
  const ledger_file file = directory.open_file(entry.report);
  if (file.error == ENOENT) {
    throw stream_error{checks::ledger_report_missing, where,
                       fmt::format("the report of line {} is not there", entry.sequence)};
  }
  if (file.error == ELOOP) {
    throw stream_error{checks::ledger_report_altered, where,
                       "a symbolic link or something else that is no regular file is in the report's place"};
  }
  if (!file.is_there()) throw system_error(where, "open the report", file.error);
  if (file.size != entry.about.bytes) {
    throw stream_error{checks::ledger_report_altered, where,
                       fmt::format("is not the report that line {} vouches for: it has another size", entry.sequence),
                       fmt::format("{} bytes", entry.about.bytes), fmt::format("{} bytes", file.size)};
  }
  if (file.size > largest_report) {
    throw environment_error{where, fmt::format("is too large to be read: {}", format_byte_size(file.size)),
                            "check it with sha256sum against its line"};
  }
  std::string text = ledger_directory::read_at(file, 0, file.size, where);
  if (const std::string found = sha256_of(text); found != entry.about.sha256) {
    throw stream_error{
        checks::ledger_report_altered, where,
        fmt::format("is not the report that line {} vouches for: it has another SHA-256", entry.sequence),
        entry.about.sha256, found};
  }
  return text;
}

}  // namespace detail

/// The lines of the ledger at `path`, and what is wrong with them as such; reports and signatures are not looked at:
/// ledger/ledger_check.hpp does. Waits at most `patience` for a run that writes. Throws `environment_error` where there
/// is no ledger or it cannot be read.
inline ledger_listing read_ledger(const std::string& path,
                                  std::chrono::milliseconds patience = std::chrono::milliseconds{60'000}) {
  const auto directory = ledger_directory::open(path);
  const ledger_lock lock{directory, ledger_lock::kind::shared, patience};
  return detail::read_lines(directory);
}

/// The report that a line of the ledger at `path` lists. Throws `stream_error` when it is gone or not the one that the
/// line vouches for, `environment_error` when it cannot be read, `usage_error` when this version cannot read it.
inline report load_report(const std::string& path, const ledger_entry& entry) {
  const auto directory = ledger_directory::open(path);
  return parse_report(detail::read_listed_report(directory, entry), directory.where(entry.report).to_string());
}

}  // namespace knowngood
