// gate_rule, gate_request, gate_result: what a gate is asked, and what it answers, rule by rule.
//
// Layer: audit. Judged by audit/gate.hpp, shown by audit/gate_output.hpp; docs/audit.md lists the rules.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/gate_policy.hpp"

namespace knowngood {

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
  std::string name;  ///< stable: `ledger-whole`, `verification-fresh`, …
  gate_verdict verdict = gate_verdict::fail;
  std::string why;                   ///< one line
  std::vector<std::string> details;  ///< what in particular
};

/// What the policy asks of one component.
struct gate_component {
  std::string name;
  bool required = true;                     ///< it has to be covered
  bool has_rows = false;                    ///< it is a dump, whose rows a drill has to compare
  std::optional<std::chrono::seconds> rto;  ///< objectives of now, whatever they were when the drill ran
  std::optional<std::chrono::seconds> rpo;
};

struct gate_request {
  gate_policy rules;
  std::vector<gate_component> components;  ///< of the policy; empty: whichever the reports have
  bool signatures = false;                 ///< the ledger was checked with keys
  bool allow_simulated = false;            ///< reports made with --now count too
  moment now{};
};

struct gate_result {
  std::vector<gate_rule> rules;
  int exit_code =
      exit_code::unsound;  ///< `sound`: all hold; `unsound`: one does not; `unchecked`: could not be determined
};

}  // namespace knowngood
