#include "restorable/drill/drill_server.hpp"

#include <gmock/gmock.h>

#include "rehearsal_world.hpp"

namespace {

using namespace restorable;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class drill_on_a_given_server : public rehearsal_world {
 protected:
  void SetUp() override {
    server_->sql("postgres", "DROP DATABASE IF EXISTS mine; DROP ROLE IF EXISTS plain, maker, owner_of_mine;"
                             "CREATE ROLE plain LOGIN CREATEDB; CREATE ROLE maker LOGIN CREATEDB CREATEROLE; CREATE ROLE owner_of_mine LOGIN CREATEDB;"
                             "CREATE DATABASE mine OWNER owner_of_mine;");
    server_->create("small");
    server_->sql("small", "CREATE TABLE t (id integer PRIMARY KEY, said text); INSERT INTO t SELECT n, 'row ' || n FROM generate_series(1, 100) n;");
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
    load_dump(std::make_unique<memory_source>("CREATE DATABASE other;\n\\connect other\nCREATE TABLE x (a integer);\n", 100), location{"x.sql"}, target, {});
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
  server_->must("sed -i 's/^CREATE TABLE/DO $$ BEGIN ASSERT current_setting(\\x27is_superuser\\x27) = \\x27off\\x27; "
                "ASSERT session_user LIKE \\x27restorable_drill_%\\x27; END $$;\\nCREATE TABLE/' power.sql");
  for (const char* user : {postgres_server::own_superuser.data(), "maker"}) {
    const report result = drilled("power.sql", on_server(user));
    EXPECT_EQ(result.exit_code, 0) << user << everything(result);
  }
}

TEST_F(drill_on_a_given_server, uses_a_role_that_may_make_no_roles_where_it_owns_nothing_else) {
  const report plain = drilled("small.sql", on_server("plain"));
  EXPECT_EQ(plain.exit_code, 0) << everything(plain);
  const report owner = drilled("small.sql", on_server("owner_of_mine"));
  EXPECT_EQ(owner.exit_code, 3) << everything(owner);
  EXPECT_THAT(everything(owner), HasSubstr("owns the database mine"));
  EXPECT_THAT(alarms(owner), IsEmpty()) << "that says nothing about the dump";
}

TEST_F(drill_on_a_given_server, reports_a_role_that_may_not_create_databases) {
  server_->sql("postgres", "ALTER ROLE plain NOCREATEDB");
  const report result = drilled("small.sql", on_server("plain"));
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(everything(result), HasSubstr("permission denied to create database"));
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
  server_->must("cp " + hba + " hba.kept; { echo 'local all restorable_admin trust'; echo 'local all all reject'; } > " + hba + "; psql -XAt -d postgres -c 'SELECT pg_reload_conf(), pg_sleep(0.5)'");
  const report result = drilled("small.sql", on_server());
  server_->must("cat hba.kept > " + hba + "; psql -XAt -d postgres -c 'SELECT pg_reload_conf(), pg_sleep(0.5)'");
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(everything(result), HasSubstr("pg_hba.conf"));
}

TEST_F(drill_on_a_given_server, removes_what_a_killed_drill_left_and_nothing_else) {
  for (const char* user : {postgres_server::own_superuser.data(), "maker", "plain"}) {
    const drill_settings settings = on_server(user);
    const std::string left = killed_drill(settings, "dead01");
    EXPECT_EQ(left, "restorable_drill_dead01_1");
    EXPECT_THAT(left_on_server(), HasSubstr("restorable_drill_dead01_1_1"));
    server_->sql("postgres", "CREATE DATABASE restorable_drill_of_mine; CREATE DATABASE restorable_drill_abc_0; CREATE ROLE restorable_drill_abc;");
    drill_server alive{settings, here() / "none", std::nullopt, "alive1"};
    alive.start();  // which removes the dead one's
    alive.create_database("UTF8");
    EXPECT_THAT(alive.removed_leftovers(), Contains("restorable_drill_dead01_1"));
    const report result = drilled("small.sql", settings);
    EXPECT_EQ(result.exit_code, 0) << everything(result);
    const std::string role = user == std::string{"plain"} ? "" : "role restorable_drill_alive1\n";
    EXPECT_EQ(left_on_server(), "restorable_drill_abc_0\nrestorable_drill_alive1_1\nrestorable_drill_of_mine\nrole restorable_drill_abc\n" + role) << user;
    std::vector<std::string> kept;
    EXPECT_THAT(alive.shut_down(false, kept), IsEmpty());
    server_->sql("postgres", "DROP DATABASE restorable_drill_of_mine; DROP DATABASE restorable_drill_abc_0; DROP ROLE restorable_drill_abc;");
  }
}

TEST_F(drill_on_a_given_server, keeps_databases_that_are_to_be_looked_at) {
  drill_settings settings = on_server();
  settings.keep = true;
  const report kept = drilled("small.sql", settings);
  EXPECT_EQ(kept.exit_code, 0) << everything(kept);
  const std::string there = left_on_server();
  EXPECT_THAT(there, HasSubstr("restorable_drill_"));
  EXPECT_EQ(drilled("small.sql", on_server()).exit_code, 0);
  EXPECT_EQ(left_on_server(), there) << "the next drill leaves them, too";
  server_->must("for d in $(psql -XAt -d postgres -c \"SELECT datname FROM pg_database WHERE datname LIKE 'restorable\\_drill%'\"); do dropdb $d; done;"
                "for r in $(psql -XAt -d postgres -c \"SELECT rolname FROM pg_roles WHERE rolname LIKE 'restorable\\_drill%'\"); do dropuser $r; done; chmod -R u+w drills; rm -rf drills/*");
}

}  // namespace
