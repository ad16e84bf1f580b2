// gate_policy: when the evidence is good enough to ship on.
//
// Layer: catalog. The keys stand in catalog/policy_keys.hpp and docs/policy.md; audit/gate.hpp judges.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "knowngood/base/time.hpp"

namespace knowngood {

/// A finding that somebody has decided to live with, for a while.
struct accepted_finding {
  std::string check;  ///< id
  std::string where;  ///< part of the finding's location; empty: anywhere
  std::string reason;
  moment until{};  ///< from then on it counts again

  friend bool operator==(const accepted_finding&, const accepted_finding&) = default;
};

struct gate_policy {
  std::chrono::seconds max_age = std::chrono::hours{26};      ///< of the newest verification
  std::chrono::seconds drill_within = std::chrono::days{92};  ///< of the newest drill
  bool allow_unprotected = false;
  bool require_drill = true;
  std::vector<accepted_finding> accepted;

  friend bool operator==(const gate_policy&, const gate_policy&) = default;
};

}  // namespace knowngood
