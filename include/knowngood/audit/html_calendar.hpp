// html_calendar: a calendar of the nights, each cell the worst verdict of that day's runs; and the nights that were not
// sound as a list.
//
// Layer: audit. Part of audit/report_html.hpp. Days are UTC, as the reports are. A day without a run is a failure of
// its own, unless the runs around it are no further apart than they should be (a night run that a change of the clock
// moved over midnight).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/html_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/report/report_history.hpp"

namespace knowngood::detail {

class html_calendar {
 public:
  /// `history` outlives it. `every`: how far apart runs of `verify` are at most; `months`: how many are shown.
  html_calendar(const report_history& history, moment now, std::chrono::seconds every, unsigned months)
      : now_{within_reason(now)}, every_{every} {
    for (const auto& entry : history.nights) {
      if (entry.started > now_ + std::chrono::days{1}) {
        ++future_;
        continue;
      }
      day& one = days_[std::chrono::floor<std::chrono::days>(within_reason(entry.started))];
      (entry.tool == "drill" ? one.drills : one.runs).push_back(&entry);
      if (entry.tool != "drill" && !entry.partial) whole_.push_back(within_reason(entry.started));
    }
    if (days_.empty()) return;
    using namespace std::chrono;
    last_ = std::max(floor<std::chrono::days>(now_), days_.rbegin()->first);
    const year_month_day end{last_};
    const sys_days earliest{(end.year() / end.month() - std::chrono::months{std::max(months, 1U) - 1}) / 1};
    first_ = days_.begin()->first;  // of a drill, where there is nothing else
    for (const auto& [at, one] : days_) {
      if (one.runs.empty()) continue;
      first_ = at;
      break;
    }
    cut_ = first_ < earliest;
    first_ = std::max(first_, earliest);
  }

  /// The months, their legend, and the list of what was not sound.
  [[nodiscard]] std::string html() const {
    if (days_.empty()) return "<p>The history holds no run.</p>\n" + future();
    using namespace std::chrono;
    std::string text = "<div class=\"nights\">\n";
    std::vector<std::pair<sys_days, cell>> bad;
    std::size_t counts[5] = {};  // by verdict; the last: no run
    std::size_t nights = 0;
    const year_month_day from{first_};
    const year_month_day to{last_};
    for (year_month month = from.year() / from.month(); month <= to.year() / to.month(); month += months{1})
      text += month_html(month);
    for (sys_days at = first_; at <= last_; at += days{1}) {
      const cell one = cell_of(at);
      if (one.look == "idle" || one.look == "now") continue;
      ++nights;
      ++counts[one.look == "none" ? 4 : static_cast<std::size_t>(one.worth)];
      if (one.worth != verdict::sound) bad.emplace_back(at, one);
    }
    text += "</div>\n" + legend();
    std::string sum;
    const auto add = [&](std::size_t number, std::string_view what) {
      if (number > 0) sum += fmt::format("{}{} {}", sum.empty() ? "" : ", ", number, what);
    };
    add(counts[0], "sound");
    add(counts[1], "unprotected");
    add(counts[2], "unchecked");
    add(counts[3], "unsound");
    add(counts[4], "without a run");
    text = fmt::format("<p class=\"sum\"><b>{}</b>{}{}</p>\n", counted(nights, "night"), sum.empty() ? "" : ": ", sum) +
           text;
    if (cut_)
      text += fmt::format("<p class=\"small dim\">Runs before {} are not shown.</p>\n", day_text(moment{first_}));
    return text + future() + list(bad);
  }

 private:
  using sys_days = std::chrono::sys_days;

  struct day {
    std::vector<const history_entry*> runs;  ///< of verify
    std::vector<const history_entry*> drills;
  };

  /// How a day looks: its class, its mark, what it says.
  struct cell {
    verdict worth = verdict::sound;
    std::string_view look = "idle";
    std::string_view mark;
    std::string word;
    std::string says;
    bool drilled = false;
  };

  [[nodiscard]] cell cell_of(sys_days at) const {
    const auto found = days_.find(at);
    static const day nothing;
    const day& of = found == days_.end() ? nothing : found->second;
    cell one;
    bool whole = false;
    const history_entry* why = nullptr;
    for (const auto* run : of.runs) {
      const run_outcome outcome = outcome_of(*run);
      whole = whole || !run->partial;
      if (run->partial && outcome.worth <= verdict::unprotected) continue;  // a part that holds is no night's proof
      if (why != nullptr && outcome.worth < one.worth) continue;
      one.worth = outcome.worth;
      one.word = outcome.word;
      why = run;
    }
    if (why != nullptr) {
      one.look = to_string(one.worth);
      one.mark = mark_of(one.worth);
      const std::string failures = failures_of(*why);
      one.says = (failures.empty() ? why->headline : failures) +
                 (of.runs.size() > 1 ? fmt::format(" (worst of {} runs)", of.runs.size()) : std::string{});
    } else if (!whole && first_run() <= at && is_gap(at)) {
      one.worth = verdict::unsound;
      one.look = "none";
      one.mark = "–";
      one.word = "no run";
      one.says = of.runs.empty() ? "verify did not run" : "verify looked at a part only";
    } else if (at >= std::chrono::floor<std::chrono::days>(now_)) {
      one.look = "now";
      one.word = "not yet";
    }
    std::string drills;
    for (const auto* run : of.drills) {
      drills += fmt::format("{}drill {}", drills.empty() ? "" : ", ", outcome_of(*run).word);
      one.drilled = true;
    }
    if (!drills.empty()) one.says += (one.says.empty() ? "" : "; ") + drills;
    return one;
  }

