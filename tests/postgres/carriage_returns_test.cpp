#include "knowngood/postgres/carriage_returns.hpp"

#include <gtest/gtest.h>

#include <string>

namespace carriage_returns_test {

using knowngood::detail::carriage_returns;

// The same, however the text is cut.
carriage_returns in(const std::string& text) {
  carriage_returns whole;
  whole.feed(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    carriage_returns parts;
    parts.feed(text.substr(0, cut));
    parts.feed("");
    parts.feed(text.substr(cut));
    EXPECT_EQ(parts.any(), whole.any()) << cut;
    EXPECT_EQ(parts.alone(), whole.alone()) << cut;
    EXPECT_EQ(parts.doubled(), whole.doubled()) << cut;
  }
  return whole;
}

TEST(carriage_returns, are_of_a_lines_end_where_a_newline_follows) {
  EXPECT_FALSE(in("plain\ntext\n").any());
  EXPECT_FALSE(in("").any());
  const carriage_returns ends = in("one\r\ntwo\r\n");
  EXPECT_TRUE(ends.any());
  EXPECT_FALSE(ends.alone());
  EXPECT_FALSE(ends.doubled());
}

TEST(carriage_returns, are_data_where_none_follows) {
  EXPECT_TRUE(in("one\rtwo").alone());
  EXPECT_TRUE(in("one\r\r").alone());
  EXPECT_FALSE(in("one\r").alone()) << "what follows is not seen yet";
}

TEST(carriage_returns, stand_twice_behind_a_terminal_in_a_terminal) {
  EXPECT_TRUE(in("one\r\r\ntwo").doubled());
  EXPECT_TRUE(in("one\r\r\r\ntwo").doubled());
  EXPECT_FALSE(in("one\r\rx\n").doubled());
  EXPECT_FALSE(in("one\r\n\r\n").doubled());
}

}  // namespace carriage_returns_test
