// test_result: a report as in-toto's predicate `https://in-toto.io/attestation/test-result/v0.1` sees it: which tests
// passed, with warnings or not, and which failed.
//
// Layer: ledger. Each artifact, component, step and recovery is a test; so is the run itself, which stands for all that
// is about none of these. Nothing unsound, unchecked or interrupted ever passes. Example:
//   summarise_tests(report).result() == test_result::warned for sound artifacts one of which nothing protects
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"

namespace knowngood {

/// From best to worst.
enum class test_result : unsigned char { passed, warned, failed };

constexpr std::string_view to_string(test_result value) noexcept {
  switch (value) {
    case test_result::passed: return "PASSED";
    case test_result::warned: return "WARNED";
    case test_result::failed: return "FAILED";
  }
  return "FAILED";
}

constexpr test_result worse(test_result a, test_result b) noexcept { return a < b ? b : a; }

/// The tests of a report by result, each with its name: an artifact its path, a step its name, component and artifact.
struct test_results {
  std::array<std::vector<std::string>, 3> names;

  void add(std::string name, test_result came_to) {
    names[static_cast<std::size_t>(came_to)].push_back(std::move(name));
  }

  [[nodiscard]] const std::vector<std::string>& of(test_result which) const {
    return names[static_cast<std::size_t>(which)];
  }

  /// The worst of them; `failed` where there is none.
  [[nodiscard]] test_result result() const {
    if (!of(test_result::failed).empty()) return test_result::failed;
    if (!of(test_result::warned).empty()) return test_result::warned;
    return of(test_result::passed).empty() ? test_result::failed : test_result::passed;
  }
};

namespace detail {

inline test_result result_of(verdict worth, const std::vector<finding>& findings) {
  if (worse(worth, verdict_of(findings)) >= verdict::unchecked) return test_result::failed;
  const bool warned = std::any_of(findings.begin(), findings.end(),
                                  [](const finding& one) { return one.severity == severity::warning; });
  return warned || worth == verdict::unprotected ? test_result::warned : test_result::passed;
}

/// What is about nothing in particular: the run's own findings, whether it came to its end and looked at anything, and
/// what its program said of it.
inline test_result result_of_run(const report& of) {
  if (!of.complete || of.artifacts.empty()) return test_result::failed;
  if (of.exit_code != exit_code::sound && of.exit_code != exit_code::left_behind) return test_result::failed;
  const test_result own = result_of(worse(of.verdict, verdict_of(of.findings, of.unchecked)), of.findings);
  return of.exit_code == exit_code::left_behind ? worse(own, test_result::warned) : own;
}

}  // namespace detail

inline test_results summarise_tests(const report& of) {
  test_results tests;
  tests.add("run", detail::result_of_run(of));
  for (const auto& one : of.components)
    tests.add("component " + one.name, detail::result_of(one.verdict, one.findings));
  for (const auto& one : of.artifacts) tests.add(one.path, detail::result_of(verdict_of(one), one.findings));
  for (const auto& one : of.steps) {
    const test_result came_to = detail::result_of(verdict_of(one), one.findings);
    tests.add("step " + one.name + (one.component.empty() ? "" : " of " + one.component) +
                  (one.artifact.empty() ? "" : ": " + one.artifact),
              one.skipped ? worse(came_to, test_result::warned) : came_to);
  }
  for (const auto& one : of.recoveries)
    tests.add("recovery of " + (one.component.empty() ? std::string{"everything"} : one.component),
              detail::result_of(one.verdict, {}));
  return tests;
}

}  // namespace knowngood
