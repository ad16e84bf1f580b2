#include "knowngood/postgres/dump_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/io/memory_source.hpp"
#include "knowngood/testing/damage.hpp"
#include "knowngood/testing/source_suite.hpp"
#include "postgres/sample_dump.hpp"

namespace dump_check_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct checked {
  std::optional<dump_summary> summary;
  std::vector<std::string> checks;  // ids of findings, and of the error that stopped it
  std::string text;
};

checked check(const std::string& script, std::size_t chunk = 1 << 16) {
  checked result;
  finding_list findings;
  try {
    result.summary = check_plain_dump(std::make_unique<memory_source>(script, chunk), location{"dump.sql"}, findings);
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
  const auto cut_after = [](std::string_view mark) {
    return sample_dump.substr(0, sample_dump.find(mark) + mark.size());
  };
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
  EXPECT_THAT(check(replaced(sample_dump, "Größe",
                             "Gr\xF6\xDF"
                             "e"))
                  .checks,
              ElementsAre("dump.encoding"));
  EXPECT_THAT(check(replaced(sample_dump, "semi;colon",
                             "semi\xFF"
                             "colon"))
                  .checks,
              ElementsAre("dump.encoding"));
  const std::string latin1 = replaced(sample_dump, "'UTF8'", "'LATIN1'");
  EXPECT_THAT(check(replaced(latin1, "Größe",
                             "Gr\xF6\xDF"
                             "e"))
                  .checks,
              IsEmpty());
}

TEST(dump_check, finds_meta_commands_that_pg_dump_does_not_write) {
  for (const std::string_view hostile :
       {"\\! touch /tmp/owned\n", "\\i /etc/passwd\n", "\\copy t from program 'id'\n", "\\connect `id`\n", "\\o |id\n",
        "SELECT 1 \\g |id\n;\n", "\\unrestrict OTHER\n", "\\encoding `id`\n"}) {
    const checked got =
        check(replaced(sample_dump, "SELECT pg_catalog.setval", std::string{hostile} + "SELECT pg_catalog.setval"));
    EXPECT_THAT(got.checks, Contains("dump.meta-command")) << hostile << got.text;
  }
  EXPECT_THAT(check(replaced(sample_dump, "SELECT pg_catalog.setval",
                             "\\unrestrict KEY123\n\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname='my "
                             "db'\"\n\n\\restrict KEY123\n"
                             "SELECT pg_catalog.setval"))
                  .checks,
              IsEmpty());
}

TEST(dump_check, finds_statements_after_the_end) {
  EXPECT_THAT(check(sample_dump + "DROP TABLE public.incidents;\n").checks, ElementsAre("dump.data-after-end"));
  EXPECT_THAT(check(sample_dump + "COPY public.t (a) FROM stdin;\n1\n\\.\n").checks,
              ElementsAre("dump.data-after-end"));
  EXPECT_THAT(check(sample_dump + "-- a remark by an operator\n\n").checks, IsEmpty());
}

TEST(dump_check, reads_dumps_that_were_joined_and_wants_each_of_them_whole) {
  const std::string without_end = sample_dump.substr(0, sample_dump.rfind("--\n-- PostgreSQL database dump complete"));
  const std::string other = "\\connect other\n" + sample_dump;
  EXPECT_THAT(check(sample_dump + other).checks, IsEmpty());
  EXPECT_THAT(check(sample_dump + "\\connect other\n" + without_end).checks, ElementsAre("dump.truncated"));
}

std::string cluster(const std::string& databases, bool complete = true) {
  return "--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict K\n\nSET default_transaction_read_only = off;\n\n"
         "CREATE ROLE app;\n\n\\unrestrict K\n\n--\n-- Databases\n--\n\n" +
         databases + (complete ? "--\n-- PostgreSQL database cluster dump complete\n--\n\n" : "");
}

TEST(dump_check, wants_the_trailer_of_the_cluster_and_of_every_database_in_it) {
  const std::string database = "--\n-- Database \"ner11\" dump\n--\n\n\\connect ner11\n\n" + sample_dump;
  const checked intact = check(cluster(database + replaced(database, "\\connect ner11", "\\connect other")));
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
      "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;\n--\n-- PostgreSQL database dump "
      "complete\n--\n\n";
  EXPECT_THAT(check(nothing).checks, ElementsAre("dump.empty"));
  EXPECT_THAT(check(replaced(nothing, "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;",
                             "CREATE TABLE public.t (a integer);"))
                  .checks,
              ElementsAre("dump.no-rows"));
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

// A script of pg_dump's form around `body`.
std::string dump_of(const std::string& body) {
  return "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
         "SET row_security = off;\n\n" +
         body + "\n--\n-- PostgreSQL database dump complete\n--\n\n";
}

const std::string schema = "CREATE TABLE public.t (a integer);\n";
const std::string rows =
    "--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: o\n--\n\nCOPY public.t (a) FROM "
    "stdin;\n1\n2\n\\.\n";
const std::string constraint = "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (a);\n";

std::string with_returns(const std::string& script) {
  std::string returned;
  for (const char c : script) {
    if (c == '\n') returned += '\r';
    returned += c;
  }
  return returned;
}

struct scenario {
  std::string name;
  std::string script;
  std::vector<std::string> expected;  // ids, in order
};

void run(const std::vector<scenario>& scenarios) {
  for (const auto& one : scenarios) {
    for (const std::size_t chunk : std::vector<std::size_t>{1, 5, 64, 4096, 1 << 20}) {
      const checked got = check(one.script, chunk);
      EXPECT_EQ(got.checks, one.expected) << one.name << " in chunks of " << chunk << "\n" << got.text;
    }
  }
}

TEST(dump_check, reads_a_dump_behind_and_before_lines_that_are_none_of_it) {
  run({
      {"intact", sample_dump, {}},
      {"byte order mark", "\xEF\xBB\xBF" + sample_dump, {}},
      {"comments and blank lines", "-- nightly\n\n/* by\n cron */\n" + sample_dump + "-- done\n\n", {}},
      {"a transaction around it", "BEGIN;\n" + sample_dump + "COMMIT;\n", {}},
      {"a transaction that is not committed", "BEGIN;\n" + sample_dump, {"dump.statement"}},
      {"a transaction that is undone",
       "BEGIN;\n" + sample_dump + "ROLLBACK;\n",
       {"dump.data-after-end", "dump.statement", "dump.statement"}},
      {"settings and upkeep", "SET session_replication_role = replica;\n" + sample_dump + "\nANALYZE;\n", {}},
      {"the last statement without its semicolon", "BEGIN;\n" + sample_dump + "COMMIT", {}},
      {"a prompt", "Password: \r\n" + sample_dump, {"dump.foreign-lines"}},
      {"notices with an apostrophe", "WARN[0000] it's obsolete\n" + sample_dump, {"dump.foreign-lines"}},
      {"notices behind", sample_dump + "real\t0m3.2s\nit's done\n", {"dump.foreign-lines"}},
      {"notices behind without a newline", sample_dump + "done", {"dump.foreign-lines"}},
      {"notices between", sample_dump + "now the other\n\\connect other\n" + sample_dump, {"dump.foreign-lines"}},
      {"a role made first", "CREATE ROLE app LOGIN;\n" + sample_dump, {"dump.foreign-lines"}},
      {"psql's settings", "\\set ON_ERROR_STOP on\n" + sample_dump, {"dump.foreign-lines"}},
      {"psql's shell", "\\! id\n" + sample_dump, {"dump.meta-command", "dump.foreign-lines"}},
      {"zeros behind", sample_dump + std::string(100, '\0'), {"dump.bytes", "dump.foreign-lines"}},
      {"a table dropped behind", sample_dump + "drop table\n public.t;\n", {"dump.data-after-end"}},
      {"a warning within",
       replaced(sample_dump, "SELECT pg_catalog.setval", "pg_dump: warning: x\nSELECT pg_catalog.setval"),
       {"dump.statement"}},
      {"nothing", "", {"dump.no-header", "dump.empty"}},
      {"the beginning lost",
       sample_dump.substr(sample_dump.find("-- Data for Name: nocol")),
       {"dump.no-header", "dump.meta-command", "dump.data-only"}},
  });
}

TEST(dump_check, reads_a_dump_without_comments_and_says_that_its_end_is_unproved) {
  const std::string bare = stripped(dump_of(schema + rows + constraint));
  const checked got = check(bare);
  EXPECT_THAT(got.checks, ElementsAre("dump.end-unproved")) << got.text;
  ASSERT_TRUE(got.summary);
  EXPECT_FALSE(got.summary->end_proved);
  ASSERT_EQ(got.summary->tables.size(), 1U);
  EXPECT_EQ(got.summary->tables[0].rows.rows(), 2U);
  run({
      {"stripped", stripped(sample_dump), {"dump.end-unproved"}},
      {"behind a notice", "pg_dump: warning: don't\n" + bare, {"dump.foreign-lines", "dump.end-unproved"}},
      {"cut inside COPY", bare.substr(0, bare.find("\\.\n")), {"dump.unterminated-copy"}},
      {"cut inside a statement", bare.substr(0, bare.find("PRIMARY")), {"dump.unterminated-statement"}},
      {"its header alone is lost", replaced(sample_dump, "-- PostgreSQL database dump\n", ""), {"dump.no-header"}},
      {"with a block that pg_dumpall wrote",
       "SET default_transaction_read_only = off;\nCREATE ROLE app;\nALTER ROLE app WITH SUPERUSER;\n",
       {"dump.end-unproved"}},
      {"with a role made superuser",
       replaced(bare, "CREATE", "ALTER ROLE app SUPERUSER;\nCREATE"),
       {"dump.statement", "dump.end-unproved"}},
  });
}

TEST(dump_check, finds_bytes_that_pg_dump_does_not_write) {
  const std::string inserts =
      dump_of(schema + "INSERT INTO public.t VALUES (1, 'one');\nINSERT INTO public.t VALUES (2, 'two\r\nlines');\n");
  const auto copied = [&](const std::string& row) { return dump_of(schema + replaced(rows, "1\n", row + "\n")); };
  run({
      {"intact", inserts, {}},
      {"a NUL in a row", copied(std::string("1\0", 2)), {"dump.bytes"}},
      {"a carriage return in a row", copied("1\r2"), {"dump.bytes"}},
      {"an unknown escape", copied("\\q"), {"dump.row-escape"}},
      {"an escaped octal number", copied("\\101"), {"dump.row-escape"}},
      {"the end's mark inside a row", copied("1\\.2"), {"dump.row-escape"}},
      {"the end's mark at a row's end", copied("1\\."), {"dump.row-escape"}},
      {"more behind a NULL", copied("\\N1"), {"dump.row-escape"}},
      {"a bell", copied("\a"), {}},
      {"a NUL in an INSERT", replaced(inserts, "one", std::string("o\0e", 3)), {"dump.bytes"}},
      {"a NUL in a comment",
       replaced(inserts, "database dump\n", std::string("database dump\n--\n-- a\0b\n", 24)),
       {"dump.bytes"}},
      {"a carriage return where no other is", replaced(replaced(inserts, "one", "o\re"), "\r\n", " "), {"dump.bytes"}},
      {"a carriage return among others", replaced(inserts, "one", "o\re"), {}},
      {"a surrogate", replaced(inserts, "one", "\xED\xA0\x80"), {"dump.encoding"}},
      {"a broken character of EUC_JP", replaced(copied("\xC6"), "'UTF8'", "'EUC_JP'"), {"dump.encoding"}},
      {"a whole character of EUC_JP", replaced(copied("\xC6\xFC"), "'UTF8'", "'EUC_JP'"), {}},
      {"a half of SJIS that is a backslash", replaced(copied("\x95\x5C"), "'UTF8'", "'SJIS'"), {}},
      {"the same in EUC_JP", replaced(copied("\x95\x5C"), "'UTF8'", "'EUC_JP'"), {"dump.encoding", "dump.row-escape"}},
  });
}

TEST(dump_check, takes_lines_that_end_in_cr_lf_for_what_they_were) {
  const std::string script = dump_of(schema + rows);
  const checked plain = check(script);
  ASSERT_THAT(plain.checks, IsEmpty());
  const checked returned = check(with_returns(script), 7);
  EXPECT_THAT(returned.checks, ElementsAre("dump.line-endings")) << returned.text;
  EXPECT_EQ(returned.summary->line_endings, "CR LF");
  EXPECT_EQ(plain.summary->line_endings, "LF");
  EXPECT_TRUE(returned.summary->tables[0].rows == plain.summary->tables[0].rows);
  const std::string inserts = dump_of(schema + "INSERT INTO public.t VALUES ('two\nlines');\n");
  run({
      {"the sample", with_returns(sample_dump), {"dump.line-endings"}},
      {"behind a byte order mark", "\xEF\xBB\xBF" + with_returns(script), {"dump.line-endings"}},
      {"stripped", with_returns(stripped(script)), {"dump.line-endings", "dump.end-unproved"}},
      {"a terminal within a terminal",
       with_returns(with_returns(script)),
       {"dump.bytes", "dump.line-endings", "dump.unterminated-copy"}},
      {"the same without rows of COPY",
       with_returns(with_returns(dump_of(schema + "INSERT INTO public.t VALUES (1);\n"))),
       {"dump.bytes", "dump.line-endings"}},
      {"strings of several lines", inserts, {}},
      {"the same through a terminal", with_returns(inserts), {"dump.bytes", "dump.line-endings"}},
  });
}

TEST(dump_check, tells_what_a_dump_says_of_its_own_completeness) {
  run({
      {"intact", dump_of(schema + rows), {}},
      {"row security",
       replaced(dump_of(schema + rows), "row_security = off", "row_security = on"),
       {"dump.row-security"}},
      {"data alone", dump_of(rows), {"dump.data-only"}},
      {"constraints alone", dump_of(constraint), {"dump.no-rows"}},
      {"the schema of a cluster",
       cluster("--\n-- Database \"a\" dump\n--\n\n\\connect a\n\n" + dump_of(schema)),
       {"dump.no-rows"}},
      {"roles of a cluster", cluster(""), {}},
      {"a cluster without tablespaces", replaced(cluster(""), "CREATE ROLE app;", ""), {"dump.empty"}},
  });
}

TEST(dump_check, tells_dumps_that_were_joined_well_from_those_that_were_not) {
  const std::string whole = dump_of(schema + rows + constraint);
  const std::string clean = dump_of("DROP TABLE IF EXISTS public.t;\n" + schema + rows + constraint);
  const std::string other = replaced(dump_of(schema + rows), "public.t ", "public.u ");
  const std::string globals = cluster("");
  const auto created = [&](const std::string& name) {
    return dump_of("CREATE DATABASE " + name + ";\n\n\\connect " + name + "\n\n" + schema + rows);
  };
  run({
      {"schema and then data", dump_of(schema + constraint) + dump_of(rows), {}},
      {"sections in order", dump_of(schema) + dump_of(rows) + dump_of(constraint), {}},
      {"roles and then a dump", globals + whole, {}},
      {"dumps that make their databases", created("a") + created("b"), {}},
      {"twice, the second with drops", clean + clean, {}},
      {"twice", whole + whole, {"dump.joined"}},
      {"data twice", dump_of(schema) + dump_of(rows) + dump_of(rows), {"dump.joined"}},
      {"two databases", whole + replaced(other, "Data for Name: t", "Data for Name: u"), {"dump.joined"}},
      {"the same database made twice", created("a") + created("a"), {"dump.joined"}},
  });
}

TEST(dump_check, finds_statements_that_pg_dump_never_writes) {
  const std::string whole = dump_of(schema + rows);
  for (const char* statement :
       {"ALTER ROLE CURRENT_USER SUPERUSER;", "ALTER SYSTEM SET a = 'b';", "COPY t FROM PROGRAM 'id';",
        "COPY t TO '/tmp/x';", "LOAD 'x';", "DO $$ BEGIN END $$;", "SELECT lo_import('/etc/passwd');",
        "INSERT INTO public.t VALUES (pg_read_file('/etc/passwd'));", "INSERT INTO public.t SELECT 1;",
        "UPDATE public.t SET a = 2;"}) {
    const checked got = check(replaced(whole, "CREATE TABLE", std::string{statement} + "\nCREATE TABLE"), 11);
    EXPECT_THAT(got.checks, ElementsAre("dump.statement")) << statement << got.text;
  }
  EXPECT_THAT(
      check(replaced(cluster(""), "CREATE ROLE app;", "CREATE ROLE app;\nALTER ROLE app WITH SUPERUSER;")).checks,
      IsEmpty());
  EXPECT_THAT(
      check(replaced(whole, "CREATE TABLE",
                     "INSERT INTO public.t VALUES (1, -2.5e3, 'x', E'y', B'1', NULL, true), (DEFAULT);\nCREATE TABLE"))
          .checks,
      IsEmpty());
}

TEST(dump_check, hands_on_what_its_source_fails_with) {
  finding_list findings;
  EXPECT_THROW(check_plain_dump(std::make_unique<failing_source>(sample_dump, 100), location{"d"}, findings),
               stream_error);
}

TEST(dump_check, survives_every_single_bit_flip) {
  for (const auto& flip : every_bit_flip(sample_dump)) {
    SCOPED_TRACE(flip.name);
    check(flip.apply(sample_dump), 1000);  // any verdict; no crash, no endless loop
  }
}

}  // namespace dump_check_test
