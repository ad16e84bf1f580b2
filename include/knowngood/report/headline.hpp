// headline: a whole report in one line, for the end of a log and for a monitoring system.
//
// Layer: report. nagios_line: the same as a Nagios plugin says it. Example:
//   headline(report).to_string() == "UNSOUND: 1 of 23 artifacts unsound; logs: presence.stale; 2 warnings"
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/counted.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/report/text_layout.hpp"

namespace knowngood {

/// `word` is upper-case: a verdict, `INTERRUPTED` or `NOTHING CHECKED`; `reasons` are why, the weightiest first, made
/// of printable text. There is always at least one.
struct report_headline {
  std::string word;
  std::vector<std::string> reasons;

  /// In one line.
  [[nodiscard]] std::string to_string() const { return fmt::format("{}: {}", word, fmt::join(reasons, "; ")); }
};

namespace detail {

/// The steps of a drill that failed or could not be carried out.
inline void because_of_steps(const report& of, report_headline& line) {
  constexpr std::size_t named = 3;
  for (const auto value : {verdict::unsound, verdict::unchecked}) {
    std::vector<std::string> names;
    for (const auto& step : of.steps) {
      if (step.verdict != value) continue;
      names.push_back(printable(step.component.empty() ? step.name : step.component + " " + step.name, 60));
    }
    if (names.empty()) continue;
    const std::size_t more = names.size() - std::min(names.size(), named);
    names.resize(names.size() - more);
    line.reasons.push_back(fmt::format("{}: {}{}", value == verdict::unsound ? "failed" : "not rehearsed",
                                       fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : ""));
  }
}

}  // namespace detail

inline report_headline headline(const report& of) {
  const report_summary sum = summarise(of);
  const verdict overall = overall_verdict(of);
  const bool nothing = of.artifacts.empty() && of.components.empty();
  report_headline line;
  const auto because = [&](std::string reason) { line.reasons.push_back(std::move(reason)); };

  std::string counts;
  const auto count = [&](std::uint64_t number, std::string_view what) {
    if (number == 0) return;
    counts += counts.empty() ? fmt::format("{} of {} {}", grouped(number), counted(sum.artifacts, "artifact"), what)
                             : fmt::format(", {} {}", grouped(number), what);
  };
  count(sum.unsound, "unsound");
  count(sum.unchecked, "could not be checked");
  count(sum.unprotected, "unprotected: damage would not show");
  if (!counts.empty()) because(counts);
  detail::because_of_steps(of, line);
  constexpr std::size_t named = 3;
  std::size_t failing = 0;
  for (const auto& component : of.components) {
    const finding* first = first_error(component.findings);
    if (first != nullptr && ++failing <= named) {
      because(fmt::format("{}: {}", printable(component.name, 60), printable(first->check, 60)));
    }
  }
  if (failing > named) because(fmt::format("{} more", counted(failing - named, "component")));
  severity_counts of_run;
  of_run.add(of.findings);
  if (of_run.errors > 0) because(fmt::format("{} about the run", counted(of_run.errors, "error")));
  if (!of.unchecked.empty()) {
    because(fmt::format("{} about the run could not be checked", counted(of.unchecked.size(), "thing")));
  }
  if (!of.complete) because("interrupted before the end");
  if (line.reasons.empty() && sum.artifacts > 0 && overall <= verdict::unprotected) {
    because(sum.artifacts == 1 ? "the artifact is sound"
                               : fmt::format("all {} sound", counted(sum.artifacts, "artifact")));
    if (sum.steps > 0) because(fmt::format("{} rehearsed", counted(sum.steps - sum.steps_skipped, "step")));
  }
  if (line.reasons.empty() && nothing) because("no artifact was looked at");
  if (sum.findings.warnings > 0) {
    const bool strict = of.exit_code == exit_code::unsound && overall < verdict::unchecked;
    because(counted(sum.findings.warnings, "warning") + (strict ? " (a strict run counts warnings as errors)" : ""));
  }
  if (line.reasons.empty()) because("see the findings");
  if (of.simulated) because("simulated: the run was told what time it is");

  line.word = to_string(overall);
  std::transform(line.word.begin(), line.word.end(), line.word.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  if (overall <= verdict::unprotected && !of.complete) line.word = "INTERRUPTED";
  if (overall <= verdict::unprotected && of.artifacts.empty()) line.word = "NOTHING CHECKED";
  return line;
}

/// What a Nagios plugin prints and exits with.
struct nagios_status {
  int code = 3;      ///< 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
  std::string line;  ///< without a newline: text, `|`, performance data
};

namespace detail {

inline std::string nagios_head(int code) {
  constexpr std::string_view words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  return fmt::format("KNOWNGOOD {} - ", words[code]);
}

/// What follows a bar is performance data.
inline void remove_bars(std::string& text) { std::replace(text.begin(), text.end(), '|', '/'); }

}  // namespace detail

/// Of a run that came to no report. `why`: one line.
inline nagios_status nagios_failure(std::string_view why) {
  nagios_status status;
  status.line = detail::nagios_head(status.code) + printable(why);
  detail::remove_bars(status.line);
  return status;
}

/// OK when all is sound and nobody need act; WARNING for warnings, unprotected artifacts, and leftovers of a drill
/// (exit 4); CRITICAL when something is unsound, or a strict run failed; UNKNOWN when that cannot be said: not checked,
/// interrupted, nothing there. Performance data: artifacts by verdict, findings, bytes, seconds, and each component's
/// age in seconds as `age_NAME`.
inline nagios_status nagios_line(const report& of) {
  const report_summary sum = summarise(of);
  const report_headline why = headline(of);
  const verdict overall = overall_verdict(of);
  nagios_status status;
  if (overall == verdict::unsound || of.exit_code == exit_code::unsound) {
    status.code = 2;
  } else if (overall == verdict::unchecked || !of.complete || of.artifacts.empty() ||
             (of.exit_code != exit_code::sound && of.exit_code != exit_code::left_behind)) {
    status.code = 3;
  } else {
    status.code =
        of.exit_code == exit_code::left_behind || overall == verdict::unprotected || sum.findings.warnings > 0 ? 1 : 0;
  }
  std::string text =
      fmt::format("{}{}{}", detail::nagios_head(status.code), of.estate.empty() ? "" : printable(of.estate, 60) + ": ",
                  fmt::join(why.reasons, "; "));
  if (of.exit_code == exit_code::left_behind) text += "; the drill left something behind";
  std::size_t named = 0;
  for (const auto& artifact : of.artifacts) {
    if (artifact.verdict != verdict::unsound || ++named > 3) continue;
    const finding* first = first_error(artifact.findings);
    const std::string_view file = file_name_of(artifact.path);
    text += fmt::format("{}{}", named == 1 ? "; see " : ", ", printable(file, 200));
    if (first != nullptr) text += fmt::format(" ({})", printable(first->check, 60));
  }
  detail::remove_bars(text);

  std::string data = fmt::format(
      "artifacts={};;;0 sound={};;;0 unprotected={};;;0 unchecked={};;;0 unsound={};;;0 errors={};;;0 warnings={};;;0 "
      "bytes_read={}B;;;0 time={}s;;;0",
      sum.artifacts, sum.sound, sum.unprotected, sum.unchecked, sum.unsound, sum.findings.errors, sum.findings.warnings,
      sum.bytes_read, elapsed_seconds(of));
  for (const auto& component : of.components) {
    if (!component.age_seconds) continue;
    std::string label = printable(component.name, 60);
    std::replace_if(
        label.begin(), label.end(), [](char c) { return c == '\'' || c == '=' || c == '|' || c == ' '; }, '_');
    data += fmt::format(" 'age_{}'={}s", label, *component.age_seconds);
  }
  status.line = text + " | " + data;
  return status;
}

}  // namespace knowngood
