#include "knowngood/load/index_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace index_builder_test {

using namespace knowngood;
using kind = index_statement::kind;

index_task task(kind what, const std::string& table, std::uint64_t weight, const std::string& references = "") {
  return {"", {what, table, references, true}, weight, {}};
}

TEST(index_queue, gives_out_what_does_not_clash_largest_first) {
  const std::vector<index_task> tasks{task(kind::constraint, "small", 1), task(kind::constraint, "large", 9),
                                      task(kind::index, "large", 9), task(kind::index, "small", 1)};
  detail::index_queue queue{tasks};
  EXPECT_EQ(queue.take(), 1U);
  EXPECT_EQ(queue.take(), 0U) << "the index on the large table waits for the constraint, which has it for itself";
  EXPECT_EQ(queue.take(), std::nullopt);
  queue.done(1);
  EXPECT_EQ(queue.take(), 2U);
  queue.done(0);
  EXPECT_EQ(queue.take(), 3U);
  EXPECT_TRUE(queue.all_taken());
  EXPECT_EQ(queue.take(), std::nullopt);
}

TEST(index_queue, builds_indexes_of_one_table_side_by_side) {
  const std::vector<index_task> tasks{task(kind::index, "t", 1), task(kind::index, "t", 1)};
  detail::index_queue queue{tasks};
  const auto first = queue.take();
  ASSERT_TRUE(first);
  EXPECT_FALSE(queue.alone(*first));
  EXPECT_TRUE(queue.take());
}

TEST(index_queue, runs_a_foreign_key_after_both_its_tables_and_beside_others) {
  const std::vector<index_task> tasks{task(kind::constraint, "a", 1),       task(kind::constraint, "b", 1),
                                      task(kind::index, "other", 2),        task(kind::index, "other", 2),
                                      task(kind::foreign_key, "a", 5, "b"), task(kind::foreign_key, "b", 1, "a")};
  detail::index_queue queue{tasks};
  EXPECT_EQ(queue.take(), 0U) << "what the foreign keys wait for goes before what is larger";
  EXPECT_EQ(queue.take(), 1U);
  queue.done(0);
  EXPECT_EQ(queue.take(), 2U) << "the other table is not done yet";
  queue.done(1);
  EXPECT_EQ(queue.take(), 4U);
  EXPECT_EQ(queue.take(), 3U);
  EXPECT_EQ(queue.take(), std::nullopt) << "two foreign keys of the same tables follow each other";
  queue.done(4);
  EXPECT_EQ(queue.take(), 5U);
}

TEST(index_queue, says_when_a_task_has_the_processors_for_itself) {
  const std::vector<index_task> tasks{task(kind::constraint, "t", 2), task(kind::constraint, "t", 1),
                                      task(kind::index, "u", 1)};
  detail::index_queue queue{tasks};
  ASSERT_EQ(queue.take(), 0U);
  EXPECT_FALSE(queue.alone(0)) << "the other table's index may run";
  ASSERT_EQ(queue.take(), 2U);
  queue.done(2);
  EXPECT_TRUE(queue.alone(0)) << "what is left has to wait for it";
}

}  // namespace index_builder_test
