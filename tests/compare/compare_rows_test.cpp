#include "knowngood/compare/compare_rows.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace compare_rows_test {

using namespace knowngood;

const std::string a(32, 'a');
const std::string b(32, 'b');

TEST(compare_rows, tells_what_two_sights_of_a_table_say_of_each_other) {
  EXPECT_EQ(compare_rows({5, a}, {5, a}), row_outcome::equal);
  EXPECT_EQ(compare_rows({5, a}, {5, b}), row_outcome::different);
  EXPECT_EQ(compare_rows({5, a}, {4, a}), row_outcome::fewer);
  EXPECT_EQ(compare_rows({5, a}, {6, a}), row_outcome::more);
  EXPECT_EQ(compare_rows({0, {}}, {0, {}}), row_outcome::empty);
  EXPECT_EQ(compare_rows({5, {}}, {5, a}), row_outcome::counted);
  EXPECT_EQ(compare_rows({5, a}, {5, {}}), row_outcome::counted);
  EXPECT_EQ(compare_rows({1, a}, {0, {}}), row_outcome::fewer) << "nothing is not as good as something";
}

TEST(compare_rows, tolerates_as_much_as_is_allowed_and_no_more) {
  row_tolerance ten;
  ten.rows = 10;
  EXPECT_EQ(compare_rows({100, a}, {90, b}, ten), row_outcome::tolerated);
  EXPECT_EQ(compare_rows({100, a}, {89, b}, ten), row_outcome::fewer);
  EXPECT_EQ(compare_rows({100, a}, {110, b}, ten), row_outcome::tolerated);
  EXPECT_EQ(compare_rows({100, a}, {111, b}, ten), row_outcome::more);
  EXPECT_EQ(compare_rows({100, a}, {100, b}, ten), row_outcome::tolerated);
  EXPECT_EQ(compare_rows({100, a}, {100, b}, row_tolerance{}), row_outcome::different);
  EXPECT_EQ(compare_rows({100, a}, {100, a}, ten), row_outcome::equal);
  row_tolerance tenth;
  tenth.share = 0.1;
  EXPECT_EQ(compare_rows({100, a}, {90, b}, tenth), row_outcome::tolerated);
  EXPECT_EQ(compare_rows({100, a}, {89, b}, tenth), row_outcome::fewer);
}

TEST(add_outcome, keeps_the_worst_of_all_comparisons) {
  table_comparison table;
  add_outcome(table, row_outcome::equal);
  EXPECT_EQ(table.outcome, row_outcome::equal);
  add_outcome(table, row_outcome::fewer);
  add_outcome(table, row_outcome::counted);
  EXPECT_EQ(table.outcome, row_outcome::fewer);
}

TEST(rows_finding, is_there_for_defects_only) {
  const rows_fact five{5, a};
  const rows_fact four{4, b};
  for (const auto& one : row_outcomes) {
    const auto found = rows_finding(one.outcome, location{"a.sql"}, "public.t", "here", "there", &five, &four);
    ASSERT_EQ(found.has_value(), one.worth == verdict::unsound) << one.word;
    EXPECT_EQ(found ? std::string_view{found->check} : one.check, one.check) << one.word;
  }
}

TEST(rows_finding, says_where_the_rows_were_seen) {
  const rows_fact five{5, a};
  const rows_fact four{4, b};
  const auto fewer =
      rows_finding(row_outcome::fewer, location{"a.sql"}, "public.t", "after the restore", "in the dump", &five, &four);
  ASSERT_TRUE(fewer);
  EXPECT_EQ(fewer->message, "public.t has fewer rows after the restore than in the dump");
  EXPECT_EQ(fewer->expected, "5 rows, fingerprint " + a);
  EXPECT_EQ(fewer->actual, "4 rows, fingerprint " + b);
  const auto missing = rows_finding(row_outcome::missing, location{"a.sql"}, "public.t", "after the restore",
                                    "in the dump", &five, nullptr);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->message, "public.t is there in the dump, and not after the restore");
  EXPECT_EQ(missing->actual, "no such table");
}

TEST(rows_sum, adds_fingerprints_up_and_takes_nothing_else) {
  rows_sum sum;
  EXPECT_TRUE(sum.add({2, std::string(31, '0') + "1"}));
  EXPECT_TRUE(sum.add({3, std::string(16, '0') + std::string(16, 'f')}));
  EXPECT_EQ(sum.to_fact(), (rows_fact{5, std::string(15, '0') + "1" + std::string(16, '0')}));
  const rows_sum before = sum;
  EXPECT_FALSE(sum.add({1, std::nullopt}));
  EXPECT_FALSE(sum.add({1, "short"}));
  EXPECT_FALSE(sum.add({1, std::string(32, 'x')}));
  EXPECT_EQ(sum, before);
}

}  // namespace compare_rows_test
