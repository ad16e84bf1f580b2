// judge_gate: may we ship on these backups? Each rule with whether it holds and why.
//
// Layer: audit. What is judged is a ledger that was checked (audit/ledger_check.hpp) and the evidence in it; docs/audit.md
// lists the rules, audit/gate_output.hpp shows them.
//   const gate_result result = judge_gate(checked, evidence, request); return result.exit_code;
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/accepted_findings.hpp"
#include "restorable/audit/gate_rule.hpp"
#include "restorable/audit/ledger_check.hpp"
#include "restorable/audit/recovery_step.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/audit/report_history.hpp"
#include "restorable/audit/table_outcome.hpp"
#include "restorable/audit/text_layout.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/base/time.hpp"
#include "restorable/catalog/gate_policy.hpp"

namespace restorable {

namespace detail {

/// Whether a command line, quoted as for a shell, has that word.
inline bool has_word(std::string_view command, std::string_view wanted) {
  std::string word;
  bool quoted = false;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (word == wanted) return true;
      word.clear();
    } else {
      word += c == '\\' && !quoted && i + 1 < command.size() ? command[++i] : c;
    }
  }
  return word == wanted;
}

class gate_judge {
 public:
  gate_judge(const ledger_check& checked, const evidence& shown, const gate_request& request)
      : checked_{checked}, shown_{shown}, request_{request}, accepted_{request.rules.accepted, request.now} {}

  gate_result run() {
    judge_ledger();
    judge_signatures();
    const std::size_t place_of_accepted = result_.rules.size();
    if (judge_age("verification-fresh", "verification", "verify", shown_.verify, request_.rules.max_age)) {
      judge_soundness("verification-sound", *shown_.verify);
      judge_cover("verification-covers", *shown_.verify, [](const report& of, const std::string& name) {
        return std::any_of(of.components.begin(), of.components.end(),
                           [&](const component_report& one) { return one.name == name && one.artifacts > 0; });
      });
    }
    judge_drill();
    if (auto rule = accepted_.judge()) result_.rules.insert(result_.rules.begin() + static_cast<std::ptrdiff_t>(place_of_accepted), std::move(*rule));
    result_.exit_code = has(gate_verdict::fail) ? 1 : has(gate_verdict::unknown) ? 3 : 0;
    return std::move(result_);
  }

 private:
  static constexpr std::chrono::minutes clock_tolerance{5};

  gate_rule& add(std::string name, gate_verdict value, std::string why, std::vector<std::string> details = {}) {
    result_.rules.push_back({std::move(name), value, std::move(why), std::move(details)});
    return result_.rules.back();
  }

  [[nodiscard]] bool has(gate_verdict value) const {
    return std::any_of(result_.rules.begin(), result_.rules.end(), [&](const gate_rule& rule) { return rule.verdict == value; });
  }

  // --- the ledger

  static bool about_signatures(const finding& one) { return one.check.starts_with("signature.") || one.check == checks::ledger_head.id; }

  /// Errors of the ledger of which `about` is true. Those that were left out may be of any kind, and count for each.
  template <typename About>
  std::vector<std::string> defects(About about) const {
    std::vector<std::string> wrong;
    for (const auto& one : checked_.findings) {
      if (one.severity == severity::error && about(one)) wrong.push_back(line(one));
    }
    if (checked_.errors_left_out > 0) wrong.push_back(counted(checked_.errors_left_out, "more defect") + ", left out here: audit ledger check counts them");
    return wrong;
  }

  void judge_ledger() {
    std::vector<std::string> wrong = defects([](const finding& one) { return !one.check.starts_with("signature."); });
    if (!wrong.empty()) {
      const std::uint64_t all = wrong.size() - (checked_.errors_left_out > 0 ? 1 : 0) + checked_.errors_left_out;
      add("ledger-whole", gate_verdict::fail, fmt::format("the ledger is damaged: {}", counted(all, "defect")), std::move(wrong));
    } else if (!checked_.unchecked.empty()) {
      std::vector<std::string> unread;
      for (const auto& one : checked_.unchecked) unread.push_back(fmt::format("{}: {}", one.where.to_string(), printable(one.message)));
      const std::string what = counted(unread.size(), "part") + " of the ledger could not be read";
      add("ledger-whole", gate_verdict::unknown, what, std::move(unread));
    } else if (!checked_.pending.empty()) {
      add("ledger-whole", gate_verdict::unknown, "the newest report is not listed yet: a run was killed before it could, and the next one does",
          {printable(checked_.pending)});
    } else {
      add("ledger-whole", gate_verdict::pass, fmt::format("{} in an unbroken chain", counted(checked_.lines.size(), "report")));
    }
  }

