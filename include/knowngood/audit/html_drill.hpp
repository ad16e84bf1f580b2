// html_recoveries, html_steps, html_comparisons: what rehearsals add to the HTML report.
//
// Layer: audit. Part of audit/report_html.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/html_charts.hpp"
#include "knowngood/audit/html_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/report_history.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/report/table_outcome.hpp"

namespace knowngood::detail {

/// A chart for everything together and for each component.
inline std::string recovery_charts(const report_history& history) {
  constexpr std::size_t charts = 12;
  std::map<std::string_view, std::vector<recovery_point>> by_component;
  std::vector<std::string_view> order{""};
  for (const auto& entry : history.nights) {
    for (const auto& one : entry.recoveries) {
      auto& drills = by_component[one.component];
      if (drills.empty() && !one.component.empty()) order.push_back(one.component);
      drills.push_back({entry.started, one.seconds, one.rto_seconds, one.verdict > verdict::unprotected});
    }
  }
  std::string text = "<div class=\"charts\">\n";
  std::size_t drawn = 0;
  for (const auto component : order) {
    const auto found = by_component.find(component);
    if (found == by_component.end() || ++drawn > charts) continue;
    text += html_recovery_chart(component.empty() ? std::string{"everything together"} : visible_text(component),
                                found->second);
  }
  text += "</div>\n";
  const bool hollow = std::any_of(by_component.begin(), by_component.end(), [](const auto& one) {
    return std::any_of(one.second.begin(), one.second.end(),
                       [](const recovery_point& drill) { return drill.failed && !misses_objective(drill); });
  });
  if (hollow) text += "<p class=\"small dim\">A hollow bar with ✗: something else about that recovery failed.</p>\n";
  if (drawn > charts)
    text += fmt::format("<p class=\"small dim\">{} more without a chart; their numbers follow.</p>\n",
                        counted(drawn - charts, "component"));
  return text;
}

/// The numbers of one drill as a table, everything together last.
inline std::string recovery_table(const std::vector<recovery_report>& restored) {
  constexpr std::size_t listed = 200;
  std::string text = html_table_begin("recoveries", {{"component"},
                                                     {""},
                                                     {"restored in", true},
                                                     {"time allowed", true},
                                                     {"state restored", true},
                                                     {"age allowed", true}});
  for (std::size_t i = 0; i < restored.size(); ++i) {
    const auto& one = restored[i];
    if (i >= listed && i + 1 < restored.size()) continue;
    const bool slow = one.rto_seconds && one.seconds > static_cast<double>(*one.rto_seconds);
    const bool old = one.rpo_seconds && one.age_seconds && *one.age_seconds > *one.rpo_seconds;
    const auto marked = [](bool over, const std::string& value) {
      return over ? "<span class=\"over\">✗ " + value + "</span>" : value;
    };
    text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>",
                        one.component.empty() ? "everything together" : html_name(one.component)) +
            html_cell("verdict", html_tag(one.verdict)) +
            html_cell("restored in", marked(slow, format_elapsed(one.seconds)), true) +
            html_cell("time allowed", one.rto_seconds ? length_text(*one.rto_seconds) : "", true) +
            html_cell("state restored", one.age_seconds ? marked(old, age_text(*one.age_seconds)) : "", true) +
            html_cell("age allowed", one.rpo_seconds ? length_text(*one.rpo_seconds) : "", true) + "</tr>\n";
  }
  text += html_table_end();
  if (restored.size() > listed + 1) text += "<p class=\"over\">Not all are listed here: read the report itself.</p>\n";
  return text;
}

/// The charts of all drills, and the newest one's numbers. `newest`: may be null.
inline std::string html_recoveries(const report_history& history, const report* newest) {
  std::string text = recovery_charts(history);
  const std::vector<recovery_report> restored =
      newest == nullptr ? std::vector<recovery_report>{} : restored_recoveries(*newest);
  if (restored.empty()) return text;
  return text + fmt::format("<h3>The drill of {}</h3>\n", day_text(newest->started)) + recovery_table(restored);
}

