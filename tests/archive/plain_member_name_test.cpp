#include "knowngood/archive/plain_member_name.hpp"

#include <gtest/gtest.h>

namespace plain_member_name_test {

TEST(plain_member_name, is_the_same_for_every_spelling_of_a_place) {
  using knowngood::plain_member_name;
  for (const char* spelling : {"a/b", "./a/b", "/a/b", "a//b", "a/b/", "a/./b", "x/../a/b", "a/x/../b"}) {
    EXPECT_EQ(plain_member_name(spelling), "a/b") << spelling;
  }
  EXPECT_EQ(plain_member_name("./"), "");
  EXPECT_EQ(plain_member_name(""), "");
  EXPECT_EQ(plain_member_name("../a"), "../a") << "what leads out is not brought back in";
}

}  // namespace plain_member_name_test
