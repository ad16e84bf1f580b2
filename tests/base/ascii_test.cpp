#include "knowngood/base/ascii.hpp"

#include <gtest/gtest.h>

namespace ascii_test {

using namespace knowngood;

TEST(ascii, letters_become_lower_case_and_nothing_else_changes) {
  EXPECT_EQ(to_lower("SHA256SUMS"), "sha256sums");
  EXPECT_EQ(to_lower("@AZ[`az{"), "@az[`az{") << "the neighbours of the letters";
  EXPECT_EQ(to_lower("GRÖSSE"), "grÖsse") << "bytes beyond ASCII stay";
  EXPECT_EQ(to_lower(""), "");
}

TEST(ascii, words_are_equal_but_for_case) {
  EXPECT_TRUE(equal_ignoring_case("CoPy", "cOpY"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("copy", "cop"));
  EXPECT_FALSE(equal_ignoring_case("[", "{")) << "which differ as upper and lower case do";
  EXPECT_FALSE(equal_ignoring_case("\xC3\x96", "\xC3\xB6"));
}

TEST(ascii, tells_letters_and_digits) {
  for (const char c : {'a', 'z', 'A', 'Z'}) EXPECT_TRUE(is_ascii_letter(c)) << c;
  for (const char c : {'@', '[', '`', '{', '0', '_', '\xC3'}) EXPECT_FALSE(is_ascii_letter(c)) << c;
  EXPECT_TRUE(is_ascii_digit('0') && is_ascii_digit('9'));
  EXPECT_FALSE(is_ascii_digit('/') || is_ascii_digit(':') || is_ascii_digit('a'));
}

}  // namespace ascii_test
