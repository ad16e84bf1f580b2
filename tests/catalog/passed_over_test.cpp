#include "knowngood/catalog/passed_over.hpp"

#include <string>

#include <gtest/gtest.h>

namespace passed_over_test {

using namespace knowngood;

TEST(is_passed_over_name, knows_what_is_no_backup_yet) {
  for (const std::string name : {".hidden", "lost+found", "a.tmp", "a.partial", "a.part", "a.sql.gz.filepart",
                                 "a.crdownload", "a.partial~", "a~"}) {
    EXPECT_TRUE(is_passed_over_name(name)) << name;
  }
  for (const std::string name : {"a", "a.sql.gz", "a.part-aa", "part", "tmp.tar", "~a"})
    EXPECT_FALSE(is_passed_over_name(name)) << name;
}

TEST(is_dated, tells_one_backup_from_whichever_is_the_latest) {
  for (const std::string name : {"db_20251204_020000.sql.gz", "db_2025-12-04.sql", "251204.tar"}) {
    EXPECT_TRUE(is_dated(name)) << name;
  }
  for (const std::string name : {"latest.sql.gz", "latest", "db-15.sql", "ner11_v2.tar"})
    EXPECT_FALSE(is_dated(name)) << name;
}

}  // namespace passed_over_test
