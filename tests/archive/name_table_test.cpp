#include "knowngood/archive/name_table.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <unordered_map>

namespace name_table_test {

using knowngood::name_table;

TEST(name_table, knows_nothing_at_first) {
  const name_table table;
  EXPECT_EQ(table.find(0), 0U);
  EXPECT_EQ(table.find(12345), 0U);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.memory(), 0U);
}

TEST(name_table, agrees_with_a_map_of_the_standard_library) {
  name_table table;
  std::unordered_map<std::uint64_t, unsigned> reference;
  std::mt19937_64 random{20251204};
  for (int i = 0; i < 30'000; ++i) {
    // Small numbers, so that hashes come again, collide in their low bits and stand in runs.
    const std::uint64_t hash = (random() % 4'000) << (i % 3 == 0 ? 2U : 40U);
    const auto tag = static_cast<unsigned>(random() % 3 + 1);
    const auto known = reference.find(hash);
    const unsigned before = known == reference.end() ? 0 : known->second;
    ASSERT_EQ(table.find(hash), before);
    ASSERT_EQ(table.put(hash, tag), before);
    reference[hash] = tag;
  }
  EXPECT_EQ(table.size(), reference.size());
  for (const auto& [hash, tag] : reference) ASSERT_EQ(table.find(hash), tag);
}

TEST(name_table, holds_the_hash_zero) {
  name_table table;
  EXPECT_EQ(table.put(0, 1), 0U);
  EXPECT_EQ(table.find(0), 1U);
  EXPECT_EQ(table.put(3, 2), 1U) << "the two lowest bits are the tag's";
  EXPECT_EQ(table.size(), 1U);
}

TEST(name_table, takes_two_million_names_in_32_mebibytes) {
  name_table table;
  std::mt19937_64 random{1};
  for (int i = 0; i < 2'000'000; ++i) table.put(random(), 3);
  EXPECT_GE(table.size(), 1'999'999U);
  EXPECT_LE(table.memory(), std::size_t{32} << 20);
}

}  // namespace name_table_test
