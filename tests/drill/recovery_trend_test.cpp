#include "knowngood/drill/recovery_trend.hpp"

#include <gtest/gtest.h>

namespace recovery_trend_test {

using namespace knowngood;

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

TEST(judge_trend, compares_everything_together_with_drills_of_the_same_components_only) {
  const auto drill = [](double database, double models) {
    return std::vector{took(database), took(models, "models"), took(database + models, "")};
  };
  const std::vector part{took(10), took(10, "")};
  report result;
  result.recoveries = drill(10, 100);
  judge_trend({part, part, part, part}, result);
  EXPECT_TRUE(result.findings.empty()) << "drills of the database alone say nothing about everything";
  judge_trend({part, drill(10, 40), drill(10, 40), part}, result);
  EXPECT_TRUE(result.findings.empty()) << "two are no trend, whatever parts there are";
  judge_trend({part, drill(10, 40), drill(10, 40), part, drill(10, 40)}, result);
  ASSERT_EQ(result.findings.size(), 2U);
  EXPECT_EQ(result.findings[0].where.to_string(), "models");
  EXPECT_EQ(result.findings[1].where.to_string(), "everything together");
  EXPECT_EQ(result.findings[1].expected, "about 50s, the median of 3 drills");
}

}  // namespace recovery_trend_test
