#include "knowngood/drill/drill_server.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

#include "drill/rehearsal_world.hpp"

namespace drill_server_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class drill_on_a_given_server : public rehearsal_world {
 protected:
  void SetUp() override {
    server_->sql("postgres",
                 "DROP DATABASE IF EXISTS mine; DROP ROLE IF EXISTS plain, maker, owner_of_mine;"
                 "CREATE ROLE plain LOGIN CREATEDB; CREATE ROLE maker LOGIN CREATEDB CREATEROLE; CREATE ROLE "
                 "owner_of_mine LOGIN CREATEDB;"
                 "CREATE DATABASE mine OWNER owner_of_mine;");
    server_->create("small");
    server_->sql("small",
                 "CREATE TABLE t (id integer PRIMARY KEY, said text); INSERT INTO t SELECT n, 'row ' || n FROM "
                 "generate_series(1, 100) n;");
    server_->must("pg_dump -O small > small.sql; pg_dump -O --create small > create.sql");
  }
  void TearDown() override {
    EXPECT_EQ(left_on_server(), "");
    EXPECT_TRUE(std::filesystem::is_empty(here() / "drills"));
  }

  /// A drill that is killed once it has restored: its session ends, and nothing of it is cleaned up.
  static std::string killed_drill(const drill_settings& settings, const std::string& id) {
    drill_server server{settings, here() / "none", std::nullopt, id};
    server.start();
    const load_target target = server.create_database("UTF8");
    load_dump(
        std::make_unique<memory_source>("CREATE DATABASE other;\n\\connect other\nCREATE TABLE x (a integer);\n", 100),
        location{"x.sql"}, target, {});
    return target.database;
  }
};

TEST_F(drill_on_a_given_server, restores_into_databases_of_its_own_and_drops_them) {
  for (const char* dump : {"small.sql", "create.sql"}) {
    const report result = drilled(dump, on_server());
    EXPECT_EQ(result.exit_code, 0) << everything(result);
    EXPECT_EQ(result.comparisons.size(), 1U);
    EXPECT_EQ(left_on_server(), "");
  }
}

TEST_F(drill_on_a_given_server, loads_as_a_role_that_is_no_superuser_whoever_asks) {
  server_->here().write("power.sql", server_->here().read("small.sql"));
  server_->must(
      "sed -i '0,/^CREATE TABLE/s/^CREATE TABLE/CREATE TABLE public.proof (n integer, "
      "CHECK (current_setting(\\x27is_superuser\\x27) = \\x27off\\x27 AND session_user LIKE "
      "\\x27knowngood_drill_%\\x27));\\nCOPY public.proof (n) FROM stdin;\\n1\\n\\\\.\\n\\n\\nCREATE TABLE/' "
      "power.sql");
  for (const char* user : {postgres_server::own_superuser.data(), "maker"}) {
    const report result = drilled("power.sql", on_server(user));
    EXPECT_EQ(result.exit_code, 0) << user << everything(result);
  }
}

// A dump that ran as it could change its password, and rename databases away.
TEST_F(drill_on_a_given_server, never_loads_as_the_operators_own_role) {
  std::string dump = server_->here().read("small.sql");
  dump.insert(dump.find("CREATE TABLE"), R"(CREATE FUNCTION public.take() RETURNS integer
    LANGUAGE plpgsql
    AS $$BEGIN EXECUTE format('ALTER ROLE %I PASSWORD ''taken''', current_user); RETURN 1; END$$;

CREATE TABLE public.taken (
    a integer,
    b integer DEFAULT public.take()
);

COPY public.taken (a) FROM stdin;
1
\.


)");
  server_->here().write("takes.sql", dump);
  const std::string passwords = "psql -XAt -d postgres -c 'SELECT rolname, rolpassword FROM pg_authid'";
  const std::string before = server_->must(passwords);
  for (const char* user : {"plain", "owner_of_mine"}) {
    const report refused = drilled("takes.sql", on_server(user));
    EXPECT_EQ(refused.exit_code, 3) << everything(refused);
    EXPECT_THAT(everything(refused), HasSubstr(std::string{"ALTER ROLE "} + user + " CREATEROLE CREATEDB"));
    EXPECT_THAT(alarms(refused), IsEmpty()) << "that says nothing about the dump";
  }
  EXPECT_EQ(drilled("small.sql", on_server("maker")).exit_code, 0);
  drilled("takes.sql", on_server("maker"));
  EXPECT_EQ(server_->must(passwords), before);
}

