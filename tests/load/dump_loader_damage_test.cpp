#include "knowngood/load/dump_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "load/load_world.hpp"

namespace dump_loader_damage_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

using dump_loader_damage = load_test;

TEST_F(dump_loader_damage, tells_line_object_and_state_of_a_statement_that_fails_and_goes_on) {
  const std::string script = world().script(
      "--\n-- Name: good; Type: TABLE; Schema: public; Owner: boss\n--\n\nCREATE TABLE public.good (a integer);\n\n"
      "--\n-- Name: bad; Type: VIEW; Schema: public; Owner: boss\n--\n\nCREATE VIEW public.bad AS\n SELECT x FROM "
      "public.good;\n\n"
      "--\n-- Name: good_a; Type: INDEX; Schema: public; Owner: boss\n--\n\nCREATE INDEX good_a ON public.good (b);\n\n"
      "--\n-- Name: after; Type: TABLE; Schema: public; Owner: boss\n--\n\nCREATE TABLE public.after (a integer);\n");
  const load_result outcome = world().load(script);
  ASSERT_THAT(outcome.findings, SizeIs(2)) << text_of(outcome);
  const finding& view = outcome.findings[0];
  EXPECT_EQ(view.check, "load.sql");
  EXPECT_EQ(view.severity, severity::error);
  EXPECT_EQ(view.where.to_string(), "test.sql » public.bad");
  EXPECT_THAT(view.message, AllOf(HasSubstr(fmt::format("line {} ", world().line_of(script, "CREATE VIEW"))),
                                  HasSubstr("column \"x\" does not exist"), HasSubstr("42703")));
  EXPECT_THAT(view.actual, HasSubstr("CREATE VIEW public.bad"));
  EXPECT_EQ(outcome.findings[1].where.to_string(), "test.sql » public.good_a");
  EXPECT_THAT(outcome.findings[1].message, HasSubstr(fmt::format("line {} ", world().line_of(script, "CREATE INDEX"))));
  EXPECT_EQ(world().value("restored", "SELECT to_regclass('public.after') IS NOT NULL"), "t");
  std::string failed;
  for (const auto& object : outcome.databases.front().objects) failed += object.failed ? object.name + ";" : "";
  EXPECT_EQ(failed, "bad;good_a;");
}

