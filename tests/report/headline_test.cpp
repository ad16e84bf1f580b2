#include "knowngood/report/headline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "report/sample_reports.hpp"

namespace headline_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;

TEST(headline, says_that_all_is_sound) {
  EXPECT_EQ(headline(samples::sound(1)).to_string(), "SOUND: the artifact is sound");
  EXPECT_EQ(headline(samples::sound(1234)).to_string(), "SOUND: all 1,234 artifacts sound");
}

TEST(headline, names_every_reason_the_weightiest_first) {
  EXPECT_EQ(headline(samples::full()).to_string(),
            "UNSOUND: 1 of 4 artifacts unsound, 1 could not be checked, 1 unprotected: damage would not show; "
            "failed: database load-dump; not rehearsed: probe; "
            "logs: presence.missing; 1 thing about the run could not be checked; 1 warning");
}

TEST(headline, does_not_call_a_run_over_nothing_sound) {
  report r = samples::empty();
  r.verdict = verdict::sound;
  r.exit_code = 0;
  EXPECT_EQ(headline(r).to_string(), "NOTHING CHECKED: no artifact was looked at");
  EXPECT_EQ(nagios_line(r).code, 3);
}

TEST(headline, says_that_a_run_was_interrupted) {
  EXPECT_EQ(headline(samples::interrupted()).to_string(), "INTERRUPTED: interrupted before the end");
  report r = samples::full();
  r.complete = false;
  EXPECT_THAT(headline(r).to_string(), HasSubstr("UNSOUND: 1 of 4"));
  EXPECT_THAT(headline(r).to_string(), HasSubstr("interrupted"));
}

TEST(headline, explains_a_strict_run_that_fails_for_a_warning) {
  report r = samples::sound(2);
  r.artifacts[0].findings.push_back(make_finding(checks::tar_secret_readable, location{"x"}, "readable by everybody"));
  r.exit_code = 1;
  EXPECT_EQ(headline(r).to_string(),
            "SOUND: all 2 artifacts sound; 1 warning (a strict run counts warnings as errors)");
}

TEST(headline, believes_the_worst_of_a_report_that_contradicts_itself) {
  const finding error = make_finding(checks::gzip_crc32, location{"x"}, "differs");
  EXPECT_EQ(overall_verdict(samples::sound(2)), verdict::sound);
  report r = samples::sound(2);
  r.artifacts[1].findings.push_back(error);
  EXPECT_EQ(overall_verdict(r), verdict::unsound);
  r = samples::sound(2);
  r.findings.push_back(error);
  EXPECT_EQ(overall_verdict(r), verdict::unsound);
  EXPECT_EQ(headline(r).to_string(), "UNSOUND: 1 error about the run");
  r = samples::sound(2);
  r.components.resize(1);
  r.components[0].findings.push_back(error);
  EXPECT_EQ(overall_verdict(r), verdict::unsound);
  r = samples::sound(2);
  r.artifacts[0].unchecked.push_back({location{"x"}, "cannot open", "look"});
  EXPECT_EQ(overall_verdict(r), verdict::unchecked);
  r = samples::sound(2);
  r.artifacts[0].verdict = verdict::unprotected;
  EXPECT_EQ(overall_verdict(r), verdict::unprotected);
  r = samples::sound(2);
  r.verdict = verdict::unsound;
  EXPECT_EQ(headline(r).word, "UNSOUND");
  EXPECT_FALSE(headline(r).reasons.empty());
}

TEST(headline, names_three_failing_components_and_counts_the_rest) {
  report r = samples::sound(1);
  for (int i = 0; i < 8; ++i) {
    component_report c;
    c.name = fmt::format("component{}", i);
    c.verdict = verdict::unsound;
    c.findings.push_back(make_finding(checks::presence_stale, location{c.name}, "too old"));
    r.components.push_back(c);
  }
  const std::string line = headline(r).to_string();
  EXPECT_THAT(line, HasSubstr("component2: presence.stale; 5 components more"));
  EXPECT_THAT(line, Not(HasSubstr("component3")));
}

