#include "knowngood/load/insert_batch.hpp"

#include <gtest/gtest.h>

namespace insert_batch_test {

using namespace knowngood;

TEST(insert_batch, gives_each_statement_back_as_it_was_added) {
  insert_batch batch;
  EXPECT_TRUE(batch.empty());
  batch.add("INSERT INTO t VALUES ('a\nb');", {location{"t"}, 3, "INSERT"}, 5);
  batch.add("INSERT INTO u VALUES (1);", {location{"u"}, 5, "INSERT"}, std::nullopt);
  ASSERT_EQ(batch.items().size(), 2U);
  EXPECT_EQ(batch.text(), "INSERT INTO t VALUES ('a\nb');\nINSERT INTO u VALUES (1);\n");
  EXPECT_EQ(batch.text_of(0), "INSERT INTO t VALUES ('a\nb');\n");
  EXPECT_EQ(batch.text_of(1), "INSERT INTO u VALUES (1);\n");
  EXPECT_EQ(batch.items()[0].object, 5U);
  EXPECT_EQ(batch.items()[1].at.line, 5U);
  EXPECT_FALSE(batch.full());
}

TEST(insert_batch, is_full_by_number_or_by_size) {
  insert_batch many;
  for (int i = 0; i < 999; ++i) many.add("INSERT INTO t VALUES (1);", {}, {});
  EXPECT_FALSE(many.full());
  many.add("INSERT INTO t VALUES (1);", {}, {});
  EXPECT_TRUE(many.full());
  insert_batch large;
  large.add(std::string((256 << 10) - 2, 'x'), {}, {});
  EXPECT_FALSE(large.full());
  large.add("", {}, {});
  EXPECT_TRUE(large.full());
}

}  // namespace insert_batch_test
