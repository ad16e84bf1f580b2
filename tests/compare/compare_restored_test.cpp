#include "knowngood/compare/compare_restored.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "compare/loaded_dump.hpp"

namespace compare_restored_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Everything whose text depends on who asks, and names that take quotes.
constexpr const char* source_schema = R"SQL(
CREATE EXTENSION citext;
CREATE TYPE moment AS (label text, at timestamptz);
CREATE DOMAIN instant AS timestamptz;
CREATE TABLE everything (id serial PRIMARY KEY, at timestamptz, ats timestamptz[], during tstzrange, multi tstzmultirange,
  clock timetz, day date, plain timestamp, length interval, price money, f4 real, f8 double precision, place point, bytes bytea,
  doc jsonb, c moment, dom instant, doms instant[], rel regclass, note text, ci citext DEFAULT 'Seen 2025-07-01 02:00:00+09', twice integer GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO everything (at, ats, during, multi, clock, day, plain, length, price, f4, f8, place, bytes, doc, c, dom, doms, rel, note)
SELECT t, ARRAY[t, NULL, t + interval '1 year'], tstzrange(t, t + interval '3 days'), tstzmultirange(tstzrange(t, t + interval '1 hour')),
  '12:00:00+02', t::date, t AT TIME ZONE 'UTC', t - timestamptz '2000-01-01 00:00+00', (n * 1.37)::numeric::money, n / 3.0::real, n / 7.0,
  point(n / 3.0, -n), decode(md5(n::text), 'hex'), jsonb_build_object('at', t), ROW('2025-07-01 02:00:00+07, (odd) "' || n, t)::moment, t, ARRAY[t::instant],
  'everything', E'tab\t back\\slash Gr\u00f6\u00dfe 2025-07-01 02:00:00+05 ' || n
FROM (SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '7 hours 13 minutes 1.5 seconds' AS t FROM generate_series(1, 1200) n) s;
INSERT INTO everything (at) VALUES (NULL), ('infinity'), ('-infinity'), ('1880-01-01 00:00:00+00'), ('1700-06-01 12:00:00+00'),
  ('0044-03-15 12:00:00+00 BC'), ('0001-01-01 00:00:00+00'), ('12345-06-07 08:09:10+00'), ('1945-05-24 00:00:00+00'), ('2007-12-01 00:00:00+00');
CREATE SCHEMA "Odd ""schema";
CREATE TABLE "Odd ""schema"."we;ird ""name" ("Gr)" int, "select" timestamptz);
INSERT INTO "Odd ""schema"."we;ird ""name" SELECT n, timestamptz '2025-03-29 00:00+00' + n * interval '1 hour' FROM generate_series(1, 100) n;
CREATE TABLE "Größe" ("Maß" int, "order" text);
INSERT INTO "Größe" VALUES (1, 'naïve'), (2, 'Ærø');
CREATE TABLE "order" (nothing int);
CREATE TABLE nocol ();
INSERT INTO nocol SELECT FROM generate_series(1, 3);
CREATE TABLE doubles (a int);
INSERT INTO doubles VALUES (1), (1), (2);
CREATE TABLE parted (id int, at timestamptz) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (at timestamptz, id int);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
INSERT INTO parted SELECT 1 + n % 2, timestamptz '2025-01-01 00:00+00' + n * interval '1 day' FROM generate_series(1, 300) n;
CREATE TABLE parent (a int);
CREATE TABLE child (b int) INHERITS (parent);
INSERT INTO parent VALUES (1), (2);
INSERT INTO child VALUES (3, 4);
CREATE VIEW looks AS SELECT * FROM everything;
)SQL";

class compare : public server_test {
 protected:
  static void SetUpTestSuite() {
    server().create("source", "TEMPLATE template0 ENCODING 'UTF8'");
    server().sql("source", std::string{"SET client_encoding = 'UTF8';"} + source_schema);
  }

