// What audit gate prints: the rules for people, annotations and a step summary for GitHub Actions, a JUnit file for any CI.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "command_line.hpp"
#include "restorable/audit/gate.hpp"
#include "restorable/audit/markup_text.hpp"
#include "restorable/audit/report_markdown.hpp"

namespace restorable::tool {

inline constexpr std::size_t details_shown = 20;

inline std::string gate_word(const gate_result& result) { return result.exit_code == 0 ? "OPEN" : result.exit_code == 1 ? "CLOSED" : "UNKNOWN"; }

inline std::string gate_text(const gate_result& result, bool unicode) {
  std::string text;
  for (const auto& rule : result.rules) {
    const std::string_view mark = rule.verdict == gate_verdict::pass ? (unicode ? "✓" : "+") : rule.verdict == gate_verdict::fail ? (unicode ? "✗" : "x")
                                  : rule.verdict == gate_verdict::unknown ? "?" : "-";
    text += fmt::format("{} {:<20} {:<9}  {}\n", mark, rule.name, to_string(rule.verdict), rule.why);
    for (std::size_t i = 0; i < std::min(rule.details.size(), details_shown); ++i) text += fmt::format("    {}\n", rule.details[i]);
    if (rule.details.size() > details_shown) text += fmt::format("    and {} more\n", rule.details.size() - details_shown);
  }
  return text + fmt::format("{}: exit {}\n", gate_word(result), result.exit_code);
}

/// The commands of GitHub Actions: at most ten errors of a step are shown.
inline std::string gate_annotations(const gate_result& result) {
  const auto escaped = [](std::string_view raw, bool property) {
    std::string text;
    for (const char c : raw) {
      if (c == '%') text += "%25";
      else if (c == '\r') text += "%0D";
      else if (c == '\n') text += "%0A";
      else if (property && c == ':') text += "%3A";
      else if (property && c == ',') text += "%2C";
      else text += c;
    }
    return text;
  };
  constexpr std::size_t most = 10;
  std::string text;
  std::size_t told = 0;
  for (const auto& rule : result.rules) {
    if (rule.verdict != gate_verdict::fail && rule.verdict != gate_verdict::unknown) continue;
    if (++told > most) break;
    std::string message = rule.why;
    if (!rule.details.empty()) message += "\n" + rule.details.front();
    text += fmt::format("::error title={}::{}\n", escaped("restorable: " + rule.name, true), escaped(message, false));
  }
  return text;
}

inline std::string gate_markdown(const gate_result& result) {
  std::string text = fmt::format("## Gate: {}\n\n| rule | | why |\n|---|---|---|\n", gate_word(result));
  for (const auto& rule : result.rules) {
    std::string why = escape_markdown(rule.why);
    for (std::size_t i = 0; i < std::min<std::size_t>(rule.details.size(), 5); ++i) why += "<br>" + escape_markdown(rule.details[i]);
    text += fmt::format("| {} | {} | {} |\n", escape_markdown(rule.name), to_string(rule.verdict), why);
  }
  return text + "\n";
}

inline std::string gate_junit(const gate_result& result) {
  const auto count = [&](gate_verdict value) {
    return std::count_if(result.rules.begin(), result.rules.end(), [&](const gate_rule& rule) { return rule.verdict == value; });
  };
  const std::string numbers = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"", result.rules.size(), count(gate_verdict::fail), count(gate_verdict::unknown));
  std::string text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {0} time=\"0\">\n<testsuite name=\"gate\" {0} skipped=\"{1}\" time=\"0\">\n", numbers,
                                 count(gate_verdict::not_asked));
  for (const auto& rule : result.rules) {
    text += fmt::format("<testcase classname=\"restorable.gate\" name=\"{}\" time=\"0\">", escape_markup(rule.name));
    std::string details = rule.why;
    for (const auto& one : rule.details) details += "\n" + one;
    if (rule.verdict == gate_verdict::fail || rule.verdict == gate_verdict::unknown) {
      const std::string_view element = rule.verdict == gate_verdict::fail ? "failure" : "error";
      std::string body;
      for (std::size_t at = 0; at <= details.size();) {  // line ends stay line ends
        const std::size_t end = std::min(details.find('\n', at), details.size());
        body += (at == 0 ? "" : "\n") + escape_markup(std::string_view{details}.substr(at, end - at));
        at = end + 1;
      }
      text += fmt::format("<{0} type=\"{1}\" message=\"{2}\">{3}</{0}>", element, escape_markup(rule.name), escape_markup(rule.why), body);
    } else if (rule.verdict == gate_verdict::not_asked) {
      text += fmt::format("<skipped message=\"{}\"/>", escape_markup(rule.why));
    }
    text += "</testcase>\n";
  }
  return text + "</testsuite>\n</testsuites>\n";
}

}  // namespace restorable::tool
