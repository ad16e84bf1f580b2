#include "restorable/postgres/dump_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restorable/io/memory_source.hpp"
#include "restorable/testing/damage.hpp"
#include "restorable/testing/source_suite.hpp"
#include "sample_dump.hpp"

namespace {

using namespace restorable;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct checked {
  std::optional<dump_summary> summary;
  std::vector<std::string> checks;   // ids of findings, and of the error that stopped it
  std::string text;
};

checked check(const std::string& script, std::size_t chunk = 1 << 16) {
  checked result;
  finding_list findings;
  try {
    result.summary =
        check_plain_dump(std::make_unique<memory_source>(script, chunk), location{"dump.sql"}, findings);
  } catch (const stream_error& error) {
    findings.report(error.as_finding());
  }
  for (const auto& one : findings.snapshot()) {
    result.checks.push_back(one.check);
    result.text += fmt::format("{} {}: {} (expected {}, actual {})\n", one.check, one.where.to_string(), one.message,
                               one.expected, one.actual);
  }
  return result;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) throw std::invalid_argument{"not in the sample: " + std::string{what}};
  return text.replace(at, what.size(), with);
}

TEST(dump_check, finds_nothing_in_an_intact_dump_however_it_is_cut_into_chunks) {
  std::string fingerprint;
  for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 7, 64, 511, 4096, 1 << 20}) {
    const checked got = check(sample_dump, chunk);
    ASSERT_TRUE(got.summary) << got.text;
    EXPECT_THAT(got.checks, IsEmpty()) << got.text;
    const dump_summary& summary = *got.summary;
    EXPECT_EQ(summary.server_version, "15.18 (Debian 15.18-0+deb12u1)");
    EXPECT_EQ(summary.dump_version, "15.20 (Debian 15.20-0+deb12u1)");
    EXPECT_EQ(summary.encoding, "UTF8");
    EXPECT_FALSE(summary.cluster);
    EXPECT_EQ(summary.objects, 3U);
    ASSERT_EQ(summary.tables.size(), 4U);
    EXPECT_EQ(summary.tables[0].name, "public.incidents");
    EXPECT_EQ(summary.tables[0].rows.rows(), 3U);
    EXPECT_EQ(summary.tables[1].name, "public.nocol");
    EXPECT_EQ(summary.tables[1].rows.rows(), 3U);
    EXPECT_EQ(summary.tables[2].name, R"(public."we;ird ""name")");
    EXPECT_EQ(summary.tables[2].rows.rows(), 3U);
    EXPECT_EQ(summary.tables[3].name, "public.empty_one");
    EXPECT_EQ(summary.tables[3].rows.rows(), 0U);
    if (fingerprint.empty()) fingerprint = summary.tables[0].rows.fingerprint();
    EXPECT_EQ(summary.tables[0].rows.fingerprint(), fingerprint);
  }
}

TEST(dump_check, finds_a_cut_at_every_byte) {
  const std::size_t key = sample_dump.rfind("\\unrestrict KEY123");
  const std::size_t whole = key + std::string_view{"\\unrestrict KEY123"}.size();
  for (std::size_t size = 0; size < whole; ++size) {
    const checked got = check(sample_dump.substr(0, size), 97);
    EXPECT_FALSE(got.checks.empty()) << "cut at byte " << size << " passed silently";
  }
  for (std::size_t size = whole; size <= sample_dump.size(); ++size) {
    EXPECT_THAT(check(sample_dump.substr(0, size), 97).checks, IsEmpty()) << "only blank lines are lost at " << size;
  }
}

TEST(dump_check, names_what_a_cut_dump_ends_inside_of) {
  const auto cut_after = [](std::string_view mark) { return sample_dump.substr(0, sample_dump.find(mark) + mark.size()); };
  EXPECT_THAT(check(cut_after("2\ttab")).checks, ElementsAre("dump.unterminated-copy"));
  EXPECT_THAT(check(cut_after("1\tbolt\t\\N\n")).checks, ElementsAre("dump.unterminated-copy"));
  EXPECT_THAT(check(cut_after("SELECT CASE")).checks, ElementsAre("dump.unterminated-statement"));
  EXPECT_THAT(check(cut_after("'it''s;")).checks, ElementsAre("dump.unterminated-statement"));
  EXPECT_THAT(check(cut_after("/* a block")).checks, ElementsAre("dump.unterminated-statement"));
  EXPECT_THAT(check(cut_after("SELECT pg_catalog.setval('public.seq', 3, true);\n")).checks,
              ElementsAre("dump.truncated"));
  EXPECT_THAT(check(sample_dump.substr(0, sample_dump.rfind("--\n\n\\unrestrict"))).checks,
              ElementsAre("dump.truncated"));
  EXPECT_THAT(check(sample_dump.substr(0, sample_dump.rfind("\\unrestrict"))).checks, ElementsAre("dump.truncated"));
}

TEST(dump_check, is_not_taken_in_by_a_trailer_that_is_data) {
  const std::string body = replaced(sample_dump, "\\.\n\n\nSELECT pg_catalog.setval", "\\.\n\n\nSELECT setval");
  const std::string cut = body.substr(0, body.rfind("--\n-- PostgreSQL database dump complete"));
  EXPECT_NE(cut.find("-- PostgreSQL database dump complete"), std::string::npos) << "it stands in strings before";
  EXPECT_THAT(check(cut).checks, ElementsAre("dump.truncated"));
}

TEST(dump_check, finds_a_row_with_another_number_of_columns) {
  const checked got = check(replaced(sample_dump, "1\tbolt\t", "1\tbolt\t\t"));
  ASSERT_THAT(got.checks, ElementsAre("dump.columns"));
  EXPECT_NE(got.text.find("1 of 3 rows of public.incidents"), std::string::npos) << got.text;
  EXPECT_NE(got.text.find("expected 3 columns, actual 4 columns"), std::string::npos) << got.text;
}

