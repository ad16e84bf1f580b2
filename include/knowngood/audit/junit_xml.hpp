// render_junit: reports as JUnit XML, for the test view of a CI system.
//
// Layer: audit. A suite for each run, each component, the steps, tables and recoveries of a drill; a case for each
// artifact, and one for each family of checks that found something in it. docs/rendering.md has the mapping. Example:
//   write_file_atomically(path, render_junit(evidence_of(parse_report(json, name))), …)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/junit_document.hpp"
#include "knowngood/audit/markup_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_history.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/report/table_outcome.hpp"

namespace knowngood {

namespace detail {

inline std::string junit_lines(const finding& one) {
  std::string text =
      fmt::format("{} {}: {}\n", to_string(one.severity), escape_markup(one.check), escape_markup(one.message));
  std::string where;
  for (const auto& name : one.where.chain()) where += (where.empty() ? "" : " » ") + escape_markup(name);
  if (one.where.offset()) where += fmt::format("{}at byte {}", where.empty() ? "" : " ", *one.where.offset());
  const auto line = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<9} {}\n", label, value);
  };
  line("where", where);
  line("expected", escape_markup(one.expected));
  line("actual", escape_markup(one.actual));
  line("advice", std::string{advice_for(one.check)});
  return text;
}

inline void add_to_case(junit_case& to, const std::vector<const finding*>& findings) {
  std::size_t errors = 0;
  const finding* first = nullptr;
  for (const finding* one : findings) {
    const bool error = is_error(*one);
    if (error && errors++ == 0) first = one;
    (error ? to.details : to.output) += junit_lines(*one);
  }
  if (first == nullptr) return;
  to.fail(junit_case::result::failure, first->check,
          first->message + (errors > 1 ? fmt::format(" (and {} more)", errors - 1) : std::string{}));
}

inline void add_to_case(junit_case& to, const std::vector<unchecked_item>& items) {
  for (const auto& item : items) {
    to.details += fmt::format("unchecked: {}\n", escape_markup(item.message));
    std::string where;
    for (const auto& name : item.where.chain()) where += (where.empty() ? "" : " » ") + escape_markup(name);
    if (!where.empty()) to.details += fmt::format("  {:<9} {}\n", "where", where);
    if (!item.advice.empty()) to.details += fmt::format("  {:<9} {}\n", "advice", escape_markup(item.advice));
  }
  if (items.empty()) return;
  to.fail(junit_case::result::error, "unchecked",
          items.front().message + (items.size() > 1 ? fmt::format(" (and {} more)", items.size() - 1) : std::string{}));
}

/// A verdict that nothing listed explains still counts.
inline void add_verdict(junit_case& to, verdict value) {
  if (value == verdict::unsound) to.fail(junit_case::result::failure, "unsound", "the verdict is unsound");
  if (value == verdict::unchecked) to.fail(junit_case::result::error, "unchecked", "the verdict is unchecked");
  if (value == verdict::unprotected && to.came_to == junit_case::result::passed) {
    to.output += "the verdict is unprotected: neither the format nor a checksum file would show damage\n";
  }
}

class junit_xml {
 public:
  void add(const report& of) {
    begin(of);
    run_suite(of);
    std::set<std::string_view> known;
    for (const auto& component : of.components) {
      if (!known.insert(component.name).second) continue;
      std::vector<junit_case> cases;
      for (const auto& same : of.components) {
        if (same.name == component.name) component_cases(of, same, cases);
      }
      for (const auto& artifact : of.artifacts) {
        if (artifact.component == component.name) artifact_cases(artifact, cases);
      }
      suite("component " + component.name, cases);
    }
    std::vector<junit_case> others;
    for (const auto& artifact : of.artifacts) {
      if (!known.contains(artifact.component)) artifact_cases(artifact, others);
    }
    suite(known.empty() ? "artifacts" : "artifacts of no component", others);
    step_suite(of);
    table_suite(of);
    recovery_suite(of);
  }

  /// A run that looked at a part, newer than the whole one: of it only what it came to and its errors, for what it
  /// looked at has its cases above.
  void add_part(const report& of, std::size_t number) {
    begin(of);
    std::vector<junit_case> cases{verdict_case(of)};
    std::vector<finding> errors;
    each_finding(of, [&](const finding& one) {
      if (is_error(one)) errors.push_back(one);
    });
    family_cases("", errors, cases);
    suite(fmt::format("run {} of a part since then, {}", number, to_rfc3339(within_reason(of.started))), cases);
  }

