#include "knowngood/base/expansion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace expansion_test {

using namespace knowngood;
using ::testing::HasSubstr;

const location where{"a.gz"};
constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;

template <typename Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const environment_error& error) {
    return error.what() + (" " + error.advice());
  }
  return "none";
}

TEST(expansion, adds_up_all_layers) {
  expansion grown{limits{}};
  grown.begin(10);
  grown.count(100, where);
  grown.count(0, where);
  grown.count(23, where / "inner");
  EXPECT_EQ(grown.bytes(), 123U);
}

TEST(expansion, stops_beyond_the_limit_and_not_at_it) {
  limits bounds;
  bounds.expanded_bytes = 1000;
  expansion grown{bounds};
  EXPECT_EQ(refusal([&] { grown.count(1000, where); }), "none");
  EXPECT_THAT(refusal([&] { grown.count(1, where); }), HasSubstr("expanded_bytes"));
}

TEST(expansion, looks_at_the_ratio_beyond_a_gibibyte_only) {
  limits bounds;
  bounds.expanded_bytes = 100 * gibibyte;
  bounds.expansion_ratio = 100;
  expansion small{bounds};
  small.begin(1);
  EXPECT_EQ(refusal([&] { small.count(gibibyte, where); }), "none") << "a disk image of zeros is no attack";
  EXPECT_THAT(refusal([&] { small.count(1, where); }), HasSubstr("expansion_ratio"));

  expansion large{bounds};
  large.begin(gibibyte / 10);
  EXPECT_EQ(refusal([&] { large.count(10 * gibibyte, where); }), "none") << "a hundred times as much, not more";
  EXPECT_THAT(refusal([&] { large.count(gibibyte, where); }), HasSubstr("expansion_ratio"));
}

TEST(expansion, of_a_stream_of_unknown_size_or_none_has_a_limit_too) {
  limits bounds;
  bounds.expanded_bytes = 4 * gibibyte;
  bounds.expansion_ratio = 2;
  expansion unknown{bounds};
  EXPECT_EQ(refusal([&] { unknown.count(4 * gibibyte, where); }), "none");
  EXPECT_THAT(refusal([&] { unknown.count(1, where); }), HasSubstr("expanded_bytes"));
  expansion empty{bounds};
  empty.begin(0);
  EXPECT_THAT(refusal([&] { empty.count(2 * gibibyte, where); }), HasSubstr("expansion_ratio"));
}

TEST(expansion, ends_when_asked_to_stop) {
  std::atomic<bool> asked{false};
  expansion grown{limits{}, stop_flag{asked}};
  grown.count(1, where);
  asked = true;
  EXPECT_THROW(grown.count(1, where), interrupted);
}

}  // namespace expansion_test
