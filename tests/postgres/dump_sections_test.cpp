#include "knowngood/postgres/dump_sections.hpp"

#include <gtest/gtest.h>

namespace dump_sections_test {

using namespace knowngood;

TEST(banner_of, knows_the_banners_of_every_vendor_and_no_other_comment) {
  EXPECT_EQ(banner_of("PostgreSQL database dump"), dump_banner::database);
  EXPECT_EQ(banner_of("PostgreSQL database cluster dump"), dump_banner::cluster);
  EXPECT_EQ(banner_of("PostgreSQL database dump complete"), dump_banner::database_complete);
  EXPECT_EQ(banner_of("PostgreSQL database cluster dump complete"), dump_banner::cluster_complete);
  EXPECT_EQ(banner_of("EnterpriseDB database dump"), dump_banner::database);
  for (const char* other : {"", "Database \"ner11\" dump", "Name: my database dump; Type: TABLE", " database dump",
                            "postgresql database dump", "MySQL dump 10.13", "PostgreSQL database dump completed"}) {
    EXPECT_EQ(banner_of(other), dump_banner::none) << other;
  }
}

TEST(dump_sections, close_only_with_the_box_around_the_trailer) {
  dump_sections sections;
  EXPECT_FALSE(sections.open());
  for (const char* line : {"", "PostgreSQL database cluster dump", ""}) sections.take_comment(line);
  EXPECT_TRUE(sections.in_cluster());
  for (const char* line : {"", "PostgreSQL database dump", ""}) sections.take_comment(line);
  EXPECT_TRUE(sections.in_database());
  sections.take_comment("PostgreSQL database dump complete");
  EXPECT_TRUE(sections.in_database()) << "the box is still open";
  sections.take_content();
  sections.take_comment("");
  EXPECT_TRUE(sections.in_database()) << "something stood between";
  sections.take_comment("PostgreSQL database dump complete");
  sections.take_comment("");
  EXPECT_FALSE(sections.in_database());
  EXPECT_TRUE(sections.open()) << "of the cluster";
  sections.take_comment("PostgreSQL database cluster dump complete");
  sections.take_comment("");
  EXPECT_FALSE(sections.open());
  EXPECT_EQ(sections.headers(), 2U);
}

}  // namespace dump_sections_test
