#include "knowngood/load/dump_databases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/load_world.hpp"

namespace dump_databases_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::Pair;

TEST(create_database, is_read_for_name_encoding_and_locale) {
  const auto plain = parse_create_database("CREATE DATABASE ner11_db;");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->name, "ner11_db");
  EXPECT_EQ(plain->encoding, "");
  EXPECT_TRUE(plain->locale.empty());
  const auto whole = parse_create_database(
      "CREATE DATABASE \"Odd \"\"one\" WITH TEMPLATE = template0 ENCODING = 'LATIN1' LOCALE_PROVIDER = icu LOCALE = "
      "'de_DE' ICU_LOCALE = 'de' TABLESPACE = fast;");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->name, "Odd \"one");
  EXPECT_EQ(whole->encoding, "LATIN1");
  EXPECT_THAT(whole->locale,
              ElementsAre(Pair("icu_locale", "de"), Pair("locale", "de_DE"), Pair("locale_provider", "icu")));
  for (const char* other :
       {"CREATE DATABASE", "CREATE TABLE database (a integer);", "ALTER DATABASE x OWNER TO y;", ""})
    EXPECT_FALSE(parse_create_database(other)) << other;
}

TEST_F(load_parts, databases_of_a_dump_are_made_once_as_they_say_and_as_this_host_can) {
  const load_target target = world().target("restored");
  dump_databases made{target, location{"dump.sql"}};
  EXPECT_FALSE(made.declare("CREATE TABLE t (a integer);"));
  EXPECT_TRUE(made.declare("CREATE DATABASE bytes WITH TEMPLATE = template0 ENCODING = 'SQL_ASCII' LOCALE = 'C';"));
  EXPECT_TRUE(made.declare("CREATE DATABASE away WITH ENCODING = 'UTF8' LOCALE = 'xx_XX.utf8';"));
  EXPECT_TRUE(
      made.declare("CREATE DATABASE hostile WITH ENCODING = 'UTF8' LOCALE_PROVIDER = 'libc; DROP ROLE x' "
                   "LC_COLLATE = 'C''; DROP ROLE x; --' LC_CTYPE = 'C';"));
  const auto encoding = [](const std::string& database) {
    return world().value(database,
                         "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE "
                         "datname = current_database()");
  };
  const made_database bytes = made.make("bytes");
  EXPECT_EQ(bytes.missing_locale, "");
  EXPECT_EQ(encoding(bytes.name), "SQL_ASCII C");
  EXPECT_EQ(made.make("bytes").name, bytes.name) << "the dump connects there again";
  const made_database away = made.make("away");
  EXPECT_NE(away.name, bytes.name);
  EXPECT_EQ(away.missing_locale, "xx_XX.utf8");
  EXPECT_EQ(encoding(away.name), "UTF8 C");
  EXPECT_EQ(made.make("hostile").missing_locale, "C'; DROP ROLE x; --") << "a locale that no host has";
  EXPECT_EQ(encoding(made.make("never \"declared\"").name), "UTF8 C");
  EXPECT_EQ(world().value("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'restored\\_%'"), "4");
  EXPECT_EQ(world().value("postgres",
                          "SELECT DISTINCT pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE "
                          "'restored\\_%'"),
            load_world::loader);
}

TEST_F(load_parts, databases_that_may_not_be_made_are_no_defect_of_the_dump) {
  load_target target = world().target("restored");
  target.admin = target.loader;
  dump_databases made{target, location{"dump.sql"}};
  EXPECT_THROW(made.make("x"), environment_error);
}

}  // namespace dump_databases_test
