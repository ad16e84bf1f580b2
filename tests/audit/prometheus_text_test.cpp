#include "knowngood/audit/prometheus_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <sstream>

#include "knowngood/testing/scratch_directory.hpp"
#include "report/sample_history.hpp"

namespace prometheus_text_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;

std::string of(const report& one) { return render_prometheus(evidence_of(one)); }

TEST(prometheus_text, tells_of_the_run) {
  const std::string text = of(samples::sound(5));
  EXPECT_THAT(text, HasSubstr("# HELP knowngood_last_run_timestamp_seconds When the newest run ended.\n# TYPE "
                              "knowngood_last_run_timestamp_seconds gauge\n"
                              "knowngood_last_run_timestamp_seconds{tool=\"verify\"} 1764817272\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_run_info{tool=\"verify\",version=\"0.1.0\",host=\"backup01\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_last_run_exit_code{tool=\"verify\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_last_run_complete{tool=\"verify\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_last_run_duration_seconds{tool=\"verify\"} 72\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_artifacts{tool=\"verify\",verdict=\"sound\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_findings{tool=\"verify\",severity=\"error\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_last_success_timestamp_seconds{tool=\"verify\"} 1764817272\n"));
}

TEST(prometheus_text, tells_of_each_component_and_its_newest_artifact) {
  const std::string text = render_prometheus(gather_evidence(samples::month()));
  EXPECT_THAT(text, HasSubstr("knowngood_component_verified{component=\"database\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_component_newest_timestamp_seconds{component=\"database\"} 1764813600\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "knowngood_artifact_verified{component=\"database\",artifact=\"ner11_db_20251204_020000.sql.gz\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_artifact_age_seconds{component=\"database\",artifact=\"ner11_db_20251204_"
                              "020000.sql.gz\"} 3600\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_ledger_runs{tool=\"verify\"} 30\n"));
  const std::string bad = of(samples::full());
  EXPECT_THAT(bad, HasSubstr("knowngood_component_verified{component=\"database\",estate=\"ner11\"} 0\n"));
  EXPECT_THAT(bad,
              HasSubstr("knowngood_component_verdict{component=\"logs\",verdict=\"unsound\",estate=\"ner11\"} 1\n"));
  EXPECT_THAT(bad, Not(HasSubstr("knowngood_last_success_timestamp_seconds")));
  EXPECT_THAT(bad, Not(HasSubstr("knowngood_component_newest_bytes{component=\"logs\",")))
      << "what is not known has no value";
}

TEST(prometheus_text, has_no_duration_of_what_was_not_restored) {
  const report drill = samples::rehearsal(samples::last_night, 60);
  ASSERT_THAT(of(drill), HasSubstr("knowngood_drill_duration_seconds{component=\"database\"}"));
  const std::string text = of(samples::without_database(drill));
  EXPECT_THAT(text, Not(HasSubstr("knowngood_drill_duration_seconds{component=\"database\"}")));
  EXPECT_THAT(text, Not(HasSubstr("knowngood_drill_verified{component=\"database\"}")));
  EXPECT_THAT(text, Not(HasSubstr("knowngood_drill_whole_duration_seconds")));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_duration_seconds{component=\"models\"}"));
}

TEST(prometheus_text, names_the_estate_in_every_series) {
  report r = samples::sound(2);
  EXPECT_THAT(of(r), Not(HasSubstr("estate")));
  r.estate = "a \"b\"";
  std::size_t series = 0;
  std::istringstream lines{of(r)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    ++series;
    EXPECT_THAT(line, HasSubstr("estate=\"a \\\"b\\\"\"}")) << line;
  }
  EXPECT_GT(series, 10U);
}

TEST(prometheus_text, takes_no_simulated_run_for_a_success) {
  report r = samples::sound(2);
  ASSERT_THAT(of(r), HasSubstr("knowngood_last_success_timestamp_seconds{"));
  EXPECT_THAT(of(r), HasSubstr("knowngood_last_run_simulated{tool=\"verify\"} 0\n"));
  r.simulated = true;
  EXPECT_THAT(of(r), Not(HasSubstr("knowngood_last_success_timestamp_seconds")));
  EXPECT_THAT(of(r), HasSubstr("knowngood_last_run_simulated{tool=\"verify\"} 1\n"));
}

