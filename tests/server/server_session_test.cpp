#include "knowngood/server/server_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "knowngood/server/catalog_session.hpp"
#include "server/private_server.hpp"

namespace server_session_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;

class sessions : public server_test {
 protected:
  static std::string conninfo(const std::string& database = "postgres") { return server().conninfo(database); }

  static std::chrono::milliseconds time_of(const std::function<void()>& run) {
    const auto started = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  }
};

TEST_F(sessions, return_rows_and_take_parameters) {
  server_session server{conninfo(), location{"server"}};
  std::vector<std::string> names;
  for (const auto& row : server.query("SELECT 'a' UNION ALL SELECT E'\\n\\u00e4' ORDER BY 1 DESC"))
    names.emplace_back(view_of(row[0]));
  EXPECT_THAT(names, ElementsAre("a", "\n\xc3\xa4"));
  EXPECT_EQ(server.value("SELECT $1::text || $2::int", std::string{"'; DROP "}, 7), "'; DROP 7");
  EXPECT_EQ(server.value("SELECT NULL"), "");
  EXPECT_TRUE(server.query("SELECT NULL")[0][0].is_null());
  EXPECT_TRUE(server.holds("SELECT $1 = 'x'", std::string{"x"}));
  EXPECT_FALSE(server.holds("SELECT NULL::boolean"));
  EXPECT_EQ(error_of([&] { server.value("SELECT 1 WHERE false"); }).sqlstate, "21000");
  EXPECT_EQ(server.value("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); SELECT 3"), "3");
  EXPECT_EQ(server.value("SELECT count(*) FROM t"), "1") << "each statement is there at once";
  EXPECT_EQ(server.setting("TimeZone"), "UTC");
  EXPECT_EQ(server.setting("application_name"), "knowngood");
  EXPECT_GE(server.server_version(), 100'000);
}

TEST_F(sessions, throw_what_the_server_says_and_go_on) {
  server_session server{conninfo(), location{"server"}};
  const sql_error error = error_of([&] {
    server.query("DO $$ BEGIN RAISE EXCEPTION E'first\nsecond' USING DETAIL = 'a detail', HINT = 'a hint'; END $$");
  });
  EXPECT_EQ(error.sqlstate, "P0001");
  EXPECT_EQ(error.message, "first\nsecond");
  EXPECT_EQ(error.detail, "a detail");
  EXPECT_EQ(error.hint, "a hint");
  EXPECT_THAT(error.context, HasSubstr("PL/pgSQL function"));
  EXPECT_EQ(error_of([&] { server.query("SELECT gone"); }).message, "column \"gone\" does not exist");
  EXPECT_EQ(error_of([&] { server.query("SELECT $1::int", std::string{"x"}); }).sqlstate, "22P02");
  EXPECT_EQ(error_of([&] { server.query_one("SELECT 1; SELECT 2"); }).sqlstate, "42601");
  EXPECT_EQ(error_of([&] { server.query_one("COPY (SELECT generate_series(1, 100000)) TO STDOUT"); }).sqlstate,
            "42601");
  EXPECT_EQ(server.query_one("SELECT 1").size(), 1);
  EXPECT_EQ(server.query_one("SELECT 1 WHERE false").size(), 0);
  EXPECT_EQ(server.try_execute("SELECT 1/0")->sqlstate, "22012");
  EXPECT_FALSE(server.try_execute("DO $$ BEGIN RAISE WARNING 'nobody hears it'; END $$"));
  EXPECT_FALSE(server.try_query("SELECT 1/0"));
  EXPECT_EQ(server.value("SELECT 4"), "4");
}

TEST_F(sessions, know_the_state_of_errors_of_every_class) {
  server_session server{conninfo(), location{"server"}};
  for (const std::string state :
       {"0A000", "21000", "22012", "22P02", "23000", "23001", "23502", "23503", "23505", "23514", "24000",
        "25006", "25P02", "26000", "28000", "34000", "3F000", "40001", "40P01", "42501", "42601", "42703",
        "42704", "42883", "42P01", "42P06", "42710", "53000", "53100", "53200", "53400", "54000", "55P03",
        "57014", "58030", "58P01", "F0000", "P0001", "P0002", "XX000", "XX001"}) {
    const auto error = server.try_execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '" + state + "'; END $$");
    ASSERT_TRUE(error) << state;
    EXPECT_EQ(error->sqlstate, state);
    EXPECT_EQ(error->message, "x");
  }
}

TEST_F(sessions, of_a_catalog_read_one_moment_and_obey_nothing_of_the_database) {
  server().create("owned");
  server().sql("owned",
               "CREATE SCHEMA theirs; CREATE FUNCTION theirs.upper(text) RETURNS text LANGUAGE sql AS $$ SELECT "
               "'theirs' $$; ALTER DATABASE owned SET search_path = theirs, pg_catalog;"
               "ALTER DATABASE owned SET statement_timeout = '2s'; CREATE TABLE public.t (n int)");
  server_session plain{conninfo("owned"), location{"db"}};
  catalog_session reader{conninfo("owned"), location{"db"}};
  EXPECT_EQ(reader.value("SELECT upper('x')"), "X");
  EXPECT_EQ(reader.value("SELECT true FROM pg_sleep(2.5)"), "t") << "no limit of the database's";
  const std::string snapshot = reader.export_snapshot();
  server().sql("owned", "SET statement_timeout = 0; INSERT INTO public.t VALUES (1)");
  EXPECT_EQ(reader.value("SELECT count(*) FROM public.t"), "0");
  catalog_session beside{conninfo("owned"), location{"db"}, {}, snapshot};
  EXPECT_EQ(beside.value("SELECT count(*) FROM public.t"), "0");
  catalog_session later{conninfo("owned"), location{"db"}};
  EXPECT_EQ(later.value("SELECT count(*) FROM public.t"), "1");
  // what is tried and refused spoils nothing, however often
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(reader.try_query("SELECT $1::int", std::string{"x"}));
  EXPECT_EQ(reader.try_execute("INSERT INTO public.t VALUES (2)")->sqlstate, "25006");
  const auto five = reader.try_query("SELECT 5");
  ASSERT_TRUE(five);
  EXPECT_EQ((*five)[0][0].as<int>(), 5);
  EXPECT_EQ(reader.value("SELECT count(*) FROM public.t"), "0");
  EXPECT_EQ(error_of([&] { reader.query("SELECT gone"); }).sqlstate, "42703");
  EXPECT_EQ(error_of([&] { reader.query("SELECT 1"); }).sqlstate, "25P02") << "the transaction is over";
}

TEST_F(sessions, end_within_a_second_when_they_are_to_stop) {
  std::atomic<bool> stop{false};
  server_session server{conninfo(), location{"server"}, stop};
  EXPECT_EQ(server.value("SELECT 1"), "1");
  const auto stops = [&](const std::string& sql) {
    stop = false;
    std::thread later{[&] {
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
      stop = true;
    }};
    EXPECT_LT(time_of([&] { EXPECT_THROW(server.query(sql), interrupted); }), std::chrono::milliseconds{1'200}) << sql;
    later.join();
    EXPECT_THROW(server.query("SELECT 1"), interrupted) << "nothing more is begun";
  };
  stops("SELECT pg_sleep(1000)");
  server_session locker{conninfo(), location{"server"}};
  locker.query("CREATE TABLE locked (n int)");
  locker.query("BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
  stops("SELECT * FROM locked");
  locker.query("ROLLBACK");
  locker.query("DROP TABLE locked");
  stop = false;
  EXPECT_EQ(server.value("SELECT 2"), "2") << "the session is still good";

  catalog_session reader{conninfo(), location{"server"}, stop};
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    stop = true;
  }};
  EXPECT_LT(time_of([&] { EXPECT_THROW(reader.query("SELECT pg_sleep(1000)"), interrupted); }),
            std::chrono::milliseconds{1'200});
  later.join();
}

TEST_F(sessions, end_statements_that_take_too_long) {
  server_session server{conninfo(), location{"server"}, {}, std::chrono::milliseconds{200}};
  const auto late =
      time_of([&] { EXPECT_EQ(error_of([&] { server.query("SELECT pg_sleep(1000)"); }).sqlstate, "57014"); });
  EXPECT_GE(late, std::chrono::milliseconds{200});
  EXPECT_LT(late, std::chrono::milliseconds{1'200});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(server.value("SELECT 1"), "1") << "a cancellation hits no other statement";
  // a function that catches the first cancellation is cancelled again
  EXPECT_EQ(error_of([&] {
              server.query(
                  "DO $$ BEGIN FOR i IN 1 .. 2 LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION WHEN query_canceled THEN "
                  "NULL; END; END LOOP; PERFORM pg_sleep(1000); END $$");
            }).sqlstate,
            "57014");
  EXPECT_EQ(server.value("SELECT 1"), "1");
}

TEST_F(sessions, say_when_they_cannot_connect_and_when_the_server_goes_away) {
  try {
    server_session{"host=/nowhere user=x dbname=y", location{"nowhere"}};
    ADD_FAILURE();
  } catch (const environment_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot connect to PostgreSQL: "));
    EXPECT_EQ(error.where().to_string(), "nowhere");
  }
  EXPECT_THROW((server_session{"no such = key", location{"x"}}), usage_error);
  server_session server{conninfo(), location{"server"}};
  server_session other{conninfo(), location{"server"}};
  server.query("SET work_mem TO '1MB'");
  other.query("SELECT pg_terminate_backend($1::int)", server.value("SELECT pg_backend_pid()"));
  EXPECT_THROW(server.query("SELECT 1"), environment_error);
  EXPECT_THROW(server.query("SELECT 1"), environment_error) << "a new session would have other settings";
}

TEST_F(sessions, let_no_variable_of_the_environment_in) {
  const std::vector<std::pair<const char*, const char*>> hostile{
      {"PGHOST", "/nowhere"},           {"PGTZ", "Asia/Tokyo"}, {"PGDATESTYLE", "German"},
      {"PGOPTIONS", "-c work_mem=1MB"}, {"PGUSER", "gone"},     {"PGCLIENTENCODING", "LATIN1"},
      {"PGCONNECT_TIMEOUT", "x"},       {"PGAPPNAME", "other"}};
  const auto all = [](server_session& server) {
    std::string text;
    for (const char* name : {"TimeZone", "DateStyle", "work_mem", "client_encoding", "application_name", "geqo"})
      text += server.setting(name) + "|";
    return text;
  };
  server_session before{conninfo(), location{"server"}};
  const std::string expected = all(before);
  EXPECT_THAT(expected, testing::StartsWith("UTC|ISO, MDY|"));
  for (const auto& [name, value] : hostile) ::setenv(name, value, 1);
  server_session after{conninfo(), location{"server"}};
  EXPECT_EQ(all(after), expected);
  for (const auto& [name, value] : hostile) ::unsetenv(name);
}

TEST(sql_error, is_read_from_what_libpq_makes_of_it) {
  const sql_error error = sql_error::of("23514",
                                        "FEHLER:  neue Zeile:  falsch\nLINE 1: INSERT\n        ^\nDETAIL:  "
                                        "one\ntwo\nHINT:  three\nCONTEXT:  four\nfive\n");
  EXPECT_EQ(error.sqlstate, "23514");
  EXPECT_EQ(error.message, "neue Zeile:  falsch");
  EXPECT_STREQ(error.what(), "neue Zeile:  falsch");
  EXPECT_EQ(error.detail, "one\ntwo");
  EXPECT_EQ(error.hint, "three");
  EXPECT_EQ(error.context, "four\nfive");
  EXPECT_EQ(sql_error::of("", "no severity\n").message, "no severity");
  EXPECT_EQ(sql_error::of("", "").message, "");
}

}  // namespace server_session_test
