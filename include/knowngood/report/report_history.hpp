// report_history, evidence: what is kept of each earlier report, and the newest ones whole; what the renderers show.
//
// Layer: report. Thousands of reports are not held at once: each is summarised as it is added. Example:
//   evidence shown; for (const auto& line : ledger) shown.add(load(line)); render_html(shown, options);
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/exit_code.hpp"
#include "knowngood/report/headline.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/report/restored.hpp"

namespace knowngood {

/// What a run came to, for a person: how good, and in a word.
struct run_outcome {
  verdict worth = verdict::unchecked;  ///< `sound` only where everything was checked and holds
  std::string word;                    ///< `sound`, `unsound`, `interrupted`, `nothing checked`, …
};

/// One component as an earlier run saw it.
struct history_component {
  std::string name;
  knowngood::verdict verdict = verdict::unchecked;
  std::string newest;                 ///< path of its newest artifact; empty where there was none
  std::optional<std::uint64_t> size;  ///< of that, in bytes
  std::optional<std::int64_t> age_seconds;
};

/// What is kept of one report.
struct history_entry {
  std::string tool;
  moment started{};
  moment finished{};
  knowngood::verdict verdict = verdict::unchecked;  ///< overall_verdict: the worst of all its parts
  int exit_code = 0;
  bool complete = false;
  bool simulated = false;  ///< it was told what time it is
  bool partial = false;    ///< it looked at less than the run before it: see `evidence`
  std::string policy_sha256;
  bool selected = false;  ///< it was told to look at some components only
  report_summary summary;
  std::string headline;  ///< in one line
  std::vector<history_component> components;
  std::vector<recovery_report> recoveries;
  std::vector<std::string> failing_checks;  ///< ids of its errors, each once, sorted
};

struct report_history {
  std::vector<history_entry> nights;  ///< oldest first
};

/// The newest artifact of a component; nullptr where it has none, or the report holds nothing about it.
inline const artifact_report* newest_artifact(const report& of, const component_report& component) {
  if (!component.newest) return nullptr;
  const artifact_report* found = nullptr;
  for (const auto& artifact : of.artifacts) {
    if (artifact.path != *component.newest) continue;
    if (artifact.component == component.name) return &artifact;
    if (found == nullptr) found = &artifact;
  }
  return found;
}

inline history_entry summarise_for_history(const report& of) {
  history_entry entry;
  entry.tool = of.tool;
  entry.started = of.started;
  entry.finished = of.finished;
  entry.verdict = overall_verdict(of);
  entry.exit_code = of.exit_code;
  entry.complete = of.complete;
  entry.simulated = of.simulated;
  entry.policy_sha256 = of.policy_sha256;
  entry.selected = !of.limited_to.empty();
  entry.summary = summarise(of);
  entry.headline = headline(of).to_string();
  for (const auto& component : of.components) {
    history_component kept{component.name, component_verdict(of, component), component.newest.value_or(""),
                           std::nullopt, component.age_seconds};
    if (const artifact_report* newest = newest_artifact(of, component)) kept.size = newest->size;
    entry.components.push_back(std::move(kept));
  }
  entry.recoveries = restored_recoveries(of);
  std::set<std::string> failing;
  each_finding(of, [&](const finding& one) {
    if (is_error(one)) failing.insert(one.check);
  });
  entry.failing_checks.assign(failing.begin(), failing.end());
  return entry;
}

/// A run that was interrupted, looked at nothing or could not check everything is never `sound`, nor is one whose
/// program said otherwise by its exit code.
inline run_outcome outcome_of(const history_entry& entry) {
  if (entry.verdict == verdict::unsound || entry.exit_code == exit_code::unsound) {
    return {verdict::unsound, entry.verdict == verdict::unsound ? "unsound" : "failed for its warnings"};
  }
  if (!entry.complete) return {verdict::unchecked, "interrupted"};
  if (entry.summary.artifacts == 0) return {verdict::unchecked, "nothing checked"};
  if (entry.verdict == verdict::unchecked ||
      (entry.exit_code != exit_code::sound && entry.exit_code != exit_code::left_behind)) {
    return {verdict::unchecked, "unchecked"};
  }
  if (entry.exit_code == exit_code::left_behind) return {verdict::unprotected, "left something behind"};
  return {entry.verdict, std::string{to_string(entry.verdict)}};
}

/// Which components were unsound and which checks failed: `database, logs: gzip.crc32, presence.stale`; empty where
/// nothing did. At most three of each are named.
inline std::string failures_of(const history_entry& entry) {
  static constexpr std::size_t named = 3;
  const auto listed = [](const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), named); ++i) text += (i == 0 ? "" : ", ") + names[i];
    return names.size() > named ? text + fmt::format(" and {} more", names.size() - named) : text;
  };
  std::vector<std::string> components;
  for (const auto& component : entry.components) {
    if (component.verdict == verdict::unsound) components.push_back(component.name);
  }
  const std::string where = listed(components);
  const std::string what = listed(entry.failing_checks);
  return where + (where.empty() || what.empty() ? "" : ": ") + what;
}

