#include "knowngood/load/dump_roles.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

#include "load/load_world.hpp"

namespace dump_roles_test {

using namespace knowngood;
using ::testing::HasSubstr;
using ::testing::Not;

// Tables and a function of `app`, hidden from everybody else, and what a superuser built on them.
class dump_of_a_superusers_objects : public load_test {
 protected:
  static std::string dump() {
    static const std::string made = [] {
      world().source().sql("postgres", "CREATE ROLE app; CREATE ROLE postgres SUPERUSER;");
      world().source().create("mixed");
      world().source().sql("mixed", R"sql(
CREATE SCHEMA hidden AUTHORIZATION app;
CREATE TABLE hidden.t (id integer PRIMARY KEY, said text);
INSERT INTO hidden.t SELECT n, 'row ' || n FROM generate_series(1, 60) n;
ALTER TABLE hidden.t OWNER TO app;
ALTER TABLE hidden.t ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION hidden.upper_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
ALTER FUNCTION hidden.upper_of(text) OWNER TO app;
REVOKE ALL ON FUNCTION hidden.upper_of(text) FROM PUBLIC;
CREATE VIEW public.v AS SELECT id, hidden.upper_of(said) AS said FROM hidden.t;
CREATE FUNCTION public.total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM hidden.t';
CREATE MATERIALIZED VIEW public.of_view AS SELECT * FROM public.v;
CREATE MATERIALIZED VIEW public.of_function AS SELECT public.total() AS total;
ALTER VIEW public.v OWNER TO postgres;
ALTER FUNCTION public.total() OWNER TO postgres;
ALTER MATERIALIZED VIEW public.of_view OWNER TO postgres;
ALTER MATERIALIZED VIEW public.of_function OWNER TO app;
)sql");
      return world().dump("mixed");
    }();
    return made;
  }

  // The same, of a superuser with another name.
  static std::string dump_of_chief() {
    std::string text = dump();
    for (std::size_t at = text.find("OWNER TO postgres"); at != std::string::npos; at = text.find("OWNER TO postgres"))
      text.replace(at + 9, 8, "chief");
    return text;
  }

  static std::string rows(const std::string& database) {
    return world().value(database,
                         "SELECT count(*) || ' ' || (SELECT total FROM public.of_function) FROM public.of_view");
  }

  void TearDown() override {
    // roles outlive a database, and every test begins without
    for (const char* database : {"restored", "other"})
      world().server().sql("postgres", std::string{"DROP DATABASE IF EXISTS "} + database + ";");
    world().server().sql("postgres", "DROP ROLE IF EXISTS postgres, app, chief, knowngood_creators;");
  }
};

TEST_F(dump_of_a_superusers_objects, finds_what_they_found_in_the_source) {
  const load_result loaded = world().load(dump());
  EXPECT_EQ(alarms(loaded), "");
  EXPECT_EQ(rows("restored"), "60 60");
  std::string again = world().dump_restored("restored");
  if (const std::size_t at = again.find("UNLOGGED "); at != std::string::npos) again.erase(at, 9);
  EXPECT_EQ(again, dump());
}

TEST_F(dump_of_a_superusers_objects, has_a_stand_in_that_may_do_nothing_outside_of_the_database) {
  world().load(dump());
  EXPECT_EQ(world().value("restored",
                          "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolcanlogin OR "
                          "pg_has_role(oid, 'pg_read_server_files', 'MEMBER') OR pg_has_role(oid, "
                          "'pg_execute_server_program', 'MEMBER') OR pg_has_role(oid, 'knowngood_admin', 'MEMBER') OR "
                          "has_function_privilege(oid, 'pg_read_file(text)', 'EXECUTE') FROM pg_roles WHERE rolname = "
                          "'postgres'"),
            "f");
}

TEST_F(dump_of_a_superusers_objects, of_another_name_is_given_the_rights_with_a_warning) {
  const load_result loaded = world().load(dump_of_chief());
  EXPECT_THAT(alarms(loaded), HasSubstr("warning load.role"));
  EXPECT_THAT(alarms(loaded), HasSubstr("rights that chief has only where it is a superuser"));
  EXPECT_THAT(alarms(loaded), Not(HasSubstr("unchecked")));
  EXPECT_THAT(alarms(loaded), Not(HasSubstr("error")));
  EXPECT_EQ(rows("restored"), "60 60");
}

TEST_F(dump_of_a_superusers_objects, believes_what_the_dump_says_of_its_roles) {
  const std::string super = "CREATE ROLE chief;\nALTER ROLE chief WITH SUPERUSER INHERIT;\n" + dump_of_chief();
  EXPECT_EQ(alarms(world().load(super)), "");
  EXPECT_EQ(rows("restored"), "60 60");
  const std::string plain = "CREATE ROLE chief;\nALTER ROLE chief WITH NOSUPERUSER INHERIT;\n" + dump_of_chief();
  TearDown();
  const std::string said = alarms(world().load(plain, "other"));
  EXPECT_THAT(said, HasSubstr("warning load.superuser"));
  EXPECT_THAT(said, HasSubstr("unchecked"));
  EXPECT_EQ(world().value("other", "SELECT relispopulated FROM pg_class WHERE relname = 'of_view'"), "f");
}

TEST_F(dump_of_a_superusers_objects, leaves_functions_of_modules_unchecked_with_what_is_built_on_them) {
  const std::string script = load_world::script(
      "--\n-- Name: similarity_old(text, text); Type: FUNCTION; Schema: public; Owner: app\n--\n\n"
      "CREATE FUNCTION public.similarity_old(text, text) RETURNS real\n    LANGUAGE c IMMUTABLE STRICT\n    AS "
      "'$libdir/pg_trgm', 'similarity';\n\n"
      "--\n-- Name: t; Type: TABLE; Schema: public; Owner: app\n--\n\nCREATE TABLE public.t (v text);\n\n"
      "--\n-- Name: t_sim; Type: INDEX; Schema: public; Owner: app\n--\n\n"
      "CREATE INDEX t_sim ON public.t USING btree (public.similarity_old(v, 'v1'::text));\n");
  const load_result loaded = world().load(script);
  EXPECT_THAT(alarms(loaded), HasSubstr("warning load.superuser"));
  EXPECT_THAT(alarms(loaded), HasSubstr("the server's library pg_trgm"));
  EXPECT_THAT(alarms(loaded), HasSubstr("unchecked [test.sql » public.t_sim]"));
  EXPECT_THAT(alarms(loaded), Not(HasSubstr("error ")));
  ASSERT_EQ(loaded.databases.size(), 1U);
  for (const auto& object : loaded.databases.front().objects)
    EXPECT_EQ(object.unchecked, object.name != "t") << object.name;
}

}  // namespace dump_roles_test
