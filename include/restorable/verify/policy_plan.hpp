// plan_policy: turns a policy and what lies in its estate into artifacts to verify, with what is promised about each, and
// judges what needs no reading: presence, age, size, sidecars.
//
// Layer: verify.
//   const policy estate = load_policy("/etc/restorable/ner11.toml");
//   verify_plan plan = plan_policy(estate, now, bounds);
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/checks.hpp"
#include "restorable/base/limits.hpp"
#include "restorable/base/time.hpp"
#include "restorable/catalog/discovery.hpp"
#include "restorable/catalog/freshness.hpp"
#include "restorable/catalog/policy.hpp"
#include "restorable/catalog/size_history.hpp"
#include "restorable/verify/path_plan.hpp"
#include "restorable/verify/verify_plan.hpp"

namespace restorable {

namespace detail {

// An artifact of the same component and series, older than another and with the same content, is a stuck job.
struct dated_artifact {
  std::string path;
  std::string component;
  std::string series;
  moment timestamp;
};

inline void report_identical(const std::vector<dated_artifact>& dated, report& result) {
  std::map<std::string, artifact_report*> by_path;
  for (auto& artifact : result.artifacts) by_path[artifact.path] = &artifact;
  std::map<std::string, const dated_artifact*> first_with;  // by component, series and digest
  for (const auto& one : dated) {  // oldest first
    const auto found = by_path.find(one.path);
    if (found == by_path.end() || !found->second->digests.contains("SHA256")) continue;
    const std::string key = one.component + '\n' + one.series + '\n' + found->second->digests.at("SHA256");
    const auto [before, fresh] = first_with.try_emplace(key, &one);
    if (fresh || before->second->timestamp == one.timestamp) continue;
    artifact_report& artifact = *found->second;
    artifact.findings.insert(artifact.findings.begin(),
                             make_finding(checks::presence_identical, location{one.path},
                                          "the content is that of an older artifact, to the last byte",
                                          "content of its own",
                                          fmt::format("identical to {} of {}", printable(before->second->path),
                                                      to_rfc3339(before->second->timestamp))));
    artifact.verdict = verdict::unsound;
  }
}

class policy_planner {
 public:
  policy_planner(const policy& estate, moment now, const std::vector<std::string>& only, const limits& bounds)
      : estate_{estate}, now_{now}, only_{only}, bounds_{bounds} {}

  verify_plan run() {
    const estate_listing listing = discover(estate_);
    plan_.findings = listing.findings;
    for (const auto& error : listing.unchecked) plan_.unchecked.push_back({error.where(), error.what(), error.advice()});
    for (const auto& component : listing.components) {
      const component_policy& policy = estate_.components[component.component];
      if (only_.empty() || std::find(only_.begin(), only_.end(), policy.name) != only_.end()) add_component(policy, component);
    }
    plan_.finish = [dated = std::move(dated_)](report& result) { report_identical(dated, result); };
    return std::move(plan_);
  }

 private:
  void add_component(const component_policy& component, const component_listing& listing) {
    component_report report;
    report.name = component.name;
    report.kind = to_string(component.kind);
    report.artifacts = listing.artifacts.size();
    report.findings = listing.findings;
    for (const stored_artifact& artifact : listing.artifacts) {
      if (!artifact.timestamp || is_future(artifact, now_)) continue;
      report.newest = artifact.path;
      report.newest_timestamp = artifact.timestamp;
      report.age_seconds = age_of(artifact, now_).value_or(std::chrono::seconds{0}).count();
    }
    const auto take = [&](std::vector<finding> findings) {
      std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
    };
    take(judge_freshness(component, listing, now_));
    take(judge_sizes(component, listing, now_));
    std::set<const stored_artifact*> chosen;
    for (const stored_artifact* artifact : to_verify(component, listing)) {
      chosen.insert(artifact);
      add_artifact(component, *artifact);
    }
    for (const auto& [older, newer] : same_files(listing)) {
      // where both are read, their digests tell
      if (component.identical() == identical_content::allow || (chosen.contains(older) && chosen.contains(newer))) continue;
      report.findings.push_back(make_finding(checks::presence_identical, location{newer->path},
                                             "the artifact is another one under a second name", "a file of its own",
                                             printable(older->path)));
    }
    plan_.components.push_back(std::move(report));
  }

  void add_artifact(const component_policy& component, const stored_artifact& artifact) {
    if (artifact.directory) return add_directory(component, artifact);
    artifact_task task;
    task.path = artifact.path;
    task.component = component.name;
    task.kind = component.kind;
    task.timestamp = artifact.timestamp;
    task.modified = artifact.modified;
    task.size = artifact.size;
    task.known = judge_sidecars(component, artifact, now_);
    if (artifact.checksum && artifact.checksum->present) task.promised_checksum = artifact.checksum->path;
    if (artifact.manifest && artifact.manifest->present) {
      task.manifest = artifact.manifest->path;
      task.manifest_format = component.manifest_format;
    }
    task.application_data = application_data_of(component);
    if (component.identical() == identical_content::error && artifact.timestamp) {
      dated_.push_back({artifact.path, component.name, artifact.series, *artifact.timestamp});
    }
    plan_.tasks.push_back(std::move(task));
  }

  // A backup stored as a directory: every file in it, with the lists that lie there.
  void add_directory(const component_policy& component, const stored_artifact& artifact) {
    verify_plan inside = plan_paths({artifact.path}, bounds_);
    for (auto& task : inside.tasks) {
      task.component = component.name;
      task.timestamp = artifact.timestamp;
      task.application_data = application_data_of(component);
      plan_.tasks.push_back(std::move(task));
    }
    for (auto& list : inside.lists) {
      list.component = component.name;
      plan_.lists.push_back(std::move(list));
    }
    std::move(inside.findings.begin(), inside.findings.end(), std::back_inserter(plan_.findings));
    std::move(inside.unchecked.begin(), inside.unchecked.end(), std::back_inserter(plan_.unchecked));
  }

  // What a volume or the logs hold is the application's: a broken file in there was broken before it was backed up. In a
  // full backup the volumes' and logs' archives are told by the names that the policy gives them.
  [[nodiscard]] std::function<bool(const location&)> application_data_of(const component_policy& component) const {
    if (component.kind == component_kind::volume || component.kind == component_kind::logs) {
      return [](const location&) { return true; };
    }
    std::vector<name_pattern> volumes;
    for (const auto& other : estate_.components) {
      if (other.kind == component_kind::volume || other.kind == component_kind::logs) {
        volumes.insert(volumes.end(), other.names.begin(), other.names.end());
      }
    }
    return [volumes = std::move(volumes)](const location& where) {
      // the chain is artifact, member, member of that member: only what lies inside a volume's archive is soft
      for (std::size_t i = 1; i + 1 < where.chain().size(); ++i) {
        const std::string& name = where.chain()[i];
        const std::string file = name.substr(name.rfind('/') + 1);
        for (const auto& pattern : volumes) {
          if (pattern.match(file)) return true;
        }
      }
      return false;
    };
  }

  const policy& estate_;
  moment now_;
  const std::vector<std::string>& only_;
  limits bounds_;
  verify_plan plan_;
  std::vector<dated_artifact> dated_;
};

}  // namespace detail

/// What the nightly run of `estate` at `now` is to do, with presence and size judged already. `only`: names of the
/// components to verify; empty for all of them.
inline verify_plan plan_policy(const policy& estate, moment now, const std::vector<std::string>& only,
                               const limits& bounds) {
  return detail::policy_planner{estate, now, only, bounds}.run();
}

}  // namespace restorable
