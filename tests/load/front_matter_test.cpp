#include "knowngood/load/front_matter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace front_matter_test {

using namespace knowngood;

dump_event statement(std::string_view text, std::string_view header, std::uint64_t line) {
  dump_event event;
  event.type = dump_event_type::statement;
  event.text = text;
  event.header = header;
  event.line = line;
  return event;
}

TEST(front_matter, keeps_texts_of_its_own_in_order) {
  front_matter front;
  std::string text = "CREATE SCHEMA s;";
  std::string header = "Name: s";
  EXPECT_TRUE(front.holds(statement(text, header, 1)));
  text = "overwritten, ...";
  header = "another";
  EXPECT_TRUE(front.holds(statement("CREATE EXTENSION x;", "", 2)));
  EXPECT_TRUE(front.open());
  const auto kept = front.release();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].event().text, "CREATE SCHEMA s;");
  EXPECT_EQ(kept[0].event().header, "Name: s");
  EXPECT_EQ(kept[0].event().line, 1U);
  EXPECT_EQ(kept[1].event().text, "CREATE EXTENSION x;");
  EXPECT_FALSE(front.open());
  EXPECT_FALSE(front.holds(statement("SELECT 1;", "", 3)));
}

TEST(front_matter, has_an_end) {
  front_matter many;
  std::size_t held = 0;
  while (many.holds(statement("SELECT 1;", "", 1))) ++held;
  EXPECT_EQ(held, 20'000U);
  front_matter large;
  const std::string megabyte(std::size_t{1} << 20, 'x');
  held = 0;
  while (large.holds(statement(megabyte, "", 1))) ++held;
  EXPECT_LT(held, 20U);
  front_matter whole;
  dump_event cut = statement("SELECT", "", 1);
  cut.truncated_text = true;
  EXPECT_FALSE(whole.holds(cut));
}

}  // namespace front_matter_test
