#include "knowngood/audit/gate_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood_source.hpp"
#include "report/sample_reports.hpp"

namespace gate_output_test {

using namespace knowngood;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const moment now = *parse_moment("2025-12-04T05:00:00Z");

gate_result one_of_each() {
  return {{{"ledger-whole", gate_verdict::pass, "34 reports in an unbroken chain", {}},
           {"signed", gate_verdict::not_asked, "no public key was given", {}},
           {"verification-sound", gate_verdict::fail, "2 things wrong", {"gzip.crc32: a.gz: differs", "<b>: \x1b[2J"}},
           {"drill-rows", gate_verdict::unknown, "could not be determined", {}}},
          1};
}

gate_result failing(std::size_t rules) {
  gate_result result;
  for (std::size_t i = 1; i <= rules; ++i)
    result.rules.push_back({fmt::format("rule-{}", i), gate_verdict::fail, "why", {"detail", "another"}});
  return result;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t number = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
}

TEST(gate_text, shows_each_rule_with_its_details_and_the_end) {
  const std::string text = gate_text(one_of_each(), false);
  EXPECT_THAT(text, HasSubstr("+ ledger-whole         pass       34 reports in an unbroken chain\n"));
  EXPECT_THAT(text, HasSubstr("x verification-sound   fail       2 things wrong\n    gzip.crc32: a.gz: differs\n"));
  EXPECT_THAT(text, HasSubstr("- signed               not asked"));
  EXPECT_THAT(text, HasSubstr("? drill-rows           unknown"));
  EXPECT_THAT(text, EndsWith("CLOSED: exit 1\n"));
  EXPECT_THAT(gate_text(one_of_each(), true), HasSubstr("✗ verification-sound"));
}

TEST(gate_text, counts_the_details_that_it_does_not_show) {
  gate_result result = one_of_each();
  result.rules[2].details.assign(5'000, "detail");
  EXPECT_THAT(gate_text(result, false), HasSubstr("    and 4980 more\n"));
  EXPECT_THAT(gate_markdown(result), HasSubstr("<br>and 4995 more"));
}

TEST(gate_annotations, tell_what_fails_and_nothing_else) {
  EXPECT_EQ(gate_annotations(one_of_each()).find("ledger-whole"), std::string::npos);
  EXPECT_THAT(gate_annotations(one_of_each()),
              HasSubstr("::error title=knowngood%3A verification-sound::2 things wrong%0Agzip.crc32: a.gz: differs\n"));
  EXPECT_EQ(count(gate_annotations(one_of_each()), "::error "), 2U);
}

TEST(gate_annotations, are_never_more_than_are_shown) {
  for (const std::size_t rules : {1U, 9U, 10U}) {
    EXPECT_EQ(count(gate_annotations(failing(rules)), "::error "), rules);
    EXPECT_THAT(gate_annotations(failing(rules)), Not(HasSubstr("more")));
  }
  for (const std::size_t rules : {11U, 12U, 200U}) {
    const std::string text = gate_annotations(failing(rules));
    EXPECT_EQ(count(text, "::error "), 10U) << rules;
    EXPECT_EQ(count(text, "\n"), 10U) << rules;
    EXPECT_THAT(text, HasSubstr(fmt::format("knowngood%3A {} more rules::rule-10, rule-11", rules - 9)));
  }
  gate_result long_one = failing(1);
  long_one.rules[0].details.assign(1'000, "detail");
  EXPECT_EQ(count(gate_annotations(long_one), "::error "), 1U) << "details are no annotations of their own";
}

TEST(gate_annotations, let_nothing_become_another_command) {
  gate_result result = failing(1);
  result.rules[0].why = "a\n::error::b\r100%";
  EXPECT_THAT(gate_annotations(result),
              AllOf(HasSubstr("a\\n::error::b\\r100%25%0A"), Not(HasSubstr("%0A::")), Not(HasSubstr("\n::error"))));
}

TEST(gate_junit, has_a_case_for_each_rule) {
  const std::string xml = gate_junit(one_of_each(), now, "ci07");
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"knowngood\" tests=\"4\" failures=\"1\" errors=\"1\""));
  EXPECT_THAT(xml, HasSubstr("skipped=\"1\" time=\"0.000\" timestamp=\"2025-12-04T05:00:00\" hostname=\"ci07\""));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"verification-sound\" message=\"2 things wrong\">2 things "
                             "wrong\ngzip.crc32: a.gz: differs\n&lt;b&gt;: \\x1b[2J\n</failure>"));
  EXPECT_THAT(xml, HasSubstr("<error type=\"drill-rows\""));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"no public key was given\"/>"));
  EXPECT_THAT(xml, HasSubstr("<system-out>34 reports in an unbroken chain\n"));
}

// The judge is xmllint with the schema that the exports are held to as well.
TEST(gate_junit, is_what_the_schema_asks_for) {
  if (run_tool("xmllint --version 2>/dev/null").status != 0) GTEST_SKIP() << "no xmllint";
  const std::string schema = (std::filesystem::path{knowngood_source()} / "tests/audit/junit.xsd").string();
  const gate_result without_ledger =
      judge_gate(environment_error{location{samples::hostile_name}, samples::hostile_name, "advice"});
  for (const auto& result : {one_of_each(), failing(1), failing(40), without_ledger}) {
    const scratch_directory here;
    here.write("gate.xml", gate_junit(result, now, samples::hostile_name));
    const tool_run judged = here.run("xmllint --noout --schema '" + schema + "' gate.xml 2>&1");
    EXPECT_EQ(judged.status, 0) << judged.output;
  }
}

}  // namespace gate_output_test
