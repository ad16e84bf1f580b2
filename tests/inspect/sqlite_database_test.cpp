#include "knowngood/inspect/sqlite_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace sqlite_database_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> found(const std::string& bytes, std::size_t chunk = 65'536) {
  finding_list findings;
  memory_source in{bytes, chunk};
  read_sqlite_database(in, location{"a.db"}, findings);
  std::vector<std::string> all;
  for (const auto& one : findings.snapshot()) all.push_back(fmt::format("{} {}", to_string(one.severity), one.check));
  return all;
}

class sqlite_files : public ::testing::Test {
 protected:
  // A database after some SQL: rows enough for interior pages, an index, long values in overflow pages.
  std::string made_by(const std::string& pragma, const std::string& sql) const {
    const tool_run run = here.run(
        "rm -f a.db*; sqlite3 a.db \"" + pragma +
        " CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB); CREATE INDEX i ON t (b); CREATE TABLE small (x); "
        "INSERT INTO small VALUES (1); "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        "INSERT INTO t SELECT i, 'value ' || i, randomblob(i % 97) FROM n; INSERT INTO t VALUES (9999, 'x', "
        "randomblob(40000)); " +
        sql + "\" 2>&1");
    EXPECT_EQ(run.status, 0) << run.output;
    return here.read("a.db");
  }
  scratch_directory here;
};

TEST_F(sqlite_files, of_every_shape_are_whole) {
  for (const std::string pragma : {"", "PRAGMA page_size=512;", "PRAGMA page_size=65536;", "PRAGMA auto_vacuum=FULL;",
                                   "PRAGMA auto_vacuum=INCREMENTAL;", "PRAGMA encoding='UTF-16';"}) {
    for (const std::string sql :
         {"", "DELETE FROM t WHERE a > 1500;", "DELETE FROM t;", "DROP TABLE t;", "DELETE FROM t WHERE a % 2; VACUUM;",
          "CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f SELECT b FROM t;"}) {
      SCOPED_TRACE(pragma + " " + sql);
      const std::string bytes = made_by(pragma, sql);
      for (const std::size_t chunk : {std::size_t{333}, std::size_t{65'536}})
        EXPECT_THAT(found(bytes, chunk), IsEmpty());
    }
  }
  EXPECT_THAT(found(made_by("PRAGMA journal_mode=WAL;", "PRAGMA wal_checkpoint(TRUNCATE);")),
              ElementsAre("note sqlite.wal"));
}

TEST_F(sqlite_files, cut_anywhere_are_unsound) {
  const std::string bytes = made_by("", "");
  ASSERT_THAT(found(bytes), IsEmpty());
  for (std::size_t size = 16; size < bytes.size(); size += 1009) {
    EXPECT_THAT(found(bytes.substr(0, size)), Contains("error sqlite.truncated")) << size;
  }
  for (std::size_t size = 4096; size < bytes.size(); size += 4096) {
    EXPECT_THAT(found(bytes.substr(0, size)), Contains("error sqlite.truncated")) << size;
  }
  EXPECT_THAT(found(bytes + std::string(4096, '\0')), ElementsAre("warning sqlite.truncated"));
}

TEST_F(sqlite_files, with_zeroed_pages_of_b_trees_are_unsound) {
  const std::string bytes = made_by("", "");
  ASSERT_THAT(found(bytes), IsEmpty());
  unsigned pages = 0;
  for (std::size_t page = 1; page < bytes.size() / 4096; ++page) {
    const char type = bytes[page * 4096];
    if (type != 13 && type != 10 && type != 5 && type != 2) continue;  // an overflow page holds anything
    ++pages;
    std::string damaged = bytes;
    damaged.replace(page * 4096, 4096, 4096, '\0');
    EXPECT_THAT(found(damaged), Contains("error sqlite.page")) << "page " << page + 1;
    damaged = bytes;
    damaged.replace(page * 4096, 512, 512, '\xE5');
    EXPECT_THAT(found(damaged), Contains("error sqlite.page")) << "page " << page + 1;
  }
  EXPECT_GT(pages, 20U);
}

TEST_F(sqlite_files, with_a_damaged_header_are_unsound) {
  const std::string bytes = made_by("", "");
  ASSERT_THAT(found(bytes), IsEmpty());
  for (const std::size_t at : {16U, 18U, 19U, 21U, 22U, 23U, 44U, 56U}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    EXPECT_THAT(found(damaged), ::testing::Not(IsEmpty())) << at;
  }
}

}  // namespace sqlite_database_test