  void judge_signatures() {
    if (!request_.signatures) {
      add("signed", gate_verdict::not_asked, "no public key was given");
      return;
    }
    std::vector<std::string> wrong = defects(about_signatures);
    if (!wrong.empty() || !checked_.head_signed) {
      const char* what = wrong.empty() ? "the ledger's head is not signed by a known key" : "signatures do not hold";
      add("signed", gate_verdict::fail, what, std::move(wrong));
    } else if (checked_.signatures_verified == 0) {
      add("signed", gate_verdict::fail, "no report is signed by a known key");
    } else {
      add("signed", gate_verdict::pass, fmt::format("{} and the head signed by a known key", counted(checked_.signatures_verified, "report")));
    }
  }

  bool forgive(const finding& one) { return accepted_.take(one); }

  // --- age, soundness, cover

  [[nodiscard]] std::chrono::seconds age_of(const report& of) const { return request_.now - of.finished; }

  /// When the newest run of a tool began that a line lists and whose report could not be read; nothing where an older one
  /// is the newest.
  [[nodiscard]] std::optional<moment> unread_since(std::string_view tool, const std::optional<report>& newest) const {
    std::optional<moment> unread;
    for (const auto& line : checked_.lines) {
      const report_claim& about = line.entry.about;
      if (about.tool != tool || (newest && about.started <= newest->started) || (unread && about.started <= *unread)) continue;
      const bool read = std::any_of(shown_.history.nights.begin(), shown_.history.nights.end(),
                                    [&](const history_entry& one) { return one.tool == tool && one.started == about.started; });
      if (!read) unread = about.started;
    }
    return unread;
  }

  // True when there is a report to go on with. Of an older one than the newest nothing follows.
  bool judge_age(const std::string& name, std::string_view what, std::string_view tool, const std::optional<report>& newest, std::chrono::seconds most) {
    if (const auto unread = unread_since(tool, newest)) {
      add(name, gate_verdict::unknown, fmt::format("the newest {}, of {}, could not be read", what, to_rfc3339(*unread)));
      return false;
    }
    if (!newest) {
      add(name, gate_verdict::fail, fmt::format("there is no {} in the ledger", what));
      return false;
    }
    if (newest->started > request_.now + clock_tolerance || newest->finished > request_.now + clock_tolerance) {
      add(name, gate_verdict::fail, fmt::format("the newest {} is from the future: {}, and it is {} now", what, to_rfc3339(newest->finished), to_rfc3339(request_.now)));
      return true;
    }
    const std::chrono::seconds age = age_of(*newest);
    add(name, age <= most ? gate_verdict::pass : gate_verdict::fail,
        fmt::format("the newest {} is {} old, of at most {}", what, format_duration(std::max(age, std::chrono::seconds{0})), format_duration(most)));
    return true;
  }

