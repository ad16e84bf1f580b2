#include "knowngood/audit/quantity_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace quantity_text_test {

using namespace knowngood;

TEST(age_text, says_what_lies_ahead) {
  EXPECT_EQ(age_text(93'600), "26h old");
  EXPECT_EQ(age_text(-7'200), "2h ahead");
  EXPECT_EQ(age_text(std::numeric_limits<std::int64_t>::min()), "9999999d ahead");
  EXPECT_EQ(length_text(std::numeric_limits<std::int64_t>::max()), "9999999d");
}

TEST(age_text, says_no_more_of_todays_backup_than_its_date_does) {
  const moment started = *parse_moment("2025-12-04T03:00:00Z");
  component_report component;
  EXPECT_EQ(age_text(component, started), "");
  component.newest_timestamp = *parse_moment("2025-12-04T00:00:00Z");
  component.age_seconds = 0;
  EXPECT_EQ(age_text(component, started), "at most 3h old");
  component.newest_timestamp = started;
  EXPECT_EQ(age_text(component, started), "0s old") << "its time is known";
  component.newest_timestamp = *parse_moment("2025-12-03T00:00:00Z");
  component.age_seconds = 10'801;
  EXPECT_EQ(age_text(component, started), "3h old");
}

TEST(day_text, takes_any_moment) {
  EXPECT_EQ(day_text(*parse_moment("2025-12-04T03:00:59Z")), "2025-12-04");
  EXPECT_EQ(minute_text(*parse_moment("2025-12-04T03:00:59Z")), "2025-12-04 03:00 UTC");
  EXPECT_EQ(day_text(moment::min()), "0000-01-01");
  EXPECT_EQ(day_text(moment::max()), "9999-12-31");
}

}  // namespace quantity_text_test
