// run_plan: verifies every artifact of a plan with a pool of threads, largest first, and draws the run's verdict.
//
// Layer: verify.
//   report result;
//   run_plan(plan_paths(paths, bounds), settings, result);
//   return result.exit_code;
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "restorable/audit/report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/verify/artifact_verifier.hpp"
#include "restorable/verify/progress_board.hpp"
#include "restorable/verify/verify_plan.hpp"

namespace restorable {

struct run_settings {
  verify_options options;
  unsigned jobs = 1;                       ///< artifacts at a time, at least 1
  bool strict = false;                     ///< warnings fail the run too
  progress_board* progress = nullptr;      ///< kept up to date where given
};

/// Exit codes of design.md, for what a report came to (interruption aside).
inline int exit_code_of(const report& result, bool strict) {
  if (result.verdict == verdict::unsound) return 1;
  if (strict && count_findings(result).warnings > 0) return 1;
  return result.verdict == verdict::unchecked ? 3 : 0;
}

namespace detail {

inline std::vector<artifact_report> verify_all(const std::vector<artifact_task>& tasks, const run_settings& settings,
                                               bool& complete) {
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tasks[a].size.value_or(0) > tasks[b].size.value_or(0);
  });
  std::vector<std::optional<artifact_report>> results(tasks.size());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (;;) {
      const std::size_t turn = next.fetch_add(1);
      if (turn >= order.size() || stopped) return;
      const artifact_task& task = tasks[order[turn]];
      if (settings.progress != nullptr) settings.progress->begin(task.path);
      try {
        results[order[turn]] = verify_artifact(task, settings.options);
      } catch (const interrupted&) {
        stopped = true;
      } catch (...) {
        const std::lock_guard lock{failure_mutex};
        failure = std::current_exception();
        stopped = true;
      }
      if (settings.progress != nullptr) settings.progress->end(task.path);
    }
  };
  const std::size_t threads = std::min<std::size_t>(std::max(settings.jobs, 1U), tasks.size());
  std::vector<std::thread> pool;
  for (std::size_t i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  for (auto& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
  complete = !stopped;
  std::vector<artifact_report> done;
  for (auto& result : results) {
    if (result) done.push_back(std::move(*result));
  }
  return done;
}

inline verdict verdict_of(const std::vector<finding>& findings) {
  const bool error = std::any_of(findings.begin(), findings.end(),
                                 [](const finding& one) { return one.severity == severity::error; });
  return error ? verdict::unsound : verdict::sound;
}

}  // namespace detail

/// Carries out `plan` and fills in all of `result` but who ran it, when and how. Throws nothing about the artifacts.
inline void run_plan(verify_plan plan, const run_settings& settings, report& result) {
  run_settings own = settings;
  if (own.progress != nullptr) {
    std::uint64_t bytes = 0;
    for (const auto& task : plan.tasks) bytes += task.size.value_or(0);
    own.progress->expect(plan.tasks.size(), bytes);
    own.options.on_bytes = [board = own.progress](std::uint64_t read) { board->add_bytes(read); };
  }
  result.artifacts = detail::verify_all(plan.tasks, own, result.complete);
  result.components = std::move(plan.components);
  result.findings = std::move(plan.findings);
  result.unchecked = std::move(plan.unchecked);
  for (auto& list : plan.lists) result.artifacts.push_back(std::move(list));
  if (plan.finish) plan.finish(result);

  result.verdict = detail::verdict_of(result.findings);
  if (!result.unchecked.empty()) result.verdict = worse(result.verdict, verdict::unchecked);
  for (auto& component : result.components) {
    component.verdict = detail::verdict_of(component.findings);
    for (const auto& artifact : result.artifacts) {
      if (artifact.component == component.name) component.verdict = worse(component.verdict, artifact.verdict);
    }
    result.verdict = worse(result.verdict, component.verdict);
  }
  for (const auto& artifact : result.artifacts) result.verdict = worse(result.verdict, artifact.verdict);
  if (result.artifacts.empty() && result.verdict == verdict::sound) {  // nothing compared with nothing is no match
    result.unchecked.push_back({location{}, "there was no artifact to verify", "check the paths, or what the policy requires"});
    result.verdict = verdict::unchecked;
  }
  if (!result.complete) result.verdict = worse(result.verdict, verdict::unchecked);
  result.exit_code = exit_code_of(result, settings.strict);
}

}  // namespace restorable
