// list_index: the checksum lists that a run has met, found by the files that they vouch for.
//
// Layer: verify. Used for paths and under a policy alike.
//   list_index lists{bounds}; lists.add("d/SHA256SUMS", problems); for (const auto& list : lists.about("d/a.tar")) ...
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/verify/list_verifier.hpp"
#include "knowngood/verify/verify_plan.hpp"
#include "knowngood/verify/vouching.hpp"

namespace knowngood {

class list_index {
 public:
  explicit list_index(const limits& bounds) : bounds_{bounds} {}

  /// The list at `path`, read if it was not; null where it cannot be read, which goes into `plan`.
  const checksum_file* add(const std::string& path, verify_plan& plan) {
    if (const auto known = lists_.find(path); known != lists_.end()) return known->second.get();
    auto& place = lists_[path];
    try {
      place = std::make_shared<const checksum_file>(read_checksum_file(path, bounds_));
    } catch (const environment_error& error) {
      plan.unchecked.push_back({error.where(), error.what(), error.advice()});
    } catch (const stream_error& error) {
      plan.findings.push_back(error.as_finding());
    }
    if (!place) return nullptr;
    for (const auto& one : place->places()) {
      if (one.how != listed_as::itself && !one.path.empty()) by_file_[one.path].insert(path);
    }
    if (is_shared(*place)) shared_.insert(folder_of(checksum_file::normal(path)));
    return place.get();
  }

  /// Paths of the lists with a line about `artifact`.
  [[nodiscard]] std::vector<std::string> about(const std::string& artifact) const {
    const auto found = by_file_.find(checksum_file::normal(artifact));
    if (found == by_file_.end()) return {};
    return {found->second.begin(), found->second.end()};
  }

  /// Whether the list at `path`, which was added, is one artifact's own rather than one of its directory.
  [[nodiscard]] bool is_sidecar(const std::string& path) const {
    const auto known = lists_.find(path);
    return known != lists_.end() && known->second && !known->second->list().entries.empty() &&
           !is_shared(*known->second);
  }

  /// Lists attached to a task by what they list; what a list of its directory leaves out is said.
  void attach(artifact_task& task) const {
    const auto take = [&](const std::string& path) {
      for (const auto& list : about(path)) {
        if (std::find(task.checksum_files.begin(), task.checksum_files.end(), list) == task.checksum_files.end()) {
          task.checksum_files.push_back(list);
        }
        task.read_lists[list] = lists_.at(list);  // one of many lines would be read again for each of its files
      }
    };
    take(task.path);
    for (const auto& part : task.parts) take(part);
    const bool vouched = !task.checksum_files.empty() || task.promised_checksum;
    if (vouched || !shared_.contains(folder_of(checksum_file::normal(task.path)))) return;
    if (!claims_of(task.path).any()) return;
    task.known.push_back(make_finding(checks::checksum_unlisted, location{task.path},
                                      "the checksum list of this directory does not list this file", "a line", "none"));
  }

  /// The lists' own reports, into `plan`, of those that `shown` names or that have something to say. `tasks`: all of
  /// the run's, which judge the form of their own checksum files themselves.
  /// `removed(folder, entry)`: what is no longer there on purpose.
  void report(const std::vector<artifact_task>& tasks, const std::set<std::string>& shown, verify_plan& plan,
              const std::function<bool(const std::string& folder, const checksum_entry&)>& removed = {}) const {
    std::set<std::string> files;
    std::set<std::string> joined;  // what is there in parts only
    for (const auto& task : tasks) {
      files.insert(checksum_file::normal(task.path));
      if (!task.parts.empty()) joined.insert(checksum_file::normal(task.path));
      for (const auto& part : task.parts) files.insert(checksum_file::normal(part));
    }
    for (const auto& [path, list] : lists_) {
      if (!list) continue;
      was_removed gone;
      if (removed) {
        gone = [&, folder = path.substr(0, path.rfind('/'))](const checksum_entry& entry) {
          return removed(folder, entry);
        };
      }
      artifact_report report =
          verify_checksum_list(*list, !has_artifact(checksum_file::normal(path), files), joined, gone);
      if (shown.contains(path) || !report.findings.empty() || !report.unchecked.empty()) {
        plan.lists.push_back(std::move(report));
      }
    }
  }

 private:
  static std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

  // A list of its directory, rather than one artifact's own.
  static bool is_shared(const checksum_file& list) {
    const auto& entries = list.list().entries;
    if (entries.size() != 1) return !entries.empty();
    return list.places().front().how != listed_as::own && !names_no_file(entries.front()) &&
           !list.named_after(entries.front().name);
  }

  // Whether the list is named after one of the run's artifacts.
  static bool has_artifact(const std::string& list, const std::set<std::string>& files) {
    const std::size_t dot = list.rfind('.');
    if (dot == std::string::npos || dot < list.rfind('/') + 2) return false;
    const std::string stem = list.substr(0, dot);
    if (files.contains(stem)) return true;
    const auto next = files.lower_bound(stem + ".");
    return next != files.end() && next->starts_with(stem + ".");
  }

  limits bounds_;
  std::map<std::string, std::shared_ptr<const checksum_file>> lists_;  // by path; null: it could not be read
  std::map<std::string, std::set<std::string>> by_file_;               // lists by the files that they have lines about
  std::set<std::string> shared_;                                       // folders with a list of their own
};

}  // namespace knowngood
