// judge_gate: may we ship on these backups? Each rule with whether it holds and why.
//
// Layer: audit. What is judged is a ledger that was checked (audit/ledger_check.hpp) and the evidence in it.
//   const gate_result result = judge_gate(checked, evidence, request); return result.exit_code;
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/ledger_check.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/audit/report_history.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/base/time.hpp"
#include "restorable/catalog/gate_policy.hpp"

namespace restorable {

enum class gate_verdict : unsigned char { pass, fail, unknown, not_asked };

constexpr std::string_view to_string(gate_verdict value) noexcept {
  switch (value) {
    case gate_verdict::pass: return "pass";
    case gate_verdict::fail: return "fail";
    case gate_verdict::unknown: return "unknown";
    case gate_verdict::not_asked: return "not asked";
  }
  return "fail";
}

struct gate_rule {
  std::string name;                          ///< stable: `ledger-whole`, `verification-fresh`, …
  gate_verdict verdict = gate_verdict::fail;
  std::string why;                           ///< one line
  std::vector<std::string> details;          ///< what in particular
};

struct gate_request {
  gate_policy rules;
  std::vector<std::string> components;       ///< that have to be covered; empty: whichever the reports have
  bool signatures = false;                   ///< the ledger was checked with keys
  moment now{};
};

struct gate_result {
  std::vector<gate_rule> rules;
  int exit_code = 1;                         ///< 0 all hold; 1 one does not; 3 something could not be told
};

namespace detail {

class gate_judge {
 public:
  gate_judge(const ledger_check& checked, const evidence& shown, const gate_request& request)
      : checked_{checked}, shown_{shown}, request_{request} {}

  gate_result run() {
    judge_ledger();
    judge_signatures();
    judge_accepted();
    const bool verified = judge_age("verification-fresh", "verification", shown_.verify, request_.rules.max_age);
    if (verified) {
      judge_soundness("verification-sound", *shown_.verify);
      judge_cover("verification-covers", *shown_.verify);
    }
    if (request_.rules.require_drill || shown_.drill) {
      if (judge_age("drill-recent", "drill", shown_.drill, request_.rules.drill_within)) {
        judge_soundness("drill-sound", *shown_.drill);
        judge_rows();
        judge_objectives();
        judge_cover("drill-covers", *shown_.drill);
      }
    } else {
      add("drill-recent", gate_verdict::not_asked, "the policy does not require drills");
    }
    result_.exit_code = has(gate_verdict::fail) ? 1 : has(gate_verdict::unknown) ? 3 : 0;
    return std::move(result_);
  }

 private:
  static constexpr std::chrono::minutes clock_tolerance{5};

  gate_rule& add(std::string name, gate_verdict value, std::string why) {
    result_.rules.push_back({std::move(name), value, std::move(why), {}});
    return result_.rules.back();
  }

  [[nodiscard]] bool has(gate_verdict value) const {
    return std::any_of(result_.rules.begin(), result_.rules.end(), [&](const gate_rule& rule) { return rule.verdict == value; });
  }

  static bool about_signatures(const finding& one) { return one.check.starts_with("signature.") || one.check == "ledger.head"; }

  void judge_ledger() {
    std::vector<std::string> wrong;
    for (const auto& one : checked_.findings) {
      if (one.severity == severity::error && !one.check.starts_with("signature.")) wrong.push_back(line(one));
    }
    if (!wrong.empty()) {
      add("ledger-whole", gate_verdict::fail, fmt::format("the ledger is damaged: {}", number(wrong.size(), "defect"))).details = std::move(wrong);
    } else if (!checked_.unchecked.empty()) {
      add("ledger-whole", gate_verdict::unknown, "the ledger could not be read: " + printable(checked_.unchecked.front().message));
    } else {
      add("ledger-whole", gate_verdict::pass, fmt::format("{} in an unbroken chain", number(checked_.lines.size(), "report")));
    }
  }

