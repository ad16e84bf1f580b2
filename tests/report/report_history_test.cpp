#include "knowngood/report/report_history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/sample_history.hpp"

namespace report_history_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;

run_outcome outcome(const report& of) { return outcome_of(summarise_for_history(of)); }

TEST(outcome_of, is_sound_only_where_everything_was_checked_and_holds) {
  EXPECT_EQ(outcome(samples::sound(3)).worth, verdict::sound);
  EXPECT_EQ(outcome(samples::empty()).word, "nothing checked");
  EXPECT_EQ(outcome(samples::interrupted()).word, "interrupted");
  EXPECT_EQ(outcome(samples::interrupted()).worth, verdict::unchecked);
  EXPECT_EQ(outcome(samples::full()).worth, verdict::unsound);
  report strict = samples::sound(1);
  strict.exit_code = 1;
  EXPECT_EQ(outcome(strict).worth, verdict::unsound);
  report left = samples::sound(1);
  left.exit_code = 4;
  EXPECT_EQ(outcome(left).word, "left something behind");
  report odd = samples::sound(1);
  odd.exit_code = 3;
  EXPECT_EQ(outcome(odd).worth, verdict::unchecked);
}

TEST(outcome_of, believes_the_parts_more_than_the_whole) {
  report lies = samples::sound(2);
  lies.artifacts[1].findings.push_back(make_finding(checks::gzip_crc32, location{"a"}, "differs"));
  ASSERT_EQ(lies.verdict, verdict::sound);
  EXPECT_EQ(outcome(lies).worth, verdict::unsound);
}

TEST(summarise_for_history, keeps_what_the_renderers_need) {
  const report full = samples::full();
  const history_entry entry = summarise_for_history(full);
  EXPECT_EQ(entry.started, full.started);
  EXPECT_EQ(entry.summary.artifacts, 4U);
  EXPECT_THAT(entry.headline, testing::StartsWith("UNSOUND: "));
  EXPECT_THAT(entry.failing_checks, ElementsAre("gzip.crc32", "load.sql", "presence.missing"));
  ASSERT_EQ(entry.components.size(), 2U);
  EXPECT_EQ(entry.components[0].size, 260'046'848U);
  EXPECT_EQ(entry.components[0].age_seconds, 3600);
  EXPECT_EQ(entry.components[1].size, std::nullopt);
  EXPECT_EQ(entry.recoveries.size(), 2U);
  EXPECT_EQ(failures_of(entry), "database, logs: gzip.crc32, load.sql, presence.missing");
}

TEST(evidence, holds_the_newest_of_each_tool_whole_in_any_order) {
  auto all = samples::month();
  std::reverse(all.begin(), all.end());
  const evidence shown = gather_evidence(all);
  ASSERT_TRUE(shown.verify && shown.drill);
  EXPECT_EQ(shown.verify->started, samples::last_night);
  EXPECT_EQ(shown.drill->started, *parse_moment("2025-11-24T10:00:00Z"));
  EXPECT_EQ(shown.history.nights.size(), all.size());
  EXPECT_TRUE(std::is_sorted(shown.history.nights.begin(), shown.history.nights.end(),
                             [](const history_entry& a, const history_entry& b) { return a.started < b.started; }));
  EXPECT_TRUE(shown.partial_since_whole().empty());
}

TEST(evidence, a_run_of_a_part_does_not_hide_the_whole) {
  evidence shown;
  report whole = samples::night(samples::last_night, 1);
  samples::spoil(whole, 0, make_finding(checks::gzip_crc32, location{"a"}, "differs"));
  shown.add(whole);
  report part = samples::night(samples::last_night + std::chrono::hours{4}, 1);
  part.limited_to = {"logs"};
  part.components = {part.components[5]};
  part.artifacts = {part.artifacts[5]};
  shown.add(part);
  report single = samples::sound(1);
  single.started = samples::last_night + std::chrono::hours{5};
  shown.add(single);
  EXPECT_EQ(shown.verify->components.size(), 6U);
  ASSERT_EQ(shown.partial_since_whole().size(), 2U);
  ASSERT_EQ(shown.parts.size(), 2U) << "what they found is held";
  EXPECT_EQ(shown.parts[0].artifacts[0].path, part.artifacts[0].path);
  EXPECT_TRUE(shown.parts[1].artifacts[0].tables.empty()) << "and what they looked at is not";
  shown.add(samples::night(samples::last_night + std::chrono::hours{24}, 2));
  EXPECT_EQ(outcome(*shown.verify).worth, verdict::sound);
  EXPECT_TRUE(shown.partial_since_whole().empty());
  EXPECT_TRUE(shown.parts.empty());
}

TEST(evidence, keeps_a_run_of_a_part_that_began_after_a_whole_one_and_ended_before_it) {
  evidence shown;
  shown.add(samples::night(samples::last_night - std::chrono::hours{24}, 1));
  report part = samples::sound(1);
  part.started = samples::last_night + std::chrono::seconds{30};
  shown.add(part);
  shown.add(samples::night(samples::last_night, 2));
  EXPECT_EQ(shown.verify->started, samples::last_night);
  EXPECT_EQ(shown.parts.size(), 1U);
  shown.add(samples::rehearsal(samples::last_night + std::chrono::hours{1}, 60));
  EXPECT_EQ(shown.parts.size(), 1U) << "a drill takes no verification's place";
}

TEST(evidence, a_policy_with_fewer_components_takes_over) {
  evidence shown;
  shown.add(samples::night(samples::last_night, 1));
  report other = samples::night(samples::last_night + std::chrono::hours{24}, 1);
  other.policy_sha256 = std::string(64, '1');
  other.components.pop_back();
  shown.add(other);
  EXPECT_EQ(shown.verify->components.size(), 5U);
}

TEST(evidence, a_run_under_another_policy_is_a_part_when_it_was_limited_to_components) {
  for (const bool limited : {true, false}) {
    evidence shown;
    shown.add(samples::night(samples::last_night, 1));
    report other = samples::night(samples::last_night + std::chrono::hours{24}, 1);
    other.policy_sha256 = std::string(64, '1');
    other.command = "verify --policy /etc/--component/p.toml";
    other.components.pop_back();
    if (limited) other.limited_to = {other.components[0].name};
    shown.add(other);
    EXPECT_EQ(shown.verify->components.size(), limited ? 6U : 5U) << "a path that looks like the option is none";
  }
}

TEST(evidence, an_interrupted_run_is_no_part) {
  evidence shown;
  shown.add(samples::night(samples::last_night, 1));
  report cut = samples::night(samples::last_night + std::chrono::hours{24}, 1);
  cut.complete = false;
  cut.exit_code = 130;
  cut.components.resize(2);
  shown.add(cut);
  EXPECT_FALSE(shown.verify->complete);
}

TEST(evidence, of_one_report_expects_no_other) {
  EXPECT_FALSE(evidence_of(samples::full()).continuing);
  EXPECT_TRUE(evidence_of(samples::rehearsal(samples::last_night, 1)).drill.has_value());
}

}  // namespace report_history_test
