#include "knowngood/load/dump_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "knowngood_source.hpp"
#include "load/load_world.hpp"

namespace dump_loader_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class dump_loader : public load_test {
 protected:
  static void SetUpTestSuite() {
    world().source().create("everything", "TEMPLATE template0");
    world().source().sql("everything", file_text(knowngood_source() + "/tests/load/everything.sql"));
  }

  /// What a restored database's dump should be: the comment on an extension alone is not the loader's to make.
  static std::string original() {
    std::string dump = load_world::logged(world().dump("everything"));
    const std::string comment = "IS 'with a comment';";
    const std::size_t at = dump.find(comment);
    if (at != std::string::npos)
      dump.replace(at, comment.size(), "IS 'data type for storing sets of (key, value) pairs';");
    return dump;
  }

  static void expect_same(const std::string& original, const std::string& restored) {
    if (original == restored) return;
    world().server().here().write("original.sql", original);
    world().server().here().write("restored.sql", restored);
    ADD_FAILURE() << world().server().here().run("diff original.sql restored.sql | head -60").output;
  }
};

TEST_F(dump_loader, restores_an_object_of_every_kind) {
  const std::string dump = world().dump("everything");
  const load_result outcome = world().load(dump);
  EXPECT_EQ(alarms(outcome), "");
  EXPECT_EQ(outcome.server_version, world().value("postgres", "SELECT substring(version() FROM '[0-9]+\\.[0-9]+')"));
  ASSERT_THAT(outcome.databases, SizeIs(1));
  EXPECT_EQ(outcome.databases.front().encoding, "UTF8");
  for (const auto& object : outcome.databases.front().objects)
    EXPECT_FALSE(object.failed) << object.type << ' ' << object.name;
  expect_same(original(), load_world::logged(world().dump_restored("restored")));
}

struct style {
  const char* name;
  const char* options;
};
std::ostream& operator<<(std::ostream& to, const style& one) { return to << one.name; }

class dump_style : public dump_loader, public testing::WithParamInterface<style> {};

TEST_P(dump_style, restores_the_same_database) {
  const load_result outcome = world().load(world().dump("everything", GetParam().options));
  EXPECT_EQ(alarms(outcome), "");
  ASSERT_THAT(outcome.databases, SizeIs(1));
  const std::string& database = outcome.databases.front().database;
  expect_same(original(), load_world::logged(world().dump_restored(database)));
  if (database != "restored") world().server().must("psql -X -q -d postgres -c 'DROP DATABASE " + database + "'");
}

INSTANTIATE_TEST_SUITE_P(
    dumps, dump_style,
    testing::Values(style{"inserts", "--inserts"}, style{"column_inserts", "--column-inserts --on-conflict-do-nothing"},
                    style{"many_rows_an_insert", "--inserts --rows-per-insert=100"}, style{"clean", "--clean"},
                    style{"clean_if_exists", "--clean --if-exists"}, style{"create", "--create"},
                    style{"clean_create", "--clean --create --if-exists"}, style{"quoted", "--quote-all-identifiers"},
                    style{"by_partition_root", "--load-via-partition-root"}),
    [](const auto& one) { return one.param.name; });

TEST_F(dump_loader, runs_what_acts_as_other_roles_as_itself) {
  const load_result outcome = world().load(world().dump("everything", "--use-set-session-authorization"));
  EXPECT_EQ(alarms(outcome), "");
  EXPECT_THAT(text_of(outcome), HasSubstr("statements that act as another role were run as the one that loads"));
  const std::string options = "--no-owner --no-acl --no-comments --no-publications";
  const auto without_names = [](std::string dump) {
    for (const std::string name :
         {"Owner: boss", "Owner: alice", "Owner: Bob the \"Builder\"", "Owner: knowngood_loader"}) {
      for (std::size_t at = 0; (at = dump.find(name, at)) != std::string::npos;)
        dump.replace(at, name.size(), "Owner:");
    }
    return load_world::logged(dump);
  };
  expect_same(without_names(world().dump("everything", options)),
              without_names(world().dump_restored("restored", options)));
}

TEST_F(dump_loader, loads_rows_alone_into_tables_that_have_keys_and_triggers_already) {
  const load_target target = world().target("restored");
  ASSERT_EQ(alarms(world().load_into(target, world().dump("everything", "--section=pre-data"))), "");
  ASSERT_EQ(alarms(world().load_into(target, world().dump("everything", "--section=post-data"))), "");
  const load_result outcome =
      world().load_into(target, world().dump("everything", "--data-only --no-blobs --exclude-table=public.clustered"));
  EXPECT_EQ(alarms(outcome), "");
  // what a check that is not valid yet would not take
  world().server().sql(
      "restored",
      "ALTER TABLE public.clustered DROP CONSTRAINT later; INSERT INTO public.clustered VALUES (1, 'a'), (2, 'b');"
      "ALTER TABLE public.clustered ADD CONSTRAINT later CHECK (id < 2) NOT VALID");
  world().server().sql("restored",
                       "SELECT lo_put(70001, 0, '\\x00ff5c5c0a27'); REFRESH MATERIALIZED VIEW public.summary");
  expect_same(original(), load_world::logged(world().dump_restored("restored")));
}

