#include "knowngood/server/postgres_server.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/sandbox/scratch.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {
namespace postgres_server_test {

using testing::HasSubstr;

class postgres_server_test : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    here_ = std::make_unique<scratch_directory>();
    ::chmod(here_->path().c_str(), 0711);
    const auto started = std::chrono::steady_clock::now();
    server_ = postgres_server::create({find_postgres().front(),
                                       here_->path() / "server",
                                       unprivileged_user(),
                                       {.jobs = 3, .extra = {"work_mem=7MB"}}});
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  }
  static void TearDownTestSuite() {
    server_.reset();
    here_.reset();
  }

  static connection session(const std::string& database = "postgres") {
    return connection{server_->dsn(database, server_->superuser()), location{"server"}};
  }

  static std::unique_ptr<scratch_directory> here_;
  static std::unique_ptr<postgres_server> server_;
  static double seconds_;
};

std::unique_ptr<scratch_directory> postgres_server_test::here_;
std::unique_ptr<postgres_server> postgres_server_test::server_;
double postgres_server_test::seconds_ = 0;

TEST_F(postgres_server_test, takes_connections_soon) {
  EXPECT_EQ(session().value("SELECT 1"), "1");
  EXPECT_LT(seconds_, 10.0);
  RecordProperty("seconds", std::to_string(seconds_));
}

TEST_F(postgres_server_test, has_settings_fit_for_throwing_away) {
  auto s = session();
  for (const auto& [name, value] : {std::pair{"listen_addresses", ""},
                                    {"fsync", "off"},
                                    {"synchronous_commit", "off"},
                                    {"full_page_writes", "off"},
                                    {"wal_level", "minimal"},
                                    {"autovacuum", "off"},
                                    {"archive_mode", "off"},
                                    {"shared_preload_libraries", ""},
                                    {"max_logical_replication_workers", "0"},
                                    {"dynamic_shared_memory_type", "mmap"},
                                    {"work_mem", "7MB"}}) {
    EXPECT_EQ(s.value(std::string{"SHOW "} + name), value) << name;
  }
  EXPECT_EQ(s.value("SELECT rolname FROM pg_roles WHERE oid = 10"), "knowngood_admin");
  EXPECT_EQ(s.value("SELECT count(*) FROM pg_roles WHERE rolname = 'postgres'"), "0");
  EXPECT_EQ(
      s.value("SELECT datcollate || ' ' || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template0'"),
      "C UTF8");
}

