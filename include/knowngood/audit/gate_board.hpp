// gate_board: the rules that a gate has judged so far, and what of the findings its policy accepts.
//
// Layer: audit. Part of audit/gate.hpp; the judges of the ledger, of the newest reports and of the drill write on it.
// Example: board.add("ledger-whole", gate_verdict::pass, "12 reports in an unbroken chain");
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/accepted_findings.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"

namespace knowngood::detail {

class gate_board {
 public:
  explicit gate_board(const gate_request& request) : accepted_{request.rules.accepted, request.now} {}

  void add(std::string name, gate_verdict value, std::string why, std::vector<std::string> details = {}) {
    result_.rules.push_back({std::move(name), value, std::move(why), std::move(details)});
  }

  /// Whether the policy accepts a finding; it then counts as used.
  bool forgive(const finding& one) { return accepted_.take(one); }

  /// What was judged, with the rule about accepted findings, which is known last, behind the first `before` rules.
  gate_result take(std::size_t before) {
    if (auto rule = accepted_.judge())
      result_.rules.insert(result_.rules.begin() + static_cast<std::ptrdiff_t>(before), std::move(*rule));
    result_.exit_code = has(gate_verdict::fail)      ? exit_code::unsound
                        : has(gate_verdict::unknown) ? exit_code::unchecked
                                                     : exit_code::sound;
    return std::move(result_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return result_.rules.size(); }

  /// A finding as a rule's detail.
  static std::string line(const finding& one) {
    return fmt::format("{}: {}: {}", printable(one.check), one.where.to_string(), printable(one.message));
  }

 private:
  [[nodiscard]] bool has(gate_verdict value) const {
    return std::any_of(result_.rules.begin(), result_.rules.end(),
                       [&](const gate_rule& rule) { return rule.verdict == value; });
  }

  accepted_findings accepted_;
  gate_result result_;
};

}  // namespace knowngood::detail
