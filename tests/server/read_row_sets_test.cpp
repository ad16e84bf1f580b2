#include "knowngood/server/read_row_sets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "knowngood/compare/reread_dump.hpp"
#include "knowngood/compare/session_zone.hpp"
#include "knowngood/io/memory_source.hpp"
#include "server/private_server.hpp"

namespace read_row_sets_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class row_sets : public server_test {
 protected:
  static void SetUpTestSuite() {
    server().create("db");
    server().sql("db", R"SQL(
CREATE EXTENSION citext;
CREATE TYPE pair AS (a int, b timestamptz);
CREATE DOMAIN stamps AS timestamptz[];
CREATE TABLE typed (i int, t timestamptz, ts stamps, p pair, ps pair[], m money, f real, box box, path path, b bytea, r regclass, c citext, tz timetz,
  n numeric, rng tstzmultirange, gen int GENERATED ALWAYS AS (i + 1) STORED, txt text, gone int, fr float8[]);
ALTER TABLE typed DROP COLUMN gone;
CREATE TABLE big (n int, t text);
INSERT INTO big SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 60000) n;
DELETE FROM big WHERE n % 7 = 0;
CREATE TABLE moved (n int) PARTITION BY RANGE (n);
CREATE TABLE moved_low PARTITION OF moved FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (n);
CREATE TABLE moved_lowest PARTITION OF moved_low FOR VALUES FROM (0) TO (5);
CREATE TABLE moved_high PARTITION OF moved FOR VALUES FROM (10) TO (20);
INSERT INTO moved SELECT n FROM unnest(ARRAY[1, 2, 11]) n;
CREATE UNLOGGED TABLE loose (n int);
CREATE VIEW seen AS SELECT 1 AS n;
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS n;
CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER away FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE far (n int) SERVER away;
)SQL");
  }

  static relation_list relations() {
    catalog_session session{server().conninfo("db"), location{"db"}};
    return read_relations(session);
  }
  static std::vector<rows_read> read(const relation_list& all, const std::vector<table_to_read>& tables,
                                     const read_options& options = {}, const row_session& session = {}) {
    return read_row_sets(server().conninfo("db"), location{"db"}, all, tables, session, options);
  }
};

TEST_F(row_sets, know_what_the_text_of_each_column_depends_on) {
  const relation_list all = relations();
  const relation* typed = all.find({"public", "typed"});
  ASSERT_NE(typed, nullptr);
  std::string text;
  for (const auto& column : typed->columns) {
    text += column.name + ":";
    const text_traits& is = column.traits;
    if (is.zone) text += is.zone_only ? "Z" : "z";
    if (is.money) text += "m";
    if (is.floats) text += "f";
    if (is.bytes) text += "b";
    if (is.names) text += "n";
    if (is.unknown) text += "u";
    text += " ";
  }
  EXPECT_EQ(text, "i: t:Z ts:Z p:z ps:z m:m f:f box:f path:f b:b r:n c:u tz: n: rng:Z txt: fr:f ")
      << "neither generated nor dropped columns";
}

TEST_F(row_sets, know_what_has_rows_to_dump) {
  const relation_list all = relations();
  std::vector<std::string> names;
  for (const auto& one : all.all()) {
    if (one.has_rows_to_dump()) names.push_back(one.name.name);
  }
  EXPECT_THAT(names, ElementsAre("big", "loose", "moved_high", "moved_lowest", "typed"));
  const relation* moved = all.find({"", "moved"});
  ASSERT_NE(moved, nullptr);
  EXPECT_EQ(moved->leaves.size(), 2U);
  EXPECT_EQ(all.root_of(*all.find({"public", "moved_lowest"})).name.name, "moved");
  EXPECT_EQ(all.find({"public", "nowhere"}), nullptr);
}

