#include "knowngood/report/table_outcome.hpp"

#include <gtest/gtest.h>

namespace table_outcome_test {

using namespace knowngood;

table_comparison table(row_outcome outcome) {
  return {"a.sql", "", "public.t", rows_fact{5, {}}, {}, {}, rows_fact{5, {}}, outcome};
}

TEST(judge_outcome, is_that_of_the_outcome_where_the_numbers_agree) {
  for (const auto& one : row_outcomes) {
    const table_judgement judged = judge_outcome(table(one.outcome));
    EXPECT_EQ(judged.worth, one.worth) << one.word;
    EXPECT_EQ(judged.check, one.check) << one.word;
  }
}

TEST(judge_outcome, takes_an_unknown_word_for_no_proof) {
  EXPECT_EQ(judge_outcome(table(parse_row_outcome(""))).worth, verdict::unchecked);
  EXPECT_EQ(judge_outcome(table(parse_row_outcome("EQUAL"))).worth, verdict::unchecked);
}

TEST(judge_outcome, counts_for_itself) {
  table_comparison lies = table(row_outcome::equal);
  ASSERT_EQ(judge_outcome(lies).worth, verdict::sound);
  lies.restored->rows = 4;
  EXPECT_EQ(judge_outcome(lies).worth, verdict::unsound);
  table_comparison captured = table(row_outcome::equal);
  captured.capture = rows_fact{6, {}};
  EXPECT_EQ(judge_outcome(captured).worth, verdict::unsound);
  for (const auto outcome : {row_outcome::equal, row_outcome::empty, row_outcome::counted, row_outcome::tolerated}) {
    table_comparison nothing = table(outcome);
    nothing.restored.reset();
    EXPECT_EQ(judge_outcome(nothing).worth, verdict::unchecked) << "nothing was read back";
  }
}

TEST(rows_text, names_each_place) {
  table_comparison all = table(row_outcome::fewer);
  all.capture = rows_fact{5000, {}};
  EXPECT_EQ(rows_text(all), "dump 5, capture 5,000, restored 5");
  EXPECT_EQ(rows_text({}), "rows nowhere");
  EXPECT_EQ(outcome_text(all), "fewer: dump 5, capture 5,000, restored 5");
}

}  // namespace table_outcome_test