  static std::string dump(const std::string& options, const std::string& environment = "PGTZ=UTC") {
    server().must(environment + " pg_dump " + options + " --file=dump.sql");
    return server().here().read("dump.sql");
  }
  static comparison_result compared(const loaded_dump& loaded, const compare_options& options = {}) {
    return compare_restored(loaded.restored, options);
  }
  static std::vector<std::string> alarms(const comparison_result& outcome) {
    std::vector<std::string> ids;
    for (const auto& one : outcome.findings) {
      if (one.severity != severity::note) ids.push_back(one.check);
    }
    for (const auto& one : outcome.unchecked) ids.push_back("unchecked: " + one.message);
    return ids;
  }
  static std::vector<std::string> notes(const comparison_result& outcome) {
    std::vector<std::string> ids;
    for (const auto& one : outcome.findings) {
      if (one.severity == severity::note) ids.push_back(one.check);
    }
    return ids;
  }
  static std::map<std::string, std::string> words(const comparison_result& outcome) {
    std::map<std::string, std::string> all;
    for (const auto& table : outcome.tables) all[table.name] = to_string(table.outcome);
    return all;
  }
  /// A capture of `source` as it is, with the rows read in the encoding of the database.
  static capture capture_of(const std::string& database) {
    capture taken;
    catalog_session session{server().conninfo(database), location{"source"}};
    const relation_list relations = read_relations(session);
    taken.server_version = session.setting("server_version");
    taken.session.encoding = session.setting("server_encoding");
    taken.session.lc_monetary = session.setting("lc_monetary");
    std::vector<table_to_read> tables;
    for (const auto& table : relations.all()) {
      if (table.has_rows_to_dump()) tables.push_back({&table});
    }
    const auto rows =
        read_row_sets(server().conninfo(database), location{"source"}, relations, tables, taken.session, {});
    for (std::size_t i = 0; i < tables.size(); ++i) {
      captured_table one{tables[i].table->name.to_string(), {}, rows[i].rows.rows(), rows[i].rows.fingerprint()};
      for (const auto& column : tables[i].table->columns) one.columns.push_back(column.name);
      taken.tables.push_back(one);
    }
    return taken;
  }
  static std::string changed(std::string script, const std::string& from, const std::string& to) {
    const std::size_t at = script.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? script : script.replace(at, from.size(), to);
  }
};

TEST_F(compare, finds_an_intact_dump_equal_table_by_table) {
  const comparison_result outcome = compared(load_with_psql(server(), dump("source"), "restored"));
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings, outcome.unchecked);
  EXPECT_THAT(notes(outcome), ElementsAre("rows.empty"));
  EXPECT_TRUE(outcome.any_rows);
  EXPECT_EQ(outcome.zone, "");
  const auto all = words(outcome);
  EXPECT_EQ(all.size(), 10U);
  EXPECT_EQ(all.at("public.everything"), "equal");
  EXPECT_EQ(all.at("public.\"order\""), "empty");
  EXPECT_EQ(all.at("public.nocol"), "equal");
  EXPECT_EQ(all.at("public.parent"), "equal");
  EXPECT_EQ(all.at("\"Odd \"\"schema\".\"we;ird \"\"name\""), "equal");
  for (const auto& table : outcome.tables) EXPECT_EQ(table.dump, table.restored) << table.name;
}

// The issue's own claim: no false alarm whatever the zone and the encoding; and the zone is named.
TEST_F(compare, raises_no_alarm_in_any_zone_and_encoding) {
  const capture taken = capture_of("source");
  for (const std::string zone : {"UTC", "Asia/Tokyo", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns",
                                 "<+0530>-05:30", "EST5EDT", "Africa/Monrovia"}) {
    for (const std::string encoding : {"UTF8", "LATIN1"}) {
      if (encoding == "LATIN1" && zone.find("Asia/") == std::string::npos) continue;
      const loaded_dump loaded =
          load_with_psql(server(), dump("--encoding=" + encoding + " source", "PGTZ='" + zone + "'"), "restored");
      ASSERT_EQ(loaded.restored.encoding, encoding);
      const comparison_result outcome = compared(loaded, {.captured = &taken});
      EXPECT_THAT(alarms(outcome), IsEmpty()) << zone << " " << encoding << "\n"
                                              << text_of(outcome.findings, outcome.unchecked);
      for (const auto& table : outcome.tables)
        EXPECT_THAT(table.outcome, testing::AnyOf(row_outcome::equal, row_outcome::empty)) << table.name;
      if (zone == "UTC") {
        EXPECT_THAT(notes(outcome), ElementsAre("rows.empty"));
      } else {
        EXPECT_THAT(notes(outcome), UnorderedElementsAre("rows.empty", "rows.zone"));
      }
      if (zone != "Asia/Kolkata" && zone.find('/') != std::string::npos) {
        EXPECT_EQ(outcome.zone, zone);
      }
    }
  }
}

