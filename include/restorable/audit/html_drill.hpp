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

#include "restorable/audit/html_charts.hpp"
#include "restorable/audit/html_text.hpp"
#include "restorable/audit/quantity_text.hpp"
#include "restorable/audit/report_history.hpp"
#include "restorable/audit/table_outcome.hpp"
#include "restorable/base/byte_size.hpp"

namespace restorable::detail {

/// A chart for everything together and for each component, and all numbers as a table.
inline std::string html_recoveries(const report_history& history, const report* newest) {
  constexpr std::size_t charts = 12;
  constexpr std::size_t listed = 200;
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
  const auto unexplained = [](const recovery_point& one) {
    return one.failed && !(one.objective && one.seconds > static_cast<double>(*one.objective));
  };
  const bool hollow = std::any_of(by_component.begin(), by_component.end(), [&](const auto& one) {
    return std::any_of(one.second.begin(), one.second.end(), unexplained);
  });
  if (hollow) text += "<p class=\"small dim\">A hollow bar with ✗: something else about that recovery failed.</p>\n";
  if (drawn > charts)
    text += fmt::format("<p class=\"small dim\">{} more without a chart; their numbers follow.</p>\n",
                        counted(drawn - charts, "component"));
  if (newest == nullptr || newest->recoveries.empty()) return text;
  text += fmt::format("<h3>The drill of {}</h3>\n", day_text(newest->started)) +
          html_table_begin("recoveries", {{"component"},
                                          {""},
                                          {"restored in", true},
                                          {"time allowed", true},
                                          {"state restored", true},
                                          {"age allowed", true}});
  for (std::size_t i = 0; i < newest->recoveries.size(); ++i) {
    const auto& one = newest->recoveries[i];
    if (i >= listed && i + 1 < newest->recoveries.size()) continue;
    const bool slow = one.rto_seconds && one.seconds > static_cast<double>(*one.rto_seconds);
    const bool old = one.rpo_seconds && one.age_seconds && *one.age_seconds > *one.rpo_seconds;
    const auto marked = [](bool over, const std::string& value) {
      return over ? "<span class=\"over\">✗ " + value + "</span>" : value;
    };
    text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>",
                        one.component.empty() ? "everything together" : html_name(one.component)) +
            html_cell("verdict", html_tag(one.verdict)) +
            html_cell("restored in", marked(slow, elapsed_text(one.seconds)), true) +
            html_cell("time allowed", one.rto_seconds ? length_text(*one.rto_seconds) : "", true) +
            html_cell("state restored", one.age_seconds ? marked(old, age_text(*one.age_seconds)) : "", true) +
            html_cell("age allowed", one.rpo_seconds ? length_text(*one.rpo_seconds) : "", true) + "</tr>\n";
  }
  text += html_table_end();
  if (newest->recoveries.size() > listed + 1)
    text += "<p class=\"over\">Not all are listed here: read the report itself.</p>\n";
  return text;
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
        html_cell("artifact", step.artifact.empty() ? "" : html_name(file_name(step.artifact))) +
        html_cell("time", step.skipped ? "" : elapsed_text(step.seconds), true) +
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

/// Rows of each table in the dump, the capture, the source and the restored database: those that differ first.
inline std::string html_comparisons(const report& of) {
  constexpr std::size_t listed = 2'000;
  using place = std::optional<rows_fact> table_comparison::*;
  const auto looked_at = [&](place where) {
    return std::any_of(of.comparisons.begin(), of.comparisons.end(),
                       [where](const table_comparison& table) { return (table.*where).has_value(); });
  };
  struct column {
    std::string_view title;
    place where;
  };
  std::vector<column> columns{{"dump", &table_comparison::dump}};
  if (looked_at(&table_comparison::capture)) columns.push_back({"capture", &table_comparison::capture});
  if (looked_at(&table_comparison::source)) columns.push_back({"source", &table_comparison::source});
  columns.push_back({"restored", &table_comparison::restored});
  std::vector<const table_comparison*> good;
  std::vector<const table_comparison*> bad;
  std::uint64_t rows = 0;
  for (const auto& table : of.comparisons) {
    (judge_outcome(table).worth == verdict::sound ? good : bad).push_back(&table);
    if (table.restored) rows += table.restored->rows;
  }
  const auto table_of = [&](const std::vector<const table_comparison*>& tables) {
    std::vector<html_column> heads{{"table"}, {""}};
    for (const auto& one : columns) heads.push_back({one.title, true});
    std::string text = html_table_begin("rows of tables", heads);
    for (std::size_t i = 0; i < std::min(tables.size(), listed); ++i) {
      const auto& table = *tables[i];
      text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>",
                          html_name(table.database.empty() ? table.name : table.database + "/" + table.name)) +
              html_cell("outcome", html_tag(judge_outcome(table).worth, table.outcome));
      for (const auto& one : columns) {
        const auto& fact = table.*one.where;
        std::string shown = fact ? grouped(fact->rows) : "–";
        if (fact && table.dump && one.where != &table_comparison::dump && fact->rows != table.dump->rows) {
          const bool more = fact->rows > table.dump->rows;
          shown = fmt::format("<span class=\"over\">{} ({}{})</span>", shown, more ? "+" : "−",
                              grouped(more ? fact->rows - table.dump->rows : table.dump->rows - fact->rows));
        } else if (fact && table.dump && fact->fingerprint && table.dump->fingerprint &&
                   *fact->fingerprint != *table.dump->fingerprint) {
          shown = fmt::format("<span class=\"over\">{} (other content)</span>", shown);
        }
        text += html_cell(one.title, shown, true);
      }
      text += "</tr>\n";
    }
    text += html_table_end();
    if (tables.size() > listed)
      text += fmt::format("<p class=\"over\">{} more are not listed here: read the report itself.</p>\n",
                          counted(tables.size() - listed, "table"));
    return text;
  };
  std::string text = fmt::format(
      "<p><b>{}</b> compared, {} restored: {}{}.</p>\n", counted(of.comparisons.size(), "table"), counted(rows, "row"),
      bad.empty() ? "all the same" : fmt::format("<span class=\"over\">{} not the same</span>", grouped(bad.size())),
      bad.empty() || good.empty() ? "" : fmt::format(", {} the same", grouped(good.size())));
  if (!bad.empty()) text += table_of(bad);
  if (!good.empty()) {
    const bool open = bad.empty() && good.size() <= 12;
    text += fmt::format("<details{}><summary>{} the same</summary>{}</details>\n", open ? " open" : "",
                        counted(good.size(), "table"), table_of(good));
  }
  return text;
}

}  // namespace restorable::detail