TEST_F(drill_on_a_given_server, reports_a_role_that_may_not_create_databases) {
  server_->sql("postgres", "ALTER ROLE maker NOCREATEDB");
  const report result = drilled("small.sql", on_server("maker"));
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(everything(result), HasSubstr("may not make databases"));
}

TEST_F(drill_on_a_given_server, shows_its_log_no_password) {
  server_->sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
  server_->sql("postgres", "SELECT pg_reload_conf(), pg_sleep(0.5)");
  drill_settings settings = on_server();
  drill_server server{settings, here() / "none", std::nullopt, "quiet1"};
  server.start();
  const std::string conninfo = server.loader_in("postgres");
  const std::size_t at = conninfo.find("password='") + 10;
  const std::string secret = conninfo.substr(at, conninfo.find('\'', at) - at);
  ASSERT_EQ(secret.size(), 48U) << conninfo;
  std::vector<std::string> kept;
  EXPECT_THAT(server.shut_down(false, kept), IsEmpty());
  server_->sql("postgres", "ALTER SYSTEM RESET log_statement");
  server_->sql("postgres", "SELECT pg_reload_conf()");
  const std::string log = server_->must("cat '" + (here() / "server/log").string() + "'");
  EXPECT_THAT(log, HasSubstr("CREATE ROLE \"knowngood_drill_quiet1\" LOGIN"));
  EXPECT_THAT(log, HasSubstr("SCRAM-SHA-256$"));
  EXPECT_EQ(log.find(secret), std::string::npos);
}

// Names and templates that would keep databases from being found or dropped.
TEST_F(drill_on_a_given_server, drops_databases_that_resist) {
  for (const bool killed : {false, true}) {
    drill_settings settings = on_server();
    std::optional<drill_server> server{std::in_place, settings, here() / "none", std::nullopt, "stuck1"};
    server->start();
    const std::string database = server->create_database("UTF8").database;
    server_->sql("postgres", "ALTER DATABASE " + database + " IS_TEMPLATE true");
    std::vector<std::string> kept;
    if (killed) {
      server.reset();
      server.emplace(settings, here() / "none", std::nullopt, "alive2");
      server->start();
      EXPECT_THAT(server->removed_leftovers(), Contains("knowngood_drill_stuck1_1"));
      EXPECT_THAT(server->shut_down(false, kept), IsEmpty());
    } else {
      server_->sql("postgres", "ALTER DATABASE " + database + " RENAME TO \"some other\"");
      const connection inside{server->loader_in("some other"), location{"inside"}};
      EXPECT_THAT(server->shut_down(false, kept), IsEmpty());
    }
    EXPECT_EQ(left_on_server(), "");
    EXPECT_EQ(
        server_->must("psql -XAt -d postgres -c \"SELECT count(*) FROM pg_database WHERE datname = 'some other'\""),
        "0\n");
  }
}

// What a dump, as the role that loads it, can do to keep its databases from being found or dropped.
TEST_F(drill_on_a_given_server, leaves_nothing_of_a_dump_that_resists) {
  const std::string resists = R"(CREATE TABLE public.t (a integer);
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', current_database());
  EXECUTE format('ALTER DATABASE %I SET statement_timeout = 1', current_database());
  EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database());
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM CURRENT_USER, PUBLIC', current_database());
  EXECUTE 'ALTER ROLE CURRENT_USER SET default_transaction_read_only = on';
