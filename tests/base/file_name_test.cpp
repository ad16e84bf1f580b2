#include "knowngood/base/file_name.hpp"

#include <gtest/gtest.h>

namespace file_name_test {

using namespace knowngood;

TEST(file_name, is_what_stands_behind_the_last_slash) {
  EXPECT_EQ(file_name_of("/srv/backup/x.sql.gz"), "x.sql.gz");
  EXPECT_EQ(file_name_of("x.sql.gz"), "x.sql.gz");
  EXPECT_EQ(file_name_of("folder/"), "");
  EXPECT_EQ(file_name_of(""), "");
  EXPECT_EQ(file_name_of("a/.."), "..") << "text, not a place";
}

TEST(file_name, folder_is_what_stands_before_it) {
  EXPECT_EQ(folder_of("/srv/backup/x.sql.gz"), "/srv/backup");
  EXPECT_EQ(folder_of("x.sql.gz"), "");
  EXPECT_EQ(folder_of("/x"), "");
  EXPECT_EQ(folder_of("a/b/"), "a/b");
}

}  // namespace file_name_test
