// judge_gate: may we ship on these backups? Each rule with whether it holds and why.
//
// Layer: audit. What is judged is a ledger that was checked (ledger/ledger_check.hpp) and the evidence in it;
// docs/audit.md lists the rules, audit/gate_output.hpp shows them.
//   const gate_result result = judge_gate(checked, evidence, request); return result.exit_code;
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "knowngood/audit/gate_board.hpp"
#include "knowngood/audit/gate_drill.hpp"
#include "knowngood/audit/gate_ledger.hpp"
#include "knowngood/audit/gate_reports.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/gate_policy.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_history.hpp"
#include "knowngood/report/restored.hpp"

namespace knowngood {

namespace detail {

inline void judge_newest_drill(gate_reports& reports, const evidence& shown, const gate_request& request,
                               gate_board& board) {
  const gate_policy& rules = request.rules;
  // Where no drill is asked for, an old one is none that could fail.
  if (!rules.require_drill && !reports.unread_since("drill", shown.drill) &&
      (!shown.drill || reports.age_of(*shown.drill) > rules.drill_within)) {
    board.add("drill-recent", gate_verdict::not_asked,
              shown.drill ? fmt::format("the policy does not require drills, and the newest is {} old",
                                        format_duration(reports.age_of(*shown.drill)))
                          : "the policy does not require drills");
    return;
  }
  if (!reports.judge_age("drill-recent", "drill", "drill", shown.drill, rules.drill_within)) return;
  reports.judge_soundness("drill-sound", *shown.drill);
  gate_drill drill{*shown.drill, request, board};
  drill.judge_rows();
  drill.judge_objectives();
  reports.judge_cover("drill-covers", *shown.drill,
                      [](const report& of, const std::string& name) { return was_restored(of, name); });
}

}  // namespace detail

/// `shown`: the reports of the ledger, as `checked` vouches for them.
inline gate_result judge_gate(const ledger_check& checked, const evidence& shown, const gate_request& request) {
  detail::gate_board board{request};
  detail::gate_ledger ledger{checked, request, board};
  ledger.judge_ledger();
  ledger.judge_signatures();
  const std::size_t before_accepted = board.size();
  detail::gate_reports reports{checked, shown, request, board};
  if (reports.judge_age("verification-fresh", "verification", "verify", shown.verify, request.rules.max_age)) {
    reports.judge_soundness("verification-sound", *shown.verify);
    reports.judge_cover("verification-covers", *shown.verify, [](const report& of, const std::string& name) {
      return std::any_of(of.components.begin(), of.components.end(),
                         [&](const component_report& one) { return one.name == name && one.artifacts > 0; });
    });
  }
  detail::judge_newest_drill(reports, shown, request, board);
  ledger.judge_clock(shown);
  return board.take(before_accepted);
}

/// The judgement where there is no ledger to look at: what kept it from being opened, and that nothing is known.
inline gate_result judge_gate(const environment_error& no_ledger) {
  const std::string why = fmt::format("{}: {}", no_ledger.where().to_string(), printable(no_ledger.what()));
  return {{{"ledger-whole", gate_verdict::unknown, why, {printable(no_ledger.advice())}}}, exit_code::unchecked};
}

}  // namespace knowngood