TEST(dump_check, finds_bytes_that_are_not_in_the_declared_encoding) {
  EXPECT_THAT(check(replaced(sample_dump, "Größe", "Gr\xF6\xDF" "e")).checks, ElementsAre("dump.encoding"));
  EXPECT_THAT(check(replaced(sample_dump, "semi;colon", "semi\xFF" "colon")).checks, ElementsAre("dump.encoding"));
  const std::string latin1 = replaced(sample_dump, "'UTF8'", "'LATIN1'");
  EXPECT_THAT(check(replaced(latin1, "Größe", "Gr\xF6\xDF" "e")).checks, IsEmpty());
}

TEST(dump_check, finds_meta_commands_that_pg_dump_does_not_write) {
  for (const std::string_view hostile : {"\\! touch /tmp/owned\n", "\\i /etc/passwd\n", "\\copy t from program 'id'\n",
                                         "\\connect `id`\n", "\\o |id\n", "SELECT 1 \\g |id\n;\n", "\\unrestrict OTHER\n", "\\encoding `id`\n"}) {
    const checked got = check(replaced(sample_dump, "SELECT pg_catalog.setval", std::string{hostile} + "SELECT pg_catalog.setval"));
    EXPECT_THAT(got.checks, Contains("dump.meta-command")) << hostile << got.text;
  }
  EXPECT_THAT(check(replaced(sample_dump, "SELECT pg_catalog.setval",
                             "\\unrestrict KEY123\n\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='my db'\"\n\n\\restrict KEY123\n"
                             "SELECT pg_catalog.setval")).checks, IsEmpty());
}

TEST(dump_check, finds_statements_after_the_end) {
  EXPECT_THAT(check(sample_dump + "DROP TABLE public.incidents;\n").checks, ElementsAre("dump.data-after-end"));
  EXPECT_THAT(check(sample_dump + "COPY public.t (a) FROM stdin;\n1\n\\.\n").checks,
              ElementsAre("dump.data-after-end"));
  EXPECT_THAT(check(sample_dump + "-- a remark by an operator\n\n").checks, IsEmpty());
}

TEST(dump_check, reads_dumps_that_were_joined_and_wants_each_of_them_whole) {
  const std::string without_end = sample_dump.substr(0, sample_dump.rfind("--\n-- PostgreSQL database dump complete"));
  EXPECT_THAT(check(sample_dump + sample_dump).checks, IsEmpty());
  EXPECT_THAT(check(sample_dump + without_end).checks, ElementsAre("dump.truncated"));
}

std::string cluster(const std::string& databases, bool complete = true) {
  return "--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict K\n\nSET default_transaction_read_only = off;\n\n"
         "CREATE ROLE app;\n\n\\unrestrict K\n\n--\n-- Databases\n--\n\n" + databases +
         (complete ? "--\n-- PostgreSQL database cluster dump complete\n--\n\n" : "");
}

TEST(dump_check, wants_the_trailer_of_the_cluster_and_of_every_database_in_it) {
  const std::string database = "--\n-- Database \"ner11\" dump\n--\n\n\\connect ner11\n\n" + sample_dump;
  const checked intact = check(cluster(database + database));
  EXPECT_THAT(intact.checks, IsEmpty()) << intact.text;
  EXPECT_TRUE(intact.summary->cluster);
  EXPECT_EQ(intact.summary->tables.front().database, "ner11");
  EXPECT_THAT(check(cluster(database, false)).checks, ElementsAre("dump.truncated"));
  const std::string without_end = database.substr(0, database.rfind("--\n-- PostgreSQL database dump complete"));
  EXPECT_THAT(check(cluster(without_end)).checks, ElementsAre("dump.truncated"));
}

TEST(dump_check, calls_a_dump_of_nothing_an_error_and_a_schema_without_rows_a_note) {
  const std::string nothing =
      "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n"
      "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;\n--\n-- PostgreSQL database dump complete\n--\n\n";
  EXPECT_THAT(check(nothing).checks, ElementsAre("dump.empty"));
  EXPECT_THAT(check(replaced(nothing, "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;",
                             "CREATE TABLE public.t (a integer);")).checks, ElementsAre("dump.no-rows"));
  EXPECT_THAT(check("").checks, Contains("dump.no-header"));
}

TEST(dump_check, counts_the_rows_of_insert_style_dumps) {
  const std::string inserts =
      "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a integer);\n"
      "INSERT INTO public.t VALUES (1, 'a;(b'), (2, 'c');\nINSERT INTO public.t (a) VALUES (3);\n"
      "INSERT INTO public.nocol DEFAULT VALUES;\n--\n-- PostgreSQL database dump complete\n--\n\n";
  const checked got = check(inserts, 3);
  EXPECT_THAT(got.checks, IsEmpty()) << got.text;
  ASSERT_EQ(got.summary->tables.size(), 2U);
  EXPECT_EQ(got.summary->tables[0].inserted, 3U);
  EXPECT_EQ(got.summary->tables[1].inserted, 1U);
}

TEST(dump_check, hands_on_what_its_source_fails_with) {
  finding_list findings;
  EXPECT_THROW(check_plain_dump(std::make_unique<failing_source>(sample_dump, 100), location{"d"}, findings), stream_error);
}

TEST(dump_check, survives_every_single_bit_flip) {
  for (const auto& flip : every_bit_flip(sample_dump)) {
    SCOPED_TRACE(flip.name);
    check(flip.apply(sample_dump), 1000);  // any verdict; no crash, no endless loop
  }
}

}  // namespace