  [[nodiscard]] std::string text() const { return document_.text(); }

 private:
  using result = junit_case::result;

  void begin(const report& of) {
    started_ = of.started;
    host_ = of.host;
    estate_ = of.estate;
    tool_ = of.tool;
  }

  junit_case verdict_case(const report& of) const {
    junit_case whole{tool_, "verdict", 0, result::passed, {}, {}, {}, {}};
    const history_entry entry = summarise_for_history(of);
    const run_outcome outcome = outcome_of(entry);
    if (outcome.worth == verdict::unsound) whole.fail(result::failure, "unsound", entry.headline);
    if (outcome.worth == verdict::unchecked) whole.fail(result::error, "unchecked", entry.headline);
    (whole.came_to == result::passed ? whole.output : whole.details) +=
        fmt::format("{}; exit {}\n", escape_markup(entry.headline), of.exit_code);
    return whole;
  }

  void run_suite(const report& of) {
    std::vector<junit_case> cases{verdict_case(of)};
    family_cases("", of.findings, cases);
    if (!of.unchecked.empty()) {
      junit_case unchecked{tool_, "unchecked", 0, result::passed, {}, {}, {}, {}};
      add_to_case(unchecked, of.unchecked);
      cases.push_back(std::move(unchecked));
    }
    suite("run", cases);
  }

  void component_cases(const report& of, const component_report& component, std::vector<junit_case>& cases) {
    junit_case own{class_of(component.name), component.name, 0, result::passed, {}, {}, {}, {}};
    own.output = component.newest ? fmt::format("newest: {}{}\n", escape_markup(*component.newest),
                                                component.age_seconds ? ", " + age_text(component, of.started) : "")
                                  : "newest: none\n";
    for (const auto& one : component.findings) {
      if (is_error(one)) own.fail(result::failure, one.check, one.message);
    }
    add_verdict(own, component.verdict);
    cases.push_back(std::move(own));
    family_cases(component.name, component.findings, cases);
  }

  void artifact_cases(const artifact_report& artifact, std::vector<junit_case>& cases) {
    junit_case whole{class_of(artifact.component),
                     artifact.path + ": sound",
                     std::isfinite(artifact.seconds) ? std::max(artifact.seconds, 0.0) : 0,
                     result::passed,
                     {},
                     {},
                     {},
                     {}};
    if (!artifact.kind.empty()) whole.output = fmt::format("kind: {}\n", escape_markup(artifact.kind));
    for (const auto& one : artifact.findings) {
      if (is_error(one)) whole.fail(result::failure, one.check, one.message);
    }
    if (whole.came_to == result::failure) whole.details = "what was found stands in the cases of its families\n";
    add_to_case(whole, artifact.unchecked);
    add_verdict(whole, artifact.verdict);
    cases.push_back(std::move(whole));
    const std::size_t before = cases.size();
    family_cases(artifact.component, artifact.findings, cases);
    for (std::size_t i = before; i < cases.size(); ++i) cases[i].name = artifact.path + ": " + cases[i].name;
  }

  /// One for each family that found something.
  void family_cases(std::string_view component, const std::vector<finding>& findings, std::vector<junit_case>& cases) {
    std::map<std::string_view, std::vector<const finding*>> families;
    for (const auto& one : findings)
      families[std::string_view{one.check}.substr(0, one.check.find('.'))].push_back(&one);
    for (const auto& [family, found] : families) {
      junit_case of_family{class_of(component), std::string{family}, 0, result::passed, {}, {}, {}, {}};
      add_to_case(of_family, found);
      cases.push_back(std::move(of_family));
    }
  }

  void step_suite(const report& of) {
    std::vector<junit_case> steps;
    for (const auto& step : of.steps) {
      junit_case one{class_of(step.component),
                     step.name + (step.artifact.empty() ? "" : ": " + step.artifact),
                     std::isfinite(step.seconds) ? std::max(step.seconds, 0.0) : 0,
                     result::passed,
                     {},
                     {},
                     {},
                     {}};
      std::vector<const finding*> found;
      for (const auto& each : step.findings) found.push_back(&each);
      add_to_case(one, found);
      add_to_case(one, step.unchecked);
      if (!step.skipped || step.verdict == verdict::unsound) add_verdict(one, step.verdict);
      if (step.skipped && one.came_to == result::passed) {
        one.came_to = result::skipped;
        one.message = step.reason;
      } else if (step.skipped) {
        one.output += fmt::format("skipped: {}\n", escape_markup(step.reason));
      }
      for (std::string_view rest = step.output; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        one.output += escape_markup(rest.substr(0, end)) + "\n";
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      }
      steps.push_back(std::move(one));
    }
    suite("steps", steps);
  }

