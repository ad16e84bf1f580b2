// step_report, table_comparison, recovery_report: what a restore rehearsal adds to a report.
//
// Layer: report. Part of report/report.hpp; a report of `verify` has none of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/report/row_outcome.hpp"

namespace knowngood {

/// One rehearsed step: `load-dump`, `clone-bundle`, ….
struct step_report {
  std::string name;       ///< stable kebab-case word; what `drill.allow_skip` names
  std::string component;  ///< empty without a policy, and for steps about the whole
  std::string artifact;   ///< path; empty for steps about none
  knowngood::verdict verdict = verdict::unchecked;
  bool skipped = false;  ///< it was not run
  std::string reason;    ///< why it was skipped; empty otherwise
  moment started{};
  double seconds = 0;                     ///< wall clock
  std::uint64_t bytes = 0;                ///< of content that the step dealt with; 0 where that says nothing
  std::vector<property_fact> properties;  ///< `commits`, `newest_commit`, `server_version`, …
  std::string output;                     ///< of the user's own probe
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
};

/// A table's rows in one place.
struct rows_fact {
  std::uint64_t rows = 0;
  std::optional<std::string> fingerprint;  ///< 32 hex digits; none where rows were only counted

  friend bool operator==(const rows_fact&, const rows_fact&) = default;
};

/// A table's rows in every place where they were looked at; nothing where the table is not, or was not looked at.
struct table_comparison {
  std::string artifact;  ///< path of the dump
  std::string database;  ///< as a dump of several names it; empty otherwise
  std::string name;      ///< `public.incidents`, quoted where needed
  std::optional<rows_fact> dump;
  std::optional<rows_fact> capture;
  std::optional<rows_fact> source;
  std::optional<rows_fact> restored;
  row_outcome outcome = row_outcome::unknown;  ///< the worst of all its comparisons
};

/// How long a component takes to restore, and how old the restored state is, against their objectives.
struct recovery_report {
  std::string component;                    ///< empty: everything together
  double seconds = 0;                       ///< of all its steps that a real recovery has too
  std::optional<std::int64_t> rto_seconds;  ///< objective; none: the policy has none
  std::optional<std::int64_t> age_seconds;  ///< of the restored artifact at the drill's start
  std::optional<std::int64_t> rpo_seconds;
  knowngood::verdict verdict = verdict::sound;
};

}  // namespace knowngood
