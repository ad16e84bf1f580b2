// drill_plan: which artifacts a drill is to restore, newest first, and what the policy wishes of each restore.
//
// Layer: drill. Made from a policy or from paths, carried out by drill/run_drill.hpp.
//   drill_plan plan = plan_drill(estate, now, {}, bounds);
#pragma once

#include <algorithm>
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

#include "restorable/audit/report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/base/time.hpp"
#include "restorable/catalog/capture_name.hpp"
#include "restorable/catalog/discovery.hpp"
#include "restorable/catalog/freshness.hpp"
#include "restorable/catalog/policy.hpp"
#include "restorable/verify/path_plan.hpp"
#include "restorable/verify/policy_task.hpp"

namespace restorable {

/// An artifact that may be restored.
struct drill_candidate {
  artifact_task task;
  std::string capture;             ///< path of the expected row sets; empty where there is none
  bool capture_promised = false;   ///< it must be there
};

/// Something to restore: the newest sound one of its candidates.
struct drill_target {
  std::string component;                  ///< empty without a policy
  std::string series;                     ///< of the component: which volume
  std::optional<component_kind> kind;     ///< nothing: by its content
  drill_policy wishes;
  std::vector<drill_candidate> candidates;  ///< newest first, at least one
};

struct drill_plan {
  std::vector<drill_target> targets;
  std::vector<component_report> components;
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
  std::vector<component_policy> known;    ///< every component of the policy: what lies in a full backup is told by their names
  std::map<std::string, std::string> directories;  ///< by component: where its artifacts lie
  std::string capture;                    ///< given by the caller: some dump must be compared with it
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

inline bool is_file(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

/// Where the capture of an artifact of that name lies, in `folder`, as the policy says; nothing where it does not say.
inline std::optional<std::string> promised_capture(const component_policy& component, const std::filesystem::path& folder, const std::string& name) {
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
  if (const auto promised = promised_capture(component, std::filesystem::path{artifact.path}.parent_path(), artifact.name)) {
    candidate.capture = *promised;
    candidate.capture_promised = true;
  } else if (is_file(usual_capture_of(artifact.path))) {
    candidate.capture = usual_capture_of(artifact.path);
  }
  return candidate;
}

// The newest of each series, and behind it the older ones that stand in when it is not sound.
inline void add_component(drill_plan& plan, const policy& estate, const component_policy& component,
                          const component_listing& listing, moment now) {
  constexpr std::size_t stand_ins = 8;
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
      report.findings.push_back(make_finding(
          checks::presence_missing, location{component.name},
          series.empty() ? "there is nothing to restore" : fmt::format("there is nothing of {} to restore", printable(series)),
          fmt::format("an artifact in {}", printable(listing.directory)), "none"));
      continue;
    }
    drill_target target;
    target.component = component.name;
    target.series = series;
    target.kind = component.kind;
    target.wishes = component.drill.value_or(drill_policy{});
    for (auto one = artifacts.rbegin(); one != artifacts.rend() && target.candidates.size() < stand_ins; ++one) {
      if ((*one)->directory) {
        plan.unchecked.push_back({location{(*one)->path}, "a backup that is a directory is not rehearsed",
                                  "archive it with tar, or give its files to drill"});
        continue;
      }
      target.candidates.push_back(candidate_of(estate, component, **one, now));
    }
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
inline drill_plan plan_drill(const policy& estate, moment now, const std::vector<std::string>& only) {
  drill_plan plan;
  plan.known = estate.components;
  const estate_listing listing = discover(estate);
  for (const auto& error : listing.unchecked) plan.unchecked.push_back({error.where(), error.what(), error.advice()});
  for (const auto& one : listing.components) {
    const component_policy& component = estate.components[one.component];
    plan.directories[component.name] = one.directory;
    if (only.empty() || std::find(only.begin(), only.end(), component.name) != only.end()) {
      detail::add_component(plan, estate, component, one, now);
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
    } else if (detail::is_file(usual_capture_of(task.path))) {
      candidate.capture = usual_capture_of(task.path);
    }
    candidate.task = std::move(task);
    drill_target target;
    target.candidates.push_back(std::move(candidate));
    plan.targets.push_back(std::move(target));
  }
  return plan;
}

}  // namespace restorable