TEST_F(compare, finds_a_fixed_offset_and_names_it) {
  server().create("short");
  server().sql(
      "short",
      "CREATE TABLE t (at timestamptz); INSERT INTO t VALUES ('2025-07-01 00:00+00'), ('1999-01-01 12:34:56+00');");
  const comparison_result outcome = compared(load_with_psql(server(), dump("short", "PGTZ='<x>-03:17'"), "restored"));
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings);
  EXPECT_EQ(outcome.zone, "<+0317>-03:17");
}

TEST_F(compare, takes_settings_that_no_dump_records_for_no_difference) {
  const comparison_result escaped = compared(load_with_psql(
      server(), dump("--quote-all-identifiers source", "PGTZ=Asia/Tokyo PGOPTIONS='-c bytea_output=escape'"),
      "restored"));
  EXPECT_THAT(alarms(escaped), IsEmpty()) << text_of(escaped.findings);
  EXPECT_EQ(words(escaped).at("\"public\".\"everything\""), "equal");
}

TEST_F(compare, compares_styles_of_dumps) {
  for (const std::string style :
       {"--load-via-partition-root source", "--no-owner --disable-dollar-quoting source", "--schema-only source"}) {
    const comparison_result outcome = compared(load_with_psql(server(), dump(style, "PGTZ=Europe/Berlin"), "restored"));
    EXPECT_THAT(alarms(outcome), IsEmpty()) << style << "\n" << text_of(outcome.findings, outcome.unchecked);
    EXPECT_EQ(outcome.any_rows, style != "--schema-only source");
  }
  const capture taken = capture_of("source");
  const comparison_result root =
      compared(load_with_psql(server(), dump("--load-via-partition-root source"), "restored"), {.captured = &taken});
  EXPECT_THAT(alarms(root), IsEmpty()) << text_of(root.findings, root.unchecked);
  EXPECT_EQ(words(root).at("public.parted"), "equal");
  EXPECT_EQ(words(root).at("public.parted_2"), "equal");
}

TEST_F(compare, counts_the_rows_of_inserts) {
  const std::string script = dump("--inserts --rows-per-insert=50 source");
  const comparison_result outcome = compared(load_with_psql(server(), script, "restored"));
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings);
  EXPECT_THAT(notes(outcome), UnorderedElementsAre("rows.empty", "rows.counted-only"));
  EXPECT_EQ(words(outcome).at("public.doubles"), "counted");
  // a capture makes up for what INSERT statements do not tell
  const capture taken = capture_of("source");
  const loaded_dump altered = load_with_psql(server(), changed(script, "naïve", "naive"), "restored");
  EXPECT_THAT(alarms(compared(altered)), IsEmpty());
  EXPECT_THAT(alarms(compared(altered, {.captured = &taken})), ElementsAre("rows.different"));
}

