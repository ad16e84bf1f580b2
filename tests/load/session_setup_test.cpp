#include "knowngood/load/session_setup.hpp"

#include <gtest/gtest.h>

namespace session_setup_test {

using namespace knowngood;

std::optional<std::string> name_of(std::string_view statement) {
  return session_setup::name_of(first_words(statement, 12));
}

TEST(session_setup, knows_which_setting_a_statement_is_about) {
  EXPECT_EQ(name_of("SET client_encoding = 'UTF8';"), "client_encoding");
  EXPECT_EQ(name_of("SELECT pg_catalog.set_config('search_path', '', false);"), "search_path");
  EXPECT_EQ(name_of("SET SESSION xmloption = content;"), "xmloption");
  EXPECT_EQ(name_of("SET my.own = 1;"), "my.own");
  EXPECT_EQ(name_of("RESET SESSION AUTHORIZATION;"), "role");
  EXPECT_EQ(name_of("SET SESSION AUTHORIZATION 'alice';"), "role");
  EXPECT_EQ(name_of("SET ROLE alice;"), "role");
  EXPECT_EQ(name_of("SET TIME ZONE 'UTC';"), "timezone");
  EXPECT_EQ(name_of("SET LOCAL x = 1;"), std::nullopt);
  EXPECT_EQ(name_of("SET TRANSACTION READ ONLY;"), std::nullopt);
  EXPECT_EQ(name_of("SELECT pg_catalog.setval('s', 1, true);"), std::nullopt);
  EXPECT_EQ(name_of("UPDATE t SET a = 1;"), std::nullopt);
}

TEST(session_setup, keeps_the_last_of_each_and_changes_only_then) {
  session_setup setup;
  const auto empty = setup.sql();
  EXPECT_EQ(*empty, "");
  setup.note("a", "SET a = 1;");
  setup.note("b", "SET b = 1;");
  const auto two = setup.sql();
  EXPECT_EQ(*two, "SET a = 1;\nSET b = 1;\n");
  setup.note("a", "SET a = 1;");
  EXPECT_EQ(setup.sql(), two);
  setup.note("a", "SET a = 2;");
  EXPECT_EQ(*setup.sql(), "SET b = 1;\nSET a = 2;\n");
  for (int i = 0; i < 100'000; ++i) setup.note("x", i % 2 == 0 ? "SET x = 0;" : "SET x = 1;");
  EXPECT_EQ(*setup.sql(), "SET b = 1;\nSET a = 2;\nSET x = 1;\n");
}

}  // namespace session_setup_test