  // A report is judged by all that stands in it, not by the verdict that it claims.
  void judge_soundness(const std::string& name, const report& of) {
    std::vector<std::string> wrong;
    std::set<std::string> forgiven;  // checks that made the run fail
    std::uint64_t accepted = 0;
    const bool strict = has_word(of.command, "--strict");
    each_finding(of, [&](const finding& one) {
      const bool unprotected = one.check == checks::file_unprotected.id && one.severity != severity::error;
      const bool fails_the_run = one.severity == severity::error || (strict && one.severity == severity::warning);
      if (!fails_the_run && !unprotected) return;
      const bool allowed = unprotected && request_.rules.allow_unprotected;
      if (!allowed && !forgive(one)) {
        wrong.push_back(line(one));
        return;
      }
      accepted += allowed ? 0 : 1;
      if (fails_the_run) forgiven.insert(one.check);
    });
    take_contradictions(of, wrong);
    if (!of.complete) wrong.emplace_back("the run was interrupted");
    if (of.artifacts.empty()) wrong.emplace_back("the run looked at no artifact");
    if (wrong.empty() && !explains(of.exit_code, forgiven)) {
      wrong.push_back(fmt::format("the run ended with exit code {}, and nothing in its report says why", of.exit_code));
    }
    std::uint64_t parts = 0;
    for (const auto& part : shown_.parts) {
      if ((part.tool == "drill") != (of.tool == "drill")) continue;
      ++parts;
      each_finding(part, [&](const finding& one) {
        if (one.severity != severity::error) return;
        if (forgive(one)) {
          ++accepted;
        } else {
          wrong.push_back(fmt::format("in the run of a part of {}: {}", to_rfc3339(part.started), line(one)));
        }
      });
    }
    const std::string since = parts > 0 ? fmt::format(", and {} of a part since then", counted(parts, "run")) : "";
    if (wrong.empty()) {
      add(name, gate_verdict::pass,
          counted(of.artifacts.size(), "artifact") + " sound" + since + (accepted > 0 ? fmt::format(", {} accepted", counted(accepted, "finding")) : ""));
    } else {
      const std::string what = counted(wrong.size(), "thing") + " wrong in the report of " + to_rfc3339(of.started) + since;
      add(name, gate_verdict::fail, what, std::move(wrong));
    }
  }

  /// What could not be checked, and what a verdict says that no finding does.
  static void take_contradictions(const report& of, std::vector<std::string>& wrong) {
    const auto take = [&](const std::vector<unchecked_item>& items) {
      for (const auto& one : items) wrong.push_back(fmt::format("unchecked: {}: {}", one.where.to_string(), printable(one.message)));
    };
    const auto has_error = [](const std::vector<finding>& findings) {
      return std::any_of(findings.begin(), findings.end(), [](const finding& one) { return one.severity == severity::error; });
    };
    const auto compare = [&](const std::string& what, verdict said, const std::vector<finding>& findings, const std::vector<unchecked_item>& items) {
      const bool errors = has_error(findings);
      if ((said == verdict::unsound && !errors) || (said == verdict::unchecked && !errors && items.empty())) {
        wrong.push_back(fmt::format("{}: its verdict is {}, and nothing in its report says why", printable(what), to_string(said)));
      }
    };
    take(of.unchecked);
    for (const auto& one : of.components) {
      // Its verdict is the worst of its parts, whose verdicts are held against their own findings.
      const auto bad_part = [&](const auto& part) { return part.component == one.name && part.verdict == verdict::unsound; };
      const bool explained = has_error(one.findings) || std::any_of(of.artifacts.begin(), of.artifacts.end(), bad_part) ||
                             std::any_of(of.steps.begin(), of.steps.end(), bad_part);
      if (!explained && one.verdict == verdict::unsound) compare(one.name, one.verdict, {}, {});
    }
    if (of.verdict == verdict::unsound && count_findings(of).errors == 0) compare("the run", of.verdict, {}, {});
    for (const auto& one : of.artifacts) {
      take(one.unchecked);
      compare(one.path, one.verdict, one.findings, one.unchecked);
    }
    for (const auto& one : of.steps) {
      take(one.unchecked);
      compare(one.component.empty() ? one.name : one.component + " " + one.name, one.verdict, one.findings, one.unchecked);
    }
  }

  /// Whether a run ended with that code for what was forgiven, or because all was well.
  static bool explains(int exit_code, const std::set<std::string>& forgiven) {
    const std::string cleanup{checks::drill_cleanup.id};
    if (exit_code == 1) return !forgiven.empty();
    if (exit_code == 4) return forgiven.contains(cleanup);
    return exit_code == 0;
  }

