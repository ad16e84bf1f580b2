#include "knowngood/load/row_tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace row_tally_test {

using namespace knowngood;

row_set rows_of(const std::vector<std::string>& rows) {
  row_set set;
  for (const auto& row : rows) set.add(row);
  return set;
}

TEST(row_tally, adds_up_the_blocks_of_a_table) {
  row_tally tally;
  EXPECT_TRUE(tally.add("public.t", {{"a", "b"}}, true, rows_of({"1\t2"})));
  EXPECT_TRUE(tally.add("public.t", {{"a", "b"}}, true, rows_of({"3\t4"})));
  EXPECT_TRUE(tally.add("public.t", {{"b", "a"}}, true, rows_of({"6\t5"})));
  EXPECT_TRUE(tally.add("public.csv", std::nullopt, false, rows_of({"x"})));
  EXPECT_TRUE(tally.add_inserted("public.i", 2));
  EXPECT_TRUE(tally.add_inserted("public.i", 1));
  const auto all = tally.take([](const std::string&) { return false; });
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].name, "public.csv");
  EXPECT_EQ(all[0].rows.fingerprint, std::nullopt);
  EXPECT_EQ(all[1].name, "public.i");
  EXPECT_EQ(all[1].rows.rows, 3U);
  EXPECT_EQ(all[1].rows.fingerprint, std::nullopt);
  EXPECT_EQ(all[2].rows.rows, 2U);
  EXPECT_EQ(all[2].rows.fingerprint, rows_of({"3\t4", "1\t2"}).fingerprint());
  EXPECT_EQ(all[3].columns, (std::vector<std::string>{"b", "a"}));
}

TEST(row_tally, knows_weights_and_what_was_not_rehearsed) {
  row_tally tally;
  tally.add("t", std::nullopt, true, rows_of({}));
  tally.add("u", std::nullopt, true, rows_of({}));
  tally.add("v", std::nullopt, true, rows_of({}));
  tally.add_bytes("t", 5);
  tally.add_bytes("t", 6);
  EXPECT_EQ(tally.bytes_of("t"), 11U);
  EXPECT_EQ(tally.bytes_of("u"), 0U);
  tally.leave_unrehearsed("u");
  const auto all = tally.take([](const std::string& name) { return name == "v"; });
  ASSERT_EQ(all.size(), 3U);
  EXPECT_FALSE(all[0].unrehearsed);
  EXPECT_TRUE(all[1].unrehearsed);
  EXPECT_TRUE(all[2].unrehearsed);
}

}  // namespace row_tally_test
