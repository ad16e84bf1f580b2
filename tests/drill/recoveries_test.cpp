#include "knowngood/drill/recoveries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "report/sample_reports.hpp"

namespace recoveries_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

/// A drill of a dump and of logs, with objectives for the dump; both were restored.
class judge_recoveries_test : public testing::Test {
 protected:
  judge_recoveries_test() {
    for (const char* name : {"database", "logs"}) {
      drill_target target;
      target.component = name;
      plan.targets.push_back(target);
      component_report component;
      component.name = name;
      result.components.push_back(component);
      artifact_report artifact = samples::dump("/backups/" + std::string{name} + ".gz");
      artifact.component = name;
      result.artifacts.push_back(artifact);
      step(drill_steps::verify_artifact, name, 1);
    }
    plan.targets[0].policy.rto = std::chrono::minutes{1};
    plan.targets[0].policy.rpo = std::chrono::hours{26};
    step(drill_steps::load_dump, "database", 10);
    step(drill_steps::compare_rows, "database", 100);
    step(drill_steps::restore_archive, "logs", 4);
  }

  void step(const drill_step& which, const std::string& component, double seconds) {
    step_report one;
    one.name = which.name;
    one.component = component;
    one.artifact = "/backups/" + component + ".gz";
    one.verdict = verdict::sound;
    one.seconds = seconds;
    result.steps.push_back(one);
  }
  step_report& load() { return result.steps[2]; }

  /// Names of the recoveries; `-` is everything together.
  std::vector<std::string> judged() {
    result.recoveries.clear();
    judge_recoveries(plan, result);
    std::vector<std::string> names;
    for (const auto& one : result.recoveries) names.push_back(one.component.empty() ? "-" : one.component);
    return names;
  }

  drill_plan plan;
  report result = samples::empty();
};

TEST_F(judge_recoveries_test, takes_the_time_of_what_a_real_recovery_has_too) {
  EXPECT_THAT(judged(), ElementsAre("database", "logs", "-"));
  EXPECT_DOUBLE_EQ(result.recoveries[0].seconds, 11);
  EXPECT_EQ(result.recoveries[0].rto_seconds, 60);
  EXPECT_EQ(result.recoveries[0].age_seconds, 3600);
  EXPECT_EQ(result.recoveries[0].verdict, verdict::sound);
  EXPECT_DOUBLE_EQ(result.recoveries[1].seconds, 5);
  EXPECT_DOUBLE_EQ(result.recoveries[2].seconds, 16);
  EXPECT_THAT(result.components[0].findings, IsEmpty());
}

TEST_F(judge_recoveries_test, has_none_of_what_was_not_restored_nor_of_everything_then) {
  const report whole = result;
  load().skipped = true;
  EXPECT_THAT(judged(), ElementsAre("logs"));
  result = whole;
  load().verdict = verdict::unchecked;  // there was no server
  EXPECT_THAT(judged(), ElementsAre("logs"));
  result = whole;
  load().name = drill_steps::restore.name;  // of a kind that is not rehearsed
  EXPECT_THAT(judged(), ElementsAre("logs"));
  result = whole;
  result.steps.resize(2);  // verified, and no more
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(judge_recoveries_test, is_as_bad_as_the_steps_that_restored) {
  load().verdict = verdict::unsound;
  EXPECT_THAT(judged(), ElementsAre("database", "logs", "-"));
  EXPECT_EQ(result.recoveries[0].verdict, verdict::unsound);
  EXPECT_EQ(result.recoveries[1].verdict, verdict::sound);
  EXPECT_EQ(result.recoveries[2].verdict, verdict::unsound);
}

TEST_F(judge_recoveries_test, finds_objectives_that_are_missed) {
  load().seconds = 59.5;
  EXPECT_THAT(judged(), ElementsAre("database", "logs", "-"));
  EXPECT_EQ(result.recoveries[0].verdict, verdict::unsound);
  ASSERT_EQ(result.components[0].findings.size(), 1U);
  EXPECT_EQ(result.components[0].findings[0].check, "drill.rto");
  EXPECT_EQ(result.components[0].findings[0].actual, "1m 1s");
  result.components[0].findings.clear();
  load().seconds = 10;
  result.artifacts[0].timestamp = result.started - std::chrono::hours{27};
  static_cast<void>(judged());
  ASSERT_EQ(result.components[0].findings.size(), 1U);
  EXPECT_EQ(result.components[0].findings[0].check, "drill.rpo");
}

TEST_F(judge_recoveries_test, calls_no_objective_missed_for_a_newer_artifact_that_could_not_be_checked) {
  result.artifacts[0].timestamp = result.started - std::chrono::hours{27};
  artifact_report newer = samples::dump("/backups/newer.gz");
  newer.component = "database";
  newer.verdict = verdict::unchecked;
  result.artifacts.push_back(newer);
  EXPECT_THAT(judged(), ElementsAre("database", "logs", "-"));
  EXPECT_EQ(result.recoveries[0].verdict, verdict::unchecked);
  ASSERT_EQ(result.components[0].findings.size(), 1U);
  EXPECT_EQ(result.components[0].findings[0].check, "drill.rpo");
  EXPECT_EQ(result.components[0].findings[0].severity, severity::warning);
  result.components[0].findings.clear();
  result.artifacts.back().verdict = verdict::unsound;
  static_cast<void>(judged());
  EXPECT_EQ(result.recoveries[0].verdict, verdict::unsound);
  EXPECT_EQ(result.components[0].findings.at(0).severity, severity::error);
}

TEST_F(judge_recoveries_test, knows_a_drill_by_path_as_a_whole_only) {
  plan.targets.resize(1);
  plan.targets[0] = {};
  result.components.clear();
  for (auto& one : result.steps) one.component.clear();
  EXPECT_THAT(judged(), ElementsAre("-"));
  for (auto& one : result.steps) one.skipped = true;
  EXPECT_THAT(judged(), IsEmpty());
}

}  // namespace recoveries_test
