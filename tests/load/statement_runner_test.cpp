#include "knowngood/load/statement_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/load_world.hpp"

namespace statement_runner_test {

using namespace knowngood;
using testing::ElementsAre;

/// Statements run as those of a dump, in a database made anew.
class running {
 public:
  explicit running(bool throw_away = true)
      : run_{location{"test.sql"}, target(throw_away), {}},
        main_{load_parts::loader_conninfo("runner"), location{"server"}},
        runner_{run_, main_} {}
  ~running() {
    main_ = connection{load_parts::loader_conninfo("postgres"), location{"server"}};
    load_parts::world().server().sql(
        "postgres", "DROP DATABASE runner WITH (FORCE); DROP ROLE IF EXISTS app, chief, knowngood_creators;");
  }

  /// The state of the error that stands; empty: there is none.
  std::string operator()(const std::string& statement) {
    const auto error = runner_.run(statement, first_words(statement, 12), {location{"object"}, 7, statement});
    return error ? error->sqlstate : "";
  }
  std::string value(const std::string& sql) { return main_.value(sql); }
  statement_runner& runner() { return runner_; }
  load_run& run() { return run_; }

 private:
  static load_target target(bool throw_away) {
    load_target made = load_parts::world().target("runner");
    made.throw_away = throw_away;
    return made;
  }

  load_run run_;
  connection main_;
  statement_runner runner_;
};

TEST_F(load_parts, statements_run_and_errors_of_their_own_stand) {
  running run;
  EXPECT_EQ(run("CREATE TABLE t (a integer);"), "");
  EXPECT_EQ(run("CREATE TABLE t (a integer);"), "42P07");
  EXPECT_EQ(run("ALTER TABLE gone OWNER TO app;"), "42P01");
  EXPECT_EQ(run("SELECT 1/0;"), "22012");
  EXPECT_THAT(run.runner().roles().made(), testing::IsEmpty());
}

TEST_F(load_parts, statements_make_the_roles_that_are_missed_on_a_server_of_the_drills_own) {
  for (const bool own : {true, false}) {
    running run{own};
    EXPECT_EQ(run("CREATE TABLE t (a integer);"), "");
    EXPECT_EQ(run("ALTER TABLE t OWNER TO app;"), own ? "" : "42704");
    EXPECT_EQ(run.value("SELECT tableowner FROM pg_tables WHERE tablename = 't'"), own ? "app" : load_world::loader);
    EXPECT_EQ(run.runner().roles().made().size(), own ? 1U : 0U);
  }
}

TEST_F(load_parts, statements_in_a_transaction_are_not_tried_again) {
  running run;
  EXPECT_EQ(run("CREATE TABLE t (a integer);"), "");
  EXPECT_EQ(run("BEGIN;"), "");
  EXPECT_EQ(run("ALTER TABLE t OWNER TO app;"), "42704") << "the transaction has failed, whatever is done now";
}

TEST_F(load_parts, statements_make_tables_without_a_log_but_for_those_that_are_published) {
  for (const bool own : {true, false}) {
    running run{own};
    const auto persistence = [&] { return run.value("SELECT relpersistence FROM pg_class WHERE relname = 't'"); };
    load_parts::world().server().sql("runner", std::string{"GRANT CREATE ON DATABASE runner TO "} + load_world::loader);
    EXPECT_EQ(run("CREATE TABLE t (a integer);"), "");
    EXPECT_EQ(persistence(), own ? "u" : "p");
    EXPECT_EQ(run("CREATE PUBLICATION p;"), "");
    EXPECT_EQ(run("ALTER PUBLICATION p ADD TABLE ONLY t;"), "");
    EXPECT_EQ(persistence(), "p");
  }
}

TEST_F(load_parts, statements_act_as_the_role_that_the_dump_has_set) {
  running run;
  run.runner().act_as("app");
  EXPECT_EQ(run("SET ROLE app;"), "");
  EXPECT_EQ(run("CREATE SCHEMA s;"), "") << "app is lent the right to create";
  EXPECT_EQ(run("CREATE TABLE s.t (a integer);"), "");
  EXPECT_EQ(run.value("SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "app");
}

TEST_F(load_parts, statements_that_only_a_superuser_may_run_are_said_to_have_been_his) {
  running run;
  for (const char* statement :
       {"CREATE SCHEMA hidden;", "CREATE TABLE hidden.t (a integer);", "INSERT INTO hidden.t VALUES (1), (2);",
        "ALTER TABLE hidden.t OWNER TO app;", "ALTER SCHEMA hidden OWNER TO app;",
        "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT "
        "count(*) FROM hidden.t';",
        "ALTER FUNCTION total() OWNER TO chief;"}) {
    EXPECT_EQ(run(statement), "") << statement;
  }
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW v AS SELECT total() AS n;"), "");
  EXPECT_EQ(run.value("SELECT n FROM v"), "2");
  const auto [findings, unchecked] = run.run().found.take(location{"test.sql"});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].check, "load.role");
  EXPECT_EQ(findings[0].severity, severity::warning);
  EXPECT_THAT(findings[0].message,
              testing::HasSubstr("line 7 takes rights that chief has only where it is a superuser"));
}

}  // namespace statement_runner_test
