#include "restorable/audit/table_outcome.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace restorable;

table_comparison table(std::string outcome) {
  return {"a.sql", "", "public.t", rows_fact{5, {}}, {}, {}, rows_fact{5, {}}, std::move(outcome)};
}

TEST(judge_outcome, knows_every_word) {
  const std::set<std::string_view> good{"equal", "empty", "counted", "tolerated"};
  for (const auto word : table_outcomes) {
    const verdict worth = judge_outcome(table(std::string{word})).worth;
    EXPECT_EQ(worth, good.contains(word) ? verdict::sound
                     : word == "unread"  ? verdict::unchecked
                                         : verdict::unsound)
        << word;
  }
}

TEST(judge_outcome, takes_an_unknown_word_for_no_proof) {
  EXPECT_EQ(judge_outcome(table("")).worth, verdict::unchecked);
  EXPECT_EQ(judge_outcome(table("EQUAL")).worth, verdict::unchecked);
}

TEST(judge_outcome, counts_for_itself) {
  table_comparison lies = table("equal");
  ASSERT_EQ(judge_outcome(lies).worth, verdict::sound);
  lies.restored->rows = 4;
  EXPECT_EQ(judge_outcome(lies).worth, verdict::unsound);
  table_comparison captured = table("equal");
  captured.capture = rows_fact{6, {}};
  EXPECT_EQ(judge_outcome(captured).worth, verdict::unsound);
  for (const char* word : {"equal", "empty", "counted", "tolerated"}) {
    table_comparison nothing = table(word);
    nothing.restored.reset();
    EXPECT_EQ(judge_outcome(nothing).worth, verdict::unchecked) << "nothing was read back";
  }
}

TEST(rows_text, names_each_place) {
  table_comparison all = table("fewer");
  all.capture = rows_fact{5000, {}};
  EXPECT_EQ(rows_text(all), "dump 5, capture 5,000, restored 5");
  EXPECT_EQ(rows_text({}), "rows nowhere");
}

}  // namespace
