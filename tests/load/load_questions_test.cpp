#include "knowngood/load/load_questions.hpp"

#include <gtest/gtest.h>

#include "load/load_world.hpp"

namespace load_questions_test {

using namespace knowngood;

TEST_F(load_parts, rows_need_order_where_they_may_look_at_other_rows) {
  connection session = loader_session("questions");
  session.query(
      "CREATE TABLE t (a integer PRIMARY KEY DEFAULT 7, b text CHECK (length(b) > 0), c integer GENERATED ALWAYS AS (a "
      "+ "
      "1) STORED); CREATE VIEW v AS SELECT * FROM t;"
      "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
  EXPECT_FALSE(rows_need_order(session));
  for (const char* reason : {
           "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t",
           "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()",
           "CREATE RULE r AS ON INSERT TO t DO ALSO NOTIFY x",
           "ALTER TABLE t ADD CHECK (f(a) > 0)",
           "ALTER TABLE t ALTER a SET DEFAULT f(1)",
           "CREATE DOMAIN d AS integer CHECK (f(VALUE) > 0)",
       }) {
    session.query("BEGIN");
    session.query(reason);
    EXPECT_TRUE(rows_need_order(session)) << reason;
    session.query("ROLLBACK");
  }
  EXPECT_FALSE(rows_need_order(session));
}

TEST_F(load_parts, functions_of_extensions_need_no_order) {
  connection session = loader_session("questions");
  world().server().sql("questions", "CREATE EXTENSION hstore");
  session.query("CREATE TABLE t (a hstore CHECK (exist(a, 'k')) DEFAULT hstore('k', 'v'))");
  EXPECT_FALSE(rows_need_order(session));
}

TEST_F(load_parts, texts_are_ordered_unlike_their_source_where_partitions_go_by_them) {
  connection session = loader_session("questions");
  ASSERT_EQ(session.value("SELECT datcollate FROM pg_database WHERE datname = current_database()"), "C");
  session.query(
      "CREATE TABLE numbers (a integer) PARTITION BY RANGE (a); CREATE TABLE words (a text) PARTITION BY LIST (a);"
      "CREATE TABLE plain (a text COLLATE \"C\") PARTITION BY RANGE (a)");
  EXPECT_FALSE(orders_unlike_its_source(session)) << "whatever the locale is, these are ordered alike";
  session.query("CREATE TABLE names (a integer, b text) PARTITION BY RANGE (a, b)");
  EXPECT_TRUE(orders_unlike_its_source(session));
}

}  // namespace load_questions_test
