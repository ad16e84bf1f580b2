// vouching: what checksum files say about an artifact, and whether it is so.
//
// Layer: verify. A relative name is one beside the checksum file. An absolute one that has moved is matched by its last
// part beside the checksum file, and reported as moved: `sha256sum -c` could not find it, the bytes are proved all the same.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/hash/checksum_file.hpp"
#include "restorable/io/drain.hpp"
#include "restorable/io/file_source.hpp"

namespace restorable {

/// How a line's name stands for an artifact.
enum class listed_as : unsigned char { none, exact, moved };

/// A checksum file, read, its lines found by the file they stand for.
class checksum_file {
 public:
  struct line {
    const checksum_entry* entry;
    listed_as how;
  };

  checksum_file(std::string path, checksum_list list) : path_{std::move(path)}, list_{std::move(list)} {
    const std::filesystem::path folder = normal(path_).parent_path();
    for (std::size_t i = 0; i < list_.entries.size(); ++i) {
      const std::filesystem::path listed{list_.entries[i].name};
      by_path_.emplace((folder / listed).lexically_normal().string(), i);
      if (listed.is_absolute()) absolute_.emplace((folder / listed.filename()).string(), i);
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string name() const { return std::filesystem::path{path_}.filename().string(); }
  [[nodiscard]] const checksum_list& list() const noexcept { return list_; }

  /// Where the file that a line stands for lies: relative names beside this file, absolute ones where they say or, when
  /// nothing is there, beside this file.
  [[nodiscard]] std::string file_of(const checksum_entry& entry) const {
    const std::filesystem::path listed{entry.name};
    const std::filesystem::path folder = std::filesystem::path{path_}.parent_path();
    std::error_code unreadable;
    if (listed.is_absolute() && std::filesystem::exists(listed, unreadable)) return entry.name;
    return (folder / (listed.is_absolute() ? listed.filename() : listed)).lexically_normal().string();
  }

  /// The lines that stand for `artifact`.
  [[nodiscard]] std::vector<line> lines_about(const std::string& artifact) const {
    std::vector<line> found;
    const std::string path = normal(artifact).string();
    for (auto [at, end] = by_path_.equal_range(path); at != end; ++at) {
      found.push_back({&list_.entries[at->second], listed_as::exact});
    }
    for (auto [at, end] = absolute_.equal_range(path); at != end; ++at) {
      const checksum_entry& entry = list_.entries[at->second];
      if (std::any_of(found.begin(), found.end(), [&](const line& one) { return one.entry == &entry; })) continue;
      std::error_code not_there;
      const bool same = std::filesystem::equivalent(entry.name, artifact, not_there);
      found.push_back({&entry, same ? listed_as::exact : listed_as::moved});
    }
    return found;
  }

  /// True when it is for `artifact` alone by its name: `x.sql.gz.sha256` or `x.sha256` for `x.sql.gz`.
  [[nodiscard]] bool named_after(const std::string& artifact) const {
    const std::string stem = std::filesystem::path{path_}.stem().string();
    const std::string file = std::filesystem::path{artifact}.filename().string();
    return file == stem || (file.starts_with(stem) && file[stem.size()] == '.');
  }

 private:
  static std::filesystem::path normal(const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal();
  }

  std::string path_;
  checksum_list list_;
  std::multimap<std::string, std::size_t> by_path_;   // absolute path of the file that a line names
  std::multimap<std::string, std::size_t> absolute_;  // of lines with an absolute name: the same name beside this file
};

/// Reads and parses `path`. Throws `environment_error` when it cannot be read or is larger than `bounds.list_bytes`.
inline checksum_file read_checksum_file(const std::string& path, const limits& bounds) {
  const location where{path};
  file_source file{path, where};
  const std::string text = read_all(file, where, bounds.list_bytes);
  return {path, parse_checksum_list(text, std::filesystem::path{path}.filename().string())};
}

/// Compares one line with the digests of the bytes that it stands for (algorithm name to hex). Returns whether it vouches
/// for them; a difference, or a digest that was not computed, is reported at `where`.
inline bool check_line(const checksum_entry& entry, const std::map<std::string, std::string>& digests,
                       const std::string& list_name, const location& where, finding_sink& findings) {
  std::string actual;
  for (const auto& algorithm : entry.candidates) {
    const auto found = digests.find(algorithm.name());
    if (found == digests.end()) continue;
    if (found->second == entry.digest) return true;
    if (actual.empty()) actual = fmt::format("{} {}", algorithm.name(), found->second);
  }
  if (actual.empty()) {
    findings.report(make_finding(checks::checksum_unsupported, where,
                                 fmt::format("line {} of {} uses a digest that cannot be computed", entry.line,
                                             printable(list_name)),
                                 "MD5, SHA-1, SHA-2 or BLAKE2b", printable(entry.tag)));
    return false;
  }
  findings.report(make_finding(checks::checksum_mismatch, where,
                               fmt::format("the content differs from what line {} of {} vouches for", entry.line,
                                           printable(list_name)),
                               fmt::format("{} {}", entry.candidates.front().name(), entry.digest), actual));
  return false;
}

/// Lines that are none, and an empty list.
inline void check_list_form(const checksum_list& list, const std::string& list_name, const location& where,
                            finding_sink& findings) {
  for (const auto& line : list.malformed_lines) {
    findings.report(make_finding(checks::checksum_malformed, where,
                                 fmt::format("line {} of {} is no checksum line", line.line, printable(list_name)),
                                 "a digest and a name", fmt::format("\"{}\"", printable(line.text, 80))));
  }
  if (list.entries.empty() && list.malformed_lines.empty()) {
    findings.report(make_finding(checks::checksum_empty, where, fmt::format("{} lists nothing", printable(list_name)),
                                 "at least one line", "none"));
  }
  std::map<std::string_view, const checksum_entry*> seen;
  for (const auto& entry : list.entries) {
    const auto [at, fresh] = seen.try_emplace(entry.name, &entry);
    if (fresh || at->second->candidates != entry.candidates) continue;
    if (at->second->digest == entry.digest) {
      findings.report(make_finding(checks::checksum_duplicate, where,
                                   fmt::format("lines {} and {} of {} list {} twice", at->second->line, entry.line,
                                               printable(list_name), printable(entry.name))));
    } else {
      findings.report(make_finding(checks::checksum_conflict, where,
                                   fmt::format("lines {} and {} of {} disagree about {}", at->second->line, entry.line,
                                               printable(list_name), printable(entry.name)),
                                   at->second->digest, entry.digest));
    }
  }
}

}  // namespace restorable