TEST_F(dump_loader, restores_every_database_of_a_cluster) {
  world().source().create("latin", "TEMPLATE template0 ENCODING 'SQL_ASCII'");
  world().source().sql("latin",
                       "SET SESSION AUTHORIZATION boss; SET client_encoding = 'SQL_ASCII'; CREATE TABLE t (a text); "
                       "INSERT INTO t VALUES (E'\\xe4\\xff');");
  world().source().sql("postgres", "CREATE DATABASE \"Odd \"\"n\\ame' =\" TEMPLATE template0;");
  world().source().sql("postgres",
                       "CREATE ROLE strong SUPERUSER LOGIN PASSWORD 'x'; GRANT pg_execute_server_program TO alice;");
  const load_result outcome = world().load(world().source().must("pg_dumpall --clean --if-exists"));
  EXPECT_EQ(alarms(outcome), "");
  std::map<std::string, std::string> databases;
  for (const auto& one : outcome.databases) databases[one.name] = one.database;
  ASSERT_TRUE(databases.contains("everything"));
  ASSERT_TRUE(databases.contains("latin"));
  expect_same(original(), load_world::logged(world().dump_restored(databases["everything"])));
  EXPECT_EQ(world().value(databases["latin"], "SELECT encode(a::bytea, 'hex') FROM t"), "e4ff");
  EXPECT_EQ(world().value("postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"),
            "knowngood_admin");
  EXPECT_EQ(
      world().value("postgres", "SELECT count(*) FROM pg_auth_members WHERE roleid::regrole::text LIKE 'pg\\_exec%'"),
      "0");
  for (const auto& [name, database] : databases) {
    world().server().must("psql -X -q -d postgres -c 'DROP DATABASE IF EXISTS \"" + database + "\" WITH (FORCE)'");
  }
}

TEST_F(dump_loader, restores_the_same_rows_from_every_time_zone_and_encoding) {
  world().source().create("typed", "TEMPLATE template0");
  world().source().sql("typed", R"(
    SET SESSION AUTHORIZATION boss;
    CREATE TYPE span AS RANGE (subtype = timestamptz);
    CREATE TABLE t (at timestamptz, ats timestamptz[], r tstzrange, m tstzmultirange, tt timetz, d double precision, f real,
                    c money, i interval, b bytea, x text, n numeric, s span);
    INSERT INTO t SELECT '1890-01-01 12:34:56.789+00'::timestamptz + n * interval '97 days 3 hours',
      ARRAY['2025-03-30 01:30+00', '-infinity', NULL]::timestamptz[], tstzrange('2025-10-26 00:30+00', '2025-10-26 01:30+00'),
      '{[2020-01-01 00:00+00,2021-01-01 00:00+00)}', '12:00+05:30', 1.0 / (n + 3), 1.0 / (n + 7), (n * 1.13)::numeric::money,
      make_interval(n, n % 12, 0, n, n % 24, 3, n / 7.0), decode(md5(n::text), 'hex'), E'\u00e4\u00f6\u00fc\u00df \\ \t \n' || n, n / 3.0,
      span('0044-03-15 12:00+00 BC', 'infinity') FROM generate_series(1, 700) n;
    INSERT INTO t (d, f) VALUES ('NaN', '-Infinity'), (5e-324, 1e-45), (-0.0, 3.4028235e38);)");
  const std::string rows = "SELECT md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM t";
  const std::string before = connection{world().source().conninfo("typed"), location{"source"}}.value(rows);
  for (const char* zone : {"UTC", "Asia/Tokyo", "Europe/Berlin"}) {
    for (const char* encoding : {"UTF8", "LATIN1"}) {
      const load_result outcome =
          world().load(world().source().must("PGTZ=" + std::string{zone} + " pg_dump -E " + encoding + " typed"));
      EXPECT_EQ(alarms(outcome), "") << zone << ' ' << encoding;
      EXPECT_EQ(world().value("restored", rows), before) << zone << ' ' << encoding;
      ASSERT_THAT(outcome.databases, SizeIs(1));
      EXPECT_EQ(outcome.databases.front().encoding, encoding);
    }
  }
}