TEST_F(postgres_server_test, runs_as_nobody_important_in_a_private_directory) {
  struct stat about {};
  ASSERT_EQ(::stat((here_->path() / "server").c_str(), &about), 0);
  EXPECT_EQ(about.st_uid, ::geteuid()) << "what the server's user may not write to";
  EXPECT_EQ(about.st_mode & 07777U, 0711U);
  ASSERT_EQ(::stat((here_->path() / "server/data").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0700U);
  const auto user = unprivileged_user();
  struct stat process {};
  ASSERT_EQ(::stat(("/proc/" + std::to_string(server_->pid())).c_str(), &process), 0);
  EXPECT_EQ(process.st_uid, user ? user->uid : ::geteuid());
}

TEST_F(postgres_server_test, has_no_network_socket) {
  const std::string sockets = run_tool("ls -l /proc/" + std::to_string(server_->pid()) +
                                       "/fd 2>/dev/null | grep -o 'socket:\\[[0-9]*' | tr -dc '0-9\\n'")
                                  .output;
  ASSERT_FALSE(sockets.empty());
  for (std::size_t at = 0; at < sockets.size(); at = sockets.find('\n', at) + 1) {
    const std::string inode = sockets.substr(at, sockets.find('\n', at) - at);
    EXPECT_EQ(
        run_tool("cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 | grep -c ' " + inode + " '").output,
        "0\n");
  }
}

TEST_F(postgres_server_test, dsn_takes_any_name) {
  auto s = session();
  const std::string odd = "o'd\\d \"name\" = x";
  s.query("CREATE ROLE " + quote_identifier(odd) + " LOGIN");
  s.query("CREATE DATABASE " + quote_identifier(odd) + " OWNER " + quote_identifier(odd));
  connection other{server_->dsn(odd, odd), location{"server"}};
  EXPECT_EQ(other.value("SELECT current_database()"), odd);
  EXPECT_EQ(other.value("SELECT current_user"), odd);
}

// A superuser that a backup brings along has the whole server, and nothing beyond it.
TEST_F(postgres_server_test, superuser_reaches_nothing_outside) {
  auto s = session();
  const scratch_directory outside;
  ASSERT_EQ(outside.run("chmod 777 . && echo old > file && chmod 666 file").status, 0);
  const std::string path = outside.path().string();
  const auto refused = [&](const std::string& sql) {
    const auto error = s.try_execute(sql);
    EXPECT_TRUE(error) << sql;
    return error ? error->message : std::string{};
  };
  EXPECT_FALSE(s.try_execute("COPY (SELECT 1) TO '" + (here_->path() / "server/data/copied").string() +
                             "'"));  // below its own it may
  refused("COPY (SELECT 1) TO PROGRAM 'touch " + path + "/program'");
  EXPECT_FALSE(std::filesystem::exists(outside.path() / "program"));
  if (s.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'dblink'") == "1") {
    s.query("CREATE EXTENSION IF NOT EXISTS dblink");
    refused("SELECT dblink_connect('host=127.0.0.1 port=1 dbname=x')");
    // not even its own socket, as it might be that of the real one
    EXPECT_THAT(refused("SELECT dblink_connect('host=''" + server_->sockets().string() +
                        "'' port=5432 dbname=postgres user=knowngood_admin')"),
                HasSubstr("could not establish connection"));
  }
  if (detail::file_rules({.written = {path}}).get() < 0) GTEST_SKIP() << "this kernel has no Landlock";
  refused("COPY (SELECT 1) TO '" + path + "/copied'");
  refused("COPY (SELECT 1) TO '" + path + "/file'");
  refused("SELECT lo_export(lo_from_bytea(0, 'x'), '" + path + "/exported')");
  s.query("SET allow_in_place_tablespaces TO off");
  ASSERT_EQ(outside.run("mkdir space && chmod 777 space").status, 0);
  refused("CREATE TABLESPACE outside LOCATION '" + path + "/space'");
  EXPECT_EQ(outside.run("ls; cat file").output, "file\nspace\nold\n");
}

TEST_F(postgres_server_test, builds_indexes_and_joins_in_parallel) {
  auto s = session();
  s.query(
      "CREATE TABLE parallel AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, 60000) g; ANALYZE parallel;"
      "SET min_parallel_table_scan_size TO 0; SET parallel_setup_cost TO 0; SET parallel_tuple_cost TO 0; SET "
      "max_parallel_maintenance_workers TO 2");
  s.query("CREATE INDEX ON parallel (b)");
  EXPECT_EQ(s.value("SELECT count(*) FROM parallel x JOIN parallel y USING (b)"), "60000");
  EXPECT_THAT(server_->log_tail(), testing::Not(HasSubstr("shared memory")));
}

TEST_F(postgres_server_test, socket_finds_a_short_place_when_the_path_is_long) {
  const std::filesystem::path deep = here_->path() / std::string(60, 'a') / (std::string(40, 'b') + ", 'c' \"d\"");
  std::filesystem::create_directories(deep);
  std::filesystem::path sockets;
  {
    const auto server = postgres_server::create({find_postgres().front(), deep / "server", unprivileged_user()});
    sockets = server->sockets();
    const std::filesystem::path home = sockets.parent_path();  // ours, the directory in it the server's user's
    EXPECT_EQ(home.parent_path(), "/tmp");
    EXPECT_THAT(home.filename().string(), testing::StartsWith("knowngood-drill-"));
    EXPECT_TRUE(std::filesystem::exists(home / "owner.lock"));  // so that a sweep finds it
    EXPECT_EQ(connection(server->dsn("postgres", server->superuser()), location{"x"}).value("SELECT 1"), "1");
    server->stop();
    EXPECT_FALSE(server->running());
    EXPECT_FALSE(std::filesystem::exists(sockets));
    EXPECT_FALSE(std::filesystem::exists(sockets.parent_path()));
  }
}

TEST_F(postgres_server_test, ends_with_its_object_though_clients_are_busy) {
  pid_t pid = 0;
  const auto started = std::chrono::steady_clock::now();
  {
    const auto server = postgres_server::create({find_postgres().front(), here_->path() / "busy", unprivileged_user()});
    pid = server->pid();
    std::thread client{[&] {
      try {
        connection(server->dsn("postgres", server->superuser()), location{"x"}).query("SELECT pg_sleep(100)");
        ADD_FAILURE();
      } catch (const environment_error&) {
      } catch (const sql_error&) {
      }
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    server->stop();
    client.join();
  }
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_TRUE(detail::processes_inside((std::filesystem::canonical(here_->path()) / "busy").string()).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{10});
}

TEST_F(postgres_server_test, reports_that_it_was_killed) {
  const auto server = postgres_server::create({find_postgres().front(), here_->path() / "killed", unprivileged_user()});
  ASSERT_TRUE(server->running());
  ::kill(server->pid(), SIGKILL);
  for (int i = 0; i < 200 && server->running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_FALSE(server->running());
  server->stop();  // with the backends that the postmaster left
  EXPECT_TRUE(detail::processes_inside((std::filesystem::canonical(here_->path()) / "killed").string()).empty());
}

TEST_F(postgres_server_test, stop_flag_ends_the_making) {
  std::atomic<bool> stop{true};
  EXPECT_THROW(
      postgres_server::create({find_postgres().front(), here_->path() / "stopped", unprivileged_user(), {}, stop}),
      interrupted);
}

TEST_F(postgres_server_test, failure_is_the_environments_and_has_its_reason) {
  const auto programs = find_postgres().front();
  const auto reason = [&](const std::filesystem::path& directory, const server_settings& settings) {
    try {
      postgres_server::create({programs, directory, unprivileged_user(), settings});
      return std::string{"it was made"};
    } catch (const environment_error& error) {
      EXPECT_FALSE(error.advice().empty());
      return std::string{error.what()};
    }
  };
  EXPECT_THAT(reason(here_->path() / "missing" / "server", {}), HasSubstr("cannot make it"));
  EXPECT_THAT(reason(here_->path() / "server", {}), HasSubstr("File exists"));
  EXPECT_THAT(reason(here_->path() / "locale", {.locale = "xx_XX.none"}), HasSubstr("xx_XX.none"));
  EXPECT_THAT(reason(here_->path() / "setting", {.extra = {"no_such_setting=1"}}), HasSubstr("FATAL:"));
  EXPECT_THAT(reason(here_->path() / "setting2", {.extra = {"no_such_setting=1"}}), HasSubstr("no_such_setting"));
}

}  // namespace postgres_server_test
}  // namespace knowngood