END $$;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RENAME TO taken_away', current_database()); END $$;
BEGIN;
CREATE TABLE public.half ();
DO $$ BEGIN EXECUTE 'ALTER ROLE CURRENT_USER PASSWORD ''taken'''; END $$;
PREPARE TRANSACTION 'it''s mine';
)";
  const auto on_it = [&](const char* query) {
    return server_->must(std::string{"psql -XAt -d postgres -c '"} + query + "'");
  };
  const std::string before = on_it("SELECT oid FROM pg_database ORDER BY 1");
  for (const char* user : {postgres_server::own_superuser.data(), "maker"}) {
    for (const bool killed : {false, true}) {
      const drill_settings settings = on_server(user);
      std::optional<drill_server> server{std::in_place, settings, here() / "none", std::nullopt, "resist1"};
      server->start();
      const load_target target = server->create_database("UTF8");
      const load_result loaded =
          load_dump(std::make_unique<memory_source>(resists, 1000), location{"x.sql"}, target, {});
      EXPECT_EQ(on_it("SELECT count(*) FROM pg_prepared_xacts"), "1\n")
          << user << text_of(loaded.findings, loaded.unchecked);
      EXPECT_EQ(on_it("SELECT count(*) FROM pg_database WHERE datistemplate AND datconnlimit = 0"), "1\n");
      if (killed) {
        server.reset();
        server.emplace(settings, here() / "none", std::nullopt, "alive3");
        server->start();
        EXPECT_THAT(server->leftovers(), IsEmpty());
      }
      std::vector<std::string> kept;
      EXPECT_THAT(server->shut_down(false, kept), IsEmpty()) << user << killed;
      EXPECT_EQ(on_it("SELECT count(*) FROM pg_prepared_xacts"), "0\n") << user << killed;
      EXPECT_EQ(on_it("SELECT oid FROM pg_database ORDER BY 1"), before) << user << killed;
      EXPECT_EQ(left_on_server(), "") << user << killed;
    }
  }
}

// Known by its OID alone.
TEST_F(drill_on_a_given_server, drops_a_database_of_another_name_and_owner) {
  drill_settings settings = on_server();
  drill_server server{settings, here() / "none", std::nullopt, "away01"};
  server.start();
  const load_target target = server.create_database("UTF8");
  load_dump(std::make_unique<memory_source>("CREATE DATABASE x;\n\\connect x\nCREATE TABLE x (a integer);\n", 100),
            location{"x.sql"}, target, {});
  server_->sql("postgres",
               "ALTER DATABASE knowngood_drill_away01_1 RENAME TO away;"
               "ALTER DATABASE knowngood_drill_away01_1_1 RENAME TO away_too; ALTER DATABASE away_too OWNER TO maker;"
               "CREATE DATABASE knowngood_drill_away01_1 OWNER maker;");
  server_->must("psql -Xq -d \"" + server.loader_in("away") +
                "\" -c \"BEGIN; CREATE TABLE half (); PREPARE TRANSACTION 'half'\"");
  server_->sql("postgres",
               "ALTER DATABASE away OWNER TO maker;"
               "ALTER DATABASE away IS_TEMPLATE true ALLOW_CONNECTIONS false CONNECTION LIMIT 0;");
  std::vector<std::string> kept;
  EXPECT_THAT(server.shut_down(false, kept), IsEmpty());
  EXPECT_EQ(server_->must("psql -XAt -d postgres -c \"SELECT datname FROM pg_database WHERE datname ~ 'away' \""),
            "knowngood_drill_away01_1\n")
      << "somebody else's by now, whatever it is called";
  server_->sql("postgres", "DROP DATABASE knowngood_drill_away01_1");
}

TEST_F(drill_on_a_given_server, that_keeps_something_of_a_drill_is_exit_code_4) {
  drill_policy policy;
  // by the operator himself, whom the drill may not speak for
  policy.probe = "psql -Xq \"dbname=$(psql -XAt \"$KNOWNGOOD_DATABASE_DSN\" -c 'SELECT current_database()') host=" +
                 server_->must("printf %s \"$PGHOST\"") + " user=" + std::string{postgres_server::own_superuser} +
                 "\" -c \"BEGIN; CREATE TABLE foreign_half (); PREPARE TRANSACTION 'foreign'\"";
  const report result = drilled("small.sql", on_server(), "", policy);
  EXPECT_EQ(result.exit_code, 4) << everything(result);
  EXPECT_THAT(alarms(result), Contains("drill.cleanup"));
  EXPECT_THAT(everything(result), HasSubstr("prepared transaction"));
  const std::string left = server_->must(
      "psql -XAt -d postgres -c \"SELECT datname FROM pg_database WHERE datname LIKE 'knowngood\\_drill%'\"");
  ASSERT_NE(left, "");
  const std::string database = left.substr(0, left.find('\n'));
  // the next drill says what it cannot drop, and drops what it can
  EXPECT_THAT(everything(drilled("small.sql", on_server())),
              HasSubstr("what a drill that was killed left behind could not be removed"));
  server_->must("psql -Xq -d " + database + " -c \"ROLLBACK PREPARED 'foreign'\"");
  EXPECT_EQ(drilled("small.sql", on_server()).exit_code, 0);
}

