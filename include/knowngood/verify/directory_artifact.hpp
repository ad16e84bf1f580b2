// directory_artifact: a backup that is stored as a directory, as one artifact: what the policy says that it must hold,
// of which kind, with which manifest, and whether it is an older one over again.
//
// Layer: verify. Its files are verified one by one; this judges what takes all of them.
//   for (finding& what : judge_contents(component, artifact)) ...
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/catalog/discovery.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/inspect/promise.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/archive_contents.hpp"
#include "knowngood/verify/component_promise.hpp"

namespace knowngood {

/// A directory of a component whose files are among a run's artifacts.
struct directory_artifact {
  std::string path;
  std::string component;
  std::string series;
  std::optional<moment> timestamp;
  promised_content promised = promised_content::nothing;
  bool compared = false;  ///< an older one with the same content is a stuck job
};

/// What `contains` asks for and `artifact` does not hold. Throws `environment_error` when it cannot be listed.
inline std::vector<finding> judge_contents(const component_policy& component, const stored_artifact& artifact) {
  std::vector<finding> findings;
  if (component.contains.empty()) return findings;
  const directory_contents inside = list_directory(artifact.path);
  for (const auto& wanted : component.contains) {
    const bool there = std::any_of(inside.entries.begin(), inside.entries.end(), [&](const directory_entry& entry) {
      return !entry.dangling && entry.directory == wanted.for_directories() && wanted.match(entry.name);
    });
    if (there) continue;
    findings.push_back(make_finding(checks::presence_incomplete, location{artifact.path},
                                    "the directory lacks what the policy says it must hold", wanted.text(), "none"));
  }
  return findings;
}

/// The regular files below `path` as an archive of them would have them, for a manifest to be held against.
inline std::vector<member_fact> members_of_directory(const std::string& path) {
  std::vector<member_fact> members;
  std::error_code error;
  std::filesystem::recursive_directory_iterator walk{path, error};
  for (; !error && walk != std::filesystem::recursive_directory_iterator{}; walk.increment(error)) {
    std::error_code gone;
    member_fact member;
    member.name = walk->path().lexically_relative(path).string();
    member.where = location{walk->path().string()};
    if (walk->is_directory(gone)) {
      member.type = member_type::directory;
    } else if (!walk->is_regular_file(gone)) {
      member.type = member_type::other;
    } else {
      member.size = walk->file_size(gone);
      const auto written = std::filesystem::last_write_time(walk->path(), gone);
      if (!gone) {
        member.modified =
            std::chrono::duration<double>(std::chrono::file_clock::to_sys(written).time_since_epoch()).count();
      }
    }
    members.push_back(std::move(member));
  }
  if (error) throw detail::cannot(path, "list the directory", error.value());
  return members;
}

namespace detail {

inline component_report* report_of(const std::string& component, report& result) {
  for (auto& one : result.components) {
    if (one.name == component) return &one;
  }
  return nullptr;
}

using artifacts_by_path = std::map<std::string_view, const artifact_report*>;

// The files of `directory` among the run's artifacts, by their path in it; checksum lists are none of them.
inline std::map<std::string, const artifact_report*> files_of(const directory_artifact& directory,
                                                              const artifacts_by_path& all) {
  std::map<std::string, const artifact_report*> files;
  const std::string prefix = directory.path + "/";
  if (const auto whole = all.find(directory.path); whole != all.end()) files[""] = whole->second;
  for (auto one = all.lower_bound(prefix); one != all.end() && one->first.starts_with(prefix); ++one) {
    if (one->second->kind != to_string(content::checksum_list))
      files[std::string{one->first.substr(prefix.size())}] = one->second;
  }
  return files;
}

}  // namespace detail

/// Judges the run's directories, oldest first, once their files are verified: the kind that the policy promises, and
/// whether a directory is an older one over again.
inline void judge_directories(const std::vector<directory_artifact>& directories, report& result) {
  std::map<std::string, const directory_artifact*> first_with;  // by component, series and content
  detail::artifacts_by_path all;
  if (!directories.empty()) {
    for (const auto& one : result.artifacts) all.emplace(one.path, &one);
  }
  for (const auto& directory : directories) {
    component_report* component = detail::report_of(directory.component, result);
    if (component == nullptr) continue;
    const auto files = detail::files_of(directory, all);
    const bool kept = std::any_of(files.begin(), files.end(),
                                  [&](const auto& file) { return is_kept_by(directory.promised, file.second->kind); });
    if (!kept && directory.promised != promised_content::nothing) {
      component->findings.push_back(make_finding(
          checks::file_kind, location{directory.path}, "nothing in the directory is what the component's kind promises",
          std::string{to_string(directory.promised)}, fmt::format("{} files of other kinds", files.size())));
    }
    if (!directory.compared || !directory.timestamp || files.empty()) continue;
    std::string content = directory.component + '\n' + directory.series + '\n';
    bool whole = true;
    for (const auto& [name, file] : files) {
      const auto digest = file->digests.find("SHA256");
      whole = whole && digest != file->digests.end();
      if (whole) content += digest->second + '\n';
    }
    if (!whole) continue;
    const auto [before, fresh] = first_with.try_emplace(std::move(content), &directory);
    if (fresh || before->second->timestamp == directory.timestamp) continue;
    component->findings.push_back(make_finding(
        checks::presence_identical, location{directory.path},
        "the content is that of an older artifact, to the last byte", "content of its own",
        fmt::format("identical to {} of {}", printable(before->second->path), to_rfc3339(*before->second->timestamp))));
  }
}

}  // namespace knowngood