TEST_F(dump_loader_damage, finds_the_line_of_a_row_that_is_not_taken) {
  std::string rows;
  for (int i = 0; i < 60'000; ++i)
    rows += i == 41'234 ? "not a number\tx\n" : fmt::format("{}\tfiller filler filler filler filler\n", i);
  const std::string script =
      world().script("CREATE TABLE public.big (id integer, filler text);\nCOPY public.big (id, filler) FROM stdin;\n" +
                     rows + "\\.\n");
  for (const unsigned jobs : {1U, 3U}) {
    load_options options;
    options.jobs = jobs;
    const load_result outcome = world().load(script, "restored", options);
    ASSERT_THAT(outcome.findings, SizeIs(1)) << text_of(outcome);
    EXPECT_EQ(outcome.findings[0].check, "load.sql");
    EXPECT_EQ(outcome.findings[0].where.to_string(), "test.sql » public.big");
    EXPECT_THAT(outcome.findings[0].message,
                AllOf(HasSubstr(fmt::format("line {} ", world().line_of(script, "not a number"))), HasSubstr("22P02")));
    EXPECT_EQ(outcome.rows, 60'000U) << "what the dump holds";
  }
}

TEST_F(dump_loader_damage, tells_which_of_many_inserts_failed) {
  std::string body = "CREATE TABLE public.t (a integer CHECK (a <> 700));\n";
  for (int i = 0; i < 2000; ++i) body += fmt::format("INSERT INTO public.t VALUES ({});\n", i);
  const std::string script = world().script(body);
  const load_result outcome = world().load(script);
  ASSERT_THAT(outcome.findings, SizeIs(1)) << text_of(outcome);
  EXPECT_THAT(outcome.findings[0].message,
              AllOf(HasSubstr(fmt::format("line {} ", world().line_of(script, "(700)"))), HasSubstr("23514")));
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM public.t"), "1999");
  EXPECT_EQ(outcome.databases.front().tables.front().rows.rows, 2000U);
  EXPECT_FALSE(outcome.databases.front().tables.front().rows.fingerprint);
}

TEST_F(dump_loader_damage, keeps_what_came_before_the_end_of_a_dump_cut_short) {
  const std::string whole = world().script(
      "CREATE TABLE public.t (a integer, b text);\nCOPY public.t (a, b) FROM stdin;\n1\tone\n2\ttwo\n3\tthree\n\\.\n");
  ASSERT_EQ(alarms(world().load(whole)), "");
  for (const std::string last : {"2\ttwo\n", "3\tth"}) {
    const load_result outcome = world().load(whole.substr(0, whole.find(last) + last.size()));
    ASSERT_THAT(outcome.findings, SizeIs(1)) << text_of(outcome);
    EXPECT_EQ(outcome.findings[0].check, "dump.unterminated-copy");
    EXPECT_EQ(world().value("restored", "SELECT count(*) FROM public.t"), "2") << last;
    EXPECT_EQ(outcome.databases.front().tables.front().rows.rows, 2U);
  }
  EXPECT_THAT(text_of(world().load(whole.substr(0, whole.find("b text")))), HasSubstr("dump.unterminated-statement"));
}

TEST_F(dump_loader_damage, bounds_what_it_tells) {
  std::string body;
  for (int i = 0; i < 500; ++i) body += fmt::format("CREATE VIEW public.v{} AS SELECT missing;\n", i);
  const load_result outcome = world().load(world().script(body));
  ASSERT_THAT(outcome.findings, SizeIs(101));
  EXPECT_EQ(outcome.findings.back().message, "400 more of these");
}

TEST_F(dump_loader_damage, finds_duplicates_by_their_key_and_orphans_by_theirs) {
  const std::string script = world().script(
      "CREATE TABLE public.a (id integer NOT NULL);\nCREATE TABLE public.b (id integer);\nCOPY public.a (id) FROM "
      "stdin;\n1\n2\n2\n\\.\n"
      "COPY public.b (id) FROM stdin;\n9\n\\.\nALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n"
      "ALTER TABLE ONLY public.b ADD CONSTRAINT b_a FOREIGN KEY (id) REFERENCES public.a(id);\n");
  const load_result outcome = world().load(script);
  ASSERT_THAT(outcome.findings, SizeIs(2)) << text_of(outcome);
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("23505"));
  EXPECT_THAT(outcome.findings[0].actual, HasSubstr("(id)=(2)"));
  EXPECT_THAT(outcome.findings[1].message,
              HasSubstr(fmt::format("line {} ", world().line_of(script, "ALTER TABLE ONLY public.b"))));
}

// --- what is not the backup's fault

TEST_F(dump_loader_damage, says_first_that_the_dump_is_of_a_newer_server) {
  std::string script = world().script(
      "SET a_setting_of_the_future = 0;\nCREATE TABLE public.t (a integer) WITH FUTURE;\nCREATE TABLE public.u (a "
      "integer);\n");
  script.replace(script.find("database version 15.1"), 21, "database version 99.1");
  const load_result outcome = world().load(script);
  ASSERT_FALSE(outcome.findings.empty());
  EXPECT_EQ(outcome.findings.front().check, "load.server-version");
  EXPECT_EQ(outcome.findings.front().expected, "PostgreSQL 99 or newer");
  EXPECT_THAT(outcome.findings.front().actual, testing::StartsWith("PostgreSQL 1"));
  EXPECT_THAT(text_of(outcome), Not(HasSubstr("error load")));
  EXPECT_THAT(outcome.unchecked, SizeIs(1)) << text_of(outcome);
  EXPECT_EQ(world().value("restored", "SELECT to_regclass('public.u') IS NOT NULL"), "t");
}

TEST_F(dump_loader_damage, does_not_blame_the_dump_for_an_extension_that_it_may_not_have) {
  const std::string script = world().script(
      "CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;\nCREATE EXTENSION IF NOT EXISTS not_of_this_world "
      "WITH SCHEMA public;\n"
      "CREATE TABLE public.t (a integer, g public.geometry);\nCOPY public.t (a, g) FROM stdin;\n1\tx\n\\.\n");
  const load_result outcome = world().load(script);
  EXPECT_THAT(text_of(outcome), AllOf(HasSubstr("extension dblink was not created | the policy does not name it"),
                                      HasSubstr("extension not_of_this_world was not created | it is not installed"),
                                      Not(HasSubstr("error load"))));
  EXPECT_THAT(outcome.unchecked, SizeIs(4)) << text_of(outcome);
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname = 'dblink'"), "0");
  load_options allowed;
  allowed.extensions = {"dblink"};
  world().load(script, "restored", allowed);
  EXPECT_EQ(world().value("restored", "SELECT count(*) FROM pg_extension WHERE extname = 'dblink'"), "1");
}

TEST_F(dump_loader_damage, notes_tablespaces_roles_and_settings_that_are_not_here) {
  const load_result outcome = world().load(
      world().script("SET default_tablespace = fast;\nSET transaction_timeout = 0;\nSET unknown_setting = 1;\nCREATE "
                     "TABLE public.t (a integer);\n"
                     "ALTER TABLE public.t OWNER TO \"some one\";\nGRANT SELECT ON TABLE public.t TO other, \"a "
                     "\"\"third\"\"\";\nSET default_tablespace = '';\n"
                     "GRANT CREATE,CONNECT,TEMPORARY ON DATABASE gone TO other;\nCOMMENT ON DATABASE gone IS 'x';\n"));
  EXPECT_EQ(alarms(outcome), "");
  EXPECT_THAT(text_of(outcome),
              AllOf(HasSubstr("roles were made for the rehearsal: a \"third\", other, some one"),
                    HasSubstr("default one: fast"), HasSubstr("2 statements about roles, databases and tablespaces"),
                    HasSubstr("unknown_setting")));
  EXPECT_EQ(world().value("restored", "SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "some one");
}

TEST_F(dump_loader_damage, makes_no_role_on_a_server_that_is_not_the_drills_own) {
  load_target target = world().target("restored");
  target.throw_away = false;
  const load_result outcome = world().load_into(
      target, world().script("CREATE ROLE intruder;\nCREATE TABLE public.t (a integer);\nALTER TABLE public.t OWNER TO "
                             "nobody_here;\nGRANT SELECT ON TABLE public.t TO nobody_here;\n"));
  EXPECT_EQ(alarms(outcome), "");
  EXPECT_THAT(text_of(outcome), HasSubstr("note load.role"));
  EXPECT_EQ(world().value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname IN ('intruder', 'nobody_here')"),
            "0");
  EXPECT_EQ(world().value("restored", "SELECT relpersistence FROM pg_class WHERE relname = 't'"), "p");
}

TEST_F(dump_loader_damage, says_what_takes_a_superuser) {
  const load_result outcome =
      world().load(world().script("CREATE FUNCTION public.f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';\n"
                                  "--\n-- Name: guard; Type: EVENT TRIGGER; Schema: -; Owner: boss\n--\n\n"
                                  "CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION public.f();\n"));
  EXPECT_THAT(alarms(outcome),
              AllOf(HasSubstr("warning load.superuser [test.sql » guard]"), HasSubstr("unchecked [test.sql » guard]")));
}

TEST_F(dump_loader_damage, stops_when_it_is_told_to) {
  std::atomic<bool> stop{false};
  load_options options;
  options.stop = stop;
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    stop = true;
  }};
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THROW(world().load(world().script("SELECT pg_catalog.pg_sleep(1000000);\n"), "restored", options),
               interrupted);
  later.join();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{20});
}

TEST_F(dump_loader_damage, ends_a_statement_that_takes_too_long) {
  load_options options;
  options.statement_limit = std::chrono::seconds{1};
  const load_result outcome =
      world().load(world().script("CREATE FUNCTION public.slow(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE "
                                  "AS 'BEGIN PERFORM pg_catalog.pg_sleep(1000000); RETURN n; END';\n"
                                  "CREATE TABLE public.t (a integer, CHECK (public.slow(a) > 0));\nSELECT "
                                  "pg_catalog.pg_sleep(1000000);\nCOPY public.t (a) FROM stdin;\n1\n\\.\n"
                                  "CREATE TABLE public.u (a integer);\nINSERT INTO public.u VALUES (1);\nCREATE INDEX "
                                  "u_a ON public.u (public.slow(a));\n"),
                   "restored", options);
  EXPECT_THAT(outcome.unchecked, SizeIs(3)) << text_of(outcome);
  EXPECT_THAT(text_of(outcome), HasSubstr("took too long"));
}

}  // namespace dump_loader_damage_test
