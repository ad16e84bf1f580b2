// drill_text: what a rehearsal adds to a report, as text for people: steps with their times, tables compared,
// recoveries against their objectives.
//
// Layer: audit. Part of audit/report_text.hpp, onto whose page it writes; writes nothing for a report of `verify`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/finding_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/report/table_outcome.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood::detail {

class drill_text {
 public:
  /// Both outlive it.
  drill_text(const report& of, finding_text& page) : report_{of}, page_{page} {
    for (const auto& step : of.steps) name_columns_ = std::max(name_columns_, step.name.size());
  }

  /// The steps of one component.
  void show_steps(std::string_view component, std::size_t indent) {
    for (const auto& step : report_.steps) {
      if (step.component == component) show(step, indent);
    }
  }

  /// The steps of none of these components.
  void show_other_steps(const std::set<std::string_view>& components) {
    bool first = true;
    for (const auto& step : report_.steps) {
      if (components.contains(step.component)) continue;
      if (first)
        page_.line("\n" + page_.layout().paint(components.empty() ? "steps" : "steps of no component", ink::bold));
      first = false;
      show(step, 2);
    }
  }

  /// How many tables are equal; each that is not, and each at all under `tables`.
  void show_comparisons() {
    if (report_.comparisons.empty()) return;
    std::map<std::string_view, std::uint64_t> outcomes;
    std::uint64_t rows = 0;
    std::size_t names = 0;
    bool any = false;
    for (const auto& table : report_.comparisons) {
      ++outcomes[to_string(table.outcome)];
      rows += table.restored ? table.restored->rows : 0;
      if (!shown(table)) continue;
      any = true;
      names = std::max(names, std::min<std::size_t>(display_width(name_of(table)), 56));
    }
    std::string counts;
    for (const auto& [outcome, number] : outcomes) {
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", grouped(number), outcome);
    }
    page_.line(
        fmt::format("\n{}   {} restored: {}", page_.layout().paint("tables", ink::bold), counted(rows, "row"), counts));
    if (!any) return;
    using place = std::optional<rows_fact> table_comparison::*;
    std::vector<std::pair<std::string_view, place>> columns{{"dump", &table_comparison::dump},
                                                            {"restored", &table_comparison::restored}};
    if (looked_at(&table_comparison::capture)) columns.emplace_back("capture", &table_comparison::capture);
    if (looked_at(&table_comparison::source)) columns.emplace_back("source", &table_comparison::source);
    std::string head(names + 4, ' ');
    std::vector<std::size_t> widths;
    for (const auto& [title, where] : columns) {
      std::size_t width = title.size();
      for (const auto& table : report_.comparisons) width = std::max(width, rows_of(table.*where).size());
      widths.push_back(width);
      head += fmt::format("  {:>{}}", title, width);
    }
    page_.line(head);
    for (const auto& table : report_.comparisons) {
      if (!shown(table)) continue;
      const auto [mark, colour] = finding_text::look_of(judge_outcome(table).worth);
      std::string text = fmt::format("  {} {}", page_.layout().paint(page_.layout().own(mark), colour),
                                     text_layout::fill(name_of(table), names));
      for (std::size_t i = 0; i < columns.size(); ++i) {
        text += fmt::format("  {:>{}}", rows_of(table.*columns[i].second), widths[i]);
      }
      page_.line(text + "  " + page_.layout().paint(std::string{to_string(table.outcome)}, colour));
    }
  }

  /// How long each component takes to restore and how old it then is, against its objectives.
  void show_recoveries() {
    const std::vector<recovery_report> restored = restored_recoveries(report_);
    if (restored.empty()) return;
    std::size_t names = 0;
    for (const auto& one : restored) names = std::max(names, display_width(label(one)));
    page_.line("\n" + page_.layout().paint("recovery", ink::bold));
    for (const auto& one : restored) {
      const auto [mark, colour] = finding_text::look_of(one.verdict);
      std::string text = fmt::format("  {} {}  restored in {}", page_.layout().paint(page_.layout().own(mark), colour),
                                     text_layout::fill(label(one), names), format_elapsed(one.seconds));
      if (one.rto_seconds) text += fmt::format(" (objective {})", length_text(*one.rto_seconds));
      if (one.age_seconds) text += fmt::format(", to a state {}", age_text(*one.age_seconds));
      if (one.age_seconds && one.rpo_seconds) text += fmt::format(" (objective {})", length_text(*one.rpo_seconds));
      page_.line(text);
    }
  }

 private:
  void show(const step_report& step, std::size_t indent) {
    const auto [mark, colour] = finding_text::look_of(step.verdict);
    const std::string margin(indent, ' ');
    std::string text = fmt::format("{}{} {}", margin, page_.layout().paint(page_.layout().own(mark), colour),
                                   text_layout::fill(page_.layout().name(step.name), name_columns_));
    if (step.skipped) {
      text += fmt::format("  skipped: {}", page_.layout().name(step.reason));
    } else {
      text += fmt::format("  {:>8}", format_elapsed(step.seconds));
      if (step.bytes > 0) text += fmt::format("  {:>8}", format_byte_size(step.bytes));
      if (step.bytes > 0 && step.seconds >= 0.05) {
        text += fmt::format(
            "  {}/s", format_byte_size(static_cast<std::uint64_t>(static_cast<double>(step.bytes) / step.seconds)));
      }
    }
    if (step.verdict != verdict::sound) {
      text += "  " + page_.layout().paint(finding_text::upper(to_string(step.verdict)), colour);
    }
    page_.line(text);
    page_.show(step.findings, step.artifact, indent + 4);
    page_.show(step.unchecked, step.artifact, indent + 4);
    if (page_.layout().style().verbose) {
      for (const auto& one : step.properties) {
        page_.line(fmt::format("{}    {}  {}", margin, text_layout::fill(page_.layout().name(one.name), 18),
                               page_.layout().name(one.value)));
      }
    }
    if (step.verdict != verdict::sound || page_.layout().style().verbose) show_output(step, margin);
  }

  void show_output(const step_report& step, const std::string& margin) {
    std::string_view rest = step.output;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      page_.line(fmt::format("{}    | {}", margin, page_.layout().name(rest.substr(0, end))));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }

  static bool is_good(const table_comparison& table) { return judge_outcome(table).worth == verdict::sound; }
  [[nodiscard]] bool shown(const table_comparison& table) const {
    return page_.layout().style().tables || !is_good(table);
  }
  [[nodiscard]] bool looked_at(std::optional<rows_fact> table_comparison::*place) const {
    return std::any_of(report_.comparisons.begin(), report_.comparisons.end(),
                       [place](const table_comparison& table) { return (table.*place).has_value(); });
  }
  [[nodiscard]] std::string name_of(const table_comparison& table) const {
    return page_.layout().name(table.database.empty() ? table.name : table.database + "/" + table.name);
  }
  static std::string rows_of(const std::optional<rows_fact>& fact) { return fact ? grouped(fact->rows) : "-"; }
  [[nodiscard]] std::string label(const recovery_report& one) const {
    return one.component.empty() ? "everything" : page_.layout().name(one.component);
  }

  const report& report_;
  finding_text& page_;
  std::size_t name_columns_ = 0;
};

}  // namespace knowngood::detail
