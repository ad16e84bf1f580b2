// gate_ledger: whether the gate's ledger is whole and signed, and whether its newest reports were made when they say.
//
// Layer: audit. Part of audit/gate.hpp. Rules `ledger-whole`, `signed` and `real-time`. Example:
//   gate_ledger{checked, request, board}.judge_ledger();
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/gate_board.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/ledger/ledger_check.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_history.hpp"

namespace knowngood::detail {

class gate_ledger {
 public:
  gate_ledger(const ledger_check& checked, const gate_request& request, gate_board& board)
      : checked_{checked}, request_{request}, board_{board} {}

  void judge_ledger() {
    std::vector<std::string> wrong = defects([](const finding& one) { return !one.check.starts_with("signature."); });
    if (!wrong.empty()) {
      const std::uint64_t all = wrong.size() - (checked_.errors_left_out > 0 ? 1 : 0) + checked_.errors_left_out;
      board_.add("ledger-whole", gate_verdict::fail, fmt::format("the ledger is damaged: {}", counted(all, "defect")),
                 std::move(wrong));
    } else if (!checked_.unchecked.empty()) {
      std::vector<std::string> unread;
      for (const auto& one : checked_.unchecked)
        unread.push_back(fmt::format("{}: {}", one.where.to_string(), printable(one.message)));
      const std::string what = counted(unread.size(), "part") + " of the ledger could not be read";
      board_.add("ledger-whole", gate_verdict::unknown, what, std::move(unread));
    } else if (!checked_.pending.empty()) {
      board_.add("ledger-whole", gate_verdict::unknown,
                 "the newest report is not listed yet: a run was killed before it could, and the next one does",
                 {printable(checked_.pending)});
    } else {
      board_.add("ledger-whole", gate_verdict::pass,
                 fmt::format("{} in an unbroken chain", counted(checked_.lines.size(), "report")));
    }
  }

  void judge_signatures() {
    if (!request_.signatures) {
      board_.add("signed", gate_verdict::not_asked, "no public key was given");
      return;
    }
    std::vector<std::string> wrong = defects(about_signatures);
    if (!wrong.empty() || !checked_.head_signed) {
      const char* what = wrong.empty() ? "the ledger's head is not signed by a known key" : "signatures do not hold";
      board_.add("signed", gate_verdict::fail, what, std::move(wrong));
    } else if (checked_.signatures_verified == 0) {
      board_.add("signed", gate_verdict::fail, "no report is signed by a known key");
    } else {
      board_.add("signed", gate_verdict::pass,
                 fmt::format("{} and the head signed by a known key", counted(checked_.signatures_verified, "report")));
    }
  }

  /// Reports that were told what time it is prove nothing about when anything was.
  void judge_clock(const evidence& shown) {
    std::vector<std::string> simulated;
    const auto look = [&](const report& of) {
      if (of.simulated) simulated.push_back(fmt::format("{} of {}", printable(of.tool), to_rfc3339(of.started)));
    };
    if (shown.verify) look(*shown.verify);
    if (shown.drill) look(*shown.drill);
    for (const auto& part : shown.parts) look(part);
    if (simulated.empty()) return;
    const std::string what = counted(simulated.size(), "report") + " made under a time that was given with --now";
    board_.add("real-time", request_.allow_simulated ? gate_verdict::not_asked : gate_verdict::fail,
               what + (request_.allow_simulated ? ", which --allow-simulated allows" : ""), std::move(simulated));
  }

 private:
  static bool about_signatures(const finding& one) {
    return one.check.starts_with("signature.") || one.check == checks::ledger_head.id;
  }

  /// Errors of the ledger of which `about` is true. Those that were left out may be of any kind, and count for each.
  template <typename About>
  std::vector<std::string> defects(About about) const {
    std::vector<std::string> wrong;
    for (const auto& one : checked_.findings) {
      if (is_error(one) && about(one)) wrong.push_back(gate_board::line(one));
    }
    if (checked_.errors_left_out > 0)
      wrong.push_back(counted(checked_.errors_left_out, "more defect") +
                      ", left out here: audit ledger check counts them");
    return wrong;
  }

  const ledger_check& checked_;
  const gate_request& request_;
  gate_board& board_;
};

}  // namespace knowngood::detail
