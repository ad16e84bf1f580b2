#include "knowngood/rehearse/corruption_report.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knowngood {
namespace corruption_report_test {

using kind = corruption_report::kind;

constexpr std::string_view printed =
    "heap table \"app.public.t\", block 1, offset 4:\n"
    "    xmin 4294967295 equals or exceeds next valid transaction ID 0:750\n"
    "heap table \"app.public.t\", block 1, offset 5, attribute 2:\n"
    "    attribute 2 with length 100 ends at offset 132 beyond total tuple length 40\n"
    "btree index \"app.public.t_pkey\":\n"
    "    ERROR:  heap tuple (3,4) from table \"t\" lacks matching index tuple within index \"t_pkey\"\n"
    "    HINT:  Retrying verification using the function bt_index_parent_check() might provide a more specific error.\n"
    "btree index \"app.public.t_name\":\n"
    "    ERROR:  item order invariant violated for index \"t_name\"\n"
    "    DETAIL:  Lower index tid=(1,2) (points to heap tid=(0,1)) higher index tid=(1,3).\n"
    "btree index \"app.public.t_place\":\n"
    "    ERROR:  could not access file \"$libdir/postgis-3\": No such file or directory\n";

void expect_printed(const corruption_report& found) {
  ASSERT_EQ(found.relations().size(), 4U);
  const auto& heap = found.relations()[0];
  EXPECT_EQ(heap.name, "heap table \"app.public.t\"");
  EXPECT_EQ(heap.first, "block 1, offset 4: xmin 4294967295 equals or exceeds next valid transaction ID 0:750");
  EXPECT_EQ(heap.problems, 2U);
  EXPECT_EQ(heap.what, kind::damage);
  EXPECT_EQ(found.relations()[1].name, "btree index \"app.public.t_pkey\"");
  EXPECT_THAT(found.relations()[1].first, testing::StartsWith("ERROR:  heap tuple (3,4)"));
  EXPECT_EQ(found.relations()[1].problems, 1U);
  EXPECT_EQ(found.relations()[2].what, kind::order);
  EXPECT_EQ(found.relations()[3].what, kind::no_library);
  EXPECT_EQ(found.left_out(), 0U);
}

TEST(corruption_report, has_one_entry_for_each_relation) {
  corruption_report found;
  found.add(printed);
  found.finish();
  expect_printed(found);
}

TEST(corruption_report, does_not_care_where_the_text_is_cut) {
  for (const std::size_t size : {1U, 2U, 7U, 64U}) {
    corruption_report found;
    for (std::size_t at = 0; at < printed.size(); at += size) found.add(printed.substr(at, size));
    found.finish();
    expect_printed(found);
  }
}

TEST(corruption_report, is_empty_of_nothing) {
  corruption_report found;
  found.finish();
  EXPECT_TRUE(found.relations().empty());
  found.add("\n\n");
  found.finish();
  EXPECT_TRUE(found.relations().empty());
}

TEST(corruption_report, lets_damage_outweigh_what_may_be_harmless) {
  corruption_report found;
  found.add(
      "btree index \"a.b.c\":\n    ERROR:  item order invariant violated for index \"c\"\n"
      "btree index \"a.b.c\":\n    ERROR:  invalid page in block 3\n");
  found.finish();
  ASSERT_EQ(found.relations().size(), 1U);
  EXPECT_EQ(found.relations().front().what, kind::damage);
  EXPECT_EQ(found.relations().front().first, "ERROR:  invalid page in block 3");
  EXPECT_EQ(found.relations().front().problems, 2U);
}

TEST(corruption_report, stays_small_and_counts_what_it_leaves_out) {
  corruption_report found;
  for (int table = 0; table < 1000; ++table) {
    for (int block = 0; block < 3; ++block) {
      found.add("heap table \"db.public.t" + std::to_string(table) + "\", block " + std::to_string(block) + ":\n    " +
                std::string(100'000, 'x') + "\n");
    }
  }
  found.finish();
  ASSERT_EQ(found.relations().size(), corruption_report::most_relations);
  EXPECT_EQ(found.left_out(), 980U);
  for (const auto& one : found.relations()) {
    EXPECT_EQ(one.problems, 3U);
    EXPECT_LT(one.first.size(), 10'000U);
  }
}

TEST(corruption_report, survives_names_that_imitate_its_format) {
  corruption_report found;
  found.add("heap table \"db.public.a\", block 1:\nb\", block 7:\n    broken\nnot a subject at all\n    text\n\":\n");
  found.finish();
  EXPECT_FALSE(found.relations().empty());
  for (const auto& one : found.relations()) EXPECT_EQ(one.what, kind::damage);
}

}  // namespace corruption_report_test
}  // namespace knowngood
