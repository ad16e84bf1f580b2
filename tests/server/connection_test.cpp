#include "knowngood/server/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "server/private_server.hpp"

namespace connection_test {

using namespace knowngood;
using testing::HasSubstr;

class connection_test : public server_test {
 protected:
  static connection open(const std::string& database = "postgres") {
    return connection{server().conninfo(database), location{"server"}};
  }
};

TEST_F(connection_test, returns_rows_as_text) {
  connection server = open();
  const query_result result =
      server.query("SELECT 1 AS a, NULL AS b, 'x' AS c UNION ALL SELECT 2, '', E'\\n\\u00e4' ORDER BY 1");
  ASSERT_EQ(result.rows(), 2U);
  ASSERT_EQ(result.columns(), 3U);
  EXPECT_EQ(result.at(0, 0), "1");
  EXPECT_EQ(result.at(0, 1), "");
  EXPECT_EQ(result.at(1, 2), "\n\xc3\xa4");
  EXPECT_EQ(server.query("CREATE TEMP TABLE t (a integer); INSERT INTO t SELECT generate_series(1, 7)").affected(), 7U);
  EXPECT_EQ(server.value("SELECT sum(a) FROM t"), "28");
  EXPECT_EQ(server.query("").rows(), 0U);
  EXPECT_EQ(error_of([&] { server.value("SELECT 1 WHERE false"); }).sqlstate, "21000");
}

TEST_F(connection_test, throws_what_the_server_says_and_goes_on) {
  connection server = open();
  server.query("CREATE TEMP TABLE t (a integer CONSTRAINT positive CHECK (a > 0))");
  const sql_error error = error_of([&] { server.query("SELECT 1; INSERT INTO t VALUES (-1); SELECT 2"); });
  EXPECT_EQ(error.sqlstate, "23514");
  EXPECT_EQ(error.table, "t");
  EXPECT_EQ(error.constraint, "positive");
  EXPECT_THAT(error.detail, HasSubstr("-1"));
  EXPECT_EQ(error_of([&] { server.query("SELECT gone"); }).position, 8U);
  EXPECT_EQ(server.value("SELECT 3"), "3");
  EXPECT_FALSE(server.try_execute("SELECT 1"));
  EXPECT_EQ(server.try_execute("SELECT 1; SELECT 2")->sqlstate, "42601") << "one statement means one";
  EXPECT_EQ(server.try_execute("COPY (SELECT 1) TO STDOUT")->sqlstate, "42601");
  EXPECT_TRUE(server.try_execute("COPY t FROM STDIN"));
  EXPECT_EQ(server.value("SELECT 4"), "4");
}

TEST_F(connection_test, copies_in_and_out) {
  connection server = open();
  server.query("CREATE TEMP TABLE t (a integer, b text)");
  server.begin_copy_in("COPY t FROM STDIN");
  std::string all;
  for (int i = 0; i < 200'000; ++i) all += fmt::format("{}\tsome text\n", i);
  server.put(std::string_view{all}.substr(0, 7));
  server.put(std::string_view{all}.substr(7));
  EXPECT_EQ(server.finish_copy(), 200'000U);
  std::string back;
  EXPECT_EQ(
      server.copy_out("COPY (SELECT * FROM t ORDER BY a) TO STDOUT", [&](std::string_view rows) { back += rows; }),
      200'000U);
  EXPECT_TRUE(back == all);
  struct enough {};
  EXPECT_THROW(server.copy_out("COPY t TO STDOUT", [](std::string_view) { throw enough{}; }), enough);
  EXPECT_EQ(server.value("SELECT count(*) FROM t"), "200000") << "the session is still good";
}

TEST_F(connection_test, gives_a_copy_up_so_that_nothing_stays) {
  connection server = open();
  server.query("CREATE TEMP TABLE t (a integer)");
  server.begin_copy_in("COPY t FROM STDIN");
  server.put("1\n2\n");
  EXPECT_THAT(server.abort_copy("a reason").message, HasSubstr("a reason"));
  EXPECT_EQ(server.value("SELECT count(*) FROM t"), "0");
  server.begin_copy_in("COPY t FROM STDIN");
  server.put("1\nx\n");
  const sql_error error = error_of([&] { server.finish_copy(); });
  EXPECT_EQ(error.sqlstate, "22P02");
  EXPECT_THAT(error.context, HasSubstr("line 2"));
  EXPECT_EQ(error_of([&] { server.begin_copy_in("COPY gone FROM STDIN"); }).sqlstate, "42P01");
  EXPECT_EQ(error_of([&] { server.begin_copy_in("SELECT 1"); }).sqlstate, "42601");
  EXPECT_EQ(error_of([&] { server.copy_out("SELECT 1", [](std::string_view) {}); }).sqlstate, "42601");
  EXPECT_EQ(server.value("SELECT 1"), "1");
}

TEST_F(connection_test, obeys_its_stop_flag_its_time_limit_and_cancel) {
  connection server = open();
  const auto ends_soon = [&](const std::function<void()>& run) {
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of(run).sqlstate, "57014");
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{15});
  };
  server.set_time_limit(std::chrono::milliseconds{200});
  ends_soon([&] { server.query("SELECT pg_sleep(1000)"); });
  EXPECT_EQ(server.value("SELECT 1"), "1");
  server.set_time_limit(std::chrono::milliseconds{0});
  std::atomic<bool> stop{false};
  server.set_stop(stop);
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    stop = true;
  }};
  ends_soon([&] { server.query("SELECT pg_sleep(1000)"); });
  later.join();
  server.set_stop({});
  std::thread canceller{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    server.cancel();
  }};
  ends_soon([&] { server.query("SELECT pg_sleep(1000)"); });
  canceller.join();
  EXPECT_EQ(server.value("SELECT 1"), "1");
}

