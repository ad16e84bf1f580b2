// render_html: reports as one HTML file that needs no script and loads nothing, for managers, auditors, phones and
// paper.
//
// Layer: audit. The verdict first; components with their newest backup; a calendar of the nights; recovery times
// against their objectives; findings with what to do; rows of every table; how to check the signature. The same
// evidence and options give the same bytes. Example:
//   render_html(shown, {.now = now, .report_file = "2025/12/04/verify-….json", .key_file = "backup.pub"})
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/html_calendar.hpp"
#include "knowngood/audit/html_charts.hpp"
#include "knowngood/audit/html_checking.hpp"
#include "knowngood/audit/html_drill.hpp"
#include "knowngood/audit/html_findings.hpp"
#include "knowngood/audit/html_style.hpp"
#include "knowngood/audit/html_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/report/headline.hpp"
#include "knowngood/report/report_history.hpp"

namespace knowngood {

struct html_options {
  moment now{};                                               ///< when the page is made
  std::chrono::seconds verify_every = std::chrono::days{1};   ///< runs of `verify` further apart are missing ones
  std::chrono::seconds drill_every = std::chrono::days{100};  ///< the same for `drill`; 0: not expected at all
  unsigned months = 12;                                       ///< of the calendar
  std::size_t trend_nights = 30;                              ///< of the lines of sizes
  std::string report_file = "REPORT.json";                    ///< what the commands for checking name; never opened
  std::string ledger_directory{};                             ///< the same; empty: there is no ledger
  std::string key_file = "NAME.pub";
};

namespace detail {

class report_html {
 public:
  report_html(const evidence& shown, const html_options& options) : shown_{shown}, options_{options} {}

  [[nodiscard]] std::string render() {
    banner();
    runs();
    components();
    if (shown_.continuing)
      section("nights", "Nights",
              html_calendar{shown_.history, options_.now, options_.verify_every, options_.months}.html());
    const bool drilled = std::any_of(shown_.history.nights.begin(), shown_.history.nights.end(),
                                     [](const history_entry& one) { return !one.recoveries.empty(); });
    if (drilled) section("recovery", "Recovery time", html_recoveries(shown_.history, rehearsal()));
    if (rehearsal() != nullptr && !rehearsal()->comparisons.empty())
      section("tables", "Rows restored", html_comparisons(*rehearsal()));
    findings();
    if (rehearsal() != nullptr && !rehearsal()->steps.empty())
      section("steps", "Steps of the drill", html_steps(*rehearsal()));
    artifacts();
    checking();
    about();
    return page();
  }

 private:
  [[nodiscard]] const report* verify() const { return shown_.verify ? &*shown_.verify : nullptr; }
  [[nodiscard]] const report* drill() const { return shown_.drill ? &*shown_.drill : nullptr; }
  /// The report that holds steps and rows restored, whatever its tool is called.
  [[nodiscard]] const report* rehearsal() const {
    const bool any = verify() != nullptr &&
                     !(verify()->steps.empty() && verify()->comparisons.empty() && verify()->recoveries.empty());
    return drill() == nullptr && any ? verify() : drill();
  }

  struct run_state {
    run_outcome outcome;
    std::string headline;
    bool overdue = false;
  };

  [[nodiscard]] run_state state_of(const report& of, std::chrono::seconds every) const {
    const history_entry entry = summarise_for_history(of);
    run_state state{outcome_of(entry), entry.headline, false};
    state.overdue = shown_.continuing && every.count() > 0 &&
                    options_.now - within_reason(of.started) > every + std::chrono::hours{2};
    return state;
  }

  void section(std::string_view id, std::string_view title, std::string_view html) {
    body_ += fmt::format("<section id=\"{0}\" aria-labelledby=\"h-{0}\"><h2 id=\"h-{0}\">{1}</h2>\n{2}</section>\n", id,
                         title, html);
  }

