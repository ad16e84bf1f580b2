#include "knowngood/postgres/wal_segment.hpp"

#include <gtest/gtest.h>

namespace wal_segment_test {

using namespace knowngood;

TEST(wal_segment, is_named_by_timeline_and_number) {
  constexpr std::uint32_t usual = 16U << 20U;
  EXPECT_EQ((wal_segment{1, 0x2000028 / usual}.name(usual)), "000000010000000000000002");
  EXPECT_EQ((wal_segment{18, 0x1'FF00'0000ULL / usual}.name(usual)), "0000001200000001000000FF");
  EXPECT_EQ((wal_segment{1, 0x1'4000'0000ULL / (1U << 30U)}.name(1U << 30U)), "000000010000000100000001");
  EXPECT_EQ((wal_segment{1, 0x1'0030'0000ULL / (1U << 20U)}.name(1U << 20U)), "000000010000000100000003");
}

TEST(wal_segment, names_are_24_digits_and_nothing_else) {
  EXPECT_TRUE(is_wal_segment_name("0000000100000000000000A2"));
  for (const char* other : {"", "0000000100000000000000A", "0000000100000000000000a2", "0000000100000000000000A2.gz",
                            "0000000100000000000000A2.partial", "00000002.history", "g00000010000000000000002"}) {
    EXPECT_FALSE(is_wal_segment_name(other)) << other;
  }
}

TEST(wal_position, is_two_numbers_around_a_slash) {
  EXPECT_EQ(parse_wal_position("0/2000028"), 0x2000028U);
  EXPECT_EQ(parse_wal_position("1A/FF000000"), 0x1A'FF00'0000U);
  for (const char* other : {"", "/", "1/", "/1", "0/2000028 ", "0x1/2", "1", "100000000/0", "0/-1"}) {
    EXPECT_FALSE(parse_wal_position(other)) << other;
  }
}

}  // namespace wal_segment_test
