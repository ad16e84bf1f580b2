#include "knowngood/inspect/component_list.hpp"

#include <gtest/gtest.h>

namespace component_list_test {

using namespace knowngood;

TEST(ticked_off, reads_every_mark_that_a_check_list_has) {
  for (const char* line : {"✅ Database", "☑ Database", "✔ Database", "✔️ Database", "✓ Database", "[x] Database",
                           "[X] Database", "- [x] Database", "* ✅ Database", "  \t✅ Database", "✅\tDatabase"}) {
    EXPECT_EQ(ticked_off(line), "Database") << line;
  }
  EXPECT_EQ(ticked_off("✅ a name of several words"), "a name of several words");
}

TEST(ticked_off, takes_no_other_line_for_one) {
  for (const char* line : {"", " ", "Database", "- Database", "[ ] Database", "- [ ] Database", "❌ Database",
                           "✅Database", "✅", "x Database", "include README.md", "Manifest-Version: 1.0", "[x]"}) {
    EXPECT_EQ(ticked_off(line), "") << line;
  }
}

TEST(ticks_off_components, looks_at_every_line) {
  EXPECT_TRUE(ticks_off_components("✅ Database"));
  EXPECT_TRUE(ticks_off_components("Full backup\n\n✅ Database\n"));
  EXPECT_TRUE(ticks_off_components("Full backup\r\n✅ Database\r\n"));
  EXPECT_FALSE(ticks_off_components(""));
  EXPECT_FALSE(ticks_off_components("\n\n\n"));
  EXPECT_FALSE(ticks_off_components("include README.md\nrecursive-include src *.py\n"));
  EXPECT_FALSE(ticks_off_components("❌ Database\n"));
}

}  // namespace component_list_test
