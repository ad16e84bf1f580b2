#include "knowngood/load/load_failure.hpp"

#include <gtest/gtest.h>

namespace load_failure_test {

using namespace knowngood;

load_failure of(const char* state, std::string_view statement, const load_context& context = {},
                const char* message = "message") {
  return classify_failure(sql_error{state, message}, first_words(statement, 12), context);
}

TEST(load_failure, is_the_dumps_unless_there_is_a_reason) {
  EXPECT_EQ(of("42601", "CREATE TABLE t"), load_failure::broken);
  EXPECT_EQ(of("42P01", "CREATE VIEW v AS SELECT * FROM gone"), load_failure::broken);
  EXPECT_EQ(of("23505", "ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (a)"), load_failure::broken);
  EXPECT_EQ(of("22P02", "COPY t FROM stdin"), load_failure::broken);
  EXPECT_EQ(of("42704", "ALTER TABLE t OWNER TO gone"), load_failure::broken)
      << "roles are made on the drill's own server";
  EXPECT_EQ(of("XX000", "CREATE INDEX i ON t (a)"), load_failure::broken);
}

TEST(load_failure, expects_what_clean_drops_not_to_be_there) {
  EXPECT_EQ(of("42P01", "DROP TABLE t"), load_failure::none);
  EXPECT_EQ(of("42P01", "ALTER TABLE ONLY public.t DROP CONSTRAINT p"), load_failure::none);
  EXPECT_EQ(of("42P01", "ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT"), load_failure::none);
  EXPECT_EQ(of("2BP01", "DROP TABLE t"), load_failure::broken);
  load_context first;
  first.first_part = true;
  EXPECT_EQ(of("3F000", "CREATE OR REPLACE VIEW s.v AS SELECT NULL::integer AS a", first), load_failure::none);
  EXPECT_EQ(of("3F000", "CREATE OR REPLACE VIEW s.v AS SELECT NULL::integer AS a"), load_failure::broken);
  EXPECT_EQ(of("3F000", "CREATE TABLE s.t (a integer)", first), load_failure::broken);
}

TEST(load_failure, tells_a_superusers_business_from_an_attack) {
  EXPECT_EQ(of("42501", "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()"), load_failure::superuser);
  EXPECT_EQ(of("42501", "GRANT ALL ON FUNCTION pg_catalog.pg_stat_reset() TO monitor", {},
               "permission denied for function pg_stat_reset"),
            load_failure::superuser);
  EXPECT_EQ(of("42501", "DO $$ x $$", {},
               "must be superuser or have privileges of the pg_execute_server_program role to COPY"),
            load_failure::refused);
  EXPECT_EQ(of("42501", "SELECT pg_ls_dir('/')", {}, "permission denied for function pg_ls_dir"),
            load_failure::refused);
  EXPECT_EQ(of("42501", "CREATE FUNCTION f()", {}, "permission denied for language c"), load_failure::refused);
}

TEST(load_failure, does_not_blame_the_dump_for_host_server_and_roles) {
  load_context context;
  context.own_server = false;
  EXPECT_EQ(of("42704", "ALTER TABLE t OWNER TO gone", context), load_failure::roles);
  EXPECT_EQ(of("42501", "GRANT SELECT ON TABLE t TO gone", context), load_failure::roles);
  EXPECT_EQ(of("42704", "CREATE TABLE t (a gone)", context), load_failure::broken);
  context = {};
  context.wanting = true;
  EXPECT_EQ(of("42704", "CREATE TABLE t (a geometry)", context), load_failure::extension);
  EXPECT_EQ(of("42601", "CREATE TABLE t", context), load_failure::broken);
  context = {};
  context.newer_dump = true;
  EXPECT_EQ(of("42601", "CREATE TABLE t WITH FUTURE", context), load_failure::newer_server);
  EXPECT_EQ(of("23505", "ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (a)", context), load_failure::broken);
  EXPECT_EQ(of("42704", "SET transaction_timeout = 0"), load_failure::remark);
  EXPECT_EQ(of("22023", "SET default_table_access_method = columnar"), load_failure::extension);
  EXPECT_EQ(of("F0000", "CREATE TEXT SEARCH DICTIONARY d (template = ispell)"), load_failure::extension);
  EXPECT_EQ(of("22023", "CREATE COLLATION c (locale = 'xx')"), load_failure::extension);
  EXPECT_EQ(of("53100", "COPY t FROM stdin"), load_failure::environment);
  EXPECT_EQ(of("57014", "SELECT 1"), load_failure::too_long);
  EXPECT_EQ(of("25P02", "CREATE TABLE t (a integer)"), load_failure::none);
}

}  // namespace load_failure_test
