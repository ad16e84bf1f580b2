#include "knowngood/load/put_off_statements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace put_off_statements_test {

using namespace knowngood;

TEST(put_off_statements, are_kept_until_they_are_taken) {
  put_off_statements put_off;
  EXPECT_TRUE(put_off.empty());
  const std::string index = "CREATE INDEX i ON ONLY public.t USING btree (a);";
  put_off.add_index(index, *parse_index(index), 7, {{location{"dump"}, 3, index}, 1});
  const std::string attach = "ALTER INDEX public.i ATTACH PARTITION public.j;";
  const std::string key = "ALTER TABLE ONLY public.u ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES public.t(a);";
  EXPECT_FALSE(put_off.precedes(*parse_index(key)));
  put_off.add_afterthought(attach, first_words(attach, 12), {{location{"dump"}, 4, attach}, 2});
  EXPECT_TRUE(put_off.precedes(*parse_index(key))) << "it refers to the whole index";
  EXPECT_FALSE(put_off.precedes(*parse_index(index)));
  const auto batch = put_off.take();
  ASSERT_EQ(batch.tasks.size(), 1U);
  EXPECT_EQ(batch.tasks[0].weight, 7U);
  EXPECT_EQ(batch.places[0].at.line, 3U);
  ASSERT_EQ(batch.afterthoughts.size(), 1U);
  EXPECT_EQ(batch.afterthoughts[0].first, attach);
  EXPECT_TRUE(put_off.empty());
  EXPECT_FALSE(put_off.precedes(*parse_index(key)));
  for (int i = 0; i < 256; ++i) put_off.add_index(index, *parse_index(index), 0, {});
  EXPECT_TRUE(put_off.full());
}

}  // namespace put_off_statements_test
