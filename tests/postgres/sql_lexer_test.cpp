#include "knowngood/postgres/sql_lexer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sql_lexer_test {

using knowngood::sql_lexer;
using knowngood::sql_piece;

// The statements of a script, however it is cut.
std::vector<std::string> statements(std::string_view script, std::size_t chunk, sql_lexer lexer = {}) {
  std::vector<std::string> found;
  std::string current;
  while (!script.empty()) {
    std::string_view now = script.substr(0, chunk);
    script.remove_prefix(now.size());
    while (!now.empty()) {
      const auto step = lexer.scan(now);
      if (step.piece == sql_piece::statement) current += now.substr(0, step.consumed);
      now.remove_prefix(step.consumed);
      if (step.piece == sql_piece::statement && step.complete) {
        found.push_back(current);
        current.clear();
      }
    }
  }
  if (!lexer.between_statements()) found.push_back("INSIDE " + std::string{lexer.inside()});
  return found;
}

struct lexer_case {
  const char* what;
  std::string script;
  std::vector<std::string> expected;
};

TEST(sql_lexer, finds_where_statements_end) {
  const std::vector<lexer_case> cases{
      {"two", "SELECT 1; SELECT 2;", {"SELECT 1;", "SELECT 2;"}},
      {"string", "SELECT ';'';';", {"SELECT ';'';';"}},
      {"backslash in a plain string", R"(SELECT '\'; SELECT 2;)", {R"(SELECT '\';)", "SELECT 2;"}},
      {"escape string", R"(SELECT E'\';'; SELECT 2;)", {R"(SELECT E'\';';)", "SELECT 2;"}},
      {"doubled quote in an escape string", R"(SELECT e'a''\';b'; SELECT 2;)", {R"(SELECT e'a''\';b';)", "SELECT 2;"}},
      {"a word that ends in e is no escape string",
       R"(SELECT DATE'\'; SELECT 2;)",
       {R"(SELECT DATE'\';)", "SELECT 2;"}},
      {"quoted identifier", R"(SELECT "a;""b;" FROM t; SELECT 2;)", {R"(SELECT "a;""b;" FROM t;)", "SELECT 2;"}},
      {"dollar quotes", "SELECT $$;$$; SELECT 2;", {"SELECT $$;$$;", "SELECT 2;"}},
      {"nested dollar quotes",
       "SELECT $a$ $b$ ; $b$ $ $a ; $a$; SELECT 2;",
       {"SELECT $a$ $b$ ; $b$ $ $a ; $a$;", "SELECT 2;"}},
      {"dollars that overlap", "SELECT $a$ $$a$; SELECT 2;", {"SELECT $a$ $$a$;", "SELECT 2;"}},
      {"parameter is no dollar quote", "SELECT $1; SELECT $2;", {"SELECT $1;", "SELECT $2;"}},
      {"dollar inside a name", "SELECT a$b$c; SELECT 2;", {"SELECT a$b$c;", "SELECT 2;"}},
      {"line comment inside", "SELECT 1 -- ; '\n; SELECT 2;", {"SELECT 1 -- ; '\n;", "SELECT 2;"}},
      {"minus minus without comment", "SELECT 1 - -1; SELECT 2;", {"SELECT 1 - -1;", "SELECT 2;"}},
      {"nested comment inside", "SELECT /* ; /* ' */ ; */ 1; SELECT 2;", {"SELECT /* ; /* ' */ ; */ 1;", "SELECT 2;"}},
      {"comment with stars", "SELECT /***;/**/***/ 1; SELECT 2;", {"SELECT /***;/**/***/ 1;", "SELECT 2;"}},
      {"comments between", "-- a;b\n/* c; /* d */ ; */ SELECT 1;", {"SELECT 1;"}},
      {"parentheses",
       "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3;",
       {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", "SELECT 3;"}},
      {"atomic body",
       "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END; SELECT 3;",
       {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END;", "SELECT 3;"}},
      {"atomic body or replace",
       "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END; SELECT 3;",
       {"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END;", "SELECT 3;"}},
      {"begin is a statement elsewhere", "BEGIN; SELECT 1; COMMIT;", {"BEGIN;", "SELECT 1;", "COMMIT;"}},
      {"a table called begin", "CREATE TABLE begin (a int); SELECT 1;", {"CREATE TABLE begin (a int);", "SELECT 1;"}},
      {"unfinished string", "SELECT 'abc", {"INSIDE a string"}},
      {"unfinished statement", "SELECT 1", {"INSIDE a statement"}},
      {"unfinished dollar quote", "SELECT $x$ ; $y$", {"INSIDE a dollar-quoted string"}},
      {"unfinished identifier", "SELECT \"a;", {"INSIDE a quoted identifier"}},
      {"unfinished comment", "/* abc ; /* */ ", {"INSIDE a comment"}},
      {"unfinished atomic body", "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;", {"INSIDE a BEGIN ATOMIC body"}},
      {"nothing", " \n\t", {}},
      {"an empty statement", ";", {";"}},
  };
  for (const auto& one : cases) {
    for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 5, 8, 1000}) {
      EXPECT_EQ(statements(one.script, chunk), one.expected) << one.what << " in chunks of " << chunk;
    }
  }
}

TEST(sql_lexer, escapes_in_plain_strings_only_when_they_do_not_conform) {
  sql_lexer old;
  old.set_standard_conforming_strings(false);
  EXPECT_EQ(statements(R"(SELECT '\';'; SELECT 2;)", 3, old),
            (std::vector<std::string>{R"(SELECT '\';';)", "SELECT 2;"}));
}

TEST(sql_lexer, skips_the_second_byte_of_a_character_in_an_encoding_that_hides_ascii) {
  sql_lexer sjis;
  sjis.set_unsafe_encoding(true);
  const std::string script = "SELECT E'\x95\x5C'; SELECT 2;";  // 0x5C is a backslash elsewhere
  for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 100}) {
    EXPECT_EQ(statements(script, chunk, sjis).size(), 2U);
    EXPECT_EQ(statements(script, chunk).size(), 1U) << "the intact case differs from the unsafe one";
  }
}

TEST(sql_lexer, counts_the_rows_of_an_insert) {
  const auto rows_of = [](std::string_view script) {
    sql_lexer lexer;
    while (!script.empty()) script.remove_prefix(lexer.scan(script).consumed);
    return lexer.value_groups();
  };
  EXPECT_EQ(rows_of("INSERT INTO t VALUES (1, '(', f(2));"), 1U);
  EXPECT_EQ(rows_of("INSERT INTO t (a, b) VALUES (1, 2), (3, (4)), (5, '),(');"), 3U);
  EXPECT_EQ(rows_of("INSERT INTO t DEFAULT VALUES;"), 0U);
}

}  // namespace sql_lexer_test