TEST_F(connection_test, knows_transactions_and_versions) {
  connection server = open();
  EXPECT_FALSE(server.in_transaction());
  server.query("BEGIN");
  EXPECT_TRUE(server.in_transaction());
  EXPECT_TRUE(server.try_execute("SELECT gone"));
  EXPECT_TRUE(server.in_failed_transaction());
  server.query("ROLLBACK");
  EXPECT_FALSE(server.in_transaction());
  EXPECT_GE(server.server_version(), 100'000);
  server.query("DO $$ BEGIN RAISE WARNING 'nobody hears it'; END $$");
  connection moved = std::move(server);
  EXPECT_EQ(moved.value("SELECT 1"), "1");
}

TEST_F(connection_test, lets_no_variable_of_the_environment_in) {
  const std::vector<std::pair<const char*, const char*>> hostile{
      {"PGHOST", "/nowhere"},           {"PGPORT", "1"},
      {"PGDATABASE", "gone"},           {"PGUSER", "gone"},
      {"PGTZ", "Asia/Tokyo"},           {"PGDATESTYLE", "German"},
      {"PGOPTIONS", "-c work_mem=1MB"}, {"PGCLIENTENCODING", "LATIN1"},
      {"PGAPPNAME", "other"},           {"PGSSLMODE", "verify-full"},
      {"PGCONNECT_TIMEOUT", "x"},       {"PGTARGETSESSIONATTRS", "standby"},
      {"PGHOSTADDR", "127.0.0.1"},      {"PGREQUIREPEER", "nobody"}};
  const auto all = [](connection& server) {
    std::string text;
    for (const char* name : {"TimeZone", "DateStyle", "work_mem", "client_encoding", "application_name", "geqo"})
      text += server.value(fmt::format("SHOW {}", name)) + "|";
    return text;
  };
  connection before = open();
  const std::string expected = all(before);
  EXPECT_THAT(expected, testing::StartsWith("UTC|ISO, MDY|"));
  for (const auto& [name, value] : hostile) ::setenv(name, value, 1);
  connection after = open();
  EXPECT_EQ(all(after), expected);
  const std::string theirs = conninfo_with_environment("dbname=mine");
  for (const auto& [name, value] : hostile) ::unsetenv(name);
  EXPECT_THAT(theirs, testing::AllOf(HasSubstr("dbname='mine'"), HasSubstr("host='/nowhere'"), HasSubstr("user='gone'"),
                                     HasSubstr("sslmode='verify-full'")));
}

TEST_F(connection_test, says_when_it_cannot_connect_and_when_the_server_goes_away) {
  try {
    connection{"host=/nowhere user=x dbname=y", location{"nowhere"}};
    ADD_FAILURE();
  } catch (const environment_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot connect"));
    EXPECT_EQ(error.where().to_string(), "nowhere");
  }
  EXPECT_THROW(connection("no such = key", location{"x"}), usage_error);
  connection server = open();
  connection other = open();
  other.query("SELECT pg_terminate_backend(" + server.value("SELECT pg_backend_pid()") + ")");
  EXPECT_THROW(
      {
        server.query("SELECT 1");
        server.query("SELECT 1");
      },
      environment_error);
}

TEST(conninfo, quotes_names_values_and_descriptions) {
  EXPECT_EQ(quote_identifier("a\"b c"), "\"a\"\"b c\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\'b"), " E'a\\\\''b'");
  EXPECT_THROW(quote_identifier(std::string_view{"a\0b", 3}), usage_error);
  EXPECT_EQ(conninfo_with("host=a dbname=b", "dbname", "c'd\\e f"), "dbname='c\\'d\\\\e f' host='a'");
  EXPECT_EQ(conninfo_with("", "dbname", ""), "dbname=''");
  EXPECT_THAT(conninfo_with("postgresql://u@h:5/db?application_name=x%20y", "user", "v"),
              testing::AllOf(HasSubstr("user='v'"), HasSubstr("host='h'"), HasSubstr("port='5'"),
                             HasSubstr("application_name='x y'")));
  EXPECT_THROW(conninfo_with("host=a", "no_such_key", "x"), usage_error);
  EXPECT_THROW(conninfo_with("host", "user", "x"), usage_error);
}

}  // namespace connection_test
