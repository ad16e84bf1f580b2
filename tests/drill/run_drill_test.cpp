#include "knowngood/drill/run_drill.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

#include "drill/rehearsal_world.hpp"
#include "knowngood/compare/take_capture.hpp"
#include "knowngood/io/atomic_file.hpp"

namespace run_drill_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class whole_rehearsal : public rehearsal_world {
 protected:
  void TearDown() override {
    EXPECT_EQ(left_on_server(), "");
    EXPECT_TRUE(std::filesystem::is_empty(here() / "drills"));
  }

  static void dump(const std::string& options, const std::string& file, const std::string& environment = "") {
    server_->must(environment + " pg_dump " + options + " > " + file);
  }
  static void capture_into(const std::string& file, const std::string& database,
                           const std::vector<std::string>& command) {
    const capture taken = take_capture({.source = server_->conninfo(database), .command = command});
    write_file_atomically((here() / file).string(), to_json(taken), location{file});
  }
  /// A script as pg_dump writes it.
  static void script(const std::string& file, const std::string& body) {
    server_->here().write(file,
                          "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.1\n-- Dumped by "
                          "pg_dump version 15.1\n\n"
                          "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
                          "SELECT pg_catalog.set_config('search_path', '', false);\n\n" +
                              body + "\n--\n-- PostgreSQL database dump complete\n--\n\n");
  }
};

constexpr const char* times_and_money = R"sql(
CREATE TABLE everything (id integer PRIMARY KEY, at timestamptz, span tstzrange, many timestamptz[], lasted interval, price money,
  small real, large double precision, said text, raw bytea);
INSERT INTO everything SELECT n, '2025-03-30 00:30+00'::timestamptz + n * interval '37 minutes', tstzrange('2025-01-01 00:00+00', '2025-01-01 00:00+00'::timestamptz + n * interval '1 day'),
  ARRAY['1901-05-05 05:05+00'::timestamptz, '2025-10-26 00:59+00'::timestamptz + n * interval '1 minute', NULL, 'infinity'], n * interval '1 month 2 days 03:04:05.678', n * 1.25::numeric::money,
  n / 3.0, n / 7.0e10, E'Größe \\ tab\t' || n, decode(md5(n::text), 'hex') FROM generate_series(1, 500) n;
CREATE TABLE nothing (id integer);
)sql";

TEST_F(whole_rehearsal, of_one_database_in_any_zone_and_encoding_raises_no_alarm) {
  server_->create("worldly");
  server_->sql("worldly", times_and_money);
  for (const char* zone : {"UTC", "Asia/Tokyo", "Europe/Berlin"}) {
    for (const char* encoding : {"UTF8", "LATIN1"}) {
      dump(std::string{"-O --encoding="} + encoding + " worldly", "worldly.sql", std::string{"PGTZ="} + zone);
      const report result = drilled("worldly.sql", on_server());
      EXPECT_EQ(result.exit_code, 0) << zone << encoding << everything(result);
      EXPECT_THAT(alarms(result), IsEmpty()) << zone << encoding;
      ASSERT_EQ(result.comparisons.size(), 2U);
      EXPECT_EQ(result.comparisons[0].outcome, row_outcome::equal) << zone << encoding;
      EXPECT_EQ(result.comparisons[0].dump, result.comparisons[0].restored);
      EXPECT_EQ(result.comparisons[1].outcome, row_outcome::empty);
    }
  }
  capture_into("worldly.json", "worldly", {"/bin/sh", "-c", "test -n {snapshot}"});
  dump("-O worldly", "worldly.sql", "PGTZ=Europe/Berlin");
  const report captured = drilled("worldly.sql", on_server(), "worldly.json");
  EXPECT_EQ(captured.exit_code, 0) << everything(captured);
  EXPECT_THAT(alarms(captured), IsEmpty()) << everything(captured);
}

