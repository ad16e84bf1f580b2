// render_markdown: reports as GitHub's Markdown, for the summary of a workflow step or a comment.
//
// Layer: audit. Verdict first, then components, findings, recoveries, tables that differ. Always below the 1 MiB that
// GitHub takes; what is left out is said. Example: render_markdown(evidence_of(parse_report(json, name)))
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/markup_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/audit/verdict_mark.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_history.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/report/row_outcome.hpp"
#include "knowngood/report/table_outcome.hpp"

namespace knowngood {

struct markdown_options {
  std::size_t findings = 50;  ///< listed one by one, the gravest first
  std::size_t rows = 100;     ///< of each table
  std::size_t text = 600;     ///< bytes of one name or value, about
};

namespace detail {

class report_markdown {
 public:
  report_markdown(const evidence& shown, const markdown_options& options) : shown_{shown}, options_{options} {}

  void add(const report& of) {
    heading(of);
    components(of);
    findings(of);
    recoveries(of);
    tables(of);
  }

  void partial(const std::vector<const history_entry*>& runs) {
    for (std::size_t i = runs.size() - std::min(runs.size(), std::size_t{10}); i < runs.size(); ++i) {
      line(fmt::format("- since then {} looked at a part, {}: {}", text(runs[i]->tool), minute_text(runs[i]->started),
                       text(runs[i]->headline)));
    }
    if (!runs.empty()) line("");
  }

  /// Within GitHub's limit, cut at the end of a line.
  [[nodiscard]] std::string page() {
    constexpr std::size_t limit = 1'000'000;
    if (out_.size() > limit) {
      out_.resize(out_.rfind('\n', limit) + 1);
      out_ += "\n**The rest does not fit: read the report itself.**\n";
    }
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }
  [[nodiscard]] std::string text(std::string_view raw) const {
    // Where someone could be mentioned or an issue referred to, it is code.
    const std::string part = cut(raw);
    return part.find_first_of("@#") == std::string::npos ? escape_markdown(part) : code_markdown(part);
  }
  [[nodiscard]] std::string code(std::string_view raw) const { return code_markdown(cut(raw)); }
  [[nodiscard]] std::string cut(std::string_view raw) const { return printable(raw, options_.text); }

  /// ` and N more`, as a row of its own.
  void more(std::size_t all, std::size_t shown, std::string_view what) {
    if (all > shown) line(fmt::format("\n… and {} more: read the report itself.", counted(all - shown, what)));
  }

  void heading(const report& of) {
    const history_entry entry = summarise_for_history(of);
    const run_outcome outcome = outcome_of(entry);
    line(fmt::format("## {} {}{}: {}", emoji_of(outcome.worth), text(of.tool),
                     of.estate.empty() ? "" : " of " + text(of.estate), escape_markdown(outcome.word)));
    line("");
    line(text(entry.headline));
    line("");
    line(fmt::format(
        "{} on {}, {}, exit {}", minute_text(of.started), code(of.host),
        elapsed_seconds(of) == 0 ? "less than a second" : length_text(static_cast<std::int64_t>(elapsed_seconds(of))),
        of.exit_code));
    line("");
    if (!of.confinement.empty()) {
      line("Servers confined by: " + text(of.confinement));
      line("");
    }
  }

  void components(const report& of) {
    if (of.components.empty()) return;
    line("| | component | newest backup | age | size | backups |");
    line("|---|---|---|---:|---:|---:|");
    for (std::size_t i = 0; i < std::min(of.components.size(), options_.rows); ++i) {
      const auto& component = of.components[i];
      const artifact_report* newest = newest_artifact(of, component);
      const verdict value = shown_.component_verdict_with_parts(of, component);
      line(fmt::format(
          "| {} {} | {} | {} | {} | {} | {} |", emoji_of(value), to_string(value), code(component.name),
          component.newest ? code(file_name_of(*component.newest)) : "none", age_text(component, of.started),
          newest != nullptr && newest->size ? format_byte_size(*newest->size) : "", grouped(component.artifacts)));
    }
    more(of.components.size(), options_.rows, "component");
    line("");
  }