  [[nodiscard]] std::string future() const {
    return future_ == 0
               ? std::string{}
               : fmt::format("<p class=\"over\">{} dated in the future and not shown.</p>\n", counted(future_, "run"));
  }

  [[nodiscard]] sys_days first_run() const {
    return whole_.empty() ? last_ + std::chrono::days{1}
                          : std::chrono::floor<std::chrono::days>(*std::min_element(whole_.begin(), whole_.end()));
  }

  /// Whether the runs before and after a day are too far apart.
  [[nodiscard]] bool is_gap(sys_days at) const {
    const moment begin{at};
    const moment end = begin + std::chrono::days{1};
    std::optional<moment> before;
    std::optional<moment> after;
    for (const moment run : whole_) {
      if (run < begin && (!before || run > *before)) before = run;
      if (run >= end && (!after || run < *after)) after = run;
    }
    return !before || after.value_or(now_) - *before > every_ + std::chrono::hours{2};
  }

  [[nodiscard]] std::string month_html(std::chrono::year_month month) const {
    using namespace std::chrono;
    constexpr std::string_view names[] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
    constexpr std::pair<std::string_view, std::string_view> weekdays[] = {
        {"Mo", "Monday"}, {"Tu", "Tuesday"},  {"We", "Wednesday"}, {"Th", "Thursday"},
        {"Fr", "Friday"}, {"Sa", "Saturday"}, {"Su", "Sunday"}};
    std::string text = fmt::format("<table class=\"month\"><caption>{} {}</caption><thead><tr>",
                                   names[static_cast<unsigned>(month.month()) - 1], static_cast<int>(month.year()));
    for (const auto& [brief, name] : weekdays)
      text += fmt::format("<th scope=\"col\" abbr=\"{}\">{}</th>", name, brief);
    text += "</tr></thead><tbody><tr>";
    // Weeks before the first run and after the last say nothing.
    const sys_days first_monday = first_ - days{weekday{first_}.iso_encoding() - 1};
    const sys_days last_monday = last_ - days{weekday{last_}.iso_encoding() - 1};
    const sys_days begin = std::max(sys_days{month / 1}, first_monday);
    const sys_days end = std::min(sys_days{(month + months{1}) / 1}, last_monday + weeks{1});
    unsigned column = weekday{begin}.iso_encoding() - 1;
    for (unsigned i = 0; i < column; ++i) text += "<td></td>";
    for (sys_days at = begin; at < end; at += days{1}) {
      if (column == 7) {
        text += "</tr>\n<tr>";
        column = 0;
      }
      ++column;
      const unsigned number{year_month_day{at}.day()};
      const cell one = at < first_ || at > last_ ? cell{} : cell_of(at);
      if (one.word.empty()) {
        text += fmt::format(
            "<td class=\"idle{}\"{}>{}</td>", one.drilled ? " drilled" : "",
            one.says.empty() ? "" : fmt::format(" title=\"{}: {}\"", day_text(moment{at}), escape_markup(one.says)),
            number);
        continue;
      }
      const std::string says = escape_markup(
          fmt::format("{}: {}{}{}", day_text(moment{at}), one.word, one.says.empty() ? "" : "; ", one.says));
      text += fmt::format(
          "<td class=\"{}{}\" title=\"{}\">{}<b aria-hidden=\"true\">{}</b><span class=\"vh\">{}{}</span></td>",
          one.look, one.drilled ? " drilled" : "", says, number, one.mark, escape_markup(one.word),
          one.drilled ? ", drill" : "");
    }
    for (; column < 7; ++column) text += "<td></td>";
    return text + "</tr></tbody></table>\n";
  }

  static std::string legend() {
    std::string text = "<ul class=\"legend\">";
    for (const auto value : {verdict::sound, verdict::unprotected, verdict::unchecked, verdict::unsound}) {
      text += fmt::format("<li><i class=\"{}\">{}</i>{}</li>", to_string(value), mark_of(value), to_string(value));
    }
    return text + "<li><i class=\"none\">–</i>no run</li><li><i class=\"dot\"></i>drill</li></ul>\n";
  }

  static std::string list(const std::vector<std::pair<sys_days, cell>>& bad) {
    constexpr std::size_t open = 10;
    if (bad.empty()) return {};
    const auto rows = [&](std::size_t from, std::size_t to) {  // newest first
      std::string text = html_table_begin("nights that were not sound", {{"night"}, {"verdict"}, {"why"}});
      for (std::size_t i = to; i-- > from;) {
        text += fmt::format("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">{}</th>",
                            day_text(moment{bad[i].first})) +
                html_cell("verdict", html_tag(bad[i].second.worth, bad[i].second.word)) +
                html_cell("why", html_words(bad[i].second.says)) + "</tr>\n";
      }
      return text + html_table_end();
    };
    const std::size_t first = bad.size() - std::min(bad.size(), open);
    std::string text = "<h3>Nights that were not sound</h3>\n" + rows(first, bad.size());
    if (first > 0)
      text += fmt::format("<details><summary>{} before that</summary>{}</details>\n", counted(first, "night"),
                          rows(0, first));
    return text;
  }

  moment now_;
  std::chrono::seconds every_;
  std::map<sys_days, day> days_;
  std::vector<moment> whole_;  ///< when the runs of verify that looked at everything began
  sys_days first_{};
  sys_days last_{};
  bool cut_ = false;
  std::size_t future_ = 0;
};

}  // namespace knowngood::detail