TEST_F(compare, tells_what_the_load_lost_added_or_altered) {
  const loaded_dump loaded = load_with_psql(server(), dump("source", "PGTZ=Asia/Tokyo"), "restored");
  ASSERT_THAT(alarms(compared(loaded)), IsEmpty());
  const auto after = [&](const std::string& sql) {
    server().sql("restored", sql);
    return compared(loaded);
  };
  comparison_result outcome = after("DELETE FROM doubles WHERE ctid = '(0,1)'");
  EXPECT_THAT(alarms(outcome), ElementsAre("rows.fewer"));
  EXPECT_EQ(outcome.findings[0].message, "public.doubles has fewer rows after the restore than in the dump");
  EXPECT_THAT(outcome.findings[0].expected, HasSubstr("3 rows, fingerprint "));
  EXPECT_THAT(outcome.findings[0].actual, HasSubstr("2 rows, fingerprint "));
  EXPECT_EQ(outcome.findings[0].where.to_string(), "test.sql » public.doubles");
  EXPECT_THAT(alarms(after("INSERT INTO doubles VALUES (2)")), ElementsAre("rows.different")) << "1 2 2 is not 1 1 2";
  EXPECT_THAT(alarms(after("UPDATE doubles SET a = 1 WHERE ctid = '(0,4)'")), IsEmpty()) << "whole again";
  EXPECT_THAT(alarms(after("INSERT INTO doubles VALUES (2)")), ElementsAre("rows.more"));
  EXPECT_THAT(alarms(after("DELETE FROM doubles; INSERT INTO doubles VALUES (1), (1), (2)")), IsEmpty());
  EXPECT_THAT(alarms(after("UPDATE everything SET at = at + interval '1 second' WHERE id = 7")),
              ElementsAre("rows.different"));
  EXPECT_THAT(alarms(after("UPDATE everything SET at = at - interval '1 second', note = 'x' WHERE id = 7")),
              ElementsAre("rows.different"));
  outcome = after(
      "DROP TABLE child; DROP VIEW looks; DROP TABLE everything; CREATE TABLE made_up (a int); INSERT INTO made_up "
      "VALUES (1)");
  EXPECT_THAT(alarms(outcome), UnorderedElementsAre("rows.missing-table", "rows.missing-table", "rows.more"))
      << text_of(outcome.findings);
  EXPECT_EQ(words(outcome).at("public.child"), "missing");
  outcome = after("ALTER TABLE doubles RENAME COLUMN a TO z");
  EXPECT_THAT(alarms(outcome), testing::Contains(HasSubstr("unchecked: public.doubles cannot be read back")));
  EXPECT_EQ(words(outcome).at("public.doubles"), "unread");
}

TEST_F(compare, finds_by_the_capture_what_was_done_to_the_dump) {
  const capture taken = capture_of("source");
  const std::string script = dump("source", "PGTZ=Europe/Berlin");
  const auto altered = [&](const std::string& from, const std::string& to) {
    return compared(load_with_psql(server(), changed(script, from, to), "restored"), {.captured = &taken});
  };
  ASSERT_THAT(alarms(compared(load_with_psql(server(), script, "restored"), {.captured = &taken})), IsEmpty());
  comparison_result outcome = altered("\n1\tnaïve\n", "\n");
  EXPECT_THAT(alarms(outcome), ElementsAre("rows.fewer")) << text_of(outcome.findings);
  for (const auto& one : outcome.findings) {
    if (one.check != "rows.fewer") continue;
    EXPECT_EQ(one.message, "public.\"Größe\" has fewer rows in the dump than in the capture");
    EXPECT_THAT(one.expected, HasSubstr("2 rows"));
    EXPECT_THAT(one.actual, HasSubstr("1 row,"));
  }
  EXPECT_THAT(alarms(altered("\n1\tnaïve\n", "\n1\tnaïve\n1\tnaïve\n")), ElementsAre("rows.more"));
  EXPECT_THAT(alarms(altered("\n1\tnaïve\n", "\n1\tnaive\n")), ElementsAre("rows.different"));
  EXPECT_THAT(alarms(altered("2024-01-01 08:13:01.5+01\t", "2024-01-01 08:13:01.5+02\t")),
              ElementsAre("rows.different"));
}

