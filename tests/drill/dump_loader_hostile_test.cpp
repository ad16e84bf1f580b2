#include "restorable/drill/dump_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "load_world.hpp"

namespace {

using namespace restorable;
using testing::HasSubstr;

using dump_loader_hostile = load_test;

TEST_F(dump_loader_hostile, runs_no_program_and_touches_no_file) {
  const std::string victim = (world().server().here().path() / "victim").string();
  ASSERT_EQ(::chmod(world().server().here().path().c_str(), 0777), 0) << "so that it is not the directory that forbids it";
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
SET ROLE restorable_admin;
SET SESSION AUTHORIZATION restorable_admin;
COPY public.t TO PROGRAM 'touch VICTIM; false';
RESET SESSION AUTHORIZATION;
ALTER ROLE restorable_loader SUPERUSER;
CREATE ROLE helper SUPERUSER LOGIN;
GRANT pg_execute_server_program TO restorable_loader;
GRANT pg_execute_server_program TO helper;
GRANT restorable_admin TO restorable_loader;
ALTER TABLE public.t OWNER TO restorable_admin;
ALTER DATABASE restored SET session_preload_libraries = 'dblink';
CREATE SERVER out FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1');
SET session_preload_libraries = 'dblink';
)";
  for (std::size_t at = 0; (at = text.find("VICTIM", at)) != std::string::npos;) text.replace(at, 6, victim);
  const std::string script = world().script(text);
  const load_outcome outcome = world().load(script);
  EXPECT_FALSE(std::filesystem::exists(victim));
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM public.t"), "0");
  EXPECT_EQ(world().value("postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"), "restorable_admin");
  EXPECT_EQ(world().value("postgres", "SELECT count(*) FROM pg_auth_members WHERE roleid::regrole::text LIKE 'pg\\_exec%'"), "0");
  EXPECT_EQ(world().value("postgres", "SELECT count(*) FROM pg_auth_members WHERE roleid = 'restorable_admin'::regrole"), "0");
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'"), "0");
  std::map<std::string, int> number;
  for (const auto& one : outcome.findings) ++number[one.check];
  EXPECT_EQ(number["load.refused"], 18) << told(outcome);
  for (const char* refused : {"\\! touch", "\\o ", "\\copy", "COPY public.t FROM PROGRAM", "COPY public.t TO '", "COPY public.t FROM '", "DO $$", "LANGUAGE c",
                              "LANGUAGE internal", "LOAD", "SELECT pg_catalog.lo_export", "INSERT INTO public.t SELECT", "ALTER SYSTEM", "CREATE SUBSCRIPTION"}) {
    EXPECT_THAT(told(outcome), HasSubstr(fmt::format("line {}", world().line_of(script, refused)))) << refused;
  }
}

TEST_F(dump_loader_hostile, does_not_take_words_in_a_function_for_what_they_speak_of) {
  const load_outcome outcome = world().load(world().script(
      "CREATE FUNCTION public.f() RETURNS TABLE(language text, c integer)\n    LANGUAGE sql\n    AS $$SELECT 'LANGUAGE c', 1 /* language c; lo_import( */$$;\n"
      "CREATE FUNCTION public.g(a text DEFAULT 'language c'::text) RETURNS text LANGUAGE sql AS $$ SELECT 'LOAD; COPY t FROM PROGRAM' $$;\n"));
  EXPECT_EQ(alarms(outcome), "");
}

TEST_F(dump_loader_hostile, gives_a_superuser_nothing_of_the_dump_to_run) {
  // functions in a schema that a careless superuser would look into, too
  const std::string takes_over = " LANGUAGE plpgsql AS 'BEGIN ALTER ROLE restorable_loader SUPERUSER; RETURN $1; END';\n";
  const load_outcome outcome = world().load(world().script(
      "CREATE FUNCTION public.format(text, name, name) RETURNS text" + takes_over + "CREATE FUNCTION public.bool_or(boolean) RETURNS boolean" + takes_over +
      "CREATE FUNCTION public.eq(name, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN ALTER ROLE restorable_loader SUPERUSER; RETURN true; END';\n"
      "CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.eq);\n"
      "CREATE EXTENSION hstore WITH SCHEMA public;\nCREATE TABLE public.t ();\nALTER TABLE public.t OWNER TO somebody;\n"));
  EXPECT_EQ(world().value("postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"), "restorable_admin") << told(outcome);
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'"), "1");
}

}  // namespace