  void findings(const report& of) {
    std::vector<const finding*> all;
    std::vector<const unchecked_item*> unchecked;
    const auto collect = [&](const auto& owner) {
      for (const auto& one : owner.findings) all.push_back(&one);
    };
    const auto collect_unchecked = [&](const auto& owner) {
      for (const auto& one : owner.unchecked) unchecked.push_back(&one);
    };
    collect(of);
    collect_unchecked(of);
    for (const auto& component : of.components) collect(component);
    for (const auto& artifact : of.artifacts) {
      collect(artifact);
      collect_unchecked(artifact);
    }
    for (const auto& step : of.steps) {
      collect(step);
      collect_unchecked(step);
    }
    const auto notes = static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const finding* one) { return one->severity == severity::note; }));
    std::erase_if(all, [](const finding* one) { return one->severity == severity::note; });
    std::stable_sort(all.begin(), all.end(),
                     [](const finding* a, const finding* b) { return a->severity > b->severity; });
    const std::size_t shown = std::min(all.size(), options_.findings);
    if (!all.empty()) line("### Findings\n");
    for (std::size_t i = 0; i < shown; ++i) {
      const finding& one = *all[i];
      line(fmt::format("- {} **{}** {}: {}", is_error(one) ? "❌" : "⚠️", to_string(one.severity), code(one.check),
                       text(one.message)));
      place("in", one.where);
      if (!one.expected.empty()) line("  - expected " + code(one.expected));
      if (!one.actual.empty()) line("  - actual " + code(one.actual));
      if (const auto advice = advice_for(one.check); !advice.empty()) line("  - → " + escape_markdown(advice));
    }
    more(all.size(), shown, "finding");
    if (!all.empty()) line("");
    if (!unchecked.empty()) line("### Could not be checked\n");
    const std::size_t items = std::min(unchecked.size(), options_.findings);
    for (std::size_t i = 0; i < items; ++i) {
      line("- ❔ " + text(unchecked[i]->message));
      place("in", unchecked[i]->where);
      if (!unchecked[i]->advice.empty()) line("  - → " + text(unchecked[i]->advice));
    }
    more(unchecked.size(), items, "thing");
    if (!unchecked.empty()) line("");
    if (notes > 0) line(fmt::format("{}, not listed here.\n", counted(notes, "note")));
  }

  void place(std::string_view word, const location& where) {
    if (where.chain().empty() && !where.offset()) return;
    std::string text;
    constexpr std::size_t deepest = 12;
    const auto& chain = where.chain();
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (i == deepest && chain.size() > deepest + 1) text += " » …";
      if (i >= deepest && i + 1 < chain.size()) continue;
      text += (i == 0 ? "" : " » ") + code(chain[i]);
    }
    if (where.offset()) text += fmt::format("{}at byte {}", text.empty() ? "" : " ", *where.offset());
    line(fmt::format("  - {} {}", word, text));
  }

  void recoveries(const report& of) {
    const std::vector<recovery_report> restored = restored_recoveries(of);
    if (restored.empty()) return;
    line("### Recovery\n");
    line("| | component | restored in | objective | state | objective |");
    line("|---|---|---:|---:|---:|---:|");
    for (std::size_t i = 0; i < restored.size(); ++i) {
      const auto& one = restored[i];
      if (i >= options_.rows && i + 1 < restored.size()) continue;  // everything together comes last and stays
      line(fmt::format("| {} {} | {} | {} | {} | {} | {} |", emoji_of(one.verdict), to_string(one.verdict),
                       one.component.empty() ? "**everything**" : code(one.component), format_elapsed(one.seconds),
                       one.rto_seconds ? length_text(*one.rto_seconds) : "",
                       one.age_seconds ? age_text(*one.age_seconds) : "",
                       one.rpo_seconds ? length_text(*one.rpo_seconds) : ""));
    }
    more(restored.size(), options_.rows + 1, "component");
    line("");
  }

  void tables(const report& of) {
    std::vector<const table_comparison*> bad;
    for (const auto& table : of.comparisons) {
      if (judge_outcome(table).worth != verdict::sound) bad.push_back(&table);
    }
    if (of.comparisons.empty()) return;
    line(fmt::format("### Tables\n\n{} compared, {} the same.\n", counted(of.comparisons.size(), "table"),
                     bad.empty() ? "all" : grouped(of.comparisons.size() - bad.size())));
    if (bad.empty()) return;
    line("| | table | dump | capture | source | restored | |");
    line("|---|---|---:|---:|---:|---:|---|");
    const auto rows = [](const std::optional<rows_fact>& fact) { return fact ? grouped(fact->rows) : std::string{}; };
    for (std::size_t i = 0; i < std::min(bad.size(), options_.rows); ++i) {
      const auto& table = *bad[i];
      line(fmt::format("| {} | {} | {} | {} | {} | {} | {} |", emoji_of(judge_outcome(table).worth),
                       code(table.database.empty() ? table.name : table.database + "/" + table.name), rows(table.dump),
                       rows(table.capture), rows(table.source), rows(table.restored), text(to_string(table.outcome))));
    }
    more(bad.size(), options_.rows, "table");
    line("");
  }

  const evidence& shown_;
  markdown_options options_;
  std::string out_;
};

}  // namespace detail

/// The page, ended by a newline.
inline std::string render_markdown(const evidence& shown, const markdown_options& options = {}) {
  detail::report_markdown out{shown, options};
  if (!shown.verify && !shown.drill) return "## ❔ knowngood: there is no report\n";
  if (shown.verify) out.add(*shown.verify);
  if (shown.drill) out.add(*shown.drill);
  out.partial(shown.partial_since_whole());
  return out.page();
}

}  // namespace knowngood
