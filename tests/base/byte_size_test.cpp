#include "knowngood/base/byte_size.hpp"

#include <gtest/gtest.h>

namespace byte_size_test {

using namespace knowngood;

TEST(byte_size, reads_powers_of_1024_and_of_1000) {
  EXPECT_EQ(parse_byte_size("4096"), 4096U);
  EXPECT_EQ(parse_byte_size("1 MiB"), 1'048'576U);
  EXPECT_EQ(parse_byte_size("1mib"), 1'048'576U);
  EXPECT_EQ(parse_byte_size("250 MB"), 250'000'000U);
  EXPECT_EQ(parse_byte_size("1.5K"), 1536U);
  EXPECT_EQ(parse_byte_size("0"), 0U);
  for (const std::string text : {"", "MiB", "1.5", "-1", "1 XB", "1 MiBs", "99999 EiB", "nan", "inf"}) {
    EXPECT_FALSE(parse_byte_size(text)) << text;
  }
}

TEST(byte_size, is_shown_with_two_digits_that_matter) {
  EXPECT_EQ(format_byte_size(0), "0 B");
  EXPECT_EQ(format_byte_size(1023), "1023 B");
  EXPECT_EQ(format_byte_size(1536), "1.5 KiB");
  EXPECT_EQ(format_byte_size(1'048'575), "1.0 MiB") << "never 1024 KiB";
  EXPECT_EQ(format_byte_size(std::uint64_t{12} << 30), "12 GiB");
}

}  // namespace byte_size_test
