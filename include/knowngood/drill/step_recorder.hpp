// step_recorder: carries out the steps of a drill one after the other, times them, and catches what goes wrong in each.
//
// Layer: drill. A failed step is a step_report with findings; the drill goes on with the next.
//   steps.run({drill_steps::clone_bundle, component, path}, allowed, [&](step_report& step) { ... });
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/server/sql_error.hpp"
#include "knowngood/verify/artifact_verifier.hpp"
#include "knowngood/verify/progress_board.hpp"

namespace knowngood {

/// Which step, of what.
struct step_name {
  step_name(const drill_step& which, std::string of_component, std::string of_artifact)
      : name{which.name}, component{std::move(of_component)}, artifact{std::move(of_artifact)} {}

  std::string name;
  std::string component;
  std::string artifact;
};

struct step_settings {
  std::function<moment()> clock;
  std::set<std::string> skip;  ///< steps that the caller does not want
  stop_flag stop = {};         ///< asked: the step ends, and `interrupted` is thrown
  progress_board* progress = nullptr;
};

class step_recorder {
 public:
  explicit step_recorder(step_settings settings) : settings_{std::move(settings)} {}

  /// Runs `body` as a step unless it is to be skipped. `allowed`: steps that the policy allows to skip. Returns whether
  /// it was run and nothing in it failed or was left unchecked. Whatever `body` throws ends the step and stands in it;
  /// `interrupted` is thrown on.
  template <typename Body>
  bool run(const step_name& name, const std::vector<std::string>& allowed, Body&& body) {
    stop_if_asked();
    if (settings_.skip.contains(name.name)) {
      skip(name, "asked for by --skip", allowed);
      return false;
    }
    step_report step = begin(name);
    if (settings_.progress != nullptr) settings_.progress->begin(name.name);
    const auto started = std::chrono::steady_clock::now();
    const location about{name.artifact.empty() ? name.name : name.artifact};
    bool stopped = false;
    try {
      body(step);
    } catch (const stream_error& error) {
      step.findings.push_back(error.as_finding());
    } catch (const environment_error& error) {
      step.unchecked.push_back({error.where(), error.what(), error.advice()});
    } catch (const sql_error& error) {
      step.unchecked.push_back({about,
                                fmt::format("the server refuses: {} ({})", printable(error.message), error.sqlstate),
                                "look at the server's log"});
    } catch (const interrupted&) {
      step.unchecked.push_back({about, "interrupted before it was done", "run the drill again"});
      stopped = true;
    } catch (const std::exception& error) {
      step.unchecked.push_back({about, fmt::format("{} broke off: {}", name.name, printable(error.what())),
                                "run the drill again; if it stays so, report it with this text"});
    }
    step.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (settings_.progress != nullptr) settings_.progress->end(name.name);
    step.verdict = worse(step.verdict, judge(step));
    steps_.push_back(std::move(step));
    if (stopped) throw interrupted{};
    return steps_.back().verdict == verdict::sound;
  }

  /// Records a step that cannot or shall not be run, and why. An error unless `allowed` names it.
  void skip(const step_name& name, const std::string& reason, const std::vector<std::string>& allowed) {
    step_report step = begin(name);
    step.skipped = true;
    step.reason = reason;
    if (std::find(allowed.begin(), allowed.end(), name.name) == allowed.end()) {
      step.findings.push_back(make_finding(checks::drill_skipped,
                                           location{name.artifact.empty() ? name.name : name.artifact},
                                           fmt::format("{} was skipped", name.name), "the step carried out", reason));
    }
    step.verdict = judge(step);
    steps_.push_back(std::move(step));
  }

  /// Records a step that cannot be run because of what `cause` says of the one before it. What follows from something
  /// that could not be checked is unchecked too, and no defect of the backup.
  void forgo(const step_name& name, const std::string& reason, const std::vector<std::string>& allowed, verdict cause) {
    if (cause != verdict::unchecked) return skip(name, reason, allowed);
    step_report step = begin(name);
    step.skipped = true;
    step.reason = reason;
    step.unchecked.push_back({location{name.artifact.empty() ? name.name : name.artifact},
                              fmt::format("{} was not carried out: {}", name.name, reason),
                              "see to what stood in the way, and run the drill again"});
    step.verdict = judge(step);
    steps_.push_back(std::move(step));
  }

  /// What the last step came to; `unchecked` where there was none.
  [[nodiscard]] verdict last() const { return steps_.empty() ? verdict::unchecked : steps_.back().verdict; }

  /// A step that was carried out elsewhere.
  void add(step_report step) { steps_.push_back(std::move(step)); }

  /// Throws `interrupted` when the caller asked to stop.
  void stop_if_asked() const { settings_.stop.throw_if_requested(); }

  [[nodiscard]] const std::vector<step_report>& steps() const noexcept { return steps_; }
  [[nodiscard]] std::vector<step_report> take() { return std::move(steps_); }

 private:
  step_report begin(const step_name& name) const {
    step_report step;
    step.name = name.name;
    step.component = name.component;
    step.artifact = name.artifact;
    step.started = settings_.clock();
    step.verdict = verdict::sound;
    return step;
  }

  static verdict judge(const step_report& step) { return verdict_of(step.findings, step.unchecked); }

  step_settings settings_;
  std::vector<step_report> steps_;
};

}  // namespace knowngood