TEST_F(row_sets, are_the_same_read_whole_or_in_pieces_by_one_or_several) {
  const relation_list all = relations();
  const relation* big = all.find({"public", "big"});
  ASSERT_GT(big->pages, 100U);
  row_set expected;
  const std::string text = server().must("psql -X -d db -c 'COPY big TO STDOUT'");
  detail::add_rows(expected, text, nullptr);
  ASSERT_EQ(expected.rows(), 51'429U);
  for (const unsigned jobs : {1U, 2U, 3U, 8U}) {
    for (const std::uint64_t piece : {1U, 7U, 100'000U}) {
      const auto rows = read(all, {{big, {}}}, {jobs, {}, {}, piece});
      EXPECT_EQ(rows[0].problem, std::nullopt);
      EXPECT_TRUE(rows[0].rows == expected) << jobs << " " << piece;
      EXPECT_EQ(rows[0].bytes, text.size());
    }
  }
}

TEST_F(row_sets, of_a_partitioned_table_are_those_of_its_leaves) {
  const relation_list all = relations();
  const auto rows = read(all, {{all.find({"public", "moved"}), {}},
                               {all.find({"public", "loose"}), {}},
                               {all.find({"public", "moved_high"}), {}}});
  EXPECT_EQ(rows[0].rows.rows(), 3U);
  EXPECT_EQ(rows[1].rows.rows(), 0U);
  EXPECT_EQ(rows[2].rows.rows(), 1U);
}

TEST_F(row_sets, are_of_tables_only_and_one_that_cannot_be_read_spoils_no_other) {
  const relation_list all = relations();
  const auto rows = read(all,
                         {{all.find({"public", "seen"}), {}},
                          {all.find({"public", "far"}), {}},
                          {all.find({"public", "kept"}), {}},
                          {all.find({"public", "loose"}), std::vector<std::string>{"no\"such"}},
                          {all.find({"public", "moved_high"}), {}}},
                         {1, {}, {}, 8'192});
  EXPECT_EQ(rows[0].problem, "is a view");
  EXPECT_EQ(rows[1].problem, "is a foreign table");
  EXPECT_EQ(rows[2].problem, "is a view");
  EXPECT_THAT(rows[3].problem.value_or(""), HasSubstr("no\"such"));
  EXPECT_EQ(rows[4].problem, std::nullopt);
  EXPECT_EQ(rows[4].rows.rows(), 1U);
}

TEST_F(row_sets, are_all_of_one_snapshot) {
  catalog_session holder{server().conninfo("db"), location{"db"}};
  const std::string snapshot = holder.export_snapshot();
  server().sql("db", "INSERT INTO loose VALUES (1), (2)");
  const relation_list all = relations();
  EXPECT_EQ(read(all, {{all.find({"public", "loose"}), {}}}, {2, {}, snapshot, 8'192})[0].rows.rows(), 0U);
  EXPECT_EQ(read(all, {{all.find({"public", "loose"}), {}}})[0].rows.rows(), 2U);
  server().sql("db", "DELETE FROM loose");
}

TEST_F(row_sets, say_that_a_setting_is_not_to_be_had) {
  const relation_list all = relations();
  EXPECT_THROW(read(all, {{all.find({"public", "loose"}), {}}}, {}, {.time_zone = "Atlantis"}), environment_error);
  EXPECT_THROW(read(all, {{all.find({"public", "loose"}), {}}}, {}, {.lc_monetary = "xx_XX"}), environment_error);
  EXPECT_THROW(
      read_row_sets(server().conninfo("nowhere"), location{"db"}, all, {{all.find({"public", "loose"}), {}}}, {}, {}),
      environment_error);
}

TEST_F(row_sets, end_when_they_are_told_to) {
  const relation_list all = relations();
  std::atomic<bool> stop = false;
  server_session locker{server().conninfo("db"), location{"db"}};
  locker.query("BEGIN; LOCK TABLE public.loose IN ACCESS EXCLUSIVE MODE");
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    stop = true;
  }};
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THROW(
      read(all, {{all.find({"public", "loose"}), {}}, {all.find({"public", "big"}), {}}}, {2, stop, {}, 8'192}),
      interrupted);
  later.join();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{5});
}

// --- a second look at a dump ---

dump_reread reread(const std::string& script, const std::vector<table_to_reread>& tables, std::size_t chunk = 100) {
  return reread_dump(std::make_unique<memory_source>(script, chunk), location{"dump"}, tables);
}

row_set set_of(const std::vector<std::string>& rows) {
  row_set set;
  for (const auto& row : rows) set.add(row);
  return set;
}

TEST(reread, rewrites_the_columns_asked_for_and_no_other) {
  const std::string script =
      "SET client_encoding = 'UTF8';\nCOPY public.t (id, at, note) FROM stdin;\n"
      "1\t2025-07-01 02:00:00+02\t2025-07-01 02:00:00+02\n2\t\\N\tx\n3\t2025-12-01 02:00:00+01\t\n\\.\n\nCOPY public.u "
      "(at) FROM stdin;\n2025-07-01 02:00:00+02\n\\.\n";
  for (const std::size_t chunk : std::vector<std::size_t>{1, 7, 100'000}) {
    const dump_reread again = reread(
        script, {{std::nullopt, "public.t", {"id", "at", "note"}, {{}, {true, true, false}, {false, false, true}}}},
        chunk);
    EXPECT_TRUE(again.tables[0].whole);
    EXPECT_TRUE(again.tables[0].rows == set_of({"1\t2025-07-01 00:00:00+00\t2025-07-01 02:00:00+02", "2\t\\N\tx",
                                                "3\t2025-12-01 01:00:00+00\t"}));
    EXPECT_TRUE(again.tables[0].without_left_out ==
                set_of({"1\t2025-07-01 00:00:00+00", "2\t\\N", "3\t2025-12-01 01:00:00+00"}));
    EXPECT_EQ(again.samples.size(), 2U);
  }
}

TEST(reread, keeps_databases_apart_and_follows_each_blocks_own_columns) {
  const std::string script =
      "\\connect one\nCOPY t (a, at) FROM stdin;\n1\t2025-07-01 02:00:00+02\n\\.\nCOPY t (at, a) FROM "
      "stdin;\n2025-07-01 02:00:00+02\t2\n\\.\n"
      "\\connect -reuse-previous=on \"dbname='na me'\"\nCOPY t (a, at) FROM stdin;\n3\t2025-07-01 02:00:00+02\n\\.\n";
  const dump_reread again =
      reread(script, {{"one", "t", {"a", "at"}, {{}, {true}}}, {"na me", "t", {"a", "at"}, {{}, {true}}}});
  EXPECT_TRUE(again.tables[0].rows == set_of({"1\t2025-07-01 00:00:00+00", "2025-07-01 00:00:00+00\t2"}));
  EXPECT_TRUE(again.tables[1].rows == set_of({"3\t2025-07-01 00:00:00+00"}));
}

TEST(reread, says_when_rows_are_not_as_expected) {
  EXPECT_FALSE(reread("COPY t (a) FROM stdin;\n1\t2\n\\.\n", {{std::nullopt, "t", {"a"}, {{}}}}).tables[0].whole);
  EXPECT_TRUE(reread("COPY t  FROM stdin;\n\n\n\\.\n", {{std::nullopt, "t", {}, {}}}).tables[0].whole);
  EXPECT_THROW(reread("COPY t (a) FROM stdin;\n1\n", {{std::nullopt, "t", {"a"}, {{}}}}), stream_error);
}

TEST(reread, takes_rows_longer_than_the_scanner_holds) {
  const std::string filler(3'000'000, 'x');
  const dump_reread again =
      reread("COPY t (a, at) FROM stdin;\n" + filler + "\t2025-07-01 02:00:00+02\n1\t2025-07-01 02:00:00+02\n\\.\n",
             {{std::nullopt, "t", {"a", "at"}, {{}, {true}}}}, 65'536);
  EXPECT_TRUE(again.tables[0].whole);
  EXPECT_TRUE(again.tables[0].rows == set_of({filler + "\t2025-07-01 00:00:00+00", "1\t2025-07-01 00:00:00+00"}));
}

TEST(reread, bounds_its_samples) {
  std::string script = "COPY t (at) FROM stdin;\n";
  for (int year = 1000; year < 6000; ++year)
    script +=
        fmt::format("{:04}-07-01 02:00:00+02\n{:04}-07-01 03:00:00+02\n{:04}-07-01 04:00:00+02\n", year, year, year);
  const dump_reread again = reread(script + "\\.\n", {{std::nullopt, "t", {"at"}, {{true, true, false}}}}, 65'536);
  EXPECT_EQ(again.samples.size(), 4'000U);
}

TEST_F(row_sets, zones_are_told_from_what_clocks_showed) {
  server_session session{server().conninfo("db"), location{"db"}};
  const auto sample = [](std::int64_t year, unsigned month, std::int32_t offset) {
    return offset_sample{detail::days_of(year, month, 1) * 86'400, offset};
  };
  const auto first = [&](const std::vector<offset_sample>& samples) {
    const auto zones = find_zones(session, samples);
    return zones.empty() ? "" : zones.front();
  };
  EXPECT_EQ(first({sample(2025, 7, 0), sample(2025, 1, 0)}), "UTC");
  EXPECT_EQ(first({sample(2025, 7, 9 * 3600), sample(1950, 7, 10 * 3600), sample(1988, 7, 9 * 3600)}), "Asia/Tokyo");
  EXPECT_EQ(first({sample(2025, 7, 7200), sample(2025, 1, 3600), sample(1947, 6, 3 * 3600)}), "Europe/Berlin")
      << "double summer time of 1947";
  EXPECT_EQ(first({sample(2025, 7, -9000), sample(2025, 1, -12'600)}), "America/St_Johns");
  EXPECT_EQ(first({sample(2025, 7, 1234 * 60)}), "<+2034>-20:34") << "no zone is, but a clock may be";
  EXPECT_EQ(first({sample(2025, 7, 3600), sample(2025, 7, 7200)}), "") << "two clocks";
  EXPECT_EQ(first({}), "");
  EXPECT_EQ(detail::fixed_zone(-12'600), "<-0330>+03:30");
}

}  // namespace read_row_sets_test