TEST_F(whole_rehearsal, of_an_archive_of_the_custom_format_is_that_of_its_script) {
  server_->create("archived");
  server_->sql("archived", std::string{times_and_money} +
                               "SELECT lo_from_bytea(0, '\\xdeadbeef'); CREATE VIEW seen AS SELECT id FROM everything;"
                               " CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';"
                               " CREATE INDEX ON everything (at); CREATE SEQUENCE counter; SELECT nextval('counter');");
  capture_into("archived.json", "archived", {"/bin/sh", "-c", "test -n {snapshot}"});
  dump("archived", "archived.sql", "PGTZ=Asia/Tokyo");
  const report plain = drilled("archived.sql", on_server(), "archived.json");
  ASSERT_EQ(plain.exit_code, 0) << everything(plain);
  for (const char* options : {"-Fc", "-Fc -Z0", "-Fc --rows-per-insert=50"}) {
    dump(std::string{options} + " archived", "archived.dump", "PGTZ=Asia/Tokyo");
    const report custom = drilled("archived.dump", on_server(), "archived.json");
    EXPECT_EQ(custom.exit_code, 0) << options << everything(custom);
    EXPECT_EQ(alarms(custom), alarms(plain)) << options << everything(custom);
    ASSERT_EQ(custom.comparisons.size(), plain.comparisons.size()) << options;
    for (std::size_t i = 0; i < plain.comparisons.size(); ++i) {
      EXPECT_EQ(custom.comparisons[i].name, plain.comparisons[i].name);
      ASSERT_TRUE(custom.comparisons[i].restored && plain.comparisons[i].restored) << options;
      EXPECT_EQ(custom.comparisons[i].restored->rows, plain.comparisons[i].restored->rows) << options;
      if (std::string_view{options}.find("insert") == std::string_view::npos) {
        EXPECT_EQ(custom.comparisons[i].restored, plain.comparisons[i].restored) << options;
      }
      EXPECT_EQ(custom.comparisons[i].capture, plain.comparisons[i].capture);
    }
  }
  server_->must("head -c -40 archived.dump > cut.dump");
  EXPECT_EQ(drilled("cut.dump", on_server()).exit_code, 1);
}

TEST_F(whole_rehearsal, compares_large_objects_to_the_last_byte) {
  server_->create("large");
  server_->sql(
      "large",
      "CREATE TABLE t (id integer); INSERT INTO t VALUES (1); SELECT lo_from_bytea(70001, decode(repeat('00ff10', "
      "30000), 'hex')); SELECT lo_from_bytea(70002, 'small'); SELECT lo_create(70003);");
  capture_into("large.json", "large", {"/bin/sh", "-c", "test -n {snapshot}"});
  dump("-O large", "large.sql");
  drill_settings live = on_server();
  live.source = server_->conninfo("large");
  const report sound = drilled("large.sql", live, "large.json");
  EXPECT_EQ(sound.exit_code, 0) << everything(sound);
  ASSERT_EQ(sound.comparisons.size(), 2U);
  const table_comparison& objects = sound.comparisons[0];
  EXPECT_EQ(objects.name, "pg_catalog.pg_largeobject");
  EXPECT_EQ(objects.outcome, row_outcome::equal);
  EXPECT_EQ(objects.dump->rows, 3U);
  EXPECT_TRUE(objects.dump == objects.restored && objects.capture == objects.restored &&
              objects.source == objects.restored);

  server_->must(
      "cp large.sql good.sql; sed -i '0,/x00ff1000ff10/s//x00ff1100ff10/' large.sql; ! cmp -s large.sql good.sql");
  EXPECT_THAT(alarms(drilled("large.sql", on_server(), "large.json")), Contains("rows.different"))
      << "a byte altered in the dump";
  server_->must("sed '/lowrite(0/d' good.sql > large.sql");
  EXPECT_THAT(alarms(drilled("large.sql", on_server(), "large.json")), Contains("rows.different"))
      << "their bytes missing from the dump";
  server_->must("sed '/70003/d' good.sql > large.sql");
  EXPECT_THAT(alarms(drilled("large.sql", on_server(), "large.json")), Contains("rows.fewer"))
      << "one missing from the dump";
  server_->sql("large", "SELECT lo_put(70002, 0, 'S')");
  server_->must("cp good.sql large.sql");
  EXPECT_THAT(alarms(drilled("large.sql", live)), Contains("rows.different")) << "one altered in the source";
}

