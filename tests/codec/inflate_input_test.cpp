#include "knowngood/codec/inflate_input.hpp"

#include <gtest/gtest.h>

#include <string>

#include "knowngood/base/error.hpp"
#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/source_suite.hpp"

namespace inflate_input_test {

using namespace knowngood;
using detail::inflate_input;

inflate_input over(const std::string& bytes, std::size_t chunk) {
  return inflate_input{std::make_unique<memory_source>(bytes, chunk)};
}

std::string text(byte_view bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST(inflate_input, hands_out_chunks_and_knows_where_it_stands) {
  inflate_input in = over("abcdefg", 3);
  EXPECT_TRUE(in.ahead().empty());
  EXPECT_EQ(in.position(), 0U);
  ASSERT_TRUE(in.refill());
  EXPECT_EQ(text(in.ahead()), "abc");
  in.consume(2);
  EXPECT_EQ(in.position(), 2U);
  ASSERT_TRUE(in.refill());
  EXPECT_EQ(text(in.ahead()), "c") << "what is at hand comes first";
  in.consume(1);
  ASSERT_TRUE(in.refill());
  EXPECT_EQ(text(in.ahead()), "def");
  in.consume(3);
  ASSERT_TRUE(in.refill());
  in.consume(1);
  EXPECT_FALSE(in.refill());
  EXPECT_FALSE(in.refill());
  EXPECT_EQ(in.position(), 7U);
}

TEST(inflate_input, takes_back_what_lay_in_chunks_before) {
  inflate_input in = over("abcdefgh", 4);
  ASSERT_TRUE(in.refill());
  const std::string taken = text(in.ahead());
  in.consume(4);
  ASSERT_TRUE(in.refill());
  in.consume(1);  // of the second chunk: an engine has taken "abcde" and used "ab"
  const std::string back = taken.substr(2) + "e";
  in.give_back(std::as_bytes(std::span{back}));
  EXPECT_EQ(in.position(), 2U);
  std::string rest;
  while (in.refill()) {
    rest += text(in.ahead().first(1));
    in.consume(1);
    EXPECT_EQ(in.position(), 2 + rest.size());
  }
  EXPECT_EQ(rest, "cdefgh");
}

TEST(inflate_input, takes_back_nothing_without_a_trace) {
  inflate_input in = over("ab", 2);
  ASSERT_TRUE(in.refill());
  in.give_back({});
  EXPECT_EQ(text(in.ahead()), "ab");
  EXPECT_EQ(in.position(), 0U);
}

TEST(inflate_input, passes_on_what_its_stream_throws) {
  struct failing final : source {
    byte_view produce() override { throw environment_error{location{"disk"}, "cannot read", "look"}; }
  };
  inflate_input in{std::make_unique<failing>()};
  EXPECT_THROW(in.refill(), environment_error);
}

}  // namespace inflate_input_test