TEST_F(compare, tells_tables_and_columns_that_only_one_side_has) {
  capture taken = capture_of("source");
  const std::string without = dump("--exclude-table=doubles --exclude-table-data=nocol source");
  comparison_result outcome = compared(load_with_psql(server(), without, "restored"), {.captured = &taken});
  EXPECT_THAT(alarms(outcome), UnorderedElementsAre("rows.missing-table", "rows.fewer")) << text_of(outcome.findings);
  EXPECT_EQ(words(outcome).at("public.doubles"), "missing");
  EXPECT_EQ(words(outcome).at("public.nocol"), "fewer");

  const loaded_dump whole = load_with_psql(server(), dump("source"), "restored");
  capture less = taken;
  std::erase_if(less.tables, [](const captured_table& one) { return one.name == "public.doubles"; });
  outcome = compared(whole, {.captured = &less});
  EXPECT_THAT(alarms(outcome), ElementsAre("rows.extra-table")) << text_of(outcome.findings);
  less.only_tables = {"some"};
  EXPECT_THAT(alarms(compared(whole, {.captured = &less})), IsEmpty())
      << "a limited capture says nothing about other tables";

  capture wider = taken;
  for (auto& table : wider.tables) {
    if (table.name == "public.doubles") table.columns.push_back("b");
  }
  outcome = compared(whole, {.captured = &wider});
  EXPECT_THAT(alarms(outcome), ElementsAre("rows.different"));
  for (const auto& one : outcome.findings) {
    if (one.check != "rows.different") continue;
    EXPECT_EQ(one.expected, "a, b");
    EXPECT_EQ(one.actual, "a");
  }
}

TEST_F(compare, says_when_a_capture_cannot_be_compared) {
  capture taken = capture_of("source");
  const loaded_dump whole = load_with_psql(server(), dump("source"), "restored");
  taken.session.time_zone = "Atlantis/Capital";
  comparison_result outcome = compared(whole, {.captured = &taken});
  EXPECT_THAT(alarms(outcome), testing::Contains(HasSubstr("the server has no time zone Atlantis/Capital")));
  EXPECT_EQ(words(outcome).at("public.everything"), "unread");
  EXPECT_EQ(words(outcome).at("public.doubles"), "equal") << "it has no times";
  taken.session.time_zone = "UTC";
  taken.session.encoding = "KLINGON";
  EXPECT_EQ(words(compared(whole, {.captured = &taken})).at("public.doubles"), "unread");
}

TEST_F(compare, allows_the_live_source_to_have_moved_on_as_far_as_the_policy_says) {
  server().create("live");
  server().sql("live",
               "CREATE TABLE a (n int); INSERT INTO a SELECT generate_series(1, 1000); CREATE TABLE b (n int, at "
               "timestamptz); INSERT INTO b VALUES (1, '2025-07-01 00:00+00');"
               "CREATE TABLE p (n int) PARTITION BY RANGE (n); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO "
               "(10); INSERT INTO p VALUES (1);");
  const loaded_dump loaded = load_with_psql(server(), dump("live", "PGTZ=Asia/Tokyo"), "restored");
  live_source source{server().conninfo("live"), {}, std::chrono::hours{6}};
  comparison_result outcome = compared(loaded, {.source = &source});
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings, outcome.unchecked);
  EXPECT_EQ(words(outcome).at("public.a"), "equal");

  server().sql("live", "DELETE FROM a WHERE n <= 5; CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);");
  outcome = compared(loaded, {.source = &source});
  EXPECT_THAT(alarms(outcome), ElementsAre("rows.more"));
  EXPECT_THAT(outcome.findings.back().message + outcome.findings.front().message,
              HasSubstr("public.a has more rows after the restore than in the live source, 6h after the dump"));
  source.tolerance = {{"public.\"a\"", {5, 0}}};
  EXPECT_THAT(alarms(compared(loaded, {.source = &source})), IsEmpty());
  EXPECT_EQ(words(compared(loaded, {.source = &source})).at("public.a"), "tolerated");
  source.tolerance = {{"*", {0, 0.004}}};
  EXPECT_THAT(alarms(compared(loaded, {.source = &source})), ElementsAre("rows.more"))
      << "5 of 995 are more than 0.4 %";
  source.tolerance = {{"*", {0, 0.01}}};
  EXPECT_THAT(alarms(compared(loaded, {.source = &source})), IsEmpty());

  server().sql("live", "UPDATE b SET n = 2");
  EXPECT_THAT(alarms(compared(loaded, {.source = &source})), IsEmpty()) << "content may move on where numbers may";
  source.tolerance = {{"*", {0, 0.01}}, {"public.b", {0, 0}}};
  EXPECT_THAT(alarms(compared(loaded, {.source = &source})), ElementsAre("rows.different"));
  server().sql("live", "DROP TABLE b; CREATE TABLE c (n int)");
  outcome = compared(loaded, {.source = &source});
  EXPECT_THAT(alarms(outcome), UnorderedElementsAre("rows.missing-table", "rows.extra-table"))
      << text_of(outcome.findings);

  source.conninfo = server().conninfo("nowhere");
  outcome = compared(loaded, {.source = &source});
  EXPECT_THAT(alarms(outcome), ElementsAre(HasSubstr("unchecked: cannot connect to PostgreSQL")));
  EXPECT_EQ(words(outcome).at("public.a"), "equal") << "what was compared before stays";
}

