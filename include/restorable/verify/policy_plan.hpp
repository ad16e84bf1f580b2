// plan_policy: turns a policy and what lies in its estate into artifacts to verify, with what is promised about each, and
// judges what needs no reading: presence, age, size, sidecars.
//
// Layer: verify.
//   const policy estate = load_policy("/etc/restorable/ner11.toml");
//   verify_plan plan = plan_policy(estate, now, {}, bounds, read_earlier_artifacts(ledger, estate, now));
#pragma once

#include <algorithm>
#include <cstddef>
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
#include "restorable/verify/earlier_artifacts.hpp"
#include "restorable/verify/path_plan.hpp"
#include "restorable/verify/policy_task.hpp"
#include "restorable/verify/unfinished.hpp"
#include "restorable/verify/verify_plan.hpp"

namespace restorable {

namespace detail {

// An artifact of the same component and series, older than another and with the same content, is a stuck job.
struct dated_artifact {
  std::string path;
  std::string component;
  std::string series;
  moment timestamp;
  std::string sha256 = {};   // as an earlier run read it; empty: as this run reads it
  bool there = false;        // false: only an earlier run saw it
  bool newest = false;       // of its series, of those that are there
};

inline void report_identical(const std::vector<dated_artifact>& dated, report& result) {
  std::map<std::string, artifact_report*> by_path;
  for (auto& artifact : result.artifacts) by_path[artifact.path] = &artifact;
  std::map<std::string, const dated_artifact*> first_with;  // by component, series and digest
  for (const auto& one : dated) {  // oldest first
    const auto found = by_path.find(one.path);
    const bool read = found != by_path.end() && found->second->digests.contains("SHA256");
    const std::string& sha256 = read ? found->second->digests.at("SHA256") : one.sha256;
    if (sha256.empty()) continue;
    const auto [before, fresh] = first_with.try_emplace(one.component + '\n' + one.series + '\n' + sha256, &one);
    if (fresh || before->second->timestamp == one.timestamp || !read) continue;
    if (!before->second->there && !one.newest) continue;  // it was told while its twin was there
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
  policy_planner(const policy& estate, moment now, const std::vector<std::string>& only, const limits& bounds,
                 const earlier_artifacts& earlier)
      : estate_{estate}, now_{now}, only_{only}, bounds_{bounds}, earlier_{earlier} {}

  verify_plan run() {
    const estate_listing listing = discover(estate_);
    plan_.findings = listing.findings;
    for (const auto& error : listing.unchecked) plan_.unchecked.push_back({error.where(), error.what(), error.advice()});
    plan_.findings.insert(plan_.findings.end(), earlier_.problems.findings.begin(), earlier_.problems.findings.end());
    plan_.unchecked.insert(plan_.unchecked.end(), earlier_.problems.unchecked.begin(), earlier_.problems.unchecked.end());
    for (const auto& component : listing.components) {
      const component_policy& policy = estate_.components[component.component];
      if (only_.empty() || std::find(only_.begin(), only_.end(), policy.name) != only_.end()) add_component(policy, component);
    }
    plan_.finish = [dated = std::move(dated_), unfinished = std::move(unfinished_)](report& result) {
      report_identical(dated, result);
      for (auto& artifact : result.artifacts) {
        if (const auto found = unfinished.find(artifact.path); found != unfinished.end()) {
          soften_unfinished(artifact, found->second);
        }
      }
    };
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
    const std::vector<past_artifact> past = earlier_.history.of(component, listing);
    take(judge_sizes(component, listing, now_, past));
    std::set<const stored_artifact*> chosen;
    for (const stored_artifact* artifact : to_verify(component, listing)) {
      chosen.insert(artifact);
      add_artifact(component, *artifact);
    }
    if (component.identical() == identical_content::error) note_dated(component, listing, past);
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
    artifact_task task = task_of(estate_, component, artifact, now_);
    if (may_be_growing(component, artifact, now_)) unfinished_[artifact.path] = *artifact.latest + component.grace;
    plan_.tasks.push_back(std::move(task));
  }

  // What is there and what was there, oldest first. What is not read tonight is known from earlier nights.
  void note_dated(const component_policy& component, const component_listing& listing, const std::vector<past_artifact>& past) {
    std::map<std::string, dated_artifact> by_path;
    for (const auto& one : past) by_path[one.path] = {one.path, component.name, one.series, one.timestamp, one.sha256};
    for (const auto& artifact : listing.artifacts) {
      if (artifact.directory || !artifact.timestamp) continue;
      const auto known = by_path.find(artifact.path);
      const std::string before = known == by_path.end() ? "" : known->second.sha256;
      by_path[artifact.path] = {artifact.path, component.name, artifact.series, *artifact.timestamp, before, true};
    }
    const auto first = static_cast<std::ptrdiff_t>(dated_.size());
    for (auto& [path, one] : by_path) dated_.push_back(std::move(one));
    std::stable_sort(dated_.begin() + first, dated_.end(), [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; });
    std::set<std::string> told;
    for (auto one = dated_.end(); one != dated_.begin() + first;) {
      if ((--one)->there) one->newest = told.insert(one->series).second;
    }
  }

  // A backup stored as a directory: every file in it, with the lists that lie there.
  void add_directory(const component_policy& component, const stored_artifact& artifact) {
    verify_plan inside = plan_paths({artifact.path}, bounds_);
    for (auto& task : inside.tasks) {
      task.component = component.name;
      task.timestamp = artifact.timestamp;
      task.application_data = application_data_of(estate_, component);
      plan_.tasks.push_back(std::move(task));
    }
    for (auto& list : inside.lists) {
      list.component = component.name;
      plan_.lists.push_back(std::move(list));
    }
    std::move(inside.findings.begin(), inside.findings.end(), std::back_inserter(plan_.findings));
    std::move(inside.unchecked.begin(), inside.unchecked.end(), std::back_inserter(plan_.unchecked));
  }

  const policy& estate_;
  moment now_;
  const std::vector<std::string>& only_;
  limits bounds_;
  const earlier_artifacts& earlier_;
  verify_plan plan_;
  std::vector<dated_artifact> dated_;
  std::map<std::string, moment> unfinished_;  // paths of artifacts whose job may still run, and until when
};

}  // namespace detail

/// What the nightly run of `estate` at `now` is to do, with presence and size judged already. `only`: names of the
/// components to verify; empty for all of them. `earlier`: what the ledger's reports say; by default nothing.
inline verify_plan plan_policy(const policy& estate, moment now, const std::vector<std::string>& only,
                               const limits& bounds, const earlier_artifacts& earlier = {}) {
  return detail::policy_planner{estate, now, only, bounds, earlier}.run();
}

}  // namespace restorable
