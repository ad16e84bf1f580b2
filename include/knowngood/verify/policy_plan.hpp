// plan_policy: turns a policy and what lies in its estate into artifacts to verify, with what is promised about each,
// and judges what needs no reading: presence, age, size, sidecars.
//
// Layer: verify.
//   const policy estate = load_policy("/etc/knowngood/ner11.toml");
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

#include "knowngood/base/checks.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/discovery.hpp"
#include "knowngood/catalog/freshness.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/catalog/size_history.hpp"
#include "knowngood/inspect/list_names.hpp"
#include "knowngood/io/drain.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/verify/component_promise.hpp"
#include "knowngood/verify/directory_artifact.hpp"
#include "knowngood/verify/earlier_artifacts.hpp"
#include "knowngood/verify/list_index.hpp"
#include "knowngood/verify/path_plan.hpp"
#include "knowngood/verify/policy_task.hpp"
#include "knowngood/verify/unfinished.hpp"
#include "knowngood/verify/verify_plan.hpp"

namespace knowngood {

namespace detail {

// An artifact of the same component and series, older than another and with the same content, is a stuck job.
struct dated_artifact {
  std::string path;
  std::string component;
  std::string series;
  moment timestamp;
  std::string sha256 = {};  // as an earlier run read it; empty: as this run reads it
  bool there = false;       // false: only an earlier run saw it
  bool newest = false;      // of its series, of those that are there
};

inline void report_identical(const std::vector<dated_artifact>& dated, report& result) {
  std::map<std::string, artifact_report*> by_path;
  for (auto& artifact : result.artifacts) by_path[artifact.path] = &artifact;
  std::map<std::string, const dated_artifact*> first_with;  // by component, series and digest
  for (const auto& one : dated) {                           // oldest first
    const auto found = by_path.find(one.path);
    const bool read = found != by_path.end() && found->second->digests.contains("SHA256");
    const std::string& sha256 = read ? found->second->digests.at("SHA256") : one.sha256;
    if (sha256.empty()) continue;
    const auto [before, fresh] = first_with.try_emplace(one.component + '\n' + one.series + '\n' + sha256, &one);
    if (fresh || before->second->timestamp == one.timestamp || !read) continue;
    if (!before->second->there && !one.newest) continue;  // it was reported while its twin was there
    artifact_report& artifact = *found->second;
    artifact.findings.insert(
        artifact.findings.begin(),
        make_finding(checks::presence_identical, location{one.path},
                     "the content is that of an older artifact, to the last byte", "content of its own",
                     fmt::format("identical to {} of {}", printable(before->second->path),
                                 to_rfc3339(before->second->timestamp))));
    artifact.verdict = verdict::unsound;
  }
}

class policy_planner {
 public:
  policy_planner(const policy& estate, moment now, const std::vector<std::string>& only, const limits& bounds,
                 const earlier_artifacts& earlier)
      : estate_{estate}, now_{now}, only_{only}, bounds_{bounds}, earlier_{earlier}, lists_{bounds} {}