TEST_F(whole_rehearsal, of_all_databases_finds_what_is_asked_for_in_the_one_that_has_it) {
  server_->create("first");
  server_->sql("first", "CREATE TABLE little (id integer); INSERT INTO little VALUES (1);");
  server_->create("second");
  server_->sql("second", "CREATE TABLE wanted (id integer); INSERT INTO wanted SELECT generate_series(1, 50);");
  server_->must(
      "pg_dumpall -O --exclude-database=postgres --exclude-database=worldly --exclude-database=archived "
      "--exclude-database=template1 > all.sql");
  capture_into("second.json", "second", {"/bin/sh", "-c", "test -n {snapshot}"});
  drill_policy policy;
  policy.required_tables = {"public.wanted", "public.little"};
  policy.assertions = {{"fifty", "SELECT count(*) = 50 FROM public.wanted"}};
  policy.probe = "psql \"$KNOWNGOOD_DATABASE_DSN\" -XAtc 'SELECT count(*) FROM public.wanted'";
  const report result = drilled("all.sql", on_server(), "second.json", policy);
  EXPECT_EQ(result.exit_code, 0) << everything(result);
  EXPECT_EQ(step(result, "probe").output, "50\n");
  bool compared = false;
  for (const auto& table : result.comparisons)
    compared |= table.name == "public.wanted" && table.capture && table.capture == table.restored;
  EXPECT_TRUE(compared);

  server_->sql("second", "DELETE FROM wanted WHERE id = 7");
  server_->must(
      "pg_dumpall -O --exclude-database=postgres --exclude-database=worldly --exclude-database=archived "
      "--exclude-database=template1 > all.sql");
  EXPECT_THAT(alarms(drilled("all.sql", on_server(), "second.json")), Contains("rows.fewer"));
  drill_settings live = on_server();
  live.source = server_->conninfo("second");
  EXPECT_EQ(drilled("all.sql", live).exit_code, 0);
  server_->sql("second", "INSERT INTO wanted VALUES (7)");
  EXPECT_THAT(alarms(drilled("all.sql", live)), Contains("rows.fewer"))
      << "the source is compared with the database of its name";
  live.source = server_->conninfo("postgres");
  const report other = drilled("all.sql", live);
  EXPECT_EQ(other.exit_code, 3) << everything(other);
  EXPECT_THAT(everything(other),
              HasSubstr("the live source is of the database postgres, which is none of those in the dump"));
}

TEST_F(whole_rehearsal, of_databases_that_share_names_keeps_their_objects_apart) {
  for (const char* name : {"alike_a", "alike_b", "alike_c"}) server_->create(name);
  const std::string table = "CREATE TABLE t (id integer PRIMARY KEY, said text); INSERT INTO t VALUES (1, 'x');";
  server_->sql("alike_a", table + "CREATE INDEX z_said ON t (said);");
  server_->sql("alike_b", table);
  server_->sql("alike_c", "CREATE TABLE t (id integer, said text); INSERT INTO t VALUES (1, 'x');");
  for (const char* how : {"", "--clean --if-exists ", "--no-comments "}) {
    server_->must(std::string{"pg_dumpall -O "} + how +
                  "$(psql -XAt -d postgres -c \"SELECT '--exclude-database=' || "
                  "datname FROM pg_database WHERE datname !~ '^(alike_|template)'\") > alike.sql");
    const report result = drilled("alike.sql", on_server());
    EXPECT_EQ(result.exit_code, 0) << how << everything(result);
    EXPECT_THAT(alarms(result), IsEmpty()) << how << everything(result);
    ASSERT_EQ(result.comparisons.size(), 3U);
  }
  // and one that is missing is missed in its own
  server_->must(
      "awk '/^.connect alike_b/ { b = 1 } /^.connect alike_c/ { b = 0 } b && /ADD CONSTRAINT t_pkey/ { next } "
      "b && /^ALTER TABLE ONLY public.t$/ { next } { print }' alike.sql > cut.sql");
  const report cut = drilled("cut.sql", on_server());
  EXPECT_THAT(alarms(cut), ElementsAre("objects.missing")) << everything(cut);
  EXPECT_THAT(everything(cut), HasSubstr("alike_b"));
}

TEST_F(whole_rehearsal, never_passes_over_a_capture_that_was_given) {
  server_->create("small");
  server_->sql("small", "CREATE TABLE t (id integer); INSERT INTO t VALUES (1);");
  capture_into("small.json", "small", {"/bin/sh", "-c", "test -n {snapshot}"});
  server_->must("mkdir -p files && echo x > files/x && tar -cf files.tar files");
  const report archive = drilled("files.tar", on_server(), "small.json");
  EXPECT_EQ(archive.exit_code, 3) << everything(archive);
  EXPECT_THAT(everything(archive), HasSubstr("the capture was compared with nothing"));
}