TEST(nagios_line, maps_reports_to_the_four_codes) {
  EXPECT_EQ(nagios_line(samples::sound(2)).code, 0);
  EXPECT_EQ(nagios_line(samples::full()).code, 2);
  EXPECT_EQ(nagios_line(samples::empty()).code, 3);
  EXPECT_EQ(nagios_line(samples::interrupted()).code, 3);

  report r = samples::sound(2);
  r.artifacts[0].findings.push_back(make_finding(checks::tar_link_outside, location{"x"}, "points outside"));
  EXPECT_EQ(nagios_line(r).code, 0) << "a note is no reason to act";
  r.artifacts[0].findings.push_back(make_finding(checks::tar_secret_readable, location{"x"}, "readable"));
  EXPECT_EQ(nagios_line(r).code, 1);
  r.exit_code = 1;
  EXPECT_EQ(nagios_line(r).code, 2) << "a strict run";
  r = samples::sound(2);
  r.artifacts[0].verdict = r.verdict = verdict::unprotected;
  EXPECT_EQ(nagios_line(r).code, 1);
  r = samples::sound(2);
  r.artifacts[0].verdict = verdict::unchecked;
  EXPECT_EQ(nagios_line(r).code, 3) << "whatever its exit code says";
  r = samples::full();
  r.complete = false;
  r.exit_code = 143;
  EXPECT_EQ(nagios_line(r).code, 2) << "what is known to be unsound outweighs the interruption";
  for (const int code : {2, 3, 130, 143, 77}) {
    r = samples::sound(2);
    r.exit_code = code;
    EXPECT_EQ(nagios_line(r).code, 3) << code;
  }
  r.exit_code = 4;
  EXPECT_EQ(nagios_line(r).code, 1);
  EXPECT_THAT(nagios_line(r).line, HasSubstr("left something behind"));
}

TEST(nagios_line, is_one_line_of_text_and_performance_data) {
  EXPECT_EQ(nagios_line(samples::sound(2)).line,
            "KNOWNGOOD OK - all 2 artifacts sound | artifacts=2;;;0 sound=2;;;0 unprotected=0;;;0 unchecked=0;;;0 "
            "unsound=0;;;0 errors=0;;;0 warnings=0;;;0 bytes_read=520093696B;;;0 time=72s;;;0");
  const std::string line = nagios_line(samples::full()).line;
  EXPECT_THAT(line, HasSubstr("; see ner11_db_20251203_020000.sql.gz (gzip.crc32) | "));
  EXPECT_THAT(line, HasSubstr(" 'age_database'=3600s"));
}

TEST(nagios_line, stays_one_line_that_monitoring_can_read_whatever_the_names) {
  const std::string line = nagios_line(samples::hostile()).line;
  EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 1);
  for (const char c : line) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  // Each label is quoted when it holds anything but word characters, and every value is a number.
  const std::string data = line.substr(line.find('|') + 2);
  EXPECT_TRUE(std::regex_match(data, std::regex{R"re((('[^'=| ]+'|[a-z_]+)=-?[0-9]+(B|s)?(;;;0)?( |$))+)re"})) << data;
}

TEST(headline, says_that_the_time_was_given) {
  report r = samples::sound(2);
  ASSERT_EQ(headline(r).to_string(), "SOUND: all 2 artifacts sound");
  r.simulated = true;
  EXPECT_EQ(headline(r).to_string(), "SOUND: all 2 artifacts sound; simulated: the run was told what time it is");
  EXPECT_THAT(nagios_line(r).line, HasSubstr("simulated"));
  r.estate = "ner11";
  EXPECT_THAT(nagios_line(r).line, HasSubstr("KNOWNGOOD OK - ner11: all 2 artifacts sound; simulated"));
}

}  // namespace headline_test
