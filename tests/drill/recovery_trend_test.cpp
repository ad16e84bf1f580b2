#include "restorable/drill/recovery_trend.hpp"

#include <gtest/gtest.h>

namespace {

using namespace restorable;

recovery_report took(double seconds, const std::string& component = "database") {
  recovery_report one;
  one.component = component;
  one.seconds = seconds;
  return one;
}

std::size_t warnings(std::vector<std::vector<recovery_report>> earlier, double now) {
  report result;
  result.recoveries = {took(now)};
  judge_trend(earlier, result);
  return result.findings.size();
}

TEST(judge_trend, warns_of_a_restore_that_takes_much_longer_than_before) {
  EXPECT_EQ(warnings({{took(100)}, {took(110)}, {took(90)}}, 140), 0U);
  EXPECT_EQ(warnings({{took(100)}, {took(110)}, {took(90)}}, 151), 1U);
}

TEST(judge_trend, says_nothing_of_few_seconds_few_drills_and_other_components) {
  EXPECT_EQ(warnings({{took(1)}, {took(1)}, {took(1)}}, 5), 0U);
  EXPECT_EQ(warnings({{took(100)}, {took(100)}}, 1000), 0U);
  EXPECT_EQ(warnings({{took(1, "models")}, {took(1, "models")}, {took(1, "models")}}, 1000), 0U);
}

}  // namespace