  /// The worst of the newest runs, and of what was looked at since.
  void banner() {
    std::vector<std::string> reasons;
    verdict worst = verdict::sound;
    word_ = "sound";
    const auto weigh = [&](verdict value, std::string_view word) {
      if (value > worst) word_ = word;
      worst = worse(worst, value);
    };
    const auto consider = [&](const report* of, std::chrono::seconds every) {
      if (of == nullptr) return;
      const run_state state = state_of(*of, every);
      weigh(state.outcome.worth, state.outcome.word);
      reasons.push_back(fmt::format("<b>{}</b> {}", escape_markup(of->tool), escape_markup(state.headline)));
      if (!state.overdue) return;
      weigh(verdict::unchecked, "out of date");
      reasons.push_back(fmt::format("<b>{}</b> has not run for {}: what it said then proves nothing about now",
                                    escape_markup(of->tool),
                                    length_text((options_.now - within_reason(of->started)).count())));
    };
    consider(verify(), options_.verify_every);
    consider(drill(), options_.drill_every);
    if (shown_.continuing && drill() == nullptr && verify() != nullptr && options_.drill_every.count() > 0) {
      reasons.emplace_back("no drill is on record: nothing shows yet that these backups restore");
    }
    for (const auto* part : shown_.partial_since_whole()) {
      const run_outcome outcome = outcome_of(*part);
      if (outcome.worth <= verdict::unprotected) continue;
      weigh(outcome.worth, outcome.word);
      reasons.push_back(fmt::format("<b>{}</b> of a part on {}: {}", escape_markup(part->tool),
                                    minute_text(part->started), escape_markup(part->headline)));
    }
    if (verify() == nullptr && drill() == nullptr) {
      weigh(verdict::unchecked, "nothing checked");
      reasons.emplace_back("there is no report: run verify");
    }
    std::string upper = word_;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    title_ = upper;
    body_ += fmt::format("<section class=\"banner {}\" aria-label=\"verdict\"><p class=\"word\">{} {}</p>\n",
                         to_string(worst), mark_of(worst), escape_markup(upper));
    for (const auto& reason : reasons) body_ += "<p>" + reason + "</p>\n";
    body_ += "</section>\n";
  }

  void runs() {
    body_ += "<div class=\"runs\">\n";
    const auto card = [&](const report* of, std::string_view title, std::chrono::seconds every) {
      if (of == nullptr) return;
      const run_state state = state_of(*of, every);
      const report_summary sum = summarise(*of);
      const std::int64_t ago = (options_.now - within_reason(of->started)).count();
      body_ += fmt::format("<article class=\"run {}\"><h2>{} {}</h2>\n<p>{}{}</p>\n<ul class=\"figures\">",
                           to_string(state.outcome.worth), title, html_tag(state.outcome.worth, state.outcome.word),
                           minute_text(of->started),
                           !shown_.continuing || ago < 0 ? std::string{}
                           : state.overdue ? fmt::format(", <span class=\"over\">✗ {} ago</span>", length_text(ago))
                                           : fmt::format(", {} ago", length_text(ago)));
      const auto figure = [&](std::uint64_t number, std::string_view what, bool always) {
        if (always || number > 0)
          body_ += fmt::format("<li><b>{}</b> {}{}</li>", grouped(number), what, number == 1 ? "" : "s");
      };
      figure(sum.artifacts, "artifact", true);
      if (sum.steps > 0) figure(sum.steps - sum.steps_skipped, "step", true);
      figure(sum.steps_skipped, "skipped step", false);
      figure(sum.tables_compared, "table", false);
      figure(sum.findings.errors, "error", true);
      figure(sum.findings.warnings, "warning", true);
      body_ += fmt::format(
          "<li><b>{}</b> read</li><li><b>{}</b> taken</li></ul>\n", format_byte_size(sum.bytes_read),
          elapsed_seconds(*of) == 0 ? "&lt; 1s" : length_text(static_cast<std::int64_t>(elapsed_seconds(*of))));
      std::string parts;
      std::size_t number = 0;
      for (const auto* part : shown_.partial_since_whole()) {
        if (part->tool != of->tool) continue;
        ++number;
        parts = fmt::format("<p class=\"small dim\">{} of a part since then, the newest on {}: {}</p>\n",
                            counted(number, "run"), minute_text(part->started), escape_markup(outcome_of(*part).word));
      }
      body_ += parts + "</article>\n";
    };
    card(verify(), "Are the backups whole?", options_.verify_every);
    card(drill(), "Do they restore?", options_.drill_every);
    body_ += "</div>\n";
  }