TEST_F(whole_rehearsal, compares_a_dump_in_a_full_backup_with_the_capture_given_for_it) {
  server_->create("inside");
  server_->sql("inside", "CREATE TABLE t (id integer); INSERT INTO t SELECT generate_series(1, 10);");
  capture_into("inside.json", "inside", {"/bin/sh", "-c", "test -n {snapshot}"});
  server_->must(
      "pg_dump -O inside | gzip > inside.sql.gz; mkdir -p full && mv inside.sql.gz full/ && (cd full && sha256sum "
      "inside.sql.gz > checksums.txt) && tar -cf full.tar full");
  const report sound = drilled("full.tar", on_server(), "inside.json");
  EXPECT_EQ(sound.exit_code, 0) << everything(sound);
  ASSERT_EQ(sound.comparisons.size(), 1U);
  EXPECT_EQ(sound.comparisons[0].capture, sound.comparisons[0].restored);
  server_->must(
      "gunzip -c full/inside.sql.gz | sed '/^7$/d' | gzip > x.gz && mv x.gz full/inside.sql.gz && (cd full && "
      "sha256sum inside.sql.gz > checksums.txt) && tar -cf full.tar full");
  EXPECT_THAT(alarms(drilled("full.tar", on_server(), "inside.json")), Contains("rows.fewer"));
}

TEST_F(whole_rehearsal, restores_every_dump_of_a_full_backup_whatever_its_format) {
  server_->create("inside");
  server_->sql("inside", "CREATE TABLE t (id integer); INSERT INTO t SELECT generate_series(1, 10);");
  server_->must(
      "rm -rf full; mkdir full && pg_dump -Fc inside > full/inside.dump && pg_dump -O inside | gzip > "
      "full/inside.sql.gz &&"
      " (cd full && sha256sum inside.dump inside.sql.gz > checksums.txt) && tar -cf full.tar full");
  const report result = drilled("full.tar", on_server());
  EXPECT_EQ(result.exit_code, 0) << everything(result);
  EXPECT_EQ(result.comparisons.size(), 2U);
}

TEST_F(whole_rehearsal, calls_nothing_broken_for_want_of_an_extension) {
  script("places.sql",
         "CREATE EXTENSION no_such_postgis WITH SCHEMA public;\n\n"
         "--\n-- Name: places; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.places (id integer, at "
         "public.geometry);\n\n"
         "--\n-- Name: plain; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.plain (id integer);\n\n"
         "--\n-- Data for Name: places; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.places (id, at) "
         "FROM stdin;\n1\t0101\n\\.\n\n"
         "--\n-- Data for Name: plain; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.plain (id) FROM "
         "stdin;\n1\n\\.\n\n"
         "--\n-- Name: places_at; Type: INDEX; Schema: public; Owner: -\n--\n\nCREATE INDEX places_at ON public.places "
         "USING gist (at);\n");
  const report result = drilled("places.sql", on_server());
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(alarms(result), Not(Contains("rows.missing-table")));
  EXPECT_THAT(alarms(result), Not(Contains("load.sql")));
}

TEST_F(whole_rehearsal, calls_nothing_broken_that_stands_on_what_only_a_superuser_may_make) {
  script("operators.sql",
         "--\n-- Name: below(integer, integer); Type: FUNCTION; Schema: public; Owner: -\n--\n\n"
         "CREATE FUNCTION public.below(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT "
         "$1 < $2';\n\n"
         "--\n-- Name: plain; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.plain (id integer);\n\n"
         "--\n-- Name: seen; Type: VIEW; Schema: public; Owner: -\n--\n\nCREATE VIEW public.seen AS SELECT "
         "public.below(1, 2) AS is;\n\n"
         "--\n-- Data for Name: plain; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.plain (id) FROM "
         "stdin;\n1\n\\.\n");
  const report result = drilled("operators.sql", on_server());
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(alarms(result), ElementsAre("load.extension", "load.superuser"));
  script("broken.sql",
         "--\n-- Name: plain; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.plain (id integer);\n\n"
         "--\n-- Name: seen; Type: VIEW; Schema: public; Owner: -\n--\n\nCREATE VIEW public.seen AS SELECT "
         "public.below(1, 2) AS is;\n\n"
         "--\n-- Data for Name: plain; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.plain (id) FROM "
         "stdin;\n1\n\\.\n");
  EXPECT_EQ(drilled("broken.sql", on_server()).exit_code, 1) << "without the function in it, the dump is broken";
}

