// gate_text, gate_annotations, gate_markdown, gate_junit: what the gate says, for people, for GitHub Actions and for
// any CI.
//
// Layer: audit. Names in it are data, as in every renderer (docs/rendering.md). Example:
//   fmt::print("{}", gate_text(judge_gate(checked, evidence, request), true));
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/gate.hpp"
#include "knowngood/audit/junit_document.hpp"
#include "knowngood/audit/markup_text.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/time.hpp"

namespace knowngood {

inline std::string gate_word(const gate_result& result) {
  return result.exit_code == exit_code::sound ? "OPEN" : result.exit_code == exit_code::unsound ? "CLOSED" : "UNKNOWN";
}

inline std::string gate_text(const gate_result& result, bool unicode) {
  constexpr std::size_t details_shown = 20;
  std::string text;
  for (const auto& rule : result.rules) {
    const std::string_view mark = rule.verdict == gate_verdict::pass      ? (unicode ? "✓" : "+")
                                  : rule.verdict == gate_verdict::fail    ? (unicode ? "✗" : "x")
                                  : rule.verdict == gate_verdict::unknown ? "?"
                                                                          : "-";
    text += fmt::format("{} {:<20} {:<9}  {}\n", mark, rule.name, to_string(rule.verdict), visible_text(rule.why));
    for (std::size_t i = 0; i < std::min(rule.details.size(), details_shown); ++i)
      text += fmt::format("    {}\n", visible_text(rule.details[i]));
    if (rule.details.size() > details_shown)
      text += fmt::format("    and {} more\n", rule.details.size() - details_shown);
  }
  return text + fmt::format("{}: exit {}\n", gate_word(result), result.exit_code);
}

/// The commands of GitHub Actions, one for each rule that does not hold. Ten errors of a step are shown there, so there
/// are never more; the tenth then names what else does not hold.
inline std::string gate_annotations(const gate_result& result) {
  constexpr std::size_t most = 10;
  const auto escaped = [](std::string_view raw, bool property) {
    std::string text;
    for (const char c : raw) {
      if (c == '%')
        text += "%25";
      else if (c == '\r')
        text += "%0D";
      else if (c == '\n')
        text += "%0A";
      else if (property && c == ':')
        text += "%3A";
      else if (property && c == ',')
        text += "%2C";
      else
        text += c;
    }
    return text;
  };
  std::vector<const gate_rule*> wrong;
  for (const auto& rule : result.rules) {
    if (rule.verdict == gate_verdict::fail || rule.verdict == gate_verdict::unknown) wrong.push_back(&rule);
  }
  const std::size_t listed = wrong.size() > most ? most - 1 : wrong.size();
  std::string text;
  for (std::size_t i = 0; i < listed; ++i) {
    std::string message = visible_text(wrong[i]->why);
    if (!wrong[i]->details.empty()) message += "\n" + visible_text(wrong[i]->details.front());
    text +=
        fmt::format("::error title={}::{}\n", escaped("knowngood: " + wrong[i]->name, true), escaped(message, false));
  }
  if (listed == wrong.size()) return text;
  std::string names;
  for (std::size_t i = listed; i < wrong.size(); ++i) names += (names.empty() ? "" : ", ") + wrong[i]->name;
  return text + fmt::format("::error title={}::{}\n",
                            escaped(fmt::format("knowngood: {} more rules", wrong.size() - listed), true),
                            escaped(names, false));
}

inline std::string gate_markdown(const gate_result& result) {
  constexpr std::size_t details_shown = 5;
  std::string text = fmt::format("## Gate: {}\n\n| rule | | why |\n|---|---|---|\n", gate_word(result));
  for (const auto& rule : result.rules) {
    std::string why = escape_markdown(rule.why);
    for (std::size_t i = 0; i < std::min(rule.details.size(), details_shown); ++i)
      why += "<br>" + escape_markdown(rule.details[i]);
    if (rule.details.size() > details_shown) why += fmt::format("<br>and {} more", rule.details.size() - details_shown);
    text += fmt::format("| {} | {} | {} |\n", escape_markdown(rule.name), to_string(rule.verdict), why);
  }
  return text + "\n";
}

/// A case for each rule: failed, an error where it could not be listed, skipped where it was not asked. `now` is when
/// it was judged, `host` where.
inline std::string gate_junit(const gate_result& result, moment now, std::string_view host) {
  std::vector<junit_case> cases;
  for (const auto& rule : result.rules) {
    junit_case one{"knowngood.gate", rule.name, 0, junit_case::result::passed, {}, {}, {}, {}};
    std::string lines = escape_markup(rule.why) + "\n";
    for (const auto& detail : rule.details) lines += escape_markup(detail) + "\n";
    switch (rule.verdict) {
      case gate_verdict::pass: one.output = lines; break;
      case gate_verdict::fail: one.fail(junit_case::result::failure, rule.name, rule.why); break;
      case gate_verdict::unknown: one.fail(junit_case::result::error, rule.name, rule.why); break;
      case gate_verdict::not_asked:
        one.came_to = junit_case::result::skipped;
        one.message = rule.why;
        break;
    }
    if (rule.verdict == gate_verdict::fail || rule.verdict == gate_verdict::unknown) one.details = lines;
    cases.push_back(std::move(one));
  }
  junit_document document;
  document.suite("gate", cases, now, host);
  return document.text();
}

}  // namespace knowngood
