// drill_plan: which artifacts a drill is to restore, newest first, and what the policy says of each restore.
//
// Layer: drill. Made from a policy or from paths, carried out by drill/run_drill.hpp.
//   drill_plan plan = plan_drill(estate, now, {}, bounds);
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/catalog/capture_name.hpp"
#include "knowngood/catalog/discovery.hpp"
#include "knowngood/catalog/freshness.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/directory_artifact.hpp"
#include "knowngood/verify/path_plan.hpp"
#include "knowngood/verify/policy_task.hpp"

namespace knowngood {

/// An artifact that may be restored.
struct drill_candidate {
  artifact_task task;
  std::string capture;            ///< path of the expected row sets; empty where there is none
  bool capture_promised = false;  ///< it must be there
  bool found = false;             ///< in a directory that was asked for, rather than asked for itself
};

/// Something to restore: the newest sound one of its candidates.
struct drill_target {
  std::string component;               ///< empty without a policy
  std::string series;                  ///< of the component: which volume
  bool part = false;                   ///< of a backup that is a directory
  std::optional<component_kind> kind;  ///< nothing: by its content
  drill_policy policy;
  std::vector<drill_candidate> candidates;  ///< newest first, at least one
};

struct drill_plan {
  std::vector<drill_target> targets;
  std::vector<component_report> components;
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  std::vector<component_policy>
      known;  ///< every component of the policy: what lies in a full backup is told by their names
  std::map<std::string, std::string> directories;  ///< by component: where its artifacts lie
  std::string capture;                             ///< given by the caller: some dump must be compared with it
};

namespace detail {

/// The runbook's order of recovery: the code, its configuration, volumes, the database, models, then the rest.
constexpr int recovery_rank(const std::optional<component_kind>& kind) noexcept {
  switch (kind.value_or(component_kind::any)) {
    case component_kind::git_bundle: return 0;
    case component_kind::configuration: return 1;
    case component_kind::volume: return 2;
    case component_kind::postgres_dump: return 3;
    case component_kind::models: return 4;
    case component_kind::logs: return 5;
    case component_kind::archive:
    case component_kind::any: return 6;
    case component_kind::full_system: return 7;
  }
  return 6;
}

/// Where the capture of an artifact of that name lies, in `folder`, as the policy says; nothing where it does not say.
inline std::optional<std::string> promised_capture(const component_policy& component,
                                                   const std::filesystem::path& folder, const std::string& name) {
  if (!component.drill || !component.drill->capture) return std::nullopt;
  for (const auto& pattern : component.names) {
    if (const auto said = pattern.match(name)) return (folder / component.drill->capture->expand(name, *said)).string();
  }
  return std::nullopt;
}

inline drill_candidate candidate_of(const policy& estate, const component_policy& component,
                                    const stored_artifact& artifact, moment now) {
  drill_candidate candidate;
  candidate.task = task_of(estate, component, artifact, now);
  if (const auto promised =
          promised_capture(component, std::filesystem::path{artifact.path}.parent_path(), artifact.name)) {
    candidate.capture = *promised;
    candidate.capture_promised = true;
  } else if (is_file(usual_capture_of(artifact.path))) {
    candidate.capture = usual_capture_of(artifact.path);
  }
  return candidate;
}

constexpr std::size_t stand_ins = 8;

// By what a file of a backup that is a directory is told from the others, in every such directory alike: the pattern of
// `contains` that it matches, or its path in there. Nothing for what is no backup.
inline std::optional<std::string> role_of(const component_policy& component, const std::string& directory,
                                          const std::string& path) {
  const std::string inside = path.substr(std::min(path.size(), directory.size() + 1));
  for (const auto& wanted : component.contains) {
    if (!wanted.for_directories() && wanted.match(inside)) return wanted.text();
  }
  if (is_capture_name(path) || !(component.contains.empty() || claims_of(path).any())) return std::nullopt;
  return inside;
}

// Backups that are directories, newest first: each file of the newest is restored, and where it is not sound that of
// an older one.
inline void add_directories(drill_plan& plan, const policy& estate, const component_policy& component,
                            const std::string& series, const std::vector<const stored_artifact*>& directories,
                            const limits& bounds, component_report& report) {
  std::map<std::string, drill_target> targets;
  for (const stored_artifact* directory : directories) {
    const bool newest = directory == directories.front();
    verify_plan inside = plan_paths({directory->path}, bounds);
    if (newest) {
      std::move(inside.findings.begin(), inside.findings.end(), std::back_inserter(report.findings));
      std::move(inside.unchecked.begin(), inside.unchecked.end(), std::back_inserter(plan.unchecked));
      guarded(
          location{directory->path}, [&](finding what) { report.findings.push_back(std::move(what)); },
          [&](unchecked_item item) { plan.unchecked.push_back(std::move(item)); },
          [&] {
            for (auto& what : judge_contents(component, *directory)) report.findings.push_back(std::move(what));
          });
    }
    for (auto& task : inside.tasks) {
      // a directory that is one backup as a whole has no name in itself
      const auto role = task.directory ? std::optional<std::string>{task.path.substr(directory->path.size())}
                                       : role_of(component, directory->path, task.path);
      if (!role || (!newest && !targets.contains(*role))) continue;
      drill_target& target = targets[*role];
      if (target.candidates.size() == stand_ins) continue;
      target.component = component.name;
      target.series = series;
      target.part = true;
      target.policy = component.drill.value_or(drill_policy{});
      drill_candidate candidate;
      if (is_file(usual_capture_of(task.path))) candidate.capture = usual_capture_of(task.path);
      task.component = component.name;
      task.timestamp = directory->timestamp;
      task.application_data = application_data_of(estate, component);
      task.opaque_accepted = component.content == expected_content::opaque;
      candidate.found = true;
      if (directory->checksum && directory->checksum->present) task.promised_checksum = directory->checksum->path;
      candidate.task = std::move(task);
      target.candidates.push_back(std::move(candidate));
    }
  }
  for (auto& [role, target] : targets) plan.targets.push_back(std::move(target));
  if (targets.empty()) {
    plan.unchecked.push_back({location{directories.front()->path}, "nothing in the directory can be restored",
                              "look at what is in it, or say in `contains` what there has to be"});
  }
}

// The newest of each series, and behind it the older ones that stand in when it is not sound.
inline void add_component(drill_plan& plan, const policy& estate, const estate_listing& all,
                          const component_listing& listing, moment now, const limits& bounds) {
  const component_policy& component = estate.components[listing.component];
  component_report report;
  report.name = component.name;
  report.kind = to_string(component.kind);
  report.artifacts = listing.artifacts.size();
  report.findings = listing.findings;
  std::map<std::string, std::vector<const stored_artifact*>> by_series;
  for (const std::string& series : component.series) by_series[series];
  for (const stored_artifact& artifact : listing.artifacts) {
    if (artifact.timestamp && is_future(artifact, now)) continue;
    by_series[artifact.series].push_back(&artifact);
    if (!artifact.timestamp) continue;
    report.newest = artifact.path;
    report.newest_timestamp = artifact.timestamp;
    report.age_seconds = age_of(artifact, now).value_or(std::chrono::seconds{0}).count();
  }
  if (by_series.empty() && component.required) by_series[""];
  for (const auto& [series, artifacts] : by_series) {
    if (artifacts.empty()) {
      if (!listing.listed) continue;  // what could not be looked into has been said
      report.findings.push_back(make_finding(checks::presence_missing, location{component.name},
                                             series.empty()
                                                 ? "there is nothing to restore"
                                                 : fmt::format("there is nothing of {} to restore", printable(series)),
                                             fmt::format("an artifact in {}", printable(listing.directory)), "none"));
      continue;
    }
    drill_target target;
    target.component = component.name;
    target.series = series;
    target.kind = component.kind;
    target.policy = component.drill.value_or(drill_policy{});
    std::vector<const stored_artifact*> directories;
    for (auto one = artifacts.rbegin(); one != artifacts.rend() && target.candidates.size() < stand_ins; ++one) {
      if ((*one)->directory) {
        if (directories.size() < stand_ins) directories.push_back(*one);
        continue;
      }
      target.candidates.push_back(candidate_of(estate, component, **one, now));
      target.candidates.back().task.holders = holders_of(estate, all, component, **one);
    }
    if (!directories.empty()) add_directories(plan, estate, component, series, directories, bounds, report);
    if (!target.candidates.empty()) plan.targets.push_back(std::move(target));
  }
  plan.components.push_back(std::move(report));
}

inline void sort_by_recovery(std::vector<drill_target>& targets) {
  std::stable_sort(targets.begin(), targets.end(), [](const drill_target& a, const drill_target& b) {
    return recovery_rank(a.kind) < recovery_rank(b.kind);
  });
}

}  // namespace detail

/// Rehearses the newest artifact of every series of every component. `only`: names of components; empty for all.
inline drill_plan plan_drill(const policy& estate, moment now, const std::vector<std::string>& only,
                             const limits& bounds = {}) {
  drill_plan plan;
  plan.known = estate.components;
  const estate_listing listing = discover(estate);
  for (const auto& error : listing.unchecked) plan.unchecked.push_back({error.where(), error.what(), error.advice()});
  for (const auto& one : listing.components) {
    const component_policy& component = estate.components[one.component];
    plan.directories[component.name] = one.directory;
    if (only.empty() || std::find(only.begin(), only.end(), component.name) != only.end()) {
      detail::add_component(plan, estate, listing, one, now, bounds);
    }
  }
  detail::sort_by_recovery(plan.targets);
  return plan;
}

/// Rehearses these artifacts; a directory is every artifact in it. `capture`: expected row sets of the one dump among
/// them; empty: those that lie beside.
inline drill_plan plan_drill(const std::vector<std::string>& paths, const std::string& capture, const limits& bounds) {
  drill_plan plan;
  plan.capture = capture;
  verify_plan found = plan_paths(paths, bounds);
  plan.findings = std::move(found.findings);
  plan.unchecked = std::move(found.unchecked);
  for (auto& task : found.tasks) {
    if (is_capture_name(task.path)) continue;  // given with its dump, by a shell's pattern
    drill_candidate candidate;
    if (!capture.empty()) {
      candidate.capture = capture;
      candidate.capture_promised = true;
    } else if (is_file(usual_capture_of(task.path))) {
      candidate.capture = usual_capture_of(task.path);
    }
    candidate.found = std::find(paths.begin(), paths.end(), task.path) == paths.end();
    candidate.task = std::move(task);
    drill_target target;
    target.candidates.push_back(std::move(candidate));
    plan.targets.push_back(std::move(target));
  }
  return plan;
}

}  // namespace knowngood
