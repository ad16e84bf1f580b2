// vouching: what checksum files say about an artifact, and whether it is so.
//
// Layer: verify. Which file a line stands for is the rule of hash/listed_file.hpp. A line whose name is not its file's
// (absolute, of another directory, temporary) is a note where the digest agrees: `sha256sum -c` could not find it, the
// bytes are proved all the same.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/hash/checksum_file.hpp"
#include "knowngood/hash/listed_file.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/file_source.hpp"

namespace knowngood {

/// What lies where a list lies, on the disk of this host.
class files_on_disk final : public listed_surroundings {
 public:
  [[nodiscard]] bool holds(const std::string& path) const override {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    return status.type() != std::filesystem::file_type::not_found &&
           status.type() != std::filesystem::file_type::directory;
  }

  [[nodiscard]] std::vector<std::string> starting_with(const std::string& prefix) const override {
    std::vector<std::string> found;
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path{prefix}.parent_path();
    for (std::filesystem::directory_iterator one{folder, error}, end; !error && one != end; one.increment(error)) {
      std::string path = one->path().string();
      if (path.starts_with(prefix) && holds(path)) found.push_back(std::move(path));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

/// A checksum file, read, its lines found by the file they stand for.
class checksum_file {
 public:
  struct line {
    const checksum_entry* entry;
    listed_as how;
  };

  checksum_file(std::string path, checksum_list list, const listed_surroundings& files = files_on_disk{})
      : path_{std::move(path)}, list_{std::move(list)} {
    const std::string self = normal(path_);
    for (const auto& entry : list_.entries) {
      places_.push_back(find_listed(entry, list_, self, files));
      const listed_file& place = places_.back();
      if (place.how != listed_as::itself && !place.path.empty()) by_path_.emplace(place.path, places_.size() - 1);
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string name() const { return std::filesystem::path{path_}.filename().string(); }
  [[nodiscard]] const checksum_list& list() const noexcept { return list_; }
  /// What each of the list's entries stands for.
  [[nodiscard]] const std::vector<listed_file>& places() const noexcept { return places_; }

  /// A place as the user would write it: below the list's directory, as the list's own path is written.
  [[nodiscard]] std::string shown(const listed_file& place) const {
    const std::string folder = normal(path_).substr(0, normal(path_).rfind('/') + 1);
    if (!place.path.starts_with(folder)) return place.path;
    return (std::filesystem::path{path_}.parent_path() / place.path.substr(folder.size())).string();
  }
  [[nodiscard]] bool below(const listed_file& place) const {
    return place.path.starts_with(normal(path_).substr(0, normal(path_).rfind('/') + 1));
  }

  /// The lines that stand for `artifact`. `own`: somebody said that the list is this artifact's.
  [[nodiscard]] std::vector<line> lines_about(const std::string& artifact, bool own = false) const {
    std::vector<line> found;
    const std::string path = normal(artifact);
    for (auto [at, end] = by_path_.equal_range(path); at != end; ++at) {
      found.push_back({&list_.entries[at->second], places_[at->second].how});
      if (found.back().how == listed_as::missing) found.back().how = listed_as::exact;  // it came meanwhile
    }
    if (!found.empty() || !own || list_.entries.size() != 1) return found;
    const listed_file& only = places_.front();
    if (only.how == listed_as::missing || names_no_file(list_.entries.front())) {
      found.push_back({&list_.entries.front(), listed_as::own});
    }
    return found;
  }

  /// True when it is for `artifact` alone by its name: `x.sql.gz.sha256` or `x.sha256` for `x.sql.gz`.
  [[nodiscard]] bool named_after(const std::string& artifact) const { return is_named_after(path_, artifact); }

  /// A path as places have it.
  static std::string normal(const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
  }

 private:
  std::string path_;
  checksum_list list_;
  std::vector<listed_file> places_;                  // of each entry
  std::multimap<std::string, std::size_t> by_path_;  // entries by the file that they stand for
};

/// Reads and parses `path`. Throws `environment_error` when it cannot be read or is larger than `bounds.list_bytes`.
inline checksum_file read_checksum_file(const std::string& path, const limits& bounds) {
  const location where{path};
  file_source file{path, where};
  const std::string text = read_all(file, where, bounds.list_bytes);
  return {path, parse_checksum_list(text, std::filesystem::path{path}.filename().string())};
}

/// Whether one line vouches for the bytes of these digests (algorithm name to hex).
inline bool agrees(const checksum_entry& entry, const std::map<std::string, std::string>& digests) {
  return std::any_of(entry.candidates.begin(), entry.candidates.end(), [&](const digest_algorithm& algorithm) {
    const auto found = digests.find(algorithm.name());
    return found != digests.end() && found->second == entry.digest;
  });
}

/// Compares one line with the digests of the bytes that it stands for (algorithm name to hex). Returns whether it
/// vouches for them; a difference, or a digest that was not computed, is reported at `where`.
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
    findings.report(make_finding(
        checks::checksum_unsupported, where,
        fmt::format("line {} of {} uses a digest that cannot be computed", entry.line, printable(list_name)),
        "MD5, SHA-1, SHA-2 or BLAKE2b", printable(entry.tag)));
    return false;
  }
  findings.report(make_finding(
      checks::checksum_mismatch, where,
      fmt::format("the content differs from what line {} of {} vouches for", entry.line, printable(list_name)),
      fmt::format("{} {}", entry.candidates.front().name(), entry.digest), actual));
  return false;
}

/// A line that stands for the list itself, which was empty or another when it was written.
inline finding line_about_itself(const checksum_entry& entry, location where) {
  return make_finding(checks::checksum_itself, std::move(where),
                      fmt::format("line {} is about the list itself", entry.line), "other files",
                      printable(entry.name));
}

/// Lines that are none, an empty list, an encoding that only people can read.
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
  if (list.utf16 || list.byte_order_mark) {
    findings.report(make_finding(checks::checksum_encoding, where,
                                 fmt::format("the checksum tools cannot read {}", printable(list_name)), "plain text",
                                 list.utf16 ? "UTF-16" : "a byte order mark"));
  }
  std::map<std::string_view, const checksum_entry*> seen;
  for (const auto& entry : list.entries) {
    if (names_no_file(entry)) continue;
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

}  // namespace knowngood