TEST_F(whole_rehearsal, calls_nothing_broken_for_want_of_a_locale_of_the_host) {
  script("locale.sql",
         "--\n-- Name: words; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.words (word text "
         "COLLATE pg_catalog.\"xx_XX.utf8\");\n\n"
         "--\n-- Name: plain; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.plain (id integer);\n\n"
         "--\n-- Data for Name: words; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.words (word) FROM "
         "stdin;\na\n\\.\n\n"
         "--\n-- Data for Name: plain; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.plain (id) FROM "
         "stdin;\n1\n\\.\n");
  const report result = drilled("locale.sql", on_server());
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(alarms(result), Not(Contains("rows.missing-table")));
}

TEST_F(whole_rehearsal, calls_nothing_broken_that_another_locale_had_dealt_out_to_partitions) {
  // as under en_US, where a comes before B
  const std::string table =
      "--\n-- Name: words; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.words (word text) "
      "PARTITION BY RANGE (word);\n\n"
      "--\n-- Name: early; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.early (word text);\n\n"
      "--\n-- Name: early; Type: TABLE ATTACH; Schema: public; Owner: -\n--\n\nALTER TABLE ONLY public.words ATTACH "
      "PARTITION public.early FOR VALUES FROM ('a') TO ('m');\n\n";
  script("words.sql", table +
                          "--\n-- Data for Name: early; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY "
                          "public.early (word) FROM stdin;\nB\nc\n\\.\n");
  const report result = drilled("words.sql", on_server());
  EXPECT_EQ(result.exit_code, 3) << everything(result);
  EXPECT_THAT(everything(result), HasSubstr("violates partition constraint"));
  std::string numbers = table;
  for (std::size_t at = numbers.find("word text"); at != std::string::npos; at = numbers.find("word text"))
    numbers.replace(at, 9, "word integer");
  numbers.replace(numbers.find("('a') TO ('m')"), 14, "(1) TO (5)");
  script("numbers.sql", numbers +
                            "--\n-- Data for Name: early; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY "
                            "public.early (word) FROM stdin;\n2\n7\n\\.\n");
  EXPECT_EQ(drilled("numbers.sql", on_server()).exit_code, 1) << "numbers are in one order everywhere";
}

TEST_F(whole_rehearsal, through_partition_roots_with_columns_in_other_orders_raises_no_alarm) {
  server_->create("parted");
  server_->sql("parted",
               "CREATE TABLE part (id integer, said text, at timestamptz) PARTITION BY RANGE (id);"
               "CREATE TABLE low PARTITION OF part FOR VALUES FROM (0) TO (100);"
               "CREATE TABLE high (at timestamptz, said text, id integer NOT NULL); ALTER TABLE part ATTACH PARTITION "
               "high FOR VALUES FROM (100) TO (200);"
               "INSERT INTO part SELECT n, 'row ' || n, '2025-01-01 00:00+00' FROM generate_series(1, 199) n;");
  dump("-O --load-via-partition-root parted", "parted.sql", "PGTZ=UTC");
  const report result = drilled("parted.sql", on_server());
  EXPECT_EQ(result.exit_code, 0) << everything(result);
  ASSERT_EQ(result.comparisons.size(), 1U);
  EXPECT_EQ(result.comparisons[0].restored->rows, 199U);
  server_->must("sed -i '/^150\\|\\t150$/d; /row 150/d' parted.sql");
  const report cut = drilled("parted.sql", on_server());
  EXPECT_EQ(cut.exit_code, 0) << "dump and restored database agree: only a capture or a source can tell";
}

TEST_F(whole_rehearsal, reads_back_a_table_that_its_owner_may_not_read) {
  script("revoked.sql",
         "--\n-- Name: t; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.t (id integer);\n\n"
         "--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: -\n--\n\nCOPY public.t (id) FROM "
         "stdin;\n1\n\\.\n\n"
         "--\n-- Name: TABLE t; Type: ACL; Schema: public; Owner: -\n--\n\nREVOKE ALL ON TABLE public.t FROM "
         "CURRENT_USER;\n");
  drill_settings own = on_server();
  own.server.clear();
  const report result = drilled("revoked.sql", own);
  EXPECT_EQ(result.exit_code, 0) << everything(result);
}

