#include "knowngood/load/dump_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "load/load_world.hpp"

namespace dump_loader_hostile_test {

using namespace knowngood;
using testing::HasSubstr;

using dump_loader_hostile = load_test;

TEST_F(dump_loader_hostile, runs_no_program_and_touches_no_file) {
  const std::string victim = (world().server().here().path() / "victim").string();
  ASSERT_EQ(::chmod(world().server().here().path().c_str(), 0777), 0)
      << "so that it is not the directory that forbids it";
  std::string text = R"(\! touch VICTIM
\o VICTIM
\copy t to VICTIM
CREATE TABLE public.t (a text);
COPY public.t FROM PROGRAM 'touch VICTIM; echo x';
COPY public.t TO PROGRAM 'touch VICTIM';
COPY public.t TO 'VICTIM';
COPY public.t FROM '/etc/passwd';
DO $$ BEGIN EXECUTE 'COPY public.t FROM PROGRAM ''touch VICTIM'''; END $$;
DO $$ BEGIN EXECUTE 'COPY public.t TO ''VICTIM'''; END $$;
CREATE FUNCTION public.c() RETURNS integer AS 'libc.so.6', 'system' LANGUAGE c;
CREATE FUNCTION public.i() RETURNS integer AS 'pg_read_file_all' LANGUAGE internal;
LOAD 'dblink';
SELECT pg_catalog.lo_export(1, 'VICTIM');
SELECT pg_read_file('/etc/passwd');
INSERT INTO public.t SELECT pg_catalog.pg_read_file('/etc/passwd');
ALTER SYSTEM SET archive_command = 'touch VICTIM';
CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=9' PUBLICATION p;
CREATE EXTENSION dblink;
CREATE EXTENSION file_fdw;
CREATE EXTENSION adminpack;
SET ROLE knowngood_admin;
SET SESSION AUTHORIZATION knowngood_admin;
COPY public.t TO PROGRAM 'touch VICTIM; false';
RESET SESSION AUTHORIZATION;
ALTER ROLE knowngood_loader SUPERUSER;
CREATE ROLE helper SUPERUSER LOGIN;
GRANT pg_execute_server_program TO knowngood_loader;
GRANT pg_execute_server_program TO helper;
GRANT knowngood_admin TO knowngood_loader;
ALTER TABLE public.t OWNER TO knowngood_admin;
ALTER DATABASE restored SET session_preload_libraries = 'dblink';
CREATE SERVER out FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1');
SET session_preload_libraries = 'dblink';
)";
  for (std::size_t at = 0; (at = text.find("VICTIM", at)) != std::string::npos;) text.replace(at, 6, victim);
  const std::string script = world().script(text);
  const load_result outcome = world().load(script);
  EXPECT_FALSE(std::filesystem::exists(victim));
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM public.t"), "0");
  EXPECT_EQ(world().value("postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"),
            "knowngood_admin");
  EXPECT_EQ(
      world().value("postgres", "SELECT count(*) FROM pg_auth_members WHERE roleid::regrole::text LIKE 'pg\\_exec%'"),
      "0");
  EXPECT_EQ(world().value("postgres", "SELECT count(*) FROM pg_auth_members WHERE roleid = 'knowngood_admin'::regrole"),
            "0");
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'"), "0");
  std::map<std::string, int> number;
  for (const auto& one : outcome.findings) ++number[one.check];
  EXPECT_EQ(number["load.refused"], 18) << text_of(outcome);
  for (const char* refused :
       {"\\! touch", "\\o ", "\\copy", "COPY public.t FROM PROGRAM", "COPY public.t TO '", "COPY public.t FROM '",
        "DO $$", "LANGUAGE c", "LANGUAGE internal", "LOAD", "SELECT pg_catalog.lo_export",
        "INSERT INTO public.t SELECT", "ALTER SYSTEM", "CREATE SUBSCRIPTION"}) {
    EXPECT_THAT(text_of(outcome), HasSubstr(fmt::format("line {}", world().line_of(script, refused)))) << refused;
  }
}

TEST_F(dump_loader_hostile, does_not_take_words_in_a_function_for_what_they_speak_of) {
  const load_result outcome =
      world().load(world().script("CREATE FUNCTION public.f() RETURNS TABLE(language text, c integer)\n    LANGUAGE "
                                  "sql\n    AS $$SELECT 'LANGUAGE c', 1 /* language c; lo_import( */$$;\n"
                                  "CREATE FUNCTION public.g(a text DEFAULT 'language c'::text) RETURNS text LANGUAGE "
                                  "sql AS $$ SELECT 'LOAD; COPY t FROM PROGRAM' $$;\n"));
  EXPECT_EQ(alarms(outcome), "");
}