/// Every step of a drill in the order they began, and what the policy's probe printed.
inline std::string html_steps(const report& of) {
  constexpr std::size_t listed = 500;
  std::string text = html_table_begin(
      "steps", {{"step"}, {""}, {"component"}, {"artifact"}, {"time", true}, {"amount", true}, {"rate", true}});
  for (std::size_t i = 0; i < std::min(of.steps.size(), listed); ++i) {
    const auto& step = of.steps[i];
    const bool timed = !step.skipped && step.bytes > 0 && std::isfinite(step.seconds) && step.seconds >= 0.05;
    const std::string rate = timed ? format_byte_size(static_cast<std::uint64_t>(
                                         std::min(static_cast<double>(step.bytes) / step.seconds, 9e18))) +
                                         "/s"
                                   : "";
    const std::string what =
        step.skipped ? html_tag(step.verdict == verdict::unsound ? step.verdict : verdict::unprotected, "skipped")
                     : html_tag(step.verdict);
    text +=
        fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><code>{}</code></th>",
                    escape_markup(step.name)) +
        html_cell("verdict", what + (step.skipped && !step.reason.empty()
                                         ? fmt::format("<div class=\"small dim\">{}</div>", escape_markup(step.reason))
                                         : "")) +
        html_cell("component", step.component.empty() ? "" : html_name(step.component)) +
        html_cell("artifact", step.artifact.empty() ? "" : html_name(file_name_of(step.artifact))) +
        html_cell("time", step.skipped ? "" : format_elapsed(step.seconds), true) +
        html_cell("amount", step.bytes > 0 ? format_byte_size(step.bytes) : "", true) + html_cell("rate", rate, true) +
        "</tr>\n";
  }
  text += html_table_end();
  if (of.steps.size() > listed)
    text += fmt::format("<p class=\"over\">{} more are not listed here: read the report itself.</p>\n",
                        counted(of.steps.size() - listed, "step"));
  for (const auto& step : of.steps) {
    if (step.output.empty()) continue;
    constexpr std::size_t most = 20'000;
    std::string shown;
    for (std::string_view rest = std::string_view{step.output}.substr(0, most); !rest.empty();) {
      const std::size_t end = rest.find('\n');
      shown += escape_markup(rest.substr(0, end)) + "\n";
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (step.output.size() > most) shown += "… the report has the rest\n";
    text += fmt::format("<details><summary>What {} printed</summary><pre>{}</pre></details>\n",
                        escape_markup(step.name), shown);
  }
  return text;
}

/// A witness of rows that was asked about at least one table.
struct witness_column {
  std::string_view title;
  std::optional<rows_fact> table_comparison::*where;
};

inline std::vector<witness_column> witness_columns(const std::vector<table_comparison>& tables) {
  const auto looked_at = [&](auto where) {
    return std::any_of(tables.begin(), tables.end(),
                       [where](const table_comparison& table) { return (table.*where).has_value(); });
  };
  std::vector<witness_column> columns{{"dump", &table_comparison::dump}};
  if (looked_at(&table_comparison::capture)) columns.push_back({"capture", &table_comparison::capture});
  if (looked_at(&table_comparison::source)) columns.push_back({"source", &table_comparison::source});
  columns.push_back({"restored", &table_comparison::restored});
  return columns;
}

/// A witness's rows, marked where they are not the dump's.
inline std::string witness_cell(const table_comparison& table, const witness_column& column) {
  const auto& fact = table.*column.where;
  std::string shown = fact ? grouped(fact->rows) : "–";
  if (fact && table.dump && column.where != &table_comparison::dump && fact->rows != table.dump->rows) {
    const bool more = fact->rows > table.dump->rows;
    shown = fmt::format("<span class=\"over\">{} ({}{})</span>", shown, more ? "+" : "−",
                        grouped(more ? fact->rows - table.dump->rows : table.dump->rows - fact->rows));
  } else if (fact && table.dump && fact->fingerprint && table.dump->fingerprint &&
             *fact->fingerprint != *table.dump->fingerprint) {
    shown = fmt::format("<span class=\"over\">{} (other content)</span>", shown);
  }
  return html_cell(column.title, shown, true);
}

inline std::string comparison_table(const std::vector<const table_comparison*>& tables,
                                    const std::vector<witness_column>& columns) {
  constexpr std::size_t listed = 2'000;
  std::vector<html_column> heads{{"table"}, {""}};
  for (const auto& one : columns) heads.push_back({one.title, true});
  std::string text = html_table_begin("rows of tables", heads);
  for (std::size_t i = 0; i < std::min(tables.size(), listed); ++i) {
    const auto& table = *tables[i];
    text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>",
                        html_name(table.database.empty() ? table.name : table.database + "/" + table.name)) +
            html_cell("outcome", html_tag(judge_outcome(table).worth, to_string(table.outcome)));
    for (const auto& one : columns) text += witness_cell(table, one);
    text += "</tr>\n";
  }
  text += html_table_end();
  if (tables.size() > listed)
    text += fmt::format("<p class=\"over\">{} more are not listed here: read the report itself.</p>\n",
                        counted(tables.size() - listed, "table"));
  return text;
}

/// Rows of each table in the dump, the capture, the source and the restored database: those that differ first.
inline std::string html_comparisons(const report& of) {
  const std::vector<witness_column> columns = witness_columns(of.comparisons);
  std::vector<const table_comparison*> good;
  std::vector<const table_comparison*> bad;
  std::uint64_t rows = 0;
  for (const auto& table : of.comparisons) {
    (judge_outcome(table).worth == verdict::sound ? good : bad).push_back(&table);
    if (table.restored) rows += table.restored->rows;
  }
  std::string text = fmt::format(
      "<p><b>{}</b> compared, {} restored: {}{}.</p>\n", counted(of.comparisons.size(), "table"), counted(rows, "row"),
      bad.empty() ? "all the same" : fmt::format("<span class=\"over\">{} not the same</span>", grouped(bad.size())),
      bad.empty() || good.empty() ? "" : fmt::format(", {} the same", grouped(good.size())));
  if (!bad.empty()) text += comparison_table(bad, columns);
  if (!good.empty()) {
    const bool open = bad.empty() && good.size() <= 12;
    text += fmt::format("<details{}><summary>{} the same</summary>{}</details>\n", open ? " open" : "",
                        counted(good.size(), "table"), comparison_table(good, columns));
  }
  return text;
}

}  // namespace knowngood::detail