/// A report without what its artifacts hold: what it came to, and why.
inline report without_contents(report of) {
  for (auto& artifact : of.artifacts) {
    artifact.properties.clear();
    artifact.tables.clear();
    artifact.refs.clear();
    artifact.members.clear();
  }
  return of;
}

/// What is rendered: a history, and of `verify` and of `drill` the newest report whole. A run that looked at less than
/// the one before it (one component, a single file) enters the history but does not take its place: what it did not
/// look at would vanish from sight. It is held beside it, for what it found wrong is as true.
struct evidence {
  std::optional<report> verify;
  std::optional<report> drill;
  /// Runs that looked at a part, begun since the newest whole run of their tool; oldest first, `without_contents`:
  /// there may be many.
  std::vector<report> parts;
  report_history history;
  bool continuing = true;  ///< more nights are expected to follow; false for one report alone

  /// Adds a run, in any order; the newest that looks at everything is held whole.
  void add(report one) {
    history_entry entry = summarise_for_history(one);
    std::optional<report>& held = one.tool == "drill" ? drill : verify;
    entry.partial = held && held->started <= one.started && is_part_of(entry, *held);
    const auto at = std::upper_bound(history.nights.begin(), history.nights.end(), entry.started,
                                     [](moment begun, const history_entry& other) { return begun < other.started; });
    const bool newest = !held || held->started <= one.started;
    if (entry.partial) {
      const auto after = std::upper_bound(parts.begin(), parts.end(), one.started,
                                          [](moment begun, const report& other) { return begun < other.started; });
      parts.insert(after, without_contents(std::move(one)));
    } else if (newest) {
      // What looks at everything has looked at what a part had been looked at for.
      std::erase_if(parts, [&](const report& part) {
        return (part.tool == "drill") == (one.tool == "drill") && part.started < one.started;
      });
      held = std::move(one);
    }
    history.nights.insert(at, std::move(entry));
  }

  /// The newest whole run of a tool has nothing after it, or these: runs that looked at a part, newest last.
  [[nodiscard]] std::vector<const history_entry*> partial_since_whole() const {
    std::vector<const history_entry*> found;
    for (const auto& entry : history.nights) {
      const std::optional<report>& held = entry.tool == "drill" ? drill : verify;
      if (entry.partial && held && entry.started >= held->started) found.push_back(&entry);
    }
    return found;
  }

  /// What a component of a held report is worth, with what runs of a part have found in it since.
  [[nodiscard]] verdict component_verdict_with_parts(const report& of, const component_report& component) const {
    verdict worst = component_verdict(of, component);
    for (const auto& part : parts) {
      if ((part.tool == "drill") != (of.tool == "drill")) continue;
      for (const auto& same : part.components) {
        if (same.name == component.name) worst = worse(worst, component_verdict(part, same));
      }
    }
    return worst;
  }

 private:
  static bool is_part_of(const history_entry& entry, const report& whole) {
    if (!entry.complete) return false;  // what it did not get to counts against it
    if (whole.components.empty()) return false;
    if (entry.components.empty()) return true;
    if (entry.policy_sha256 != whole.policy_sha256 && !entry.selected) return false;
    std::set<std::string_view> names;
    for (const auto& component : entry.components) names.insert(component.name);
    return std::any_of(whole.components.begin(), whole.components.end(),
                       [&](const component_report& component) { return !names.contains(component.name); });
  }
};

/// One report alone.
inline evidence evidence_of(report one) {
  evidence shown;
  shown.continuing = false;
  shown.add(std::move(one));
  return shown;
}

/// All of these.
inline evidence gather_evidence(std::vector<report> reports) {
  evidence shown;
  for (auto& one : reports) shown.add(std::move(one));
  return shown;
}

}  // namespace knowngood
