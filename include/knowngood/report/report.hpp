// report: everything that one run of a tool looked at and came to, as data. Its JSON form is report/report_json.hpp,
// its text form audit/report_text.hpp.
//
// Layer: report. The document is `knowngood/audit-report/1.1`; every field is always present.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/report/drill_report.hpp"

namespace knowngood {

/// One artifact: a backup as stored, with its sidecars.
struct artifact_report {
  std::string path;                   ///< as given or discovered
  std::string component;              ///< empty without a policy
  std::string kind;                   ///< content, outermost first: `gzip > postgres-plain-dump`
  std::optional<moment> timestamp;    ///< the moment that its name states
  std::optional<moment> modified;     ///< of the file
  std::optional<std::uint64_t> size;  ///< stored bytes
  std::uint64_t bytes_read = 0;       ///< stored bytes read
  std::uint64_t bytes_expanded = 0;   ///< bytes of all layers inside it together
  double seconds = 0;                 ///< of verification, wall clock
  knowngood::verdict verdict = verdict::unchecked;
  std::map<std::string, std::string> digests;  ///< of the stored bytes: `SHA256`, as in BSD checksum lines, to hex
  std::string checksum_file;                   ///< path; empty where there is none
  std::string manifest;                        ///< path; empty where there is none
  std::vector<property_fact> properties;
  std::vector<table_fact> tables;
  std::vector<ref_fact> refs;
  std::uint64_t member_count = 0;    ///< members of all archives in it
  std::vector<member_fact> members;  ///< of the outermost archive, at most `members_reported`
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;

  static constexpr std::size_t members_reported = 10'000;
};

/// One component of the policy: what is backed up, and its newest artifact.
struct component_report {
  std::string name;
  std::string kind;
  knowngood::verdict verdict = verdict::sound;  ///< worst of its artifacts and its own findings
  std::optional<std::string> newest;            ///< path of the newest artifact
  std::optional<moment> newest_timestamp;
  std::optional<std::int64_t> age_seconds;  ///< of the newest, at the run's start
  std::uint64_t artifacts = 0;
  std::vector<finding> findings;  ///< presence, size: about the component, not one artifact's content
};

/// One run of a tool.
struct report {
  std::string tool;  ///< `verify` or `drill`
  std::string version;
  std::string host;
  std::string command;                  ///< the arguments, shell-quoted
  std::string policy;                   ///< path; empty without one
  std::string policy_sha256;            ///< of the policy's bytes; empty without one
  std::string estate;                   ///< what the policy calls all that it describes; empty without one
  bool strict = false;                  ///< warnings count as errors for the exit code
  std::vector<std::string> limited_to;  ///< components that the run was told to look at; empty: all of them
  bool simulated = false;               ///< the run was told what time it is, and did not ask the clock
  std::string confinement;              ///< what kept a drill's own servers from the host; empty: it ran none
  moment started{};
  moment finished{};
  bool complete = false;  ///< false when the run was interrupted
  knowngood::verdict verdict = verdict::sound;
  int exit_code = 0;
  std::vector<component_report> components;
  std::vector<artifact_report> artifacts;
  std::vector<step_report> steps;             ///< of a drill, in the order they began
  std::vector<table_comparison> comparisons;  ///< of a drill
  std::vector<recovery_report> recoveries;    ///< of a drill: each component, and the whole, which comes last
  std::vector<finding> findings;              ///< about the run as a whole
  std::vector<unchecked_item> unchecked;
};

/// Calls `use` with every finding of a report, wherever in it.
template <typename Use>
void each_finding(const report& of, Use use) {
  const auto all = [&](const std::vector<finding>& findings) {
    for (const auto& one : findings) use(one);
  };
  all(of.findings);
  for (const auto& component : of.components) all(component.findings);
  for (const auto& artifact : of.artifacts) all(artifact.findings);
  for (const auto& step : of.steps) all(step.findings);
}

/// How many findings of each severity a report holds, everywhere in it.
struct severity_counts {
  std::uint64_t errors = 0;
  std::uint64_t warnings = 0;
  std::uint64_t notes = 0;

  void add(const finding& one) { (is_error(one) ? errors : one.severity == severity::warning ? warnings : notes)++; }
  void add(const std::vector<finding>& findings) {
    for (const auto& one : findings) add(one);
  }
};

inline severity_counts count_findings(const report& of) {
  severity_counts counts;
  each_finding(of, [&](const finding& one) { counts.add(one); });
  return counts;
}

/// The numbers at the top of a report: artifacts by verdict, steps, findings by severity, bytes.
struct report_summary {
  std::uint64_t artifacts = 0;
  std::uint64_t sound = 0;
  std::uint64_t unprotected = 0;
  std::uint64_t unchecked = 0;
  std::uint64_t unsound = 0;
  std::uint64_t steps = 0;
  std::uint64_t steps_skipped = 0;
  std::uint64_t tables_compared = 0;
  severity_counts findings;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_expanded = 0;
};

inline report_summary summarise(const report& of) {
  report_summary sum;
  sum.artifacts = of.artifacts.size();
  for (const auto& artifact : of.artifacts) {
    switch (artifact.verdict) {
      case verdict::sound: ++sum.sound; break;
      case verdict::unprotected: ++sum.unprotected; break;
      case verdict::unchecked: ++sum.unchecked; break;
      case verdict::unsound: ++sum.unsound; break;
    }
    sum.bytes_read += artifact.bytes_read;
    sum.bytes_expanded += artifact.bytes_expanded;
  }
  sum.steps = of.steps.size();
  for (const auto& step : of.steps) sum.steps_skipped += step.skipped ? 1 : 0;
  sum.tables_compared = of.comparisons.size();
  sum.findings = count_findings(of);
  return sum;
}

/// Wall clock of the run in whole seconds; never negative, whatever the clock did meanwhile.
inline std::uint64_t elapsed_seconds(const report& of) noexcept {
  return of.finished > of.started ? static_cast<std::uint64_t>((of.finished - of.started).count()) : 0;
}

/// What the catalogue advises for a check; empty for one that this version does not know.
constexpr std::string_view advice_for(std::string_view check_id) noexcept {
  const check* known = checks::find(check_id);
  return known == nullptr ? std::string_view{} : known->advice;
}

}  // namespace knowngood