  template <typename IsCovered>
  void judge_cover(const std::string& name, const report& of, IsCovered is_covered) {
    std::vector<std::string> wanted;
    for (const auto& one : request_.components) {
      if (one.required) wanted.push_back(one.name);
    }
    if (request_.components.empty()) {
      for (const auto& one : of.components) {
        if (one.artifacts > 0) wanted.push_back(one.name);
      }
    }
    std::vector<std::string> missing;
    for (const auto& one : wanted) {
      if (!is_covered(of, one)) missing.push_back(printable(one));
    }
    if (!missing.empty()) {
      add(name, gate_verdict::fail, fmt::format("{} not covered: {}", counted(missing.size(), "component"), fmt::join(missing, ", ")));
    } else if (wanted.empty() && !request_.components.empty()) {
      add(name, gate_verdict::not_asked, "the policy requires no component");
    } else if (wanted.empty() && of.components.empty()) {
      add(name, gate_verdict::not_asked, "neither the gate nor the run had a policy: nothing says what should be there");
    } else if (wanted.empty()) {
      add(name, gate_verdict::fail, "no component had an artifact");
    } else {
      add(name, gate_verdict::pass, fmt::format("{} covered", counted(wanted.size(), "component")));
    }
  }

  // --- the drill

  void judge_drill() {
    const gate_policy& rules = request_.rules;
    // Where no drill is asked for, an old one is none that could fail.
    if (!rules.require_drill && !unread_since("drill", shown_.drill) && (!shown_.drill || age_of(*shown_.drill) > rules.drill_within)) {
      add("drill-recent", gate_verdict::not_asked, shown_.drill ? fmt::format("the policy does not require drills, and the newest is {} old", format_duration(age_of(*shown_.drill)))
                                                                : "the policy does not require drills");
      return;
    }
    if (!judge_age("drill-recent", "drill", "drill", shown_.drill, rules.drill_within)) return;
    judge_soundness("drill-sound", *shown_.drill);
    judge_rows(*shown_.drill);
    judge_objectives(*shown_.drill);
    judge_cover("drill-covers", *shown_.drill, [](const report& of, const std::string& name) {
      return std::any_of(of.steps.begin(), of.steps.end(), [&](const step_report& step) {
        return step.component == name && !step.skipped && step.verdict != verdict::unchecked && restores_content(step.name);
      });
    });
  }

  void judge_rows(const report& of) {
    std::vector<std::string> wrong;
    std::uint64_t accepted = 0;
    for (const auto& table : of.comparisons) {
      const table_judgement judged = judge_outcome(table);
      if (judged.worth == verdict::sound) continue;
      const finding told{std::string{judged.check}, severity::error, location{table.artifact} / table.name, table.outcome + ": " + rows_text(table), {}, {}};
      if (judged.worth == verdict::unsound && forgive(told)) {
        ++accepted;
      } else {
        wrong.push_back(line(told));
      }
    }
    std::uint64_t wanted = 0;
    for (const auto& component : request_.components) {
      if (!component.required || !component.has_rows) continue;
      ++wanted;
      const bool compared = std::any_of(of.steps.begin(), of.steps.end(), [&](const step_report& step) {
        return step.component == component.name && step.name == "compare-rows" && !step.skipped;
      });
      if (!compared) wrong.push_back(printable(component.name) + ": no rows were compared");
    }
    if (!wrong.empty()) {
      const std::string what = "rows not proved to be the same in " + counted(wrong.size(), "place");
      add("drill-rows", gate_verdict::fail, what, std::move(wrong));
    } else if (of.comparisons.empty() && wanted == 0) {
      add("drill-rows", gate_verdict::not_asked, "there was no table to compare");
    } else if (of.comparisons.empty()) {
      add("drill-rows", gate_verdict::fail, "rows were to be compared, and of no table were they");
    } else {
      add("drill-rows", gate_verdict::pass,
          counted(of.comparisons.size() - accepted, "table") + " restored with the same rows" + (accepted > 0 ? fmt::format(", {} accepted with others", accepted) : ""));
    }
  }