TEST_F(compare, reads_a_live_source_whose_role_may_not_read_all) {
  server().create("walled");
  server().sql(
      "walled",
      "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN; CREATE TABLE open (n int); GRANT SELECT ON open TO "
      "reader; CREATE TABLE shut (n int);"
      "CREATE TABLE guarded (n int); GRANT SELECT ON guarded TO reader; ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;"
      "INSERT INTO open VALUES (1); INSERT INTO shut VALUES (1); INSERT INTO guarded VALUES (1);");
  const loaded_dump loaded = load_with_psql(server(), dump("walled"), "restored");
  const live_source source{server().conninfo("walled", "reader"), {}, {}};
  const comparison_result outcome = compared(loaded, {.source = &source});
  EXPECT_EQ(words(outcome).at("public.open"), "equal");
  EXPECT_EQ(words(outcome).at("public.shut"), "unread");
  EXPECT_EQ(words(outcome).at("public.guarded"), "unread") << "row security must not hide rows";
  EXPECT_EQ(outcome.unchecked.size(), 2U) << text_of(outcome.findings, outcome.unchecked);
}

TEST_F(compare, does_not_obey_the_restored_database) {
  server().create("trap");
  server().sql(
      "trap",
      "CREATE TABLE t (n int, at timestamptz, b bytea); INSERT INTO t VALUES (1, '2025-07-01 00:00+00', '\\x00ff');"
      "CREATE TABLE victims (n int);"
      "CREATE FUNCTION public.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ INSERT INTO public.victims VALUES "
      "(1); SELECT 'x' $$;"
      "CREATE FUNCTION public.pg_relation_size(oid) RETURNS bigint LANGUAGE sql AS $$ INSERT INTO public.victims "
      "VALUES (1); SELECT 1::bigint $$;"
      "CREATE FUNCTION public.trap(t int) RETURNS bool LANGUAGE sql AS $$ INSERT INTO public.victims VALUES (1); "
      "SELECT false $$;"
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING "
      "(public.trap(n));");
  const loaded_dump loaded = load_with_psql(server(), dump("trap"), "restored");
  server().sql(
      "restored",
      "ALTER DATABASE restored SET search_path = public, pg_catalog; ALTER DATABASE restored SET TimeZone = "
      "'Asia/Tokyo';"
      "ALTER DATABASE restored SET bytea_output = escape; ALTER DATABASE restored SET statement_timeout = '500ms';"
      "ALTER DATABASE restored SET IntervalStyle = iso_8601; ALTER DATABASE restored SET client_encoding = latin1;"
      "ALTER DATABASE restored SET row_security = on; ALTER DATABASE restored SET extra_float_digits = -15;");
  const comparison_result outcome = compared(loaded);
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings, outcome.unchecked);
  EXPECT_EQ(words(outcome).at("public.t"), "equal");
  EXPECT_EQ(server().must("psql -XAtd restored -c 'SELECT count(*) FROM public.victims'"), "0\n");
}

