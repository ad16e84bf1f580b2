#include "restorable/audit/quantity_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace restorable;

TEST(elapsed_text, is_precise_where_it_is_short) {
  EXPECT_EQ(elapsed_text(0), "0.0s");
  EXPECT_EQ(elapsed_text(0.44), "0.4s");
  EXPECT_EQ(elapsed_text(9.96), "10s");
  EXPECT_EQ(elapsed_text(72.4), "1m 12s");
  EXPECT_EQ(elapsed_text(-1), "-");
  EXPECT_EQ(elapsed_text(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(elapsed_text(1e300), "9999999d");
}

TEST(age_text, says_what_lies_ahead) {
  EXPECT_EQ(age_text(93'600), "26h old");
  EXPECT_EQ(age_text(-7'200), "2h ahead");
  EXPECT_EQ(age_text(std::numeric_limits<std::int64_t>::min()), "9999999d ahead");
  EXPECT_EQ(length_text(std::numeric_limits<std::int64_t>::max()), "9999999d");
}

TEST(day_text, takes_any_moment) {
  EXPECT_EQ(day_text(*parse_moment("2025-12-04T03:00:59Z")), "2025-12-04");
  EXPECT_EQ(minute_text(*parse_moment("2025-12-04T03:00:59Z")), "2025-12-04 03:00 UTC");
  EXPECT_EQ(day_text(moment::min()), "0000-01-01");
  EXPECT_EQ(day_text(moment::max()), "9999-12-31");
}

}  // namespace
