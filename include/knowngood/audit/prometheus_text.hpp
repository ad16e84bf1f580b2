// render_prometheus: reports as a file for the text-file collector of Prometheus' node exporter.
//
// Layer: audit. The newest runs, each component's newest artifact, each recovery: as many series as the policy has
// components, not as there are backups. docs/rendering.md lists the metrics. The collector refuses a file in which one
// series stands twice, so none does. Write it atomically: write_file_atomically("knowngood.prom",
// render_prometheus(shown), …)
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/markup_text.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_history.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/report/table_outcome.hpp"

namespace knowngood {

namespace detail {

/// The metrics of one file: each with its help and its series, none twice.
class metric_file {
 public:
  using labels = std::vector<std::pair<std::string_view, std::string_view>>;
  /// Which value a series keeps that is given twice, as by two artifacts of one name.
  enum class keep : unsigned char { smallest, largest, sum };

  void gauge(std::string_view name, std::string_view help, const labels& of, double value, keep which = keep::largest) {
    if (!std::isfinite(value)) return;
    std::string text;
    const auto add = [&](std::string_view label, std::string_view content) {
      text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label, escape_label(content));
    };
    for (const auto& [label, content] : of) add(label, content);
    if (!estate_.empty()) add("estate", estate_);
    auto known = std::find_if(metrics_.begin(), metrics_.end(), [&](const metric& one) { return one.name == name; });
    if (known == metrics_.end()) known = metrics_.insert(known, {std::string{name}, std::string{help}, {}, {}});
    const auto [at, added] = known->index.emplace(text, known->series.size());
    if (added) {
      known->series.emplace_back(std::move(text), value);
      return;
    }
    double& held = known->series[at->second].second;
    held = which == keep::sum ? held + value : which == keep::smallest ? std::min(held, value) : std::max(held, value);
  }

  /// Every series added from now on says of which estate it is; not for the empty name.
  void name_estate(std::string name) { estate_ = std::move(name); }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& one : metrics_) {
      out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", one.name, one.help);
      for (const auto& [of, value] : one.series) {
        out += one.name + (of.empty() ? "" : "{" + of + "}") + " " + number(value) + "\n";
      }
    }
    return out;
  }

 private:
  struct metric {
    std::string name;
    std::string help;
    std::vector<std::pair<std::string, double>> series;
    std::map<std::string, std::size_t> index;
  };

  /// Whole numbers as such, as far as a double holds them.
  static std::string number(double value) {
    return value == std::floor(value) && std::abs(value) < 9e15 ? fmt::format("{:.0f}", value)
                                                                : fmt::format("{}", value);
  }

  std::vector<metric> metrics_;
  std::string estate_;
};

class prometheus_text {
 public:
  void add(const evidence& shown) {
    shown_ = &shown;
    if (const auto& newest = shown.verify ? shown.verify : shown.drill) out_.name_estate(newest->estate);
    if (shown.verify) {
      run(*shown.verify);
      components(*shown.verify);
    }
    if (shown.drill) {
      run(*shown.drill);
      drill(*shown.drill);
    }
    for (const auto& entry : shown.history.nights) {
      if (entry.partial || entry.simulated || entry.exit_code != exit_code::sound ||
          outcome_of(entry).worth > verdict::unprotected)
        continue;
      out_.gauge("knowngood_last_success_timestamp_seconds",
                 "When the newest run ended in which everything was checked and held.", {{"tool", entry.tool}},
                 seconds_of(entry.finished));
    }
    parts();
    if (!shown.continuing) return;
    std::map<std::string_view, std::uint64_t> runs;
    for (const auto& entry : shown.history.nights) ++runs[entry.tool];
    for (const auto& [tool, number] : runs) {
      out_.gauge("knowngood_ledger_runs", "Runs that the ledger holds.", {{"tool", tool}}, count(number));
    }
  }

  [[nodiscard]] std::string text() const { return out_.text(); }

 private:
  static constexpr std::size_t unnamed_artifacts = 100;  ///< series for artifacts of no component
  static constexpr std::array verdicts{verdict::sound, verdict::unprotected, verdict::unchecked, verdict::unsound};
  using keep = metric_file::keep;

  static double count(std::uint64_t number) { return static_cast<double>(number); }
  static double seconds_of(moment at) { return static_cast<double>(at.time_since_epoch().count()); }

