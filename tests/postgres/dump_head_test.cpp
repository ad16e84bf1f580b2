#include "knowngood/postgres/dump_head.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "postgres/sample_dump.hpp"

namespace dump_head_test {

using namespace knowngood;

TEST(dump_head, finds_the_header_behind_whatever_stands_before_it) {
  struct before_case {
    std::string before;
    std::size_t foreign;  // lines that are no SQL
  };
  for (const auto& [before, foreign] : std::initializer_list<before_case>{
           {"", 0},
           {"\n\n", 0},
           {"\xEF\xBB\xBF", 0},
           {"-- nightly, by cron\n", 0},
           {"/* over\n two lines */\n", 0},
           {"BEGIN;\nSET session_replication_role = replica;\n", 0},
           {"CREATE TABLE x (\n  a int\n);\n", 0},
           {"\\set ON_ERROR_STOP on\n", 0},
           {"Password: \r\n", 1},
           {"WARN[0000] the attribute `version` is obsolete, it's ignored\n", 1},
           {"pg_dump: warning: there are circular foreign-key constraints on this table:\npg_dump: detail: node\n", 2},
           {"Set up the \"tunnel\" (it's slow)\n", 1},
           {"Create failed; trying again\nBEGIN;\n", 1},
           {"SELECT the database:\n", 1},
           {std::string(100'000, 'x') + '\n', 1},
       }) {
    const std::string text = before + sample_dump;
    const dump_head head = look_at_dump_head(text);
    ASSERT_TRUE(head.header) << before.substr(0, 80);
    EXPECT_EQ(text.substr(*head.header, 27), "-- PostgreSQL database dump");
    EXPECT_EQ(head.foreign.size(), foreign) << before.substr(0, 80);
  }
}

TEST(dump_head, knows_a_dump_without_comments_by_its_statements) {
  const std::string bare = stripped(sample_dump);
  EXPECT_TRUE(look_at_dump_head(bare).sql);
  EXPECT_TRUE(look_at_dump_head("pg_dump: warning: don't\n" + bare).sql);
  EXPECT_EQ(look_at_dump_head("pg_dump: warning: don't\n" + bare).foreign.size(), 1U);
  EXPECT_TRUE(look_at_dump_head("ALTER TABLE ONLY public.t ADD CONSTRAINT k PRIMARY KEY (a);\n").sql);
  for (const char* other :
       {"", "\n", "x", "Permission denied\n", "<html>\n<body>404; not found</body>\n", "{\"error\": \"no; such\"}",
        "Traceback (most recent call last):\n  File \"x\"\n", "unknown flag: --clean\n",
        "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\n", "-- only a comment\n", "33\trow\n34\trow\n\\.\n\n",
        "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `t` (a int);\n"}) {
    EXPECT_FALSE(look_at_dump_head(other).is_dump()) << other;
  }
}

TEST(dump_head, of_a_dump_that_nobody_promised_is_found_behind_sql_only) {
  const auto plain = [](const std::string& text) { return is_plain_dump(std::as_bytes(std::span{text})); };
  EXPECT_TRUE(plain(sample_dump));
  EXPECT_TRUE(plain("\xEF\xBB\xBF" + sample_dump));
  EXPECT_TRUE(plain("BEGIN;\n-- by cron\n" + sample_dump));
  EXPECT_FALSE(plain("# How to restore\n\n    " + sample_dump)) << "a text about dumps";
}

TEST(looks_like_sql, tells_scripts_from_prose) {
  for (const char* script :
       {"CREATE TABLE t (a int);\n", "-- by hand\ninsert into t values (1);\n", "/*!40101 SET NAMES utf8 */;\n",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "USE [shop]\nGO\n", "\xEF\xBB\xBFSELECT 1;\n"}) {
    EXPECT_TRUE(looks_like_sql(script)) << script;
  }
  for (const char* prose :
       {"", "-- nothing\n", "Create failed: no space left\n", "Permission denied\n", "x",
        "select a database and try again\n", "drop me a line; thanks\n", "SELECT failed; see the log\n"}) {
    EXPECT_FALSE(looks_like_sql(prose)) << prose;
  }
}

}  // namespace dump_head_test