TEST_F(whole_rehearsal, compares_with_a_live_source_whose_columns_stand_in_another_order) {
  server_->create("live");
  server_->sql(
      "live", "CREATE TABLE t (a integer, b text); INSERT INTO t SELECT n, 'row ' || n FROM generate_series(1, 20) n;");
  dump("-O live", "live.sql");
  server_->sql("live",
               "ALTER TABLE t RENAME TO old; CREATE TABLE t (b text, a integer); INSERT INTO t SELECT b, a FROM old; "
               "DROP TABLE old;");
  drill_settings settings = on_server();
  settings.source = server_->conninfo("live");
  const report equal = drilled("live.sql", settings);
  EXPECT_EQ(equal.exit_code, 0) << everything(equal);
  EXPECT_EQ(equal.comparisons.at(0).outcome, row_outcome::equal);
  server_->sql("live", "UPDATE t SET b = 'altered' WHERE a = 5");
  EXPECT_THAT(alarms(drilled("live.sql", settings)), Contains("rows.different"));
  server_->sql("live", "UPDATE t SET b = 'row 5' WHERE a = 5; ALTER TABLE t ADD COLUMN c integer DEFAULT 7;");
  const report more = drilled("live.sql", settings);
  EXPECT_EQ(more.exit_code, 0) << everything(more);
  EXPECT_EQ(more.comparisons.at(0).outcome, row_outcome::counted)
      << "compared by the columns that both have, and said so";
  server_->sql("live", "UPDATE t SET b = 'altered' WHERE a = 5");
  EXPECT_THAT(alarms(drilled("live.sql", settings)), Contains("rows.different"));
}

TEST_F(whole_rehearsal, takes_a_small_table_made_since_the_dump_for_no_loss_where_rows_may_differ) {
  server_->create("grown");
  server_->sql("grown", "CREATE TABLE t (a integer); INSERT INTO t VALUES (1);");
  dump("-O grown", "grown.sql");
  server_->sql("grown", "CREATE TABLE made_since (a integer); INSERT INTO made_since SELECT generate_series(1, 5);");
  drill_settings settings = on_server();
  settings.source = server_->conninfo("grown");
  EXPECT_EQ(drilled("grown.sql", settings).exit_code, 1) << "no difference is tolerated unless the policy says so";
  drill_policy policy;
  policy.tolerance["*"] = {10, 0};
  const report tolerated = drilled("grown.sql", settings, "", policy);
  EXPECT_EQ(tolerated.exit_code, 0) << everything(tolerated);
  EXPECT_THAT(alarms(tolerated), Contains("rows.missing-table"));
  policy.tolerance["*"] = {4, 0};
  EXPECT_EQ(drilled("grown.sql", settings, "", policy).exit_code, 1);
}

TEST_F(whole_rehearsal, runs_no_probe_where_nothing_was_restored) {
  server_->here().write("bad.sql", "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE t (id integer);\n");
  drill_policy policy;
  policy.probe = "touch '" + (here() / "probed").string() + "'";
  const report result = drilled("bad.sql", on_server(), "", policy);
  EXPECT_EQ(result.exit_code, 1) << everything(result);
  EXPECT_TRUE(step(result, "probe").skipped);
  EXPECT_FALSE(std::filesystem::exists(here() / "probed"));
}

TEST_F(whole_rehearsal, gives_a_probe_a_database_that_leads_nowhere_where_none_was_restored) {
  server_->must("mkdir -p files && echo x > files/x && tar -cf files.tar files");
  drill_policy policy;
  policy.probe = "PGHOST='" + server_->must("psql -XAt -d postgres -c 'SHOW unix_socket_directories'");
  policy.probe.pop_back();
  policy.probe += "' PGUSER=knowngood_admin psql \"$KNOWNGOOD_DATABASE_DSN\" -c 'SELECT 1'";
  const report result = drilled("files.tar", on_server(), "", policy);
  EXPECT_THAT(alarms(result), Contains("probe.failed")) << "it must not reach another server by default";
  EXPECT_THAT(step(result, "probe").output, HasSubstr("no-database-was-restored"));
}

}  // namespace run_drill_test