  void run(const report& of) {
    const report_summary sum = summarise(of);
    const std::string_view tool = of.tool;
    out_.gauge("knowngood_run_info", "The newest run of a tool: its version and where it ran; always 1.",
               {{"tool", tool}, {"version", of.version}, {"host", of.host}}, 1);
    out_.gauge("knowngood_last_run_timestamp_seconds", "When the newest run ended.", {{"tool", tool}},
               seconds_of(of.finished));
    out_.gauge("knowngood_last_run_duration_seconds", "How long the newest run took.", {{"tool", tool}},
               count(elapsed_seconds(of)));
    out_.gauge("knowngood_last_run_exit_code",
               "What the newest run exited with: 0 when everything was checked and holds.", {{"tool", tool}},
               of.exit_code);
    out_.gauge("knowngood_last_run_complete", "1 when the newest run got to its end, 0 when it was interrupted.",
               {{"tool", tool}}, of.complete ? 1 : 0, keep::smallest);
    out_.gauge("knowngood_last_run_simulated", "1 when the newest run was told what time it is.", {{"tool", tool}},
               of.simulated ? 1 : 0);
    const std::array artifacts{sum.sound, sum.unprotected, sum.unchecked, sum.unsound};
    for (std::size_t i = 0; i < artifacts.size(); ++i) {
      out_.gauge("knowngood_artifacts", "Artifacts of the newest run by verdict.",
                 {{"tool", tool}, {"verdict", to_string(verdicts[i])}}, count(artifacts[i]));
    }
    const std::pair<severity, std::uint64_t> findings[] = {{severity::error, sum.findings.errors},
                                                           {severity::warning, sum.findings.warnings},
                                                           {severity::note, sum.findings.notes}};
    for (const auto& [level, number] : findings) {
      out_.gauge("knowngood_findings", "Findings of the newest run by severity.",
                 {{"tool", tool}, {"severity", to_string(level)}}, count(number));
    }
    std::uint64_t unchecked = of.unchecked.size();
    for (const auto& one : of.artifacts) unchecked += one.unchecked.size();
    for (const auto& one : of.steps) unchecked += one.unchecked.size();
    out_.gauge("knowngood_unchecked_items", "Things that the newest run could not check.", {{"tool", tool}},
               count(unchecked));
    out_.gauge("knowngood_read_bytes", "Bytes that the newest run read from disk.", {{"tool", tool}},
               count(sum.bytes_read));
  }

  /// What was found in a part is true of the whole.
  void parts() {
    for (const auto& [tool, whole] :
         {std::pair{std::string_view{"verify"}, &shown_->verify}, {"drill", &shown_->drill}}) {
      if (!*whole) continue;
      std::map<verdict, std::uint64_t> came_to;
      for (const auto& part : shown_->parts) {
        if ((part.tool == "drill") == (tool == "drill")) ++came_to[outcome_of(summarise_for_history(part)).worth];
      }
      for (const auto one : verdicts) {
        out_.gauge("knowngood_partial_runs",
                   "Runs that looked at a part, newer than the newest run of all, by what they came to.",
                   {{"tool", (*whole)->tool}, {"verdict", to_string(one)}}, count(came_to[one]));
      }
    }
  }

  static bool is_verified(const artifact_report& one) { return verdict_of(one) == verdict::sound; }

  void components(const report& of) {
    for (const auto& component : of.components) {
      const std::string_view name = component.name;
      const verdict value = shown_->component_verdict_with_parts(of, component);
      for (const auto one : verdicts) {
        out_.gauge("knowngood_component_verdict", "1 for the verdict that a component has, 0 for the others.",
                   {{"component", name}, {"verdict", to_string(one)}}, one == value ? 1 : 0);
      }
      out_.gauge("knowngood_component_verified",
                 "1 when every artifact of a component is sound, and nothing is missing.", {{"component", name}},
                 value == verdict::sound ? 1 : 0, keep::smallest);
      out_.gauge("knowngood_component_artifacts", "Artifacts of a component.", {{"component", name}},
                 count(component.artifacts));
      if (component.newest_timestamp) {
        out_.gauge("knowngood_component_newest_timestamp_seconds",
                   "The moment that the newest artifact of a component states; alert on this, as it goes on ageing "
                   "when no run follows.",
                   {{"component", name}}, seconds_of(*component.newest_timestamp), keep::smallest);
      }
      if (component.age_seconds) {
        out_.gauge("knowngood_component_newest_age_seconds",
                   "Age of the newest artifact of a component when the run began.", {{"component", name}},
                   static_cast<double>(*component.age_seconds));
      }
      if (const artifact_report* newest = newest_artifact(of, component)) {
        if (newest->size) {
          out_.gauge("knowngood_component_newest_bytes", "Stored size of the newest artifact of a component.",
                     {{"component", name}}, count(*newest->size), keep::smallest);
        }
        artifact(of, *newest, name);
      }
    }
    std::vector<const artifact_report*> others;
    for (const auto& one : of.artifacts) {
      const bool named =
          std::any_of(of.components.begin(), of.components.end(),
                      [&](const component_report& component) { return component.name == one.component; });
      if (!named) others.push_back(&one);
    }
    std::stable_sort(others.begin(), others.end(),
                     [](const artifact_report* a, const artifact_report* b) { return a->verdict > b->verdict; });
    for (std::size_t i = 0; i < std::min(others.size(), unnamed_artifacts); ++i) artifact(of, *others[i], "");
    out_.gauge("knowngood_artifacts_without_series",
               "Artifacts of no component that this file has no room for, the worst having gone first.", {},
               count(others.size() - std::min(others.size(), unnamed_artifacts)));
  }