  verify_plan run() {
    const estate_listing listing = discover(estate_);
    listing_ = &listing;
    plan_.findings = listing.findings;
    for (const auto& error : listing.unchecked)
      plan_.unchecked.push_back({error.where(), error.what(), error.advice()});
    plan_.findings.insert(plan_.findings.end(), earlier_.problems.findings.begin(), earlier_.problems.findings.end());
    plan_.unchecked.insert(plan_.unchecked.end(), earlier_.problems.unchecked.begin(),
                           earlier_.problems.unchecked.end());
    for (const auto& component : listing.components) {
      const component_policy& policy = estate_.components[component.component];
      if (only_.empty() || std::find(only_.begin(), only_.end(), policy.name) != only_.end())
        add_component(policy, component);
    }
    add_lists(listing);
    plan_.finish = [dated = std::move(dated_), unfinished = std::move(unfinished_),
                    directories = std::move(directories_)](report& result) {
      report_identical(dated, result);
      judge_directories(directories, result);
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
    std::vector<const stored_artifact*> to_read = to_verify(component, listing);
    for (const stored_artifact* twin : possible_twins(component, listing, past, to_read)) to_read.push_back(twin);
    const std::set<const stored_artifact*> chosen{to_read.begin(), to_read.end()};
    for (const stored_artifact* artifact : to_read) add_artifact(component, *artifact, report);
    if (component.identical() == identical_content::error) note_dated(component, listing, past);
    for (const auto& [older, newer] : same_files(listing)) {
      // where both are read, their digests tell
      if (component.identical() == identical_content::allow || (chosen.contains(older) && chosen.contains(newer)))
        continue;
      report.findings.push_back(make_finding(checks::presence_identical, location{newer->path},
                                             "the artifact is another one under a second name", "a file of its own",
                                             printable(older->path)));
    }
    plan_.components.push_back(std::move(report));
  }

  // Older artifacts of the very size of one that is read, of which no earlier night knows the digest: only reading them
  // tells whether tonight's is one of them under another name.
  static std::vector<const stored_artifact*> possible_twins(const component_policy& component,
                                                            const component_listing& listing,
                                                            const std::vector<past_artifact>& past,
                                                            const std::vector<const stored_artifact*>& to_read) {
    if (component.identical() != identical_content::error || !component.verify_newest) return {};
    std::set<std::string> known;
    for (const auto& one : past) {
      if (!one.sha256.empty()) known.insert(one.path);
    }
    std::set<std::pair<std::string, std::uint64_t>> sizes;
    for (const stored_artifact* one : to_read) sizes.emplace(one->series, one->size);
    const std::set<const stored_artifact*> chosen{to_read.begin(), to_read.end()};
    std::vector<const stored_artifact*> twins;
    for (const auto& artifact : listing.artifacts) {
      if (chosen.contains(&artifact) || !sizes.contains({artifact.series, artifact.size})) continue;
      if (!known.contains(artifact.path)) twins.push_back(&artifact);
    }
    return twins;
  }

  // Lists of the directories that were looked at vouch as they do for paths.
  void add_lists(const estate_listing& listing) {
    const auto folder_of = [](const std::string& path) { return path.substr(0, path.rfind('/')); };
    std::map<std::string, std::string> components;  // the first of each directory
    for (const auto& one : listing.components) {
      const std::string& name = estate_.components[one.component].name;
      if (only_.empty() || std::find(only_.begin(), only_.end(), name) != only_.end()) {
        components.try_emplace(one.directory, name);
      }
    }
    for (const auto& path : listing.lists) {
      if (components.contains(folder_of(path))) lists_.add(path, plan_);
    }
    for (const auto& path : shared_lists_) lists_.add(path, plan_);
    for (auto& task : plan_.tasks) {
      if (components.contains(folder_of(task.path))) lists_.attach(task);
    }
    const std::size_t before = plan_.lists.size();
    lists_.report(plan_.tasks, {}, plan_, [&](const std::string& folder, const checksum_entry& entry) {
      return was_rotated_away(listing, folder, entry);
    });
    // Retention takes the dump and leaves its checksum file; what should be there, the policy says.
    const auto outlived = [&](const artifact_report& list) {
      return lists_.is_sidecar(list.path) && list.unchecked.empty() &&
             std::all_of(list.findings.begin(), list.findings.end(),
                         [](const finding& one) { return one.check == checks::checksum_missing_file.id; });
    };
    for (std::size_t i = before; i < plan_.lists.size(); ++i) {
      if (!outlived(plan_.lists[i])) continue;
      plan_.findings.push_back(make_finding(checks::presence_unclaimed, location{plan_.lists[i].path},
                                            "the artifact that the checksum file is for is gone"));
    }
    plan_.lists.erase(
        std::remove_if(plan_.lists.begin() + static_cast<std::ptrdiff_t>(before), plan_.lists.end(), outlived),
        plan_.lists.end());
    for (std::size_t i = before; i < plan_.lists.size(); ++i) {
      if (const auto owner = components.find(folder_of(plan_.lists[i].path)); owner != components.end()) {
        plan_.lists[i].component = owner->second;
      }
    }
  }

  // A list of the directory outlives what it lists. That the newest of each series is there, and what has to be kept,
  // is judged by the policy itself.
  bool was_rotated_away(const estate_listing& listing, const std::string& folder, const checksum_entry& entry) const {
    const std::string name{file_name_of(entry.name)};
    for (const auto& one : listing.components) {
      if (one.directory != folder) continue;
      const component_policy& component = estate_.components[one.component];
      for (const auto& pattern : component.names) {
        const auto said = pattern.match(name);
        if (!said || !said->timestamp) continue;
        const moment made = component.zone.to_moments(*said->timestamp).first;
        return std::any_of(one.artifacts.begin(), one.artifacts.end(), [&](const stored_artifact& other) {
          return other.series == said->series && other.timestamp && *other.timestamp > made;
        });
      }
    }
    return false;
  }

  void add_artifact(const component_policy& component, const stored_artifact& artifact, component_report& report) {
    if (artifact.directory) return add_directory(component, artifact, report);
    if (artifact.checksum && artifact.checksum->present && component.checksum->shared()) {
      shared_lists_.insert(artifact.checksum->path);
    }
    artifact_task task = task_of(estate_, component, artifact, now_);
    task.holders = holders_of(estate_, *listing_, component, artifact);
    if (may_be_growing(component, artifact, now_)) unfinished_[artifact.path] = *artifact.latest + component.grace;
    plan_.tasks.push_back(std::move(task));
  }

  // What is there and what was there, oldest first. What is not read tonight is known from earlier nights.
  void note_dated(const component_policy& component, const component_listing& listing,
                  const std::vector<past_artifact>& past) {
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
    std::stable_sort(dated_.begin() + first, dated_.end(),
                     [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; });
    std::set<std::string> series;
    for (auto one = dated_.end(); one != dated_.begin() + first;) {
      if ((--one)->there) one->newest = series.insert(one->series).second;
    }
  }

  // A backup stored as a directory: every file in it, with the lists that lie there.
  void add_directory(const component_policy& component, const stored_artifact& artifact, component_report& report) {
    verify_plan inside = plan_paths({artifact.path}, bounds_);
    const bool promised = artifact.checksum && artifact.checksum->present;
    const bool listed = std::any_of(inside.tasks.begin(), inside.tasks.end(),
                                    [](const artifact_task& task) { return !task.checksum_files.empty(); });
    if (component.kind == component_kind::full_system && !promised && !listed) {
      report.findings.push_back(make_finding(checks::checksum_sidecar_missing, location{artifact.path},
                                             "the full backup holds no list of its files' checksums", "SHA256SUMS",
                                             "none"));
    }
    for (auto& task : inside.tasks) {
      task.component = component.name;
      // A volume's files are its application's; a data directory among them is a backup as a whole.
      task.content =
          !task.directory && (component.kind == component_kind::volume || component.kind == component_kind::logs);
      task.timestamp = artifact.timestamp;
      task.application_data = application_data_of(estate_, component);
      task.opaque_accepted = component.content == expected_content::opaque;
      if (promised) task.promised_checksum = artifact.checksum->path;
      std::erase_if(task.known,
                    [&](const finding& one) { return promised && one.check == checks::checksum_unlisted.id; });
      plan_.tasks.push_back(std::move(task));
    }
    for (auto& list : inside.lists) {
      list.component = component.name;
      plan_.lists.push_back(std::move(list));
    }
    std::move(inside.findings.begin(), inside.findings.end(), std::back_inserter(report.findings));
    std::move(inside.unchecked.begin(), inside.unchecked.end(), std::back_inserter(plan_.unchecked));
    for (auto& what : judge_sidecars(component, artifact, now_)) report.findings.push_back(std::move(what));
    guarded(
        location{artifact.path}, [&](finding what) { report.findings.push_back(std::move(what)); },
        [&](unchecked_item item) { plan_.unchecked.push_back(std::move(item)); },
        [&] {
          for (auto& what : judge_contents(component, artifact)) report.findings.push_back(std::move(what));
          if (artifact.manifest && artifact.manifest->present) compare_manifest(component, artifact, report);
        });
    const promised_content promise = promised_by(component.kind);
    directories_.push_back({artifact.path, component.name, artifact.series, artifact.timestamp,
                            // a directory with files in it is what an archive of files would be
                            promise == promised_content::archive || component.content == expected_content::opaque
                                ? promised_content::nothing
                                : promise,
                            component.identical() == identical_content::error});
  }

  void compare_manifest(const component_policy& component, const stored_artifact& artifact, component_report& report) {
    const std::string& path = artifact.manifest->path;
    std::vector<member_fact> members = members_of_directory(artifact.path);
    std::erase_if(members, [&](const member_fact& one) {  // what lies there to vouch for the others
      return one.where.chain().front() == path || is_checksum_list_name(one.name);
    });
    file_source file{path, location{path}};
    const std::string text = read_all(file, location{path}, bounds_.list_bytes);
    finding_list found;
    archive_contents contents{members, location{artifact.path}, found};
    if (component.manifest_format == manifest_kind::models) {
      contents.check_models_manifest(path, text, "");
    } else {
      contents.check_file_list(path, text);
    }
    for (auto& what : found.snapshot()) report.findings.push_back(std::move(what));
  }

  const policy& estate_;
  moment now_;
  const std::vector<std::string>& only_;
  limits bounds_;
  const earlier_artifacts& earlier_;
  const estate_listing* listing_ = nullptr;  // while it runs
  verify_plan plan_;
  std::vector<dated_artifact> dated_;
  list_index lists_;
  std::set<std::string> shared_lists_;  // promised ones, each for all artifacts of its directory
  std::vector<directory_artifact> directories_;
  std::map<std::string, moment> unfinished_;  // paths of artifacts whose job may still run, and until when
};

}  // namespace detail

/// What the nightly run of `estate` at `now` is to do, with presence and size judged already. `only`: names of the
/// components to verify; empty for all of them. `earlier`: what the ledger's reports say; by default nothing.
inline verify_plan plan_policy(const policy& estate, moment now, const std::vector<std::string>& only,
                               const limits& bounds, const earlier_artifacts& earlier = {}) {
  return detail::policy_planner{estate, now, only, bounds, earlier}.run();
}

}  // namespace knowngood
