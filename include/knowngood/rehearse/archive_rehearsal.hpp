// rehearse_archive: restores one archive into a directory and judges what stands there then: whole, as its manifest
// says, with the files that must be there, with a configuration that docker compose understands.
//
// Layer: rehearse. Whatever goes wrong is in the result; nothing is thrown but `interrupted`.
//   archive_result done = rehearse_archive({.artifact = "/backups/config.tar.gz", .directory = "/scratch/config",
//                                              .required_files = {"docker-compose.yml", ".env"}, .configuration =
//                                              true});
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/archive/confined_directory.hpp"
#include "knowngood/archive/detect_tar.hpp"
#include "knowngood/archive/extract.hpp"
#include "knowngood/archive/open_archive.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/rehearse/configuration_files.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/verify/archive_contents.hpp"

namespace knowngood {

struct archive_request {
  std::string artifact = {};             ///< path of the stored archive, compressed or not
  std::filesystem::path directory = {};  ///< to restore into: empty, and of nobody else's concern
  /// Paths that must be there as regular files with content: `.env`, `api/*.py`; `*` stands for any characters but `/`.
  /// With a slash at its end, a directory that holds something.
  std::vector<std::string> required_files = {};
  std::optional<std::string> manifest = {};           ///< path of the manifest beside the archive
  std::optional<manifest_kind> manifest_format = {};  ///< none: the models' for `.json`, a file list otherwise
  bool configuration = false;                         ///< whether compose files and `.env` are looked into
  /// What verifying the same artifact learnt; the digests are held against what was restored. Outlives the call.
  const std::vector<member_fact>* verified = nullptr;
  limits bounds = {};
  bool keep_owner = false;                           ///< see extract_options
  bool volume = false;                               ///< owners and modes of its directories matter
  stop_flag stop = {};                               ///< asked: the rehearsal ends with `interrupted`
  std::function<void(std::uint64_t)> on_bytes = {};  ///< stored bytes read; called from another thread
};

struct archive_result {
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  extract_result restored;                                      ///< `members`, and how many of what
  std::vector<std::pair<std::string, std::string>> properties;  ///< for the report: `files`, `services`, …
  double seconds = 0;                                           ///< wall clock, of restoring alone
};

namespace detail {

/// Whether `path` fits `pattern`, in which `*` stands for any characters but a slash.
inline bool fits_file_pattern(std::string_view pattern, std::string_view path) {
  std::size_t p = 0;
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_at = 0;
  while (at < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_at = at;
    } else if (p < pattern.size() && pattern[p] == path[at]) {
      ++p;
      ++at;
    } else if (star != std::string_view::npos && path[star_at] != '/') {
      p = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

class archive_rehearsal {
 public:
  explicit archive_rehearsal(const archive_request& request) : request_{request}, where_{request.artifact} {}

  archive_result run() {
    const auto started = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    };
    guarded([&] {
      const confined_directory into{request_.directory};
      try {
        restore(into);
      } catch (...) {
        result_.seconds = elapsed();
        throw;
      }
      result_.seconds = elapsed();
      judge(into);
    });
    result_.findings = findings_.snapshot();
    return std::move(result_);
  }

 private:
  template <typename Action>
  void guarded(Action&& action) {
    knowngood::guarded(
        where_, [&](const finding& one) { findings_.report(one); },
        [&](unchecked_item item) { result_.unchecked.push_back(std::move(item)); }, std::forward<Action>(action));
  }

  void restore(const confined_directory& into) {
    auto stored = std::make_unique<lookahead>(
        open_archive(request_.artifact, where_, request_.bounds, findings_, request_.on_bytes));
    // What is none may be a tar whose beginning is damaged, if its name says that it is one.
    constexpr std::size_t head = 2 * tar_block;
    const byte_view first = stored->peek(head);
    if (first.empty() && stored->next().empty()) {  // which throws where it is not empty but cannot be read
      findings_.report(
          make_finding(checks::file_empty, where_, "there is nothing to restore", "a tar archive", "0 bytes"));
      return;
    }
    if (!is_tar(first) && claims_of(request_.artifact).inner != content::tar) {
      findings_.report(make_finding(checks::file_kind, where_, "the artifact is no archive that can be restored",
                                    "a tar archive", std::string{to_string(detect_content(first))}));
      return;
    }
    extract_options options;
    options.bounds = request_.bounds;
    options.keep_owner = request_.keep_owner;
    options.stop = request_.stop;
    result_.restored = extract(std::move(stored), where_, into, options, findings_);
  }

  void judge(const confined_directory& into) {
    const extract_result& restored = result_.restored;
    result_.properties = {{"files", fmt::format("{}", restored.files)},
                          {"directories", fmt::format("{}", restored.directories)},
                          {"links", fmt::format("{}", restored.links)}};
    if (!restored.complete) return;  // said already, and whatever is missing is missing for it
    compare_with_disk(into);
    compare_with_verified();
    if (request_.volume) check_directories();
    guarded([&] { require_files(into); });
    if (request_.manifest) guarded([&] { compare_with_manifest(into, *request_.manifest); });
    if (!request_.configuration) return;
    guarded([&] {
      const configuration_result seen = check_configuration_files(into, where_, request_.bounds, findings_);
      result_.properties.emplace_back("compose_files", fmt::format("{}", seen.compose_files));
      result_.properties.emplace_back("services", fmt::format("{}", seen.services));
    });
  }

  // Every file stands there with its size, as the last member of its name has it.
  void compare_with_disk(const confined_directory& into) {
    std::map<std::string_view, const extracted_member*> last;
    for (const auto& member : result_.restored.members) last[member.path] = &member;
    for (const auto& [path, member] : last) {
      if (member->type != entry_type::file) continue;
      const auto found = into.status(path);
      const bool whole = found && S_ISREG(found->st_mode) && static_cast<std::uint64_t>(found->st_size) == member->size;
      if (whole) continue;
      findings_.report(make_finding(checks::restore_content, where_ / member->name,
                                    "the restored file is not what was written",
                                    fmt::format("a file of {} bytes", member->size),
                                    found ? fmt::format("{} bytes", found->st_size) : std::string{"nothing"}));
    }
    if (!result_.restored.members_complete) {
      result_.properties.emplace_back("members_compared", fmt::format("{}", result_.restored.members.size()));
    }
  }

  // Member by member in the archive's order: names may be there twice.
  void compare_with_verified() {
    if (request_.verified == nullptr) return;
    std::map<std::string_view, std::vector<const member_fact*>> known;
    for (const auto& fact : *request_.verified) {
      if (fact.sha256 && fact.type == member_type::file) known[fact.name].push_back(&fact);
    }
    for (const auto& member : result_.restored.members) {
      const auto facts = known.find(member.name);
      if (facts == known.end() || member.sha256.empty()) continue;
      bool same = false;
      for (const member_fact* fact : facts->second) same |= *fact->sha256 == member.sha256;
      if (same) continue;
      findings_.report(make_finding(checks::restore_content, where_ / member.name,
                                    "the restored content is not what was verified", *facts->second.front()->sha256,
                                    member.sha256));
    }
  }

  // A directory that holds files and has no entry of its own comes back with the owner and mode of whoever restores.
  // Those that only lead to what was archived are there already, where it is restored.
  void check_directories() {
    std::set<std::string_view> named;
    std::set<std::string_view> implied;
    for (const auto& member : result_.restored.members) {
      if (member.type == entry_type::directory) named.insert(member.path);
      const std::size_t slash = member.path.rfind('/');
      if (member.type != entry_type::directory && slash != std::string::npos)
        implied.insert(std::string_view{member.path}.substr(0, slash));
    }
    std::string_view first;
    std::size_t missing = 0;
    for (const auto& directory : implied) {
      if (named.contains(directory)) continue;
      if (missing++ == 0) first = directory;
    }
    if (missing == 0) return;
    findings_.report(make_finding(
        checks::restore_implied_directory, where_,
        "directories have no entry in the archive: a restore gives them the owner and mode of whoever extracts",
        "an entry for every directory", fmt::format("{} without, first {}", missing, printable(first, 200))));
  }

  void require_files(const confined_directory& into) {
    std::map<std::string, std::string> missing;  // pattern to what is there instead
    for (const auto& pattern : request_.required_files) {
      if (!present(into, pattern)) missing.emplace(pattern, "nothing");
    }
    if (missing.empty()) return;
    // Patterns, and what could not be used as it is.
    into.walk([&](const std::string& path, const struct stat& status) {
      for (auto& [pattern, instead] : missing) {
        if (instead.empty() || !fits_file_pattern(plain_member_name(pattern), path)) continue;
        if (pattern.find('*') != std::string::npos && present(into, path)) {
          instead.clear();
        } else {
          instead = S_ISREG(status.st_mode)   ? "an empty file"
                    : S_ISDIR(status.st_mode) ? "a directory"
                                              : "a symbolic link to no such file";
        }
      }
      return true;
    });
    for (const auto& [pattern, instead] : missing) {
      if (instead.empty()) continue;
      findings_.report(make_finding(
          checks::restore_missing_file, where_, fmt::format("{} is required, and was not restored", printable(pattern)),
          pattern.ends_with('/') ? "a directory that holds something" : "a file with content", instead));
    }
  }

  // A required directory holds something, a required file has content. A symbolic link counts for what it leads to.
  static bool present(const confined_directory& into, std::string_view path) {
    if (path.ends_with('/')) {
      const auto real = into.resolve(path);
      return real && holds_something(into, *real);
    }
    const file_descriptor file = into.open_file(path);
    struct stat status {};
    return file.get() >= 0 && ::fstat(file.get(), &status) == 0 && status.st_size > 0;
  }

  static bool holds_something(const confined_directory& into, const std::string& path) {
    bool any = false;
    const std::string prefix = path.empty() ? "" : path + "/";
    into.walk([&](const std::string& name, const struct stat&) {
      any = name.starts_with(prefix) && name.size() > prefix.size();
      return !any;
    });
    return any;
  }

  // What stands on the disk is compared, rather than what the archive says of it.
  void compare_with_manifest(const confined_directory& into, const std::string& path) {
    std::vector<member_fact> standing;
    std::uint64_t bytes = 0;
    bool complete = true;
    into.walk([&](const std::string& name, const struct stat& status) {
      bytes += name.size();
      complete = standing.size() < request_.bounds.compared_members && bytes <= request_.bounds.list_bytes;
      if (!complete) return false;
      const member_type type = S_ISREG(status.st_mode)   ? member_type::file
                               : S_ISDIR(status.st_mode) ? member_type::directory
                               : S_ISLNK(status.st_mode) ? member_type::symlink
                                                         : member_type::other;
      const double modified =
          static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
      standing.push_back({where_ / name,
                          name,
                          type,
                          S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0,
                          modified,
                          static_cast<unsigned>(status.st_mode & 07777U),
                          std::nullopt,
                          {}});
      return true;
    });
    if (!complete) {
      throw environment_error{
          where_,
          fmt::format("more than {} restored files: the manifest was not compared", request_.bounds.compared_members),
          fmt::format("raise the limit: --limit compared_members={}",
                      result_.restored.files + result_.restored.directories + result_.restored.links)};
    }
    file_source file{path, location{path}};
    const std::string text = read_all(file, location{path}, request_.bounds.list_bytes);
    archive_contents contents{standing, where_, findings_};
    const bool json =
        request_.manifest_format ? *request_.manifest_format == manifest_kind::models : path.ends_with(".json");
    if (json) {
      contents.check_models_manifest(path, text, {});  // its timestamp is for the verification to judge
    } else {
      contents.check_file_list(path, text);
    }
  }

  const archive_request& request_;
  location where_;
  finding_list findings_;
  archive_result result_;
};

}  // namespace detail

/// Restores and judges. Reports what `extract` reports, `file.kind`, `restore.missing-file`, `restore.content`,
/// `restore.syntax`, `restore.implied-directory` for volumes, and `manifest.*` against what stands on the disk. An
/// archive that is not complete is not judged further. What could not be checked is in `unchecked`. Throws
/// `interrupted`.
inline archive_result rehearse_archive(const archive_request& request) {
  return detail::archive_rehearsal{request}.run();
}

}  // namespace knowngood