  void table_suite(const report& of) {
    std::vector<junit_case> tables;
    for (const auto& table : of.comparisons) {
      junit_case one{class_of("tables"),
                     table.artifact + ": " + (table.database.empty() ? "" : table.database + "/") + table.name,
                     0,
                     result::passed,
                     {},
                     {},
                     {},
                     {}};
      const table_judgement judged = judge_outcome(table);
      if (judged.worth == verdict::unsound) one.fail(result::failure, judged.check, outcome_text(table));
      if (judged.worth == verdict::unchecked) one.fail(result::error, judged.check, outcome_text(table));
      one.output = outcome_text(table) + "\n";
      tables.push_back(std::move(one));
    }
    suite("tables", tables);
  }

  void recovery_suite(const report& of) {
    std::vector<junit_case> recoveries;
    for (const auto& recovery : restored_recoveries(of)) {
      junit_case one{class_of("recovery"),
                     recovery.component.empty() ? "everything" : recovery.component,
                     std::isfinite(recovery.seconds) ? std::max(recovery.seconds, 0.0) : 0,
                     result::passed,
                     {},
                     {},
                     {},
                     {}};
      one.output = fmt::format("restored in {}", format_elapsed(recovery.seconds));
      if (recovery.rto_seconds) one.output += fmt::format(" (objective {})", length_text(*recovery.rto_seconds));
      if (recovery.age_seconds) one.output += fmt::format(", to a state {}", age_text(*recovery.age_seconds));
      if (recovery.rpo_seconds) one.output += fmt::format(" (objective {})", length_text(*recovery.rpo_seconds));
      if (recovery.verdict == verdict::unsound) one.fail(result::failure, missed_objective(recovery), one.output);
      if (recovery.verdict == verdict::unchecked) one.fail(result::error, "unchecked", one.output);
      one.output += "\n";
      recoveries.push_back(std::move(one));
    }
    suite("recovery", recoveries);
  }

  /// The check that an unsound recovery comes from: an objective that its numbers miss, or something else.
  static std::string_view missed_objective(const recovery_report& recovery) {
    if (recovery.rto_seconds && !(recovery.seconds <= static_cast<double>(*recovery.rto_seconds)))
      return checks::drill_rto.id;
    const bool old = recovery.rpo_seconds && recovery.age_seconds && *recovery.age_seconds > *recovery.rpo_seconds;
    return old ? checks::drill_rpo.id : "unsound";
  }

  [[nodiscard]] std::string class_of(std::string_view component) const {
    return component.empty() ? tool_ : fmt::format("{}.{}", tool_, component);
  }

  void suite(std::string_view name, const std::vector<junit_case>& cases) {
    document_.suite(fmt::format("{}: {}", tool_, name), cases, started_, host_, estate_);
  }

  junit_document document_;
  moment started_{};
  std::string host_;
  std::string estate_;
  std::string tool_;
};

}  // namespace detail

/// The document, ended by a newline: well-formed XML whatever the names in it, nothing cut. With nothing to show it has
/// a suite with one case that is an error: no evidence is no pass.
inline std::string render_junit(const evidence& shown) {
  detail::junit_xml out;
  if (shown.verify) out.add(*shown.verify);
  if (shown.drill) out.add(*shown.drill);
  for (std::size_t i = 0; i < shown.parts.size(); ++i) out.add_part(shown.parts[i], i + 1);
  if (!shown.verify && !shown.drill) {
    report nothing;
    nothing.tool = "knowngood";
    nothing.verdict = verdict::unchecked;
    nothing.complete = true;
    nothing.exit_code = exit_code::unchecked;
    nothing.unchecked.push_back({location{}, "there is no report", "run verify with --ledger, or name a report"});
    out.add(nothing);
  }
  return out.text();
}

}  // namespace knowngood
