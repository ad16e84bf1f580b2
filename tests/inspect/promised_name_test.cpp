#include "knowngood/inspect/promised_name.hpp"

#include <gtest/gtest.h>

namespace promised_name_test {

using knowngood::promises_backup;

TEST(promises_backup, knows_the_names_that_only_backups_have) {
  for (const char* name : {"db.sql.gz", "a/db.sql.zst", "config.tar.gz", "models.TGZ", "config.tar", "db.dump",
                           "db.sql.gz.gpg", "x.tar.age", "x.tar.gz.enc"}) {
    EXPECT_TRUE(promises_backup(name)) << name;
  }
  for (const char* name :
       {"layer.tar", "image/layer.tar", "app.log.gz", "schema.sql", "libfoo.bundle", "diary.gpg", "x.zip", "a", ""}) {
    EXPECT_FALSE(promises_backup(name)) << name;
  }
}

}  // namespace promised_name_test
