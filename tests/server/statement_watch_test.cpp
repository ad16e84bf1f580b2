#include "knowngood/server/statement_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <string>

#include "server/private_server.hpp"

namespace statement_watch_test {

using namespace knowngood;
using namespace std::chrono_literals;

class watched : public server_test {};

TEST_F(watched, statements_return_what_they_return) {
  pqxx::connection session{isolated_conninfo(server().conninfo("postgres"))};
  pqxx::nontransaction work{session};
  statement_watch unwatched{session, location{"server"}, {}, 0ms};
  EXPECT_EQ(unwatched([&] { return work.exec("SELECT 1"); })[0][0].as<int>(), 1);
  const std::atomic<bool> stop{false};
  statement_watch watch{session, location{"server"}, stop, 10s};
  EXPECT_EQ(watch([&] { return work.exec("SELECT 2"); })[0][0].as<int>(), 2);
  EXPECT_THROW(watch([&] { return work.exec("SELECT gone"); }), pqxx::undefined_column);
  EXPECT_FALSE(watch.gave_up());
}

TEST_F(watched, statements_are_cancelled_for_a_flag_and_for_the_time) {
  pqxx::connection session{isolated_conninfo(server().conninfo("postgres"))};
  pqxx::nontransaction work{session};
  const auto state_of = [&](statement_watch& watch) -> std::string {
    try {
      watch([&] { return work.exec("SELECT pg_sleep(1000)"); });
    } catch (const pqxx::sql_error& error) {
      return error.sqlstate();
    }
    return "";
  };
  const std::atomic<bool> stop{true};
  statement_watch stopped{session, location{"server"}, stop, 0ms};
  EXPECT_EQ(state_of(stopped), "57014");
  statement_watch limited{session, location{"server"}, {}, 100ms};
  EXPECT_EQ(state_of(limited), "57014");
  EXPECT_EQ(work.exec("SELECT 1").size(), 1);
}

// The process that serves the only session with `database`, by its title: a server may number its processes by itself.
pid_t backend_of(const std::string& database) {
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    std::ifstream title{entry.path() / "cmdline"};
    const std::string text{std::istreambuf_iterator<char>{title}, {}};
    if (text.starts_with("postgres: ") && text.find(" " + database + " ") != std::string::npos)
      return std::stoi(entry.path().filename());
  }
  return 0;
}

TEST_F(watched, servers_that_do_not_obey_are_given_up) {
  const std::string database = "watched_" + std::to_string(::getpid());
  server().create(database);
  pqxx::connection session{isolated_conninfo(server().conninfo(database))};
  pqxx::nontransaction work{session};
  statement_watch watch{session, location{"server"}, {}, 100ms, 1s};
  const pid_t backend = backend_of(database);
  ASSERT_GT(backend, 0);
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  EXPECT_THROW(watch([&] { return work.exec("SELECT 1"); }), pqxx::broken_connection);
  ::kill(backend, SIGCONT);
  EXPECT_TRUE(watch.gave_up());
}

}  // namespace statement_watch_test