TEST_F(compare, compares_a_database_of_raw_bytes) {
  server().create("raw", "TEMPLATE template0 ENCODING 'SQL_ASCII'");
  server().sql("raw",
               "CREATE TABLE \"Gr\xf6\xdf"
               "e\" (w text); INSERT INTO \"Gr\xf6\xdf"
               "e\" VALUES (E'\xff\xfe raw'), ('x');");
  const loaded_dump loaded =
      load_with_psql(server(), dump("raw"), "restored", "TEMPLATE template0 ENCODING 'SQL_ASCII'");
  ASSERT_EQ(loaded.restored.encoding, "SQL_ASCII");
  const capture taken = capture_of("raw");
  const comparison_result outcome = compared(loaded, {.captured = &taken});
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings, outcome.unchecked);
  ASSERT_EQ(outcome.tables.size(), 1U);
  EXPECT_EQ(outcome.tables[0].outcome, row_outcome::equal);
}

TEST_F(compare, tells_the_rows_of_an_extensions_configuration_from_its_own) {
  // what a script of CREATE EXTENSION would have done
  server().create("extended");
  server().sql("extended",
               "CREATE TABLE kept (n int, own bool); INSERT INTO kept VALUES (1, true), (2, false);"
               "INSERT INTO pg_depend SELECT 'pg_class'::regclass, 'kept'::regclass, 0, 'pg_extension'::regclass, oid, "
               "0, 'e' FROM pg_extension WHERE extname = 'plpgsql';"
               "UPDATE pg_extension SET extconfig = ARRAY['kept'::regclass::oid], extcondition = ARRAY['WHERE NOT "
               "own'] WHERE extname = 'plpgsql';");
  catalog_session session{server().conninfo("extended"), location{"x"}};
  const relation_list relations = read_relations(session);
  const relation* kept = relations.find({"public", "kept"});
  ASSERT_NE(kept, nullptr);
  EXPECT_TRUE(kept->has_rows_to_dump());
  const auto rows = read_row_sets(server().conninfo("extended"), location{"x"}, relations, {{kept}}, {}, {});
  EXPECT_EQ(rows[0].problem, std::nullopt);
  EXPECT_EQ(rows[0].rows.rows(), 1U) << "as pg_dump writes it";
  const std::string script = dump("extended");
  EXPECT_THAT(script, HasSubstr("COPY public.kept (n, own) FROM stdin;\n2\tf\n\\."));
}

// Floating-point numbers as PostgreSQL 11 wrote them: the same numbers, in other digits.
TEST_F(compare, leaves_out_what_an_old_server_wrote_with_other_digits) {
  server().create("old");
  server().sql("old",
               "CREATE TABLE f (n int, x float8, t timestamptz); INSERT INTO f VALUES (1, 0.1, '2025-07-01 00:00+00'), "
               "(2, 1.0/3, NULL)");
  const std::string script = changed(dump("old", "PGTZ=Asia/Tokyo"), "1\t0.1\t", "1\t0.10000000000000001\t");
  loaded_dump loaded = load_with_psql(server(), script, "restored");
  EXPECT_THAT(alarms(compared(loaded)), ElementsAre("rows.different")) << "a new server writes them in one way only";
  loaded.restored.server_major = 11;
  comparison_result outcome = compared(loaded);
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings);
  EXPECT_THAT(notes(outcome), ElementsAre("rows.counted-only"));
  EXPECT_EQ(words(outcome).at("public.f"), "counted");
  server().sql("restored", "UPDATE f SET n = 3 WHERE n = 2");
  EXPECT_THAT(alarms(compared(loaded)), ElementsAre("rows.different")) << "all other columns are compared";
  loaded.restored.reopen = nullptr;
  EXPECT_THAT(alarms(compared(loaded)), ElementsAre(HasSubstr("cannot be known without reading the dump again")));

  capture taken = capture_of("old");
  taken.server_version = "11.22";
  taken.tables[0].fingerprint = std::string(32, '1');
  loaded = load_with_psql(server(), dump("old"), "restored");
  outcome = compared(loaded, {.captured = &taken});
  EXPECT_THAT(alarms(outcome), IsEmpty());
  EXPECT_EQ(words(outcome).at("public.f"), "counted");
  taken.server_version = "12.1";
  EXPECT_THAT(alarms(compared(loaded, {.captured = &taken})), ElementsAre("rows.different"));
}