TEST_F(drill_on_a_given_server, that_cannot_be_reached_leaves_everything_unchecked) {
  drill_settings settings = on_server();
  settings.server = "host=" + (here() / "nowhere").string() + " dbname=postgres";
  const report result = drilled("small.sql", settings);
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(alarms(result), IsEmpty());
  EXPECT_TRUE(step(result, "compare-rows").skipped);
  EXPECT_EQ(step(result, "compare-rows").verdict, verdict::unchecked);
}

TEST_F(drill_on_a_given_server, says_how_its_role_can_log_in_where_it_cannot) {
  const std::string file = server_->must("psql -XAt -d postgres -c 'SHOW hba_file'");
  const std::string hba = file.substr(0, file.size() - 1);
  server_->must("cp " + hba + " hba.kept; { echo 'local all knowngood_admin trust'; echo 'local all all reject'; } > " +
                hba + "; psql -XAt -d postgres -c 'SELECT pg_reload_conf(), pg_sleep(0.5)'");
  const report result = drilled("small.sql", on_server());
  server_->must("cat hba.kept > " + hba + "; psql -XAt -d postgres -c 'SELECT pg_reload_conf(), pg_sleep(0.5)'");
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(everything(result), HasSubstr("pg_hba.conf"));
}

TEST_F(drill_on_a_given_server, removes_what_a_killed_drill_left_and_nothing_else) {
  for (const char* user : {postgres_server::own_superuser.data(), "maker"}) {
    const drill_settings settings = on_server(user);
    const std::string left = killed_drill(settings, "dead01");
    EXPECT_EQ(left, "knowngood_drill_dead01_1");
    EXPECT_THAT(left_on_server(), HasSubstr("knowngood_drill_dead01_1_1"));
    server_->sql("postgres",
                 "CREATE DATABASE knowngood_drill_of_mine; CREATE DATABASE knowngood_drill_abc_0; CREATE ROLE "
                 "knowngood_drill_abc;");
    drill_server alive{settings, here() / "none", std::nullopt, "alive1"};
    alive.start();  // which removes the dead one's
    alive.create_database("UTF8");
    EXPECT_THAT(alive.removed_leftovers(), Contains("knowngood_drill_dead01_1"));
    const report result = drilled("small.sql", settings);
    EXPECT_EQ(result.exit_code, 0) << everything(result);
    EXPECT_EQ(left_on_server(),
              "knowngood_drill_abc_0\nknowngood_drill_alive1_1\nknowngood_drill_of_mine\nrole "
              "knowngood_drill_abc\nrole knowngood_drill_alive1\n")
        << user;
    std::vector<std::string> kept;
    EXPECT_THAT(alive.shut_down(false, kept), IsEmpty());
    server_->sql(
        "postgres",
        "DROP DATABASE knowngood_drill_of_mine; DROP DATABASE knowngood_drill_abc_0; DROP ROLE knowngood_drill_abc;");
  }
}

TEST_F(drill_on_a_given_server, keeps_databases_that_are_to_be_looked_at) {
  drill_settings settings = on_server();
  settings.keep = true;
  const report kept = drilled("small.sql", settings);
  EXPECT_EQ(kept.exit_code, 0) << everything(kept);
  const std::string there = left_on_server();
  EXPECT_THAT(there, HasSubstr("knowngood_drill_"));
  EXPECT_EQ(drilled("small.sql", on_server()).exit_code, 0);
  EXPECT_EQ(left_on_server(), there) << "the next drill leaves them, too";
  server_->must(
      "for d in $(psql -XAt -d postgres -c \"SELECT datname FROM pg_database WHERE datname LIKE "
      "'knowngood\\_drill%'\"); do dropdb $d; done;"
      "for r in $(psql -XAt -d postgres -c \"SELECT rolname FROM pg_roles WHERE rolname LIKE 'knowngood\\_drill%'\"); "
      "do dropuser $r; done; chmod -R u+w drills; rm -rf drills/*");
}

}  // namespace drill_server_test
