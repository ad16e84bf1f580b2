#include "knowngood/rehearse/prepare_cluster.hpp"

#include <gtest/gtest.h>

namespace prepare_cluster_test {

using namespace knowngood;

TEST(databases_shown, are_read_by_the_digits_of_their_names) {
  const std::string output =
      "PostgreSQL stand-alone backend 15.18\nbackend> \t 1: knowngood_database\t(typeid = 25, len = -1)\n\t----\n"
      "\t 1: knowngood_database = \"5:706f737467726573\"\t(typeid = 25)\n\t----\n"
      "\t 1: knowngood_database = \"16384:6122203d200a62ff\"\t(typeid = 25)\n\t----\nbackend> ";
  const auto all = detail::databases_shown(output);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].oid, "5");
  EXPECT_EQ(all[0].name, "postgres");
  EXPECT_EQ(all[1].oid, "16384");
  EXPECT_EQ(all[1].name, "a\" = \nb\xff") << "quotes, line ends and other encodings";
  EXPECT_TRUE(detail::databases_shown("backend> ").empty());
  EXPECT_TRUE(detail::databases_shown("knowngood_database = \"cut").empty());
}

TEST(prepared_cluster, lets_nobody_into_a_database_that_was_not_prepared) {
  detail::prepared_cluster prepared;
  prepared.databases = {{"5", "postgres", ""}, {"16384", "broken", "ERROR:  it is damaged"}};
  EXPECT_EQ(prepared.why_not("5"), "");
  EXPECT_EQ(prepared.why_not("16384"), "ERROR:  it is damaged");
  EXPECT_EQ(prepared.why_not("16385"), "it was not there when the others were prepared");
}

}  // namespace prepare_cluster_test