TEST_F(dump_loader, deals_out_large_tables_over_any_number_of_connections) {
  std::string rows;
  row_set expected;
  for (int i = 0; i < 90'000; ++i) {
    // one row in 30,000 is longer than what the scanner keeps of a row
    const std::string row =
        fmt::format("{}\t{}", i, std::string(i % 30'000 == 77 ? 3'000'000 : static_cast<std::size_t>(i % 50), 'x'));
    expected.add(row);
    rows += row + '\n';
  }
  const std::string script =
      world().script("CREATE TABLE public.big (id integer, filler text);\nCOPY public.big (id, filler) FROM stdin;\n" +
                     rows + "\\.\nALTER TABLE ONLY public.big ADD CONSTRAINT big_pkey PRIMARY KEY (id);\n");
  for (const unsigned jobs : {1U, 2U, 5U}) {
    load_options options;
    options.jobs = jobs;
    const load_result outcome = world().load(script, "restored", options);
    EXPECT_EQ(alarms(outcome), "") << jobs;
    EXPECT_EQ(outcome.rows, 90'000U);
    ASSERT_THAT(outcome.databases, SizeIs(1));
    ASSERT_THAT(outcome.databases.front().tables, SizeIs(1));
    EXPECT_EQ(outcome.databases.front().tables.front().rows.fingerprint, expected.fingerprint());
    row_set restored;
    connection session{world().server().conninfo("restored"), location{"server"}};
    session.copy_out("COPY public.big TO STDOUT",
                     [&](std::string_view row) { restored.add(row.substr(0, row.size() - 1)); });
    EXPECT_EQ(restored, expected) << jobs;
  }
}

TEST_F(dump_loader, takes_a_script_in_chunks_of_any_size) {
  const std::string script = world().script(
      "CREATE TABLE public.t (a text, b text);\nCOPY public.t (a, b) FROM stdin;\n1\t\\\\.\n2\t\\N\n\\.\n"
      "INSERT INTO public.t VALUES ('3', ');'), ('4', 'x');\nCREATE INDEX t_a ON public.t (a);\n");
  for (const std::size_t chunk : {1U, 7U, 64U}) {
    const load_result outcome =
        load_dump(std::make_unique<memory_source>(script, chunk), location{"test.sql"}, world().target("restored"), {});
    EXPECT_EQ(alarms(outcome), "");
    EXPECT_EQ(world().value("restored", "SELECT string_agg(a || coalesce(b, '-'), ',' ORDER BY a) FROM public.t"),
              "1\\.,2-,3);,4x");
  }
}

TEST_F(dump_loader, keeps_the_order_of_rows_that_look_at_other_rows) {
  // a check that reads another table, which psql fills before
  std::string rows;
  for (int i = 0; i < 120'000; ++i) rows += fmt::format("{}\tfiller filler filler\n", i);
  const std::string script = world().script(
      "CREATE TABLE public.first (id integer, filler text);\n"
      "CREATE FUNCTION public.known(n integer) RETURNS boolean LANGUAGE sql AS 'SELECT n = (SELECT max(id) FROM "
      "public.first)';\n"
      "CREATE TABLE public.second (id integer, CONSTRAINT known CHECK (public.known(id)));\n"
      "COPY public.first (id, filler) FROM stdin;\n" +
      rows + "\\.\nCOPY public.second (id) FROM stdin;\n119999\n\\.\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(alarms(world().load(script)), "");
}

TEST_F(dump_loader, works_within_a_transaction_of_the_dump) {
  const std::string script = world().script(
      "BEGIN;\nCREATE TABLE public.t (a integer NOT NULL);\nCOPY public.t (a) FROM stdin;\n1\n2\n\\.\nINSERT INTO "
      "public.t VALUES (3);\n"
      "ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a);\nCOMMIT;\n");
  EXPECT_EQ(alarms(world().load(script)), "");
  EXPECT_EQ(world().value("restored", "SELECT sum(a) FROM public.t"), "6");
}

TEST_F(dump_loader, tells_objects_of_one_database_of_a_cluster_from_those_of_another) {
  world().source().create("one");
  world().source().create("two");
  world().source().sql("one", "CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (1);");
  world().source().sql("two", "CREATE TABLE u (n int); INSERT INTO u VALUES (2);");
  const std::string script =
      world().source().must("pg_dumpall --exclude-database=postgres --exclude-database=everything 2>/dev/null");
  const load_result loaded = world().load(script, "cluster");
  std::map<std::string, std::string> objects;
  for (const auto& database : loaded.databases) {
    for (const auto& object : database.objects) objects[database.name] += object.type + " " + object.name + "; ";
  }
  EXPECT_EQ(objects["one"], "TABLE t; CONSTRAINT t t_pkey; ");
  EXPECT_EQ(objects["two"], "TABLE u; ");
  world().server().must(
      "for one in $(psql -X -A -t -d postgres -c \"SELECT datname FROM pg_database WHERE datname ~ '^cluster_'\"); do "
      "psql -X -q -d postgres -c \"DROP DATABASE $one\" || exit 1; done");
}

}  // namespace dump_loader_test
