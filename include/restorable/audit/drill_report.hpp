// step_report, table_comparison, recovery_report: what a restore rehearsal adds to a report.
//
// Layer: audit. Part of audit/report.hpp; a report of `verify` has none of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "restorable/base/finding.hpp"
#include "restorable/base/location.hpp"
#include "restorable/base/severity.hpp"
#include "restorable/base/time.hpp"
#include "restorable/inspect/facts.hpp"

namespace restorable {

/// Something that could not be checked, and what to do about it.
struct unchecked_item {
  location where;
  std::string message;
  std::string advice;

  friend bool operator==(const unchecked_item&, const unchecked_item&) = default;
};

/// One rehearsed step: `load-dump`, `clone-bundle`, ….
struct step_report {
  std::string name;                          ///< stable kebab-case word; what `drill.allow_skip` names
  std::string component;                     ///< empty without a policy, and for steps about the whole
  std::string artifact;                      ///< path; empty for steps about none
  restorable::verdict verdict = verdict::unchecked;
  bool skipped = false;                      ///< it was not run
  std::string reason;                        ///< why it was skipped; empty otherwise
  moment started{};
  double seconds = 0;                        ///< wall clock
  std::uint64_t bytes = 0;                   ///< of content that the step dealt with; 0 where that says nothing
  std::vector<property_fact> properties;     ///< `commits`, `newest_commit`, `server_version`, …
  std::string output;                        ///< of the user's own probe
  std::vector<finding> findings;
  std::vector<unchecked_item> unchecked;
};

/// A table's rows in one place.
struct rows_fact {
  std::uint64_t rows = 0;
  std::optional<std::string> fingerprint;    ///< 32 hex digits; none where rows were only counted

  friend bool operator==(const rows_fact&, const rows_fact&) = default;
};

/// A table's rows in every place where they were looked at; nothing where the table is not, or was not looked at.
struct table_comparison {
  std::string artifact;                      ///< path of the dump
  std::string database;                      ///< as a dump of several names it; empty otherwise
  std::string name;                          ///< `public.incidents`, quoted where needed
  std::optional<rows_fact> dump;
  std::optional<rows_fact> capture;
  std::optional<rows_fact> source;
  std::optional<rows_fact> restored;
  std::string outcome;                       ///< `equal`, `empty`, `counted`, `tolerated`, `fewer`, `more`, `different`, `missing`, `extra`, `unread`
};

/// How long a component takes to restore, and how old the restored state is, against their objectives.
struct recovery_report {
  std::string component;                     ///< empty: everything together
  double seconds = 0;                        ///< of all its steps that a real recovery has too
  std::optional<std::int64_t> rto_seconds;   ///< objective; none: the policy has none
  std::optional<std::int64_t> age_seconds;   ///< of the restored artifact at the drill's start
  std::optional<std::int64_t> rpo_seconds;
  restorable::verdict verdict = verdict::sound;
};

}  // namespace restorable
