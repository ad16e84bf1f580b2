#include "knowngood/server/timestamp_text.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace timestamp_text_test {

using namespace knowngood;

std::string in_utc(std::string_view text) {
  std::string out = "kept ";
  append_in_utc(text, out, nullptr);
  return out.substr(5);
}

TEST(timestamps_in_utc, are_the_moments_that_were_meant) {
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"2025-07-01 00:00:00+00", "2025-07-01 00:00:00+00"},
      {"2025-07-01 02:00:00+02", "2025-07-01 00:00:00+00"},
      {"2025-01-01 00:30:00+05:30", "2024-12-31 19:00:00+00"},
      {"2024-02-29 23:59:59.999999-03:30", "2024-03-01 03:29:59.999999+00"},
      {"1890-01-01 00:53:28+00:53:28", "1890-01-01 00:00:00+00"},
      {"1883-11-18 12:03:57-04:56:02", "1883-11-18 16:59:59+00"},
      {"0044-03-15 12:00:00+00:53:28 BC", "0044-03-15 11:06:32+00 BC"},
      {"0001-01-01 00:30:00+01", "0001-12-31 23:30:00+00 BC"},
      {"0001-12-31 23:30:00-01 BC", "0001-01-01 00:30:00+00"},
      {"294276-12-31 23:59:59+14", "294276-12-31 09:59:59+00"},
      {"4714-11-24 00:00:00+00 BC", "4714-11-24 00:00:00+00 BC"},
      {"infinity", "infinity"},
      {"-infinity", "-infinity"},
      {"\\N", "\\N"},
      {"", ""},
  };
  for (const auto& [written, expected] : pairs) EXPECT_EQ(in_utc(written), expected);
}

TEST(timestamps_in_utc, are_found_within_arrays_ranges_and_composites) {
  EXPECT_EQ(in_utc("{\"2025-07-01 02:00:00+02\",NULL,infinity,\"2025-12-01 02:00:00+01\"}"),
            "{\"2025-07-01 00:00:00+00\",NULL,infinity,\"2025-12-01 01:00:00+00\"}");
  EXPECT_EQ(in_utc("[\"2025-07-01 02:00:00+02\",)"), "[\"2025-07-01 00:00:00+00\",)");
  EXPECT_EQ(in_utc("(7,\"2025-07-01 02:00:00+02\",\"a b\")"), "(7,\"2025-07-01 00:00:00+00\",\"a b\")");
  EXPECT_EQ(in_utc("{\"(\\\\\"2025-07-01 02:00:00+02\\\\\",x)\"}"), "{\"(\\\\\"2025-07-01 00:00:00+00\\\\\",x)\"}");
}

TEST(timestamps_in_utc, leave_everything_else_as_it_is) {
  for (const std::string text :
       {"2025-07-01 02:00:00", "2025-07-01", "2025-07-01 02:00:00+2", "2025-07-01 02:00+02", "2025-13-01 02:00:00+02",
        "125-07-01 02:00:00+02", "1234567-07-01 02:00:00+02", "2025-07-01 02:00:00+02:3", "2025-07-01 02:00:00.+02",
        "----------------", "12:00:00+02", "2025-07-01 02:00:00+023", "a-b-c-d-e"}) {
    EXPECT_EQ(in_utc(text), text);
  }
}

TEST(timestamps_in_utc, tell_what_was_seen) {
  std::vector<written_timestamp> all;
  const std::function<void(const written_timestamp&)> see = [&](const written_timestamp& one) { all.push_back(one); };
  std::string out;
  EXPECT_FALSE(append_in_utc("{\"1970-01-01 01:00:00.5+01\",\"1969-12-31 23:59:59-00:00:01\"}", out, &see));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].local, 3600);
  EXPECT_EQ(all[0].offset, 3600);
  EXPECT_EQ(all[0].instant(), 0);
  EXPECT_EQ(all[0].fraction, ".5");
  EXPECT_EQ(all[1].instant(), 0);
  EXPECT_TRUE(append_in_utc("1970-01-01 01:00:00+01", out, nullptr));
}

// the calendar, held against itself over all years that PostgreSQL has
TEST(timestamps_in_utc, agree_with_the_calendar_day_by_day) {
  std::int64_t expected = detail::days_of(-4713, 11, 24);
  for (; expected < detail::days_of(294'276, 12, 31); expected += 97) {
    const auto date = detail::date_of(expected);
    ASSERT_EQ(detail::days_of(date.year, date.month, date.day), expected);
  }
  EXPECT_EQ(detail::days_of(1970, 1, 1), 0);
  EXPECT_EQ(detail::days_of(2000, 3, 1), 11'017);
}

}  // namespace timestamp_text_test
