#include "knowngood/catalog/cron_expression.hpp"

#include <gtest/gtest.h>

#include "catalog/estate.hpp"

namespace cron_expression_test {

using namespace catalog_test;
using namespace std::chrono;

std::string times(const std::string& text) {
  std::string all;
  for (const minutes time : cron_expression{text}.times()) {
    all += fmt::format("{}{:02}:{:02}", all.empty() ? "" : " ", time.count() / 60, time.count() % 60);
  }
  return all;
}

// The days of December 2025 (a Monday is its first) that match.
std::string days_of_december(const std::string& text) {
  const cron_expression cron{text};
  std::string all;
  for (unsigned d = 1; d <= 31; ++d) {
    if (cron.matches(local_days{year{2025} / December / day{d}})) all += fmt::format("{}{}", all.empty() ? "" : " ", d);
  }
  return all;
}

TEST(cron_expression, reads_times_with_ranges_lists_and_steps) {
  EXPECT_EQ(times("0 2 * * *"), "02:00");
  EXPECT_EQ(times("30,0 2 * * *"), "02:00 02:30");
  EXPECT_EQ(times("*/20 1-2 * * *"), "01:00 01:20 01:40 02:00 02:20 02:40");
  EXPECT_EQ(times("5-59/25 0,12-20/4,23 * * *"),
            "00:05 00:30 00:55 12:05 12:30 12:55 16:05 16:30 16:55 20:05 20:30 20:55 23:05 23:30 23:55");
  EXPECT_EQ(cron_expression{"* * * * *"}.times().size(), 1440U);
  EXPECT_EQ(times("0 */50 * * *"), "00:00");
  EXPECT_TRUE(cron_expression{"7 * * * *"}.every_hour());
  EXPECT_TRUE(cron_expression{"7 0-23 * * *"}.every_hour());
  EXPECT_FALSE(cron_expression{"7 */2 * * *"}.every_hour());
}

TEST(cron_expression, reads_days_by_number_and_by_name) {
  EXPECT_EQ(days_of_december("0 0 * * sun"), "7 14 21 28");
  EXPECT_EQ(days_of_december("0 0 * * 0"), "7 14 21 28");
  EXPECT_EQ(days_of_december("0 0 * * 7"), "7 14 21 28");
  EXPECT_EQ(days_of_december("0 0 * * SUNDAY"), "7 14 21 28");
  EXPECT_EQ(days_of_december("0 0 * * fri-sun"), "5 6 7 12 13 14 19 20 21 26 27 28");
  EXPECT_EQ(days_of_december("0 0 * * 5-7"), "5 6 7 12 13 14 19 20 21 26 27 28");
  EXPECT_EQ(days_of_december("0 0 * * sun-mon"), "1 7 8 14 15 21 22 28 29");
  EXPECT_EQ(days_of_december("0 0 1,15 dec *"), "1 15");
  EXPECT_EQ(days_of_december("0 0 31 */2 *"), "") << "December is the twelfth month, */2 the odd ones";
  EXPECT_EQ(days_of_december("0 0 31 2-12/2 *"), "31");
}

TEST(cron_expression, takes_either_of_day_and_weekday_when_both_are_restricted) {
  EXPECT_EQ(days_of_december("0 0 1,3 * sun"), "1 3 7 14 21 28");
  EXPECT_EQ(days_of_december("0 0 * * sun"), "7 14 21 28");
  EXPECT_EQ(days_of_december("0 0 1,3 * *"), "1 3");
  // crontab(5): a field that begins with a star is not restricted in this sense, whatever follows.
  EXPECT_EQ(days_of_december("0 0 */2 * sun"), "7 21");
  EXPECT_EQ(days_of_december("0 0 1-31/2 * sun"), "1 3 5 7 9 11 13 14 15 17 19 21 23 25 27 28 29 31");
}

TEST(cron_expression, knows_the_leap_day) {
  const cron_expression leap{"0 0 29 feb *"};
  EXPECT_TRUE(leap.matches(local_days{year{2028} / February / 29}));
  EXPECT_FALSE(leap.matches(local_days{year{2027} / March / 1}));
}

TEST(cron_expression, says_what_is_wrong) {
  const std::vector<std::pair<std::string, std::string>> cases{{"0 2 * *", "4 fields where a cron expression has five"},
                                                               {"0 0 2 * * *", "6 fields"},
                                                               {"", "0 fields"},
                                                               {"60 2 * * *", "minute `60` is out of range: 0 to 59"},
                                                               {"0 24 * * *", "hour `24` is out of range"},
                                                               {"0 0 0 * *", "out of range: 1 to 31"},
                                                               {"0 0 * 13 *", "month `13`"},
                                                               {"0 0 * * 8", "day of week `8`"},
                                                               {"0 0 * * mno", "did you mean `mon`?"},
                                                               {"0 0 * jna *", "did you mean `jan`?"},
                                                               {"x 0 * * *", "neither a number"},
                                                               {"*/0 0 * * *", "step that is no number from 1"},
                                                               {"*/x 0 * * *", "step"},
                                                               {"5/10 0 * * *", "write `5-59/10`"},
                                                               {"10-5 0 * * *", "runs backwards"},
                                                               {"0 0 * * fri-mon", "runs backwards"},
                                                               {"1,,2 0 * * *", "neither a number"},
                                                               {"-5 0 * * *", "neither a number"},
                                                               {"1-2-3 0 * * *", "neither a number"},
                                                               {"99999999999999999999 0 * * *", "neither a number"},
                                                               {"0 0 30 2 *", "never comes"},
                                                               {"0 0 31 4,6 *", "never comes"}};
  for (const auto& [text, expected] : cases) {
    const std::string message = mistake([&, wrong = text] { static_cast<void>(cron_expression{wrong}); });
    EXPECT_NE(message.find(expected), std::string::npos) << text << ": " << message;
  }
}

}  // namespace cron_expression_test