TEST(prometheus_text, tells_of_the_drill) {
  const std::string text = render_prometheus(gather_evidence(samples::month()));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_duration_seconds{component=\"database\"} 564.1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_objective_seconds{component=\"database\"} 900\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_recovery_point_age_seconds{component=\"database\"} 3600\n"));
  EXPECT_THAT(text,
              HasSubstr("knowngood_drill_step_duration_seconds{component=\"database\",step=\"load-dump\"} 561\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_tables{outcome=\"equal\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_tables{outcome=\"fewer\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_verified{component=\"database\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_drill_steps{outcome=\"skipped\"} 1\n"));
  EXPECT_THAT(of(samples::rehearsal(samples::last_night, 1'260)),
              HasSubstr("knowngood_drill_verified{component=\"database\"} 0\n"));
}

TEST(prometheus_text, what_a_later_run_of_a_part_found_is_true_of_the_whole) {
  evidence shown = gather_evidence(samples::month());
  report part = samples::night(samples::last_night + std::chrono::hours{2}, 1);
  part.command += " --component logs";
  part.components = {part.components[5]};
  part.artifacts = {shown.verify->artifacts[5]};
  shown.add(part);
  ASSERT_EQ(shown.parts.size(), 1U);
  EXPECT_THAT(render_prometheus(shown), HasSubstr("knowngood_component_verified{component=\"logs\"} 1\n"));
  EXPECT_THAT(render_prometheus(shown), HasSubstr("knowngood_partial_runs{tool=\"verify\",verdict=\"sound\"} 1\n"));
  part.started += std::chrono::hours{1};
  part.artifacts[0].findings.push_back(make_finding(checks::gzip_crc32, location{"a.gz"}, "differs"));
  shown.add(part);
  const std::string text = render_prometheus(shown);
  EXPECT_THAT(text, HasSubstr("knowngood_component_verified{component=\"logs\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_component_verdict{component=\"logs\",verdict=\"unsound\"} 1\n"));
  EXPECT_THAT(text, testing::ContainsRegex("knowngood_artifact_verified.component=\"logs\"[^\n]* 0\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_partial_runs{tool=\"verify\",verdict=\"unsound\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_component_verified{component=\"database\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_partial_runs{tool=\"drill\",verdict=\"unsound\"} 0\n"));
}

TEST(prometheus_text, the_unprotected_and_the_unchecked_are_not_verified) {
  for (const auto value : {verdict::unprotected, verdict::unchecked, verdict::unsound}) {
    report r = samples::night(samples::last_night, 1);
    ASSERT_THAT(of(r), HasSubstr("knowngood_component_verified{component=\"logs\"} 1\n"));
    r.artifacts[5].verdict = value;
    EXPECT_THAT(of(r), HasSubstr("knowngood_component_verified{component=\"logs\"} 0\n"));
    EXPECT_THAT(of(r), testing::ContainsRegex("knowngood_artifact_verified.component=\"logs\"[^\n]* 0\n"));
  }
}

TEST(prometheus_text, gives_the_worse_value_where_two_things_have_one_name) {
  report r = samples::night(samples::last_night, 1);
  r.components.push_back(r.components[0]);
  r.components.back().verdict = verdict::unsound;
  r.components.back().age_seconds = 999'999;
  const std::string text = of(r);
  EXPECT_THAT(text, HasSubstr("knowngood_component_verified{component=\"database\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_component_newest_age_seconds{component=\"database\"} 999999\n"));
}

TEST(prometheus_text, has_as_many_series_for_many_backups_as_for_few) {
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  report few = samples::night(samples::last_night, 1);
  report many = few;
  for (int i = 0; i < 5'000; ++i) {
    many.artifacts.push_back(samples::dump("/backups/old_" + std::to_string(i)));
    many.artifacts.back().component = "database";
  }
  EXPECT_EQ(lines(of(few)), lines(of(many)));
  report loose = samples::sound(5'000);
  loose.artifacts[4'999].verdict = verdict::unsound;
  const std::string text = of(loose);
  EXPECT_LT(lines(text), 400);
  EXPECT_THAT(text, HasSubstr("knowngood_artifacts_without_series 4900\n"));
  EXPECT_THAT(text, HasSubstr("knowngood_artifact_verified{component=\"\",artifact=\"ner11_db_4999.sql.gz\"} 0\n"));
}

TEST(prometheus_text, says_that_there_is_nothing) {
  EXPECT_EQ(render_prometheus({}), "# knowngood: there is no report\n");
}

evidence odd_numbers() {
  report r = samples::full();
  r.recoveries[0].seconds = std::numeric_limits<double>::infinity();
  r.steps[0].seconds = std::numeric_limits<double>::quiet_NaN();
  r.components[0].age_seconds = std::numeric_limits<std::int64_t>::min();
  r.artifacts[0].size = std::numeric_limits<std::uint64_t>::max();
  r.finished = moment::max();
  r.artifacts.push_back(r.artifacts[0]);
  r.components.push_back(r.components[0]);
  r.recoveries.push_back(r.recoveries[0]);
  r.steps.push_back(r.steps[0]);
  return evidence_of(r);
}

TEST(prometheus_text, promtool_accepts_it_and_no_series_stands_twice) {
  const bool judge = run_tool("promtool --version 2>&1").status == 0;
  for (const auto& [name, shown] :
       {std::pair{"sound", evidence_of(samples::sound(150))}, std::pair{"full", evidence_of(samples::full())},
        std::pair{"hostile", evidence_of(samples::hostile())}, std::pair{"month", gather_evidence(samples::month())},
        std::pair{"odd", odd_numbers()}}) {
    const std::string text = render_prometheus(shown);
    std::set<std::string> series;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
      ASSERT_TRUE(series.insert(line.starts_with('#') ? line : line.substr(0, line.rfind(' '))).second)
          << name << ": " << line;
      ASSERT_EQ(line.find_first_of("\x1b\x07\r\t"), std::string::npos);
    }
    EXPECT_THAT(text, Not(HasSubstr("nan")));
    if (!judge) continue;
    const scratch_directory here;
    here.write("knowngood.prom", text);
    const tool_run judged = here.run("promtool check metrics < knowngood.prom 2>&1");
    EXPECT_EQ(judged.status, 0) << name << "\n" << judged.output;
    EXPECT_EQ(judged.output, "");
    if (std::string_view{name} != "full") continue;
    here.write("unescaped.prom", text + "knowngood_x{a=\"b\"c\"} 1\n");
    EXPECT_NE(here.run("promtool check metrics < unescaped.prom 2>&1").status, 0) << "it would have said so";
  }
  if (!judge) GTEST_SKIP() << "no promtool";
}

}  // namespace prometheus_text_test
