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
#include <utility>
#include <vector>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/workers.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/verify/artifact_verifier.hpp"
#include "knowngood/verify/incremental_chain.hpp"
#include "knowngood/verify/progress_board.hpp"
#include "knowngood/verify/verify_plan.hpp"
#include "knowngood/verify/verify_task.hpp"

namespace knowngood {

struct run_settings {
  verify_options options;
  unsigned jobs = 1;                   ///< artifacts at a time, at least 1
  progress_board* progress = nullptr;  ///< kept up to date where given
};

namespace detail {

inline std::vector<artifact_report> verify_all(const std::vector<artifact_task>& tasks, const run_settings& settings,
                                               bool& complete) {
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tasks[a].size.value_or(0) > tasks[b].size.value_or(0); });
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
        results[order[turn]] = verify_task(task, settings.options);
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
  const std::size_t threads = std::clamp<std::size_t>(tasks.size(), 1, std::max(settings.jobs, 1U));
  {
    const auto others = start_workers(threads - 1, work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  complete = !stopped;
  std::vector<artifact_report> done;
  for (auto& result : results) {
    if (result) done.push_back(std::move(*result));
  }
  return done;
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
  try {
    accept_incremental_chains(result, own.options);
  } catch (const interrupted&) {
    result.complete = false;
  }
  if (plan.finish) plan.finish(result);

  const unchecked_item nothing{location{}, "there was no artifact to verify",
                               "check the paths, or what the policy requires"};
  judge_report(result, result.artifacts.empty() ? &nothing : nullptr);
}

}  // namespace knowngood
