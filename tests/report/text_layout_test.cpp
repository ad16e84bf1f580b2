#include "knowngood/report/text_layout.hpp"

#include <gtest/gtest.h>

namespace text_layout_test {

using namespace knowngood;

TEST(text_layout, knows_how_many_columns_text_takes) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("plain"), 5U);
  EXPECT_EQ(display_width("Größe"), 5U);
  EXPECT_EQ(display_width("Gro\u0308ße"), 5U) << "a combining mark takes none";
  EXPECT_EQ(display_width("日本語"), 6U);
  EXPECT_EQ(display_width("🗄"), 2U);
  EXPECT_EQ(display_width("✓✗»→…"), 5U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U) << "ill-formed text, which is not printed, does not hang it";
}

TEST(text_layout, wraps_at_blanks_under_the_first_word) {
  text_style style;
  style.width = 44;
  const text_layout layout{style};
  EXPECT_EQ(layout.paragraph(2, "-> ", "one two three four five six seven eight nine"),
            "  -> one two three four five six seven eight\n"
            "     nine\n");
  EXPECT_EQ(layout.paragraph(2, "", "short"), "  short\n");
  EXPECT_EQ(layout.paragraph(0, "actual  ", "two  blanks are   part of the value here"),
            "actual  two  blanks are   part of the value\n"
            "        here\n");
}

TEST(text_layout, never_breaks_a_word) {
  text_style style;
  style.width = 20;
  const std::string path = "/backups/" + std::string(100, 'n') + ".sql.gz";
  const std::string text = text_layout{style}.paragraph(4, "", "see " + path + " now");
  EXPECT_NE(text.find(path), std::string::npos);
  style.width = 0;
  const std::string words(1000, 'w');
  EXPECT_EQ(text_layout{style}.paragraph(0, "", words + " " + words), words + " " + words + "\n") << "0 is no limit";
}

TEST(text_layout, fills_up_columns_and_leaves_longer_text_whole) {
  EXPECT_EQ(text_layout::fill("日本", 6), "日本  ");
  EXPECT_EQ(text_layout::fill("longer", 3), "longer");
}

TEST(text_layout, paints_only_where_colour_is_wanted) {
  text_style style;
  EXPECT_EQ(text_layout{style}.paint("x", ink::red), "x");
  style.colour = true;
  EXPECT_EQ(text_layout{style}.paint("x", ink::red), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(text_layout{style}.paint("x", ink::plain), "x");
  EXPECT_EQ(text_layout{style}.paint("", ink::red), "");
}

TEST(text_layout, speaks_ascii_where_it_must) {
  text_style style;
  style.unicode = false;
  const text_layout layout{style};
  EXPECT_EQ(layout.own("✓ ✗ » → … ·"), "+ X >> -> ... -");
  EXPECT_EQ(layout.name("Größe\x1b[m"), "Gr\\xc3\\xb6\\xc3\\x9fe\\x1b[m");
}

}  // namespace text_layout_test