  void judge_signatures() {
    if (!request_.signatures) {
      add("signed", gate_verdict::not_asked, "no public key was given");
      return;
    }
    std::vector<std::string> wrong;
    for (const auto& one : checked_.findings) {
      if (one.severity == severity::error && about_signatures(one)) wrong.push_back(line(one));
    }
    if (!wrong.empty() || !checked_.head_signed) {
      add("signed", gate_verdict::fail, wrong.empty() ? "the ledger's head is not signed by a known key" : "signatures do not hold").details = std::move(wrong);
    } else {
      add("signed", gate_verdict::pass, fmt::format("{} and the head signed by a known key", number(checked_.signatures_verified, "report")));
    }
  }

  void judge_accepted() {
    std::vector<std::string> expired;
    for (const auto& one : request_.rules.accepted) {
      if (one.until < request_.now) expired.push_back(fmt::format("{}, until {}: {}", printable(one.check), to_rfc3339(one.until), printable(one.reason)));
    }
    if (request_.rules.accepted.empty()) return;
    if (expired.empty()) {
      add("accepted-findings", gate_verdict::pass, fmt::format("{}, none expired", number(request_.rules.accepted.size(), "accepted finding")));
    } else {
      add("accepted-findings", gate_verdict::fail, fmt::format("{} expired", number(expired.size(), "accepted finding"))).details = std::move(expired);
    }
  }

  // True when there is a report to go on with.
  bool judge_age(const std::string& name, std::string_view what, const std::optional<report>& newest, std::chrono::seconds most) {
    if (!newest) {
      add(name, gate_verdict::fail, fmt::format("there is no {} in the ledger", what));
      return false;
    }
    const std::chrono::seconds age = request_.now - newest->finished;
    if (newest->started > request_.now + clock_tolerance || newest->finished > request_.now + clock_tolerance) {
      add(name, gate_verdict::fail, fmt::format("the newest {} is from the future: {}, and it is {} now", what, to_rfc3339(newest->finished), to_rfc3339(request_.now)));
      return true;
    }
    const bool fresh = age <= most;
    add(name, fresh ? gate_verdict::pass : gate_verdict::fail,
        fmt::format("the newest {} is {} old, of at most {}", what, format_duration(std::max(age, std::chrono::seconds{0})), format_duration(most)));
    return true;
  }

  [[nodiscard]] bool is_accepted(const finding& one) const {
    return std::any_of(request_.rules.accepted.begin(), request_.rules.accepted.end(), [&](const accepted_finding& accepted) {
      return accepted.check == one.check && request_.now <= accepted.until &&
             (accepted.where.empty() || one.where.to_string().find(accepted.where) != std::string::npos);
    });
  }

  // A report is judged by all that stands in it, not by the verdict that it claims.
  void judge_soundness(const std::string& name, const report& of) {
    std::vector<std::string> wrong;
    std::uint64_t accepted = 0;
    const auto take = [&](const std::vector<finding>& findings) {
      for (const auto& one : findings) {
        if (one.severity != severity::error && one.check != "file.unprotected") continue;
        const bool unprotected = one.check == "file.unprotected" && one.severity != severity::error;
        if (unprotected && request_.rules.allow_unprotected) continue;
        if (is_accepted(one)) {
          ++accepted;
        } else {
          wrong.push_back(line(one));
        }
      }
    };
    const auto take_unchecked = [&](const std::vector<unchecked_item>& items) {
      for (const auto& one : items) wrong.push_back(fmt::format("unchecked: {}: {}", one.where.to_string(), printable(one.message)));
    };
    take(of.findings);
    take_unchecked(of.unchecked);
    for (const auto& one : of.components) take(one.findings);
    for (const auto& one : of.artifacts) {
      take(one.findings);
      take_unchecked(one.unchecked);
    }
    for (const auto& one : of.steps) {
      take(one.findings);
      take_unchecked(one.unchecked);
    }
    if (!of.complete) wrong.emplace_back("the run was interrupted");
    if (of.artifacts.empty()) wrong.emplace_back("the run looked at no artifact");
    if (of.exit_code != 0 && wrong.empty() && accepted == 0) wrong.push_back(fmt::format("the run ended with exit code {}", of.exit_code));
    if (wrong.empty()) {
      add(name, gate_verdict::pass, fmt::format("{} sound{}", number(of.artifacts.size(), "artifact"),
                                                accepted > 0 ? fmt::format(", {} accepted", number(accepted, "finding")) : ""));
    } else {
      add(name, gate_verdict::fail, number(wrong.size(), "thing") + " wrong in the report of " + to_rfc3339(of.started)).details = std::move(wrong);
    }
  }

