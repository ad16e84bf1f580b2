#include "knowngood/base/time.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace time_test {

using namespace knowngood;
using namespace std::chrono;

TEST(moment, is_written_and_read_as_rfc3339) {
  const moment at = sys_days{year{2025} / 12 / 4} + hours{2} + seconds{7};
  EXPECT_EQ(to_rfc3339(at), "2025-12-04T02:00:07Z");
  for (const std::string text : {"2025-12-04T02:00:07Z", "2025-12-04 02:00:07Z", "2025-12-04T03:00:07+01:00",
                                 "2025-12-03T22:30:07-03:30", "2025-12-04T02:00:07.999Z", "@1764813607"}) {
    EXPECT_EQ(parse_moment(text), at) << text;
  }
  EXPECT_EQ(parse_moment("2025-12-04"), moment{sys_days{year{2025} / 12 / 4}});
}

TEST(moment, is_not_guessed_from_anything_else) {
  for (const std::string text :
       {"", "yesterday", "2025-13-01", "2025-02-29", "2025-12-04T02:00:07", "2025-12-04T25:00:00Z", "2025-12-04T02:00Z",
        "2025-12-04T02:00:07Zx", "20251204", "@", "@12x", "-025-12-04"}) {
    EXPECT_FALSE(parse_moment(text)) << text;
  }
  EXPECT_TRUE(parse_moment("2024-02-29"));
}

TEST(duration, is_one_or_more_numbers_with_units) {
  EXPECT_EQ(parse_duration("26h"), hours{26});
  EXPECT_EQ(parse_duration("1d12h"), hours{36});
  EXPECT_EQ(parse_duration("90 min"), minutes{90});
  EXPECT_EQ(parse_duration("2w 1s"), weeks{2} + seconds{1});
  for (const std::string text : {"", "26", "h", "26 hours", "-1h", "1.5h", "1h x"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(duration, is_shown_with_two_units_at_most) {
  EXPECT_EQ(format_duration(seconds{8}), "8s");
  EXPECT_EQ(format_duration(minutes{12} + seconds{5}), "12m 5s");
  EXPECT_EQ(format_duration(hours{26}), "26h");
  EXPECT_EQ(format_duration(days{3} + hours{4} + minutes{5}), "3d 4h");
  EXPECT_EQ(format_duration(-hours{2}), "-2h");
}

TEST(format_elapsed, is_precise_where_it_is_short) {
  EXPECT_EQ(format_elapsed(0), "0.0s");
  EXPECT_EQ(format_elapsed(0.44), "0.4s");
  EXPECT_EQ(format_elapsed(9.94), "9.9s");
  EXPECT_EQ(format_elapsed(9.96), "10s");
  EXPECT_EQ(format_elapsed(72.4), "1m 12s");
  EXPECT_EQ(format_elapsed(-1), "-");
  EXPECT_EQ(format_elapsed(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(format_elapsed(1e300), "9999999d");
}

}  // namespace time_test
