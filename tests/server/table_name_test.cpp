#include "knowngood/server/table_name.hpp"

#include <gtest/gtest.h>

namespace table_name_test {

using namespace knowngood;

TEST(table_name, is_the_same_however_it_is_quoted) {
  const table_name expected{"public", "incidents"};
  for (const char* written :
       {"public.incidents", "\"public\".\"incidents\"", "PUBLIC.\"incidents\"", "public.Incidents"}) {
    EXPECT_EQ(parse_table_name(written), expected) << written;
  }
  EXPECT_NE(parse_table_name("\"Public\".incidents"), expected);
  EXPECT_NE(parse_table_name("incidents"), expected);
}

TEST(table_name, takes_odd_names_apart_and_puts_them_together) {
  for (const table_name& name :
       {table_name{"public", "t"}, table_name{"Odd \"schema", "a.b"}, table_name{"", "alone"},
        table_name{"s", "we;ird\nname"}, table_name{"größe", "表"}, table_name{"1st", "$x"}, table_name{".", "\""}}) {
    EXPECT_EQ(parse_table_name(name.to_string()), name) << name.to_string();
    EXPECT_EQ(parse_table_name(name.to_sql()), name) << name.to_sql();
  }
  EXPECT_EQ((table_name{"public", "größe_1$"}).to_string(), "public.größe_1$");
  EXPECT_EQ((table_name{"public", "Größe"}).to_string(), "public.\"Größe\"");
}

TEST(table_name, refuses_what_is_no_name) {
  for (const char* written : {"", ".", "a.", ".b", "a.b.c", "a b", "\"a", "a\"b\"", "\"\"", "a.\"\"", "1a", "a;b",
                              "a.b;", "a--b", "(select 1)", "\"a\"x"}) {
    EXPECT_FALSE(parse_table_name(written)) << written;
  }
  EXPECT_FALSE(parse_table_name(std::string_view{"\"a\0b\"", 5}));
  EXPECT_FALSE(parse_identifier("a.b"));
  EXPECT_EQ(parse_identifier("\"a.b\""), "a.b");
  EXPECT_EQ(parse_identifier("Order"), "order");
}

}  // namespace table_name_test
