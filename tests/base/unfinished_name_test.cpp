#include "knowngood/base/unfinished_name.hpp"

#include <gtest/gtest.h>

namespace unfinished_name_test {

using knowngood::is_unfinished_name;

TEST(is_unfinished_name, knows_what_programs_still_write) {
  for (const char* name :
       {"a.tmp", "a.part", "a.partial", "db.sql.gz.filepart", "db.sql.gz.crdownload", "a.partial~", "a.sql~"}) {
    EXPECT_TRUE(is_unfinished_name(name)) << name;
  }
  for (const char* name : {"a.sql.gz", "a.part-aa", "a.part1", "partial", ".part", "~", "tmp", "a.tmp.gz"}) {
    EXPECT_FALSE(is_unfinished_name(name)) << name;
  }
}

}  // namespace unfinished_name_test
