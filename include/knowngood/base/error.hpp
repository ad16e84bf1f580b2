// The exceptions of knowngood, one per kind of trouble. Everything else that goes wrong is a finding.
//
// Layer: base. `stream_error`: the input is bad, caught once at the artifact or member boundary and turned into a
// finding. `environment_error`: cannot check (permission, disk full), becomes verdict `unchecked`. `usage_error`: the
// caller's mistake, nothing was checked.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "knowngood/base/check.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

/// The only thing a layer throws about its input. Carries the finding it amounts to: which check, where (chain and
/// offset), why, expected and actual.
class stream_error : public std::runtime_error {
 public:
  stream_error(const check& what, location where, std::string message, std::string expected = {},
               std::string actual = {})
      : std::runtime_error{message},
        finding_{make_finding(what, std::move(where), std::move(message), std::move(expected), std::move(actual))} {}

  [[nodiscard]] const finding& as_finding() const noexcept { return finding_; }

 private:
  finding finding_;
};

/// The environment prevents checking. `what()` says what was tried and why it failed; `advice` what to do.
class environment_error : public std::runtime_error {
 public:
  environment_error(location where, std::string message, std::string advice)
      : std::runtime_error{message}, where_{std::move(where)}, advice_{std::move(advice)} {}

  [[nodiscard]] const location& where() const noexcept { return where_; }
  [[nodiscard]] const std::string& advice() const noexcept { return advice_; }

 private:
  location where_;
  std::string advice_;
};

/// A mistake in arguments or policy. `what()` is complete: where, what, and the nearest right thing.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace knowngood