TEST_F(dump_loader_hostile, gives_a_superuser_nothing_of_the_dump_to_run) {
  // functions in a schema that a careless superuser would look into, too
  const std::string takes_over =
      " LANGUAGE plpgsql AS 'BEGIN ALTER ROLE knowngood_loader SUPERUSER; RETURN $1; END';\n";
  const load_result outcome =
      world().load(world().script("CREATE FUNCTION public.format(text, name, name) RETURNS text" + takes_over +
                                  "CREATE FUNCTION public.bool_or(boolean) RETURNS boolean" + takes_over +
                                  "CREATE FUNCTION public.eq(name, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN "
                                  "ALTER ROLE knowngood_loader SUPERUSER; RETURN true; END';\n"
                                  "CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.eq);\n"
                                  "CREATE EXTENSION hstore WITH SCHEMA public;\nCREATE TABLE public.t ();\nALTER TABLE "
                                  "public.t OWNER TO somebody;\n"));
  EXPECT_EQ(world().value("postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"),
            "knowngood_admin")
      << text_of(outcome);
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'"), "1");
}

// What a dump can put where a superuser's session, or the script of an extension, would take it for the server's own.
TEST_F(dump_loader_hostile, is_lent_nothing_in_the_servers_own_schemas) {
  world().server().sql("postgres", "DROP ROLE IF EXISTS bob;");
  const std::string takes_over = "AS 'BEGIN EXECUTE ''ALTER ROLE knowngood_loader SUPERUSER''; RETURN $1::text; END'";
  const load_result loaded = world().load(world().script(
      "CREATE TABLE public.t ();\nALTER TABLE public.t OWNER TO bob;\n"
      // errors that speak of schemas, in words of the dump's own
      "CREATE FUNCTION public.lie() RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''permission denied for "
      "schema pg_catalog'' USING ERRCODE = ''42501''; END';\n"
      "SELECT public.lie() /* ALTER TABLE x OWNER TO bob; */;\n"
      "DO $$ BEGIN PERFORM public.lie(); END $$ -- OWNER TO bob;\n;\n"
      "CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql " +
      takes_over +
      ";\nALTER FUNCTION public.quote_ident(name) OWNER TO bob;\n"
      "ALTER FUNCTION public.quote_ident(name) SET SCHEMA pg_catalog;\n"
      "SET ROLE bob;\nCREATE FUNCTION pg_catalog.quote_ident(name) RETURNS text LANGUAGE plpgsql " +
      takes_over + ";\nCREATE TABLE information_schema.x ();\nRESET ROLE;\n" +
      "CREATE FUNCTION pg_catalog.quote_ident(name) RETURNS text LANGUAGE plpgsql " + takes_over +
      ";\nCREATE SCHEMA pg_mine;\n"
      "COPY public.t FROM stdin;\n\\.\nCREATE EXTENSION hstore WITH SCHEMA public;\n"));
  EXPECT_EQ(world().value("postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"),
            "knowngood_admin")
      << text_of(loaded);
  EXPECT_EQ(world().value("restored",
                          "SELECT count(*) FROM pg_proc WHERE proname = 'quote_ident' AND pronamespace = "
                          "'pg_catalog'::regnamespace AND proargtypes::text = '19'"),
            "0");
  EXPECT_EQ(world().value("restored",
                          "SELECT has_schema_privilege('bob', 'pg_catalog', 'CREATE') OR "
                          "has_schema_privilege('bob', 'information_schema', 'CREATE') OR "
                          "has_schema_privilege('knowngood_loader', 'pg_catalog', 'CREATE')"),
            "f");
  EXPECT_EQ(world().value("restored", "SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "bob")
      << "what is the dump's to give is given";
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'"), "0")
      << "no superuser's session begins among what the dump has made";
  EXPECT_THAT(text_of(loaded), HasSubstr("extension hstore was not created"));
}

TEST_F(dump_loader_hostile, has_its_extensions_made_before_anything_of_it_is_there) {
  // in the order of pg_dump, and after what a dump has no reason to put before
  const load_result loaded = world().load(
      world().script("DROP EXTENSION IF EXISTS hstore;\nDROP SCHEMA IF EXISTS tools;\nCREATE SCHEMA tools;\n"
                     "ALTER SCHEMA tools OWNER TO knowngood_loader;\n"
                     "CREATE FUNCTION public.before() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;\n"
                     "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA tools;\n"
                     "COMMENT ON EXTENSION hstore IS 'of the dump';\n"
                     "CREATE TABLE public.t (h tools.hstore);\nCOPY public.t (h) FROM stdin;\n\"a\"=>\"b\"\n\\.\n"));
  EXPECT_EQ(alarms(loaded), "");
  EXPECT_EQ(world().value("restored", "SELECT h FROM public.t"), "\"a\"=>\"b\"");
  EXPECT_EQ(world().value("restored", "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'tools'"),
            "knowngood_loader");
}

TEST_F(dump_loader_hostile, leaves_no_prepared_transaction_behind) {
  const load_result loaded = world().load(
      world().script("CREATE TABLE public.t (n int);\nBEGIN;\nLOCK TABLE public.t;\nPREPARE TRANSACTION 'held';\n"));
  EXPECT_EQ(world().value("postgres", "SELECT count(*) FROM pg_prepared_xacts"), "0");
  EXPECT_THAT(alarms(loaded), HasSubstr("PREPARE"));
}

}  // namespace dump_loader_hostile_test