  void judge_objectives(const report& of) {
    std::vector<std::string> wrong;
    std::uint64_t objectives = 0;
    const auto miss = [&](const check& which, const std::string& component, const std::string& message) {
      const finding told = make_finding(which, location{component.empty() ? "everything" : component}, message);
      if (!forgive(told)) wrong.push_back(line(told));
    };
    const auto text = [](std::int64_t seconds) { return format_duration(std::chrono::seconds{seconds}); };
    const auto stricter = [](std::optional<std::int64_t> a, std::optional<std::chrono::seconds> b) {
      return !b ? a : std::optional<std::int64_t>{a ? std::min<std::int64_t>(*a, b->count()) : b->count()};
    };
    for (const auto& one : of.recoveries) {
      const gate_component* asked = one.component.empty() ? nullptr : component_of(one.component);
      const auto rto = stricter(one.rto_seconds, asked == nullptr ? std::nullopt : asked->rto);
      const auto rpo = stricter(one.rpo_seconds, asked == nullptr ? std::nullopt : asked->rpo);
      objectives += (rto ? 1U : 0U) + (rpo ? 1U : 0U);
      bool missed = false;
      if (rto && !(one.seconds <= static_cast<double>(*rto))) {
        missed = true;
        miss(checks::drill_rto, one.component, fmt::format("restored in {:.1f} s, objective {}", one.seconds, text(*rto)));
      }
      if (rpo && (!one.age_seconds || *one.age_seconds > *rpo)) {
        missed = true;
        miss(checks::drill_rpo, one.component, fmt::format("a state {} old, objective {}", one.age_seconds ? text(*one.age_seconds) : "of unknown age,", text(*rpo)));
      }
      // The whole is as bad as its components, which say why.
      if (!missed && !one.component.empty() && one.verdict != verdict::sound) {
        wrong.push_back(fmt::format("{}: the recovery is {}, and its numbers do not say why", printable(one.component), to_string(one.verdict)));
      }
    }
    for (const auto& component : request_.components) {
      if (!component.rto && !component.rpo) continue;
      const bool there = component.required || std::any_of(of.components.begin(), of.components.end(), [&](const component_report& one) {
                           return one.name == component.name && one.artifacts > 0;
                         });
      const bool recovered = std::any_of(of.recoveries.begin(), of.recoveries.end(),
                                         [&](const recovery_report& one) { return one.component == component.name; });
      if (!there || recovered) continue;
      objectives += (component.rto ? 1U : 0U) + (component.rpo ? 1U : 0U);
      wrong.push_back(printable(component.name) + ": it has objectives, and was not restored");
    }
    if (!wrong.empty()) {
      const std::string what = counted(wrong.size(), "objective") + " not shown to be met";
      add("drill-objectives", gate_verdict::fail, what, std::move(wrong));
    } else if (objectives == 0) {
      add("drill-objectives", gate_verdict::not_asked, "there are no objectives");
    } else {
      add("drill-objectives", gate_verdict::pass, counted(objectives, "objective") + " met or accepted");
    }
  }

  [[nodiscard]] const gate_component* component_of(std::string_view name) const {
    const auto found = std::find_if(request_.components.begin(), request_.components.end(), [&](const gate_component& one) { return one.name == name; });
    return found == request_.components.end() ? nullptr : &*found;
  }

  static std::string line(const finding& one) {
    return fmt::format("{}: {}: {}", printable(one.check), one.where.to_string(), printable(one.message));
  }

  const ledger_check& checked_;
  const evidence& shown_;
  const gate_request& request_;
  accepted_findings accepted_;
  gate_result result_;
};

}  // namespace detail

/// `shown`: the reports of the ledger, as `checked` vouches for them.
inline gate_result judge_gate(const ledger_check& checked, const evidence& shown, const gate_request& request) {
  return detail::gate_judge{checked, shown, request}.run();
}

/// The judgement where there is no ledger to look at: what kept it from being opened, and that nothing is known.
inline gate_result judge_gate(const environment_error& no_ledger) {
  const std::string why = fmt::format("{}: {}", no_ledger.where().to_string(), printable(no_ledger.what()));
  return {{{"ledger-whole", gate_verdict::unknown, why, {printable(no_ledger.advice())}}}, 3};
}

}  // namespace restorable