TEST_F(compare, does_not_judge_money_whose_locale_is_unknown) {
  server().create("rich");
  server().sql("rich", "CREATE TABLE m (n int, price money); INSERT INTO m VALUES (1, 12.5), (2, 7)");
  const loaded_dump loaded = load_with_psql(server(), dump("rich"), "restored");
  ASSERT_THAT(alarms(compared(loaded)), IsEmpty());
  server().sql("restored", "UPDATE m SET price = price * 100");  // what loading 12,50 under another locale does
  comparison_result outcome = compared(loaded);
  EXPECT_THAT(alarms(outcome), ElementsAre(HasSubstr("unchecked: the money in price of public.m")));
  EXPECT_EQ(words(outcome).at("public.m"), "unread");
  server().sql("restored", "UPDATE m SET n = 5 WHERE n = 1");
  EXPECT_THAT(alarms(compared(loaded)), ElementsAre("rows.different"));

  capture taken = capture_of("rich");
  taken.session.lc_monetary = "de_DE.UTF-8";
  outcome = compared(load_with_psql(server(), dump("rich"), "restored"), {.captured = &taken});
  EXPECT_THAT(alarms(outcome), testing::Each(HasSubstr("the server has no locale de_DE.UTF-8")));
  EXPECT_EQ(words(outcome).at("public.m"), "unread");
}

TEST_F(compare, lets_rows_land_in_another_partition_when_the_dump_goes_through_the_root) {
  server().create("hashed");
  server().sql("hashed",
               "CREATE TABLE h (id int, t text) PARTITION BY HASH (id); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH "
               "(MODULUS 2, REMAINDER 0);"
               "CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO h SELECT n, 'row "
               "' || n FROM generate_series(1, 100) n;");
  const capture taken = capture_of("hashed");
  std::string script = dump("--load-via-partition-root hashed");
  script = changed(changed(changed(script, "remainder 0", "remainder X"), "remainder 1", "remainder 0"), "remainder X",
                   "remainder 1");
  comparison_result outcome = compared(load_with_psql(server(), script, "restored"), {.captured = &taken});
  EXPECT_THAT(alarms(outcome), IsEmpty()) << text_of(outcome.findings);
  EXPECT_EQ(words(outcome).at("public.h"), "equal");
  EXPECT_EQ(words(outcome).at("public.h1"), "equal");
  outcome =
      compared(load_with_psql(server(), changed(script, "\trow 7\n", "\trow 8\n"), "restored"), {.captured = &taken});
  EXPECT_THAT(alarms(outcome), testing::SizeIs(testing::Ge(1U)));
  EXPECT_THAT(alarms(outcome), testing::Each(testing::AnyOf("rows.different", "rows.fewer", "rows.more")));
}

TEST_F(compare, keeps_the_databases_of_one_dump_apart) {
  server().create("twin_a");
  server().create("twin_b");
  server().sql("twin_a", "CREATE TABLE t (n int, at timestamptz); INSERT INTO t VALUES (1, '2025-07-01 00:00+00')");
  server().sql("twin_b", "CREATE TABLE t (n int, at timestamptz); INSERT INTO t VALUES (2, '2024-07-01 00:00+00')");
  const std::string a = dump("twin_a", "PGTZ=Asia/Tokyo");
  const std::string b = dump("twin_b", "PGTZ=Asia/Tokyo");
  const std::string both = "\\connect twin_a\n" + a + "\\connect twin_b\n" + b;
  for (const auto& [name, script] : {std::pair{std::string{"twin_a"}, a}, std::pair{std::string{"twin_b"}, b}}) {
    loaded_dump loaded = load_with_psql(server(), script, "restored");
    loaded.restored.database = name;
    loaded.restored.reopen = [both] { return std::make_unique<memory_source>(both, 65'536); };
    const comparison_result outcome = compared(loaded);
    EXPECT_THAT(alarms(outcome), IsEmpty()) << name << text_of(outcome.findings);
    EXPECT_EQ(outcome.zone.empty(), false);
    EXPECT_EQ(outcome.tables[0].database, name);
  }
}

}  // namespace compare_restored_test
