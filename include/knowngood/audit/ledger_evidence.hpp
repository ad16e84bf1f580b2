// read_evidence, gather_for_gate: the reports that a path leads to, for showing; and those of a ledger that was
// checked, for the gate, which answers whatever can be had of it.
//
// Layer: audit. Nothing of a damaged ledger is shown as evidence. The gate judges it all the same, as closed. Example:
//   const gate_judgement judged = judge_ledger(path, {.keys = keys}, request_for(load_policy("policy.toml")));
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/audit/gate.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/catalog/policy.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/ledger/ledger_directory.hpp"
#include "knowngood/ledger/ledger_reader.hpp"
#include "knowngood/report/read_report.hpp"
#include "knowngood/report/report_history.hpp"

namespace knowngood {

/// Whether a path leads to a ledger and not to one report.
inline bool is_ledger(const std::string& path) { return type_of_file(path) == std::filesystem::file_type::directory; }

struct found_evidence {
  evidence shown;
  std::vector<finding> remarks;  ///< about the ledger; no error among them
};

/// The reports of a ledger, or the one report that `path` leads to. Throws `environment_error` for a ledger that is
/// damaged, and for what cannot be read; `usage_error` for what is no report.
inline found_evidence read_evidence(const std::string& path) {
  if (!is_ledger(path)) return {evidence_of(parse_report(read_file(path, location{path}, largest_report), path)), {}};
  found_evidence found;
  ledger_listing listing = read_ledger(path);
  if (const finding* wrong = first_error(listing.problems.findings)) {  // those left out come behind others listed
    throw environment_error{wrong->where,
                            "the ledger is damaged, and what it holds is no evidence: " + printable(wrong->message),
                            "audit ledger check says what is wrong"};
  }
  for (const auto& line : listing.lines) {
    try {
      found.shown.add(load_report(path, line.entry));
    } catch (const stream_error& error) {
      throw environment_error{error.as_finding().where, error.what(), "audit ledger check says what is wrong"};
    }
  }
  found.remarks = std::move(listing.problems.findings);
  return found;
}

/// The reports that `checked` lists. One that cannot be had is added to what `checked` found, unless it is listed there
/// already: of a report that is gone or unreadable nothing follows.
inline evidence gather_for_gate(const std::string& ledger, ledger_check& checked) {
  evidence shown;
  const auto leave_unchecked = [&](unchecked_item item) {
    const bool known = std::any_of(checked.unchecked.begin(), checked.unchecked.end(),
                                   [&](const unchecked_item& one) { return one.where == item.where; });
    if (!known) checked.unchecked.push_back(std::move(item));
  };
  const auto directory = ledger_directory::open(ledger);
  for (const auto& line : checked.lines) {
    try {
      shown.add(load_report(ledger, line.entry));
    } catch (const stream_error& error) {
      const finding problem = error.as_finding();
      if (std::find(checked.findings.begin(), checked.findings.end(), problem) == checked.findings.end())
        checked.findings.push_back(problem);
    } catch (const environment_error& error) {
      leave_unchecked({error.where(), error.what(), error.advice()});
    } catch (const usage_error& error) {
      leave_unchecked({directory.where(line.entry.report), error.what(), "read it with a newer version of knowngood"});
    }
  }
  return shown;
}

/// What a policy asks of the gate: its rules, and its components with their objectives.
inline gate_request request_for(const policy& estate) {
  gate_request request;
  request.rules = estate.gate;
  for (const auto& component : estate.components) {
    gate_component asked{component.name, component.required, component.kind == component_kind::postgres_dump,
                         std::nullopt, std::nullopt};
    if (component.drill) {
      asked.rto = component.drill->rto;
      asked.rpo = component.drill->rpo;
    }
    request.components.push_back(std::move(asked));
  }
  return request;
}

struct gate_judgement {
  gate_result result;
  evidence shown;  ///< what it was judged by
};

/// Judges whatever can be had of the ledger at `path`: a gate without a word says nothing to whoever waits before it.
inline gate_judgement judge_ledger(const std::string& path, const ledger_check_options& options,
                                   const gate_request& request) {
  try {
    ledger_check checked = check_ledger(path, options);
    evidence shown = gather_for_gate(path, checked);
    gate_result result = judge_gate(checked, shown, request);
    return {std::move(result), std::move(shown)};
  } catch (const environment_error& error) {
    return {judge_gate(error), {}};
  }
}

}  // namespace knowngood
