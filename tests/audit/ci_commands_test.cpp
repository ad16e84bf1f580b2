// Names that are commands to a CI system, in every view of a report: no line of any of them is one.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/audit/gate_output.hpp"
#include "knowngood/audit/junit_xml.hpp"
#include "knowngood/audit/prometheus_text.hpp"
#include "knowngood/audit/report_html.hpp"
#include "knowngood/audit/report_markdown.hpp"
#include "knowngood/audit/report_text.hpp"
#include "knowngood/report/headline.hpp"
#include "knowngood/report/report_json.hpp"
#include "report/sample_reports.hpp"

namespace ci_commands_test {

using namespace knowngood;

// What GitHub's runner, Azure's agent and TeamCity take for a command, told without the code that prevents it.
std::string command_in(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string_view rest = line;
    for (bool more = true; more;) {
      more = false;
      for (const std::string_view skipped :
           {" ", "\t", "\r", "\xC2\xA0", "\xE3\x80\x80", "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m"}) {
        if (!rest.starts_with(skipped)) continue;
        rest.remove_prefix(skipped.size());
        more = true;
      }
    }
    if (rest.starts_with("::") && rest.size() > 2 && rest[2] >= 'a' && rest[2] <= 'z') return std::string{line};
    for (const std::string_view anywhere : {"##[", "##vso[", "##teamcity["}) {
      if (line.find(anywhere) != std::string_view::npos) return std::string{line};
    }
  }
  return {};
}

// The name of each view, and what it shows.
std::vector<std::pair<std::string, std::string>> views_of(const report& one) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const unsigned width : {0U, 40U, 41U, 47U, 60U, 100U}) {
    for (const bool colour : {false, true}) {
      text_style style;
      style.colour = colour;
      style.unicode = width != 60;
      style.tables = style.notes = style.verbose = true;
      style.width = width;
      all.emplace_back(fmt::format("text of {} columns", width), render_text(one, style));
    }
  }
  const evidence shown = evidence_of(one);
  all.emplace_back("Markdown", render_markdown(shown));
  all.emplace_back("JUnit", render_junit(shown));
  all.emplace_back("Prometheus", render_prometheus(shown));
  all.emplace_back("HTML", render_html(shown, {}));
  all.emplace_back("JSON", to_json(one));
  all.emplace_back("Nagios", nagios_line(one).line);
  all.emplace_back("headline", headline(one).to_string());
  return all;
}

gate_result gate_about(const std::string& name) {
  return {{{"ledger-whole", gate_verdict::fail, name, {name, name + ": " + name}},
           {"signed", gate_verdict::unknown, name, {name}},
           {"drill-rows", gate_verdict::pass, name, {name}}},
          1};
}

TEST(ci_commands, are_told_by_this_test) {
  for (const char* command :
       {"::error::x", "a\n  \xC2\xA0::warning file=a::x", "\x1b[1m::error::x", "a ##[b]", "##vso[a]"})
    EXPECT_NE(command_in(command), "") << command;
  EXPECT_EQ(command_in("a ::error::x\n::1\n##\n# #[x]\n"), "");
  for (const auto& [view, text] : views_of(samples::full())) EXPECT_EQ(command_in(text), "") << view;
}

TEST(ci_commands, in_names_are_none_in_any_view) {
  for (const std::string evil :
       {"::error::owned", "\xC2\xA0 ::warning file=a,line=1::owned", "x ::set-output name=a::owned ::error::owned",
        "##[error]owned", "x##vso[task.setvariable variable=a]owned", "##teamcity[owned]",
        "\n::error::owned\n##[owned]",
        "a b c d e f g h i j k l m n o ::error::owned ::error::owned ::error::owned ::error::owned ::error::owned",
        "::stop-commands::owned\r::error::owned"}) {
    report one = samples::hostile(evil);
    one.tool = one.version = one.confinement = evil;
    for (auto& step : one.steps) step.name = step.component = evil;
    for (auto& step : one.steps) {
      for (auto& found : step.findings) found.check = evil;
    }
    for (auto& recovery : one.recoveries) recovery.component = evil;
    for (const auto& [view, text] : views_of(one)) {
      ASSERT_FALSE(text.empty()) << view;
      EXPECT_EQ(command_in(text), "") << view;
    }
    const gate_result gate = gate_about(evil);
    for (const bool unicode : {false, true}) EXPECT_EQ(command_in(gate_text(gate, unicode)), "");
    EXPECT_EQ(command_in(gate_markdown(gate)), "");
    EXPECT_EQ(command_in(gate_junit(gate, moment{}, evil)), "");
    EXPECT_EQ(command_in((location{evil} / evil).to_string()), "");
    // its own commands, one for each rule that does not hold, and none of somebody else's
    const std::string annotations = gate_annotations(gate);
    std::size_t lines = 0;
    for (std::size_t at = 0; at < annotations.size(); at = annotations.find('\n', at) + 1, ++lines)
      EXPECT_EQ(annotations.substr(at, 26), "::error title=knowngood%3A") << annotations;
    EXPECT_EQ(lines, 2U);
    for (const char* theirs : {"##[", "##vso[", "##teamcity["}) EXPECT_EQ(annotations.find(theirs), std::string::npos);
  }
}

}  // namespace ci_commands_test
