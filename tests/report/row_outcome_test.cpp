#include "knowngood/report/row_outcome.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string_view>

namespace row_outcome_test {

using namespace knowngood;

TEST(row_outcome, stands_in_its_table_at_its_own_index) {
  for (std::size_t i = 0; i < row_outcomes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(row_outcomes[i].outcome), i);
    EXPECT_EQ(&entry_of(row_outcomes[i].outcome), &row_outcomes[i]);
  }
}

TEST(row_outcome, has_a_word_of_its_own_that_reads_back) {
  std::set<std::string_view> words;
  for (const auto& one : row_outcomes) {
    EXPECT_EQ(parse_row_outcome(one.word), one.outcome);
    EXPECT_EQ(to_string(one.outcome), one.word);
    words.insert(one.word);
  }
  EXPECT_EQ(words.size(), row_outcomes.size());
}

TEST(row_outcome, is_unknown_for_words_of_other_versions) {
  for (const char* word : {"", "EQUAL", "equal ", "surpassed"}) {
    EXPECT_EQ(parse_row_outcome(word), row_outcome::unknown) << word;
  }
  EXPECT_EQ(entry_of(row_outcome::unknown).worth, verdict::unchecked);
}

TEST(row_outcome, names_checks_of_the_catalogue_for_what_is_wrong) {
  for (const auto& one : row_outcomes) {
    EXPECT_EQ(checks::find(one.check) != nullptr, one.worth == verdict::unsound || one.outcome == row_outcome::counted)
        << one.word;
  }
}

TEST(row_outcome, keeps_the_weightier_of_two) {
  EXPECT_EQ(worse(row_outcome::equal, row_outcome::fewer), row_outcome::fewer);
  EXPECT_EQ(worse(row_outcome::missing, row_outcome::unread), row_outcome::missing);
  EXPECT_EQ(worse(row_outcome::unknown, row_outcome::empty), row_outcome::empty) << "something was compared";
  EXPECT_EQ(worse(row_outcome::equal, row_outcome::unread), row_outcome::unread) << "half a proof is none";
}

}  // namespace row_outcome_test