  void artifact(const report& of, const artifact_report& one, std::string_view component) {
    const std::string_view path = one.path;
    const metric_file::labels labels{{"component", component}, {"artifact", file_name_of(path)}};
    bool verified = is_verified(one);
    for (const auto& part : shown_->parts) {
      for (const auto& same : part.artifacts) verified = verified && (same.path != one.path || is_verified(same));
    }
    out_.gauge("knowngood_artifact_verified", "1 when the newest artifact of a component is sound.", labels,
               verified ? 1 : 0, keep::smallest);
    if (one.size)
      out_.gauge("knowngood_artifact_bytes", "Stored size of an artifact.", labels, count(*one.size), keep::smallest);
    const auto when = one.timestamp ? one.timestamp : one.modified;
    if (when) {
      out_.gauge("knowngood_artifact_age_seconds", "Age of an artifact when the run began.", labels,
                 seconds_of(of.started) - seconds_of(*when));
    }
  }

  void drill(const report& of) {
    for (const auto& recovery : restored_recoveries(of)) {
      const std::string_view name = recovery.component;
      const auto number = [](std::int64_t seconds) { return static_cast<double>(seconds); };
      if (name.empty()) {
        out_.gauge("knowngood_drill_whole_duration_seconds", "How long everything together took to restore.", {},
                   recovery.seconds);
        if (recovery.rto_seconds) {
          out_.gauge("knowngood_drill_whole_objective_seconds", "How long everything together may take to restore.", {},
                     number(*recovery.rto_seconds), keep::smallest);
        }
        continue;
      }
      out_.gauge("knowngood_drill_verified",
                 "1 when a component was restored within its objectives and everything about it held.",
                 {{"component", name}}, recovery_holds(of, recovery) ? 1 : 0, keep::smallest);
      out_.gauge("knowngood_drill_duration_seconds", "How long a component took to restore.", {{"component", name}},
                 recovery.seconds);
      if (recovery.rto_seconds) {
        out_.gauge("knowngood_drill_objective_seconds", "How long a component may take to restore.",
                   {{"component", name}}, number(*recovery.rto_seconds), keep::smallest);
      }
      if (recovery.age_seconds) {
        out_.gauge("knowngood_drill_recovery_point_age_seconds",
                   "How old the restored state of a component was when the drill began.", {{"component", name}},
                   number(*recovery.age_seconds));
      }
      if (recovery.rpo_seconds) {
        out_.gauge("knowngood_drill_recovery_point_objective_seconds",
                   "How old the restored state of a component may be.", {{"component", name}},
                   number(*recovery.rpo_seconds), keep::smallest);
      }
    }
    std::map<std::string_view, std::uint64_t> steps{
        {"sound", 0}, {"unprotected", 0}, {"unchecked", 0}, {"unsound", 0}, {"skipped", 0}};
    for (const auto& step : of.steps) {
      ++steps[step.skipped && step.verdict != verdict::unsound ? "skipped" : to_string(step.verdict)];
      if (step.skipped) continue;
      out_.gauge("knowngood_drill_step_duration_seconds",
                 "How long a step of the newest drill took, all of one name together.",
                 {{"component", step.component}, {"step", step.name}}, step.seconds, keep::sum);
    }
    for (const auto& [word, number] : steps) {
      out_.gauge("knowngood_drill_steps", "Steps of the newest drill by what they came to.", {{"outcome", word}},
                 count(number));
    }
    std::map<std::string_view, std::uint64_t> tables;
    for (const auto& outcome : row_outcomes) tables[outcome.word] = 0;
    for (const auto& table : of.comparisons) ++tables[to_string(table.outcome)];
    for (const auto& [word, number] : tables) {
      out_.gauge("knowngood_drill_tables", "Tables of the newest drill by what comparing their rows came to.",
                 {{"outcome", word}}, count(number));
    }
  }

  bool recovery_holds(const report& of, const recovery_report& recovery) const {
    if (recovery.verdict != verdict::sound) return false;
    bool any = false;
    for (const auto& step : of.steps) {
      if (step.component != recovery.component) continue;
      any = any || !step.skipped;
      if (step.verdict != verdict::sound && step.verdict != verdict::unprotected) return false;
    }
    for (const auto& component : of.components) {
      if (component.name != recovery.component) continue;
      const verdict value = shown_->component_verdict_with_parts(of, component);
      if (value != verdict::sound && value != verdict::unprotected) return false;
    }
    return any && of.complete;
  }

  metric_file out_;
  const evidence* shown_ = nullptr;
};

}  // namespace detail

/// The file, each line of it ended by a newline. What is not known has no series, rather than a zero. Without any
/// report it holds nothing but a comment, which the collector takes for no metrics.
inline std::string render_prometheus(const evidence& shown) {
  detail::prometheus_text out;
  out.add(shown);
  const std::string text = out.text();
  return text.empty() ? "# knowngood: there is no report\n" : text;
}

}  // namespace knowngood