  void judge_cover(const std::string& name, const report& of) {
    std::vector<std::string> missing;
    for (const auto& wanted : request_.components) {
      const bool there = std::any_of(of.components.begin(), of.components.end(),
                                     [&](const component_report& one) { return one.name == wanted && one.artifacts > 0; });
      if (!there) missing.push_back(printable(wanted));
    }
    if (!missing.empty()) {
      add(name, gate_verdict::fail, fmt::format("{} not covered: {}", number(missing.size(), "component"), fmt::join(missing, ", ")));
    } else if (!request_.components.empty()) {
      add(name, gate_verdict::pass, fmt::format("all {} covered", number(request_.components.size(), "component")));
    } else if (of.components.empty()) {
      add(name, gate_verdict::fail, "the run had no policy, so that nothing says what should be there");
    } else {
      add(name, gate_verdict::pass, fmt::format("{} covered", number(of.components.size(), "component")));
    }
  }

  void judge_rows() {
    std::vector<std::string> wrong;
    for (const auto& table : shown_.drill->comparisons) {
      const bool good = table.outcome == "equal" || table.outcome == "empty" || table.outcome == "counted" || table.outcome == "tolerated";
      if (!good) wrong.push_back(fmt::format("{}: {}", printable(table.name), printable(table.outcome)));
    }
    if (!wrong.empty()) {
      add("drill-rows", gate_verdict::fail, number(wrong.size(), "table") + " restored with other rows").details = std::move(wrong);
    } else {
      add("drill-rows", gate_verdict::pass, number(shown_.drill->comparisons.size(), "table") + " restored with the same rows");
    }
  }

  void judge_objectives() {
    std::vector<std::string> wrong;
    std::uint64_t objectives = 0;
    for (const auto& one : shown_.drill->recoveries) {
      const std::string who = one.component.empty() ? "everything" : printable(one.component);
      const auto text = [](std::int64_t seconds) { return format_duration(std::chrono::seconds{seconds}); };
      if (one.rto_seconds) {
        ++objectives;
        if (one.seconds > static_cast<double>(*one.rto_seconds)) {
          wrong.push_back(fmt::format("{}: restored in {:.0f} s, objective {}", who, one.seconds, text(*one.rto_seconds)));
        }
      }
      if (one.rpo_seconds) {
        ++objectives;
        if (!one.age_seconds || *one.age_seconds > *one.rpo_seconds) {
          wrong.push_back(fmt::format("{}: a state {} old, objective {}", who, one.age_seconds ? text(*one.age_seconds) : "of unknown age,", text(*one.rpo_seconds)));
        }
      }
    }
    if (!wrong.empty()) {
      add("drill-objectives", gate_verdict::fail, number(wrong.size(), "objective") + " missed").details = std::move(wrong);
    } else {
      add("drill-objectives", gate_verdict::pass, number(objectives, "objective") + " met");
    }
  }

  static std::string number(std::uint64_t count, std::string_view what) { return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s"); }

  static std::string line(const finding& one) {
    return fmt::format("{}: {}: {}", one.check, one.where.to_string(), printable(one.message));
  }

  const ledger_check& checked_;
  const evidence& shown_;
  const gate_request& request_;
  gate_result result_;
};

}  // namespace detail

/// `shown`: the reports of the ledger, as `checked` vouches for them.
inline gate_result judge_gate(const ledger_check& checked, const evidence& shown, const gate_request& request) {
  return detail::gate_judge{checked, shown, request}.run();
}

}  // namespace restorable
