// gate_reports: whether the newest report of a tool is young enough, sound, and about every component that it has to
// be.
//
// Layer: audit. Part of audit/gate.hpp. A report is judged by all that stands in it, not by the verdict that it claims.
// Example: gate_reports reports{checked, shown, request, board}; reports.judge_soundness("drill-sound", *shown.drill);
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/gate_board.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_history.hpp"

namespace knowngood::detail {

class gate_reports {
 public:
  gate_reports(const ledger_check& checked, const evidence& shown, const gate_request& request, gate_board& board)
      : checked_{checked}, shown_{shown}, request_{request}, board_{board} {}

  [[nodiscard]] std::chrono::seconds age_of(const report& of) const { return request_.now - of.finished; }

  /// When the newest run of a tool began that a line lists and whose report could not be read; nothing where an older
  /// one is the newest.
  [[nodiscard]] std::optional<moment> unread_since(std::string_view tool, const std::optional<report>& newest) const {
    std::optional<moment> unread;
    for (const auto& line : checked_.lines) {
      const report_claim& about = line.entry.about;
      if (about.tool != tool || (newest && about.started <= newest->started) || (unread && about.started <= *unread))
        continue;
      const bool read =
          std::any_of(shown_.history.nights.begin(), shown_.history.nights.end(),
                      [&](const history_entry& one) { return one.tool == tool && one.started == about.started; });
      if (!read) unread = about.started;
    }
    return unread;
  }

  // True when there is a report to go on with. Of an older one than the newest nothing follows.
  bool judge_age(const std::string& name, std::string_view what, std::string_view tool,
                 const std::optional<report>& newest, std::chrono::seconds most) {
    if (const auto unread = unread_since(tool, newest)) {
      board_.add(name, gate_verdict::unknown,
                 fmt::format("the newest {}, of {}, could not be read", what, to_rfc3339(*unread)));
      return false;
    }
    if (!newest) {
      board_.add(name, gate_verdict::fail, fmt::format("there is no {} in the ledger", what));
      return false;
    }
    if (newest->started > request_.now + clock_tolerance || newest->finished > request_.now + clock_tolerance) {
      board_.add(name, gate_verdict::fail,
                 fmt::format("the newest {} is from the future: {}, and it is {} now", what,
                             to_rfc3339(newest->finished), to_rfc3339(request_.now)));
      return true;
    }
    const std::chrono::seconds age = age_of(*newest);
    board_.add(name, age <= most ? gate_verdict::pass : gate_verdict::fail,
               fmt::format("the newest {} is {} old, of at most {}", what,
                           format_duration(std::max(age, std::chrono::seconds{0})), format_duration(most)));
    return true;
  }

  // A report is judged by all that stands in it, not by the verdict that it claims.
  void judge_soundness(const std::string& name, const report& of) {
    std::vector<std::string> wrong;
    std::set<std::string> forgiven;  // checks that made the run fail
    std::uint64_t accepted = 0;
    const bool strict = of.strict;
    each_finding(of, [&](const finding& one) {
      const bool unprotected = one.check == checks::file_unprotected.id && one.severity != severity::error;
      const bool fails_the_run = is_error(one) || (strict && one.severity == severity::warning);
      if (!fails_the_run && !unprotected) return;
      const bool allowed = unprotected && request_.rules.allow_unprotected;
      if (!allowed && !board_.forgive(one)) {
        wrong.push_back(gate_board::line(one));
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
        if (board_.forgive(one)) {
          ++accepted;
        } else {
          wrong.push_back(
              fmt::format("in the run of a part of {}: {}", to_rfc3339(part.started), gate_board::line(one)));
        }
      });
    }
    const std::string since = parts > 0 ? fmt::format(", and {} of a part since then", counted(parts, "run")) : "";
    if (wrong.empty()) {
      board_.add(name, gate_verdict::pass,
                 counted(of.artifacts.size(), "artifact") + " sound" + since +
                     (accepted > 0 ? fmt::format(", {} accepted", counted(accepted, "finding")) : ""));
    } else {
      const std::string what =
          counted(wrong.size(), "thing") + " wrong in the report of " + to_rfc3339(of.started) + since;
      board_.add(name, gate_verdict::fail, what, std::move(wrong));
    }
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
      board_.add(name, gate_verdict::fail,
                 fmt::format("{} not covered: {}", counted(missing.size(), "component"), fmt::join(missing, ", ")));
    } else if (wanted.empty() && !request_.components.empty()) {
      board_.add(name, gate_verdict::not_asked, "the policy requires no component");
    } else if (wanted.empty() && of.components.empty()) {
      board_.add(name, gate_verdict::not_asked,
                 "neither the gate nor the run had a policy: nothing says what should be there");
    } else if (wanted.empty()) {
      board_.add(name, gate_verdict::fail, "no component had an artifact");
    } else {
      board_.add(name, gate_verdict::pass, fmt::format("{} covered", counted(wanted.size(), "component")));
    }
  }

 private:
  static constexpr std::chrono::minutes clock_tolerance{5};

  /// What could not be checked, and what a verdict says that no finding does.
  static void take_contradictions(const report& of, std::vector<std::string>& wrong) {
    const auto take = [&](const std::vector<unchecked_item>& items) {
      for (const auto& one : items)
        wrong.push_back(fmt::format("unchecked: {}: {}", one.where.to_string(), printable(one.message)));
    };
    const auto compare = [&](const std::string& what, verdict said, const std::vector<finding>& findings,
                             const std::vector<unchecked_item>& items) {
      const bool errors = has_error(findings);
      if ((said == verdict::unsound && !errors) || (said == verdict::unchecked && !errors && items.empty())) {
        wrong.push_back(
            fmt::format("{}: its verdict is {}, and nothing in its report says why", printable(what), to_string(said)));
      }
    };
    take(of.unchecked);
    for (const auto& one : of.components) {
      // Its verdict is the worst of its parts, whose verdicts are held against their own findings.
      const auto bad_part = [&](const auto& part) {
        return part.component == one.name && part.verdict == verdict::unsound;
      };
      const bool explained = has_error(one.findings) ||
                             std::any_of(of.artifacts.begin(), of.artifacts.end(), bad_part) ||
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
      // That step's verdict is its artifact's, which says why.
      const bool of_artifact =
          one.name == drill_steps::verify_artifact.name &&
          std::any_of(of.artifacts.begin(), of.artifacts.end(), [&](const artifact_report& artifact) {
            return artifact.path == one.artifact && artifact.verdict == one.verdict;
          });
      if (of_artifact) continue;
      compare(one.component.empty() ? one.name : one.component + " " + one.name, one.verdict, one.findings,
              one.unchecked);
    }
  }

  /// Whether a run ended with that code for what was forgiven, or because all was well.
  static bool explains(int code, const std::set<std::string>& forgiven) {
    const std::string cleanup{checks::drill_cleanup.id};
    if (code == exit_code::unsound) return !forgiven.empty();
    if (code == exit_code::left_behind) return forgiven.contains(cleanup);
    return code == exit_code::sound;
  }

  const ledger_check& checked_;
  const evidence& shown_;
  const gate_request& request_;
  gate_board& board_;
};

}  // namespace knowngood::detail
