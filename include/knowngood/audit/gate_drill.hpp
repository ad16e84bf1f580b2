// gate_drill: whether the newest drill restored every table's rows, within the objectives for time and age.
//
// Layer: audit. Part of audit/gate.hpp. Rules `drill-rows` and `drill-objectives`. Example:
//   gate_drill drill{*shown.drill, request, board}; drill.judge_rows(); drill.judge_objectives();
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/gate_board.hpp"
#include "knowngood/audit/gate_rule.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/report/table_outcome.hpp"

namespace knowngood::detail {

class gate_drill {
 public:
  gate_drill(const report& of, const gate_request& request, gate_board& board)
      : report_{of}, request_{request}, board_{board} {}

  void judge_rows() {
    std::vector<std::string> wrong;
    std::uint64_t accepted = 0;
    for (const auto& table : report_.comparisons) {
      const table_judgement judged = judge_outcome(table);
      if (judged.worth == verdict::sound) continue;
      const finding shown{std::string{judged.check},
                          severity::error,
                          location{table.artifact} / table.name,
                          outcome_text(table),
                          {},
                          {}};
      if (judged.worth == verdict::unsound && board_.forgive(shown)) {
        ++accepted;
      } else {
        wrong.push_back(gate_board::line(shown));
      }
    }
    std::uint64_t wanted = 0;
    for (const auto& component : request_.components) {
      if (!component.required || !component.has_rows) continue;
      ++wanted;
      const bool compared = std::any_of(report_.steps.begin(), report_.steps.end(), [&](const step_report& step) {
        return step.component == component.name && step.name == drill_steps::compare_rows.name && !step.skipped;
      });
      if (!compared) wrong.push_back(printable(component.name) + ": no rows were compared");
    }
    if (!wrong.empty()) {
      const std::string what = "rows not proved to be the same in " + counted(wrong.size(), "place");
      board_.add("drill-rows", gate_verdict::fail, what, std::move(wrong));
    } else if (report_.comparisons.empty() && wanted == 0) {
      board_.add("drill-rows", gate_verdict::not_asked, "there was no table to compare");
    } else if (report_.comparisons.empty()) {
      board_.add("drill-rows", gate_verdict::fail, "rows were to be compared, and of no table were they");
    } else {
      board_.add("drill-rows", gate_verdict::pass,
                 counted(report_.comparisons.size() - accepted, "table") + " restored with the same rows" +
                     (accepted > 0 ? fmt::format(", {} accepted with others", accepted) : ""));
    }
  }

  void judge_objectives() {
    for (const auto& one : restored_recoveries(report_)) judge_recovery(one);
    judge_what_was_not_restored();
    if (!wrong_.empty()) {
      const std::string what = counted(wrong_.size(), "objective") + " not shown to be met";
      board_.add("drill-objectives", gate_verdict::fail, what, std::move(wrong_));
    } else if (objectives_ == 0) {
      board_.add("drill-objectives", gate_verdict::not_asked, "there are no objectives");
    } else {
      board_.add("drill-objectives", gate_verdict::pass, counted(objectives_, "objective") + " met or accepted");
    }
  }

 private:
  static std::string text(std::int64_t seconds) { return format_duration(std::chrono::seconds{seconds}); }

  static std::optional<std::int64_t> stricter(std::optional<std::int64_t> a, std::optional<std::chrono::seconds> b) {
    if (!b) return a;
    return a ? std::min<std::int64_t>(*a, b->count()) : b->count();
  }

  void miss(const check& which, const std::string& component, const std::string& message) {
    const finding shown = make_finding(which, location{component.empty() ? "everything" : component}, message);
    if (!board_.forgive(shown)) wrong_.push_back(gate_board::line(shown));
  }

  void judge_recovery(const recovery_report& one) {
    const gate_component* asked = one.component.empty() ? nullptr : component_of(one.component);
    const auto rto = stricter(one.rto_seconds, asked == nullptr ? std::nullopt : asked->rto);
    const auto rpo = stricter(one.rpo_seconds, asked == nullptr ? std::nullopt : asked->rpo);
    objectives_ += (rto ? 1U : 0U) + (rpo ? 1U : 0U);
    const bool slow = rto && !(one.seconds <= static_cast<double>(*rto));
    const bool old = rpo && (!one.age_seconds || *one.age_seconds > *rpo);
    if (slow) {
      miss(checks::drill_rto, one.component,
           fmt::format("restored in {}, objective {}", format_elapsed(std::ceil(one.seconds)), text(*rto)));
    }
    if (old) {
      miss(checks::drill_rpo, one.component,
           fmt::format("a state {}, objective {}", one.age_seconds ? text(*one.age_seconds) + " old" : "of unknown age",
                       text(*rpo)));
    }
    // The whole is as bad as its components, and a component as its steps, which say why.
    const bool explained = std::any_of(report_.steps.begin(), report_.steps.end(), [&](const step_report& step) {
      return step.component == one.component && verdict_of(step) >= one.verdict;
    });
    if (!slow && !old && !explained && !one.component.empty() && one.verdict != verdict::sound) {
      wrong_.push_back(fmt::format("{}: the recovery is {}, and its numbers do not say why", printable(one.component),
                                   to_string(one.verdict)));
    }
  }

  void judge_what_was_not_restored() {
    const std::vector<recovery_report> restored = restored_recoveries(report_);
    const auto is_restored = [&](const std::string& name) {
      return std::any_of(restored.begin(), restored.end(),
                         [&](const recovery_report& one) { return one.component == name; });
    };
    for (const auto& one : report_.recoveries) {
      const gate_component* asked = component_of(one.component);
      const bool asked_below = asked != nullptr && (asked->rto || asked->rpo);
      if (asked_below || !(one.rto_seconds || one.rpo_seconds) || is_restored(one.component)) continue;
      ++objectives_;
      wrong_.push_back(printable(one.component.empty() ? "everything" : one.component) +
                       ": it had objectives, and was not restored");
    }
    for (const auto& component : request_.components) {
      if (!component.rto && !component.rpo) continue;
      const bool there = component.required || std::any_of(report_.components.begin(), report_.components.end(),
                                                           [&](const component_report& one) {
                                                             return one.name == component.name && one.artifacts > 0;
                                                           });
      if (!there || is_restored(component.name)) continue;
      objectives_ += (component.rto ? 1U : 0U) + (component.rpo ? 1U : 0U);
      wrong_.push_back(printable(component.name) + ": it has objectives, and was not restored");
    }
  }

  [[nodiscard]] const gate_component* component_of(std::string_view name) const {
    const auto found = std::find_if(request_.components.begin(), request_.components.end(),
                                    [&](const gate_component& one) { return one.name == name; });
    return found == request_.components.end() ? nullptr : &*found;
  }

  const report& report_;
  const gate_request& request_;
  gate_board& board_;
  std::vector<std::string> wrong_;
  std::uint64_t objectives_ = 0;
};

}  // namespace knowngood::detail
