// accepted_findings: what somebody has decided to live with for a while, which of it a gate met, and what has expired.
//
// Layer: audit. Example: accepted_findings accepted{policy.accepted, now}; if (accepted.take(one)) return;
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/gate_policy.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood {

class accepted_findings {
 public:
  /// `all` outlives this object.
  accepted_findings(const std::vector<accepted_finding>& all, moment now) : all_{all}, now_{now}, met_(all.size()) {}

  /// Whether a finding is accepted at this moment; what it is is kept for whoever reads the gate's output.
  bool take(const finding& one) {
    const std::string where = one.where.to_string();
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const accepted_finding& accepted = all_[i];
      if (accepted.check != one.check || now_ > accepted.until) continue;
      if (!accepted.where.empty() && where.find(accepted.where) == std::string::npos) continue;
      met_[i].insert(fmt::format("{}: {}", where, printable(one.message)));
      return true;
    }
    return false;
  }

  /// The rule `accepted-findings`: each with its reason, how long it holds, and what it was met in. None of them may
  /// have expired. Nothing where the policy accepts nothing.
  [[nodiscard]] std::optional<gate_rule> judge() const {
    if (all_.empty()) return std::nullopt;
    gate_rule rule{"accepted-findings", gate_verdict::pass, {}, {}};
    std::uint64_t expired = 0;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const bool over = all_[i].until < now_;
      expired += over ? 1 : 0;
      rule.details.push_back(fmt::format(
          "{}{}{}, {} {}: {}", printable(all_[i].check), all_[i].where.empty() ? "" : " in ", printable(all_[i].where),
          over ? "expired" : "until", to_rfc3339(all_[i].until), printable(all_[i].reason)));
      for (const auto& one : met_[i]) rule.details.push_back("  " + one);
    }
    if (expired > 0) rule.verdict = gate_verdict::fail;
    rule.why = expired > 0 ? counted(expired, "accepted finding") + " expired"
                           : counted(all_.size(), "accepted finding") + ", none expired";
    return rule;
  }

 private:
  const std::vector<accepted_finding>& all_;
  moment now_;
  std::vector<std::set<std::string>> met_;  // by each of `all_`
};

}  // namespace knowngood