  void components() {
    const report* of = verify() != nullptr ? verify() : drill();
    if (of == nullptr || of->components.empty()) return;
    constexpr std::size_t listed = 500;
    std::string text = html_table_begin(
        "components",
        {{"component"}, {"verdict"}, {"newest backup"}, {"age", true}, {"size", true}, {"trend"}, {"last restored"}});
    for (std::size_t i = 0; i < std::min(of->components.size(), listed); ++i) {
      const auto& component = of->components[i];
      const artifact_report* newest = newest_artifact(*of, component);
      std::string name = html_name(component.name);
      if (!component.kind.empty())
        name += fmt::format("<div class=\"small dim\"><span class=\"w\">{}, {}</span></div>",
                            escape_markup(component.kind), counted(component.artifacts, "backup"));
      text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>", name) +
              html_cell("verdict", html_tag(shown_.component_verdict_with_parts(*of, component))) +
              html_cell("newest", component.newest ? html_file_name(file_name_of(*component.newest))
                                                   : "<span class=\"over\">✗ none</span>") +
              html_cell("age", age_text(component, of->started), true) +
              html_cell("size", newest != nullptr && newest->size ? format_byte_size(*newest->size) : "", true) +
              html_cell("trend", trend(component.name, of->tool)) +
              html_cell("last restored", last_restored(component.name)) + "</tr>\n";
    }
    text += html_table_end();
    if (of->components.size() > listed)
      text += fmt::format("<p class=\"over\">{} more are not listed here: read the report itself.</p>\n",
                          counted(of->components.size() - listed, "component"));
    if (shown_.continuing)
      text +=
          fmt::format("<p class=\"small dim\">Ages are those when the run began, {}.</p>\n", minute_text(of->started));
    section("components", "What is backed up", text);
  }

  [[nodiscard]] std::string trend(std::string_view name, std::string_view tool) const {
    std::vector<size_point> nights;
    for (auto entry = shown_.history.nights.rbegin();
         entry != shown_.history.nights.rend() && nights.size() < options_.trend_nights; ++entry) {
      if (entry->tool != tool || entry->partial) continue;
      size_point point;
      for (const auto& component : entry->components) {
        if (component.name == name) point = {component.size, component.verdict == verdict::unsound};
      }
      nights.push_back(point);
    }
    while (!nights.empty() && !nights.back().size) nights.pop_back();  // before it was there
    std::reverse(nights.begin(), nights.end());
    return html_sparkline(nights);
  }

  /// In the newest drill that had it: how long it took and whether that was within its objective.
  [[nodiscard]] std::string last_restored(std::string_view name) const {
    for (auto entry = shown_.history.nights.rbegin(); entry != shown_.history.nights.rend(); ++entry) {
      for (const auto& one : entry->recoveries) {
        if (one.component != name || name.empty()) continue;
        const bool failed =
            one.verdict == verdict::unsound ||
            std::any_of(entry->components.begin(), entry->components.end(), [&](const history_component& component) {
              return component.name == name && component.verdict == verdict::unsound;
            });
        const verdict value = failed ? verdict::unsound : one.verdict;
        return fmt::format(
            "{} <span class=\"small dim\">in {}{}, <span class=\"nw\">{}</span></span>",
            html_tag(value, value == verdict::sound ? "restored" : to_string(value)), format_elapsed(one.seconds),
            one.rto_seconds ? fmt::format(" of {}", length_text(*one.rto_seconds)) : "", day_text(entry->started));
      }
    }
    return shown_.drill ? "<span class=\"dim\">never</span>" : "";
  }

  void findings() {
    if (verify() == nullptr && drill() == nullptr) return;
    html_findings all;
    if (verify() != nullptr) all.add(*verify());
    if (drill() != nullptr) all.add(*drill());
    section("findings", "Findings", all.html());
  }

