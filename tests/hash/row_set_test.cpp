#include "knowngood/hash/row_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace row_set_test {

using namespace knowngood;

row_set of(const std::vector<std::string>& rows) {
  row_set set;
  for (const auto& row : rows) set.add(row);
  return set;
}

TEST(row_set, does_not_depend_on_order) {
  std::vector<std::string> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back(std::to_string(i) + "\tpart " + std::to_string(i % 7));
  const row_set before = of(rows);
  std::shuffle(rows.begin(), rows.end(), std::mt19937{1});
  EXPECT_TRUE(of(rows) == before);
}

TEST(row_set, tells_missing_extra_changed_and_doubled_rows) {
  const row_set set = of({"a", "b", "c"});
  EXPECT_FALSE(of({"a", "b"}) == set);
  EXPECT_FALSE(of({"a", "b", "c", "d"}) == set);
  EXPECT_FALSE(of({"a", "b", "C"}) == set);
  EXPECT_FALSE(of({"a", "b", "b"}) == of({"a", "a", "b"})) << "duplicates count";
  EXPECT_FALSE(of({"a", "a"}) == of({})) << "and do not cancel out";
  EXPECT_FALSE(of({"ab", "c"}) == of({"a", "bc"})) << "rows are rows, not their bytes joined";
}

TEST(row_set, of_parts_adds_up_to_that_of_the_whole) {
  row_set sum = of({"a", "b"});
  sum += of({"c"});
  sum += of({});
  EXPECT_TRUE(sum == of({"c", "a", "b"}));
  EXPECT_EQ(of({}).fingerprint(), std::string(32, '0'));
}

TEST(row_set, carries_from_its_low_half_into_its_high_one) {
  row_set set;
  set.add_hash({~std::uint64_t{0}, 1});
  set.add_hash({1, 2});
  EXPECT_EQ(set.fingerprint(), "00000000000000040000000000000000");
}

// The value is a contract: captures made years ago are compared with it. XXH3-128 of "abc" is the library's published
// vector form, printed by `printf abc | xxhsum -H2`.
TEST(row_set, of_one_row_is_its_xxh3_128) { EXPECT_EQ(of({"abc"}).fingerprint(), "06b05ab6733a618578af5f94892f3950"); }

TEST(long_row, in_pieces_hashes_as_the_whole_does) {
  const std::string row(100'000, 'y');
  for (const std::size_t piece : std::vector<std::size_t>{1, 17, 4096, 99'999}) {
    long_row pieces;
    for (std::size_t at = 0; at < row.size(); at += piece) pieces.add(std::string_view{row}.substr(at, piece));
    row_set set;
    set.add_hash(pieces.finish());
    EXPECT_TRUE(set == of({row}));
  }
}

}  // namespace row_set_test