  void artifacts() {
    const report* of = verify() != nullptr ? verify() : drill();
    if (of == nullptr || of->artifacts.empty()) return;
    constexpr std::size_t listed = 2'000;
    std::vector<const artifact_report*> order;
    for (const auto& one : of->artifacts) order.push_back(&one);
    std::stable_sort(order.begin(), order.end(),
                     [](const artifact_report* a, const artifact_report* b) { return a->verdict > b->verdict; });
    std::string text =
        html_table_begin("artifacts", {{"artifact"}, {"verdict"}, {"kind"}, {"dated"}, {"size", true}, {"SHA-256"}});
    for (std::size_t i = 0; i < std::min(order.size(), listed); ++i) {
      const auto& one = *order[i];
      const auto when = one.timestamp ? one.timestamp : one.modified;
      const auto digest = one.digests.find("SHA256");
      text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>", html_name(one.path)) +
              html_cell("verdict", html_tag(one.verdict)) + html_cell("kind", html_words(one.kind)) +
              html_cell("dated", when ? "<span class=\"nw\">" + minute_text(*when).substr(0, 16) + "</span>" : "") +
              html_cell("size", one.size ? format_byte_size(*one.size) : "", true) +
              html_cell("SHA-256",
                        digest == one.digests.end() ? "" : "<code>" + escape_markup(digest->second) + "</code>") +
              "</tr>\n";
    }
    text += html_table_end();
    if (order.size() > listed)
      text += fmt::format("<p class=\"over\">{} more are not listed here: read the report itself.</p>\n",
                          counted(order.size() - listed, "artifact"));
    const bool open = order.size() <= 8;
    section("artifacts", "Every artifact",
            fmt::format("<details{}><summary>{}, the worst first</summary>{}</details>\n", open ? " open" : "",
                        counted(order.size(), "artifact"), text));
  }

  void checking() {
    section("check", "How to check this report",
            html_checking(options_.report_file, options_.ledger_directory, options_.key_file));
  }

  void about() {
    std::string text;
    for (const report* of : {verify(), drill()}) {
      if (of == nullptr) continue;
      text += fmt::format(
          "<p>{} {} on {}, {} to {}, exit {}. Command: <code>{}</code>.{}{}</p>\n", escape_markup(of->tool),
          escape_markup(of->version), html_name(of->host), minute_text(of->started), minute_text(of->finished),
          of->exit_code, escape_markup(of->command),
          of->policy.empty() ? std::string{}
                             : fmt::format(" Policy: {}, SHA-256 <code>{}</code>.", html_name(of->policy),
                                           escape_markup(of->policy_sha256)),
          of->confinement.empty() ? std::string{}
                                  : fmt::format(" Its servers were confined by: {}.", html_name(of->confinement)));
    }
    about_ = text +
             "<p><b>sound</b>: everything was checked and holds. <b>unprotected</b>: nothing wrong was seen, and "
             "nothing could have been. "
             "<b>unchecked</b>: something kept the program from looking. <b>unsound</b>: data is lost, altered or "
             "unprovable.</p>\n";
  }

  [[nodiscard]] std::string page() const {
    const report* of = verify() != nullptr ? verify() : drill();
    // What is backed up is called what its policy calls it; without one, after the host.
    const std::string name = of == nullptr ? std::string{} : escape_markup(of->estate.empty() ? of->host : of->estate);
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src "
        "data:; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
        "content=\"light dark\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>{0}: backups{1}{2}, {3}</title>\n<link rel=\"icon\" "
        "href=\"data:,\">\n<style>{4}</style>\n</head>\n<body>\n"
        "<header><h1>Can it be restored?{5}</h1></header>\n<main>\n{6}</main>\n<footer>\n{7}<p>Made by knowngood {8} "
        "at {9}. Times are UTC.</p>\n</footer>\n</body>\n</html>\n",
        escape_markup(title_), name.empty() ? "" : " of ", name, day_text(options_.now), html_style,
        name.empty() ? "" : " · " + name, body_, about_, version_text, minute_text(options_.now));
  }

  const evidence& shown_;
  const html_options& options_;
  std::string body_;
  std::string about_;
  std::string word_;
  std::string title_;
};

}  // namespace detail

/// The page, valid UTF-8. It holds no script and its policy forbids any; it opens no connection.
inline std::string render_html(const evidence& shown, const html_options& options) {
  return detail::report_html{shown, options}.render();
}

}  // namespace knowngood
