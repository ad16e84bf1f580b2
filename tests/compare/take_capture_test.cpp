#include "knowngood/compare/take_capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "compare/loaded_dump.hpp"
#include "knowngood/inspect/open_dump.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/postgres/dump_check.hpp"
#include "knowngood_source.hpp"

namespace take_capture_test {

using namespace knowngood;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// --- the document ---

capture sample() {
  capture taken;
  taken.version = "1.2.3";
  taken.host = "db1";
  taken.started = moment{std::chrono::seconds{1'764'800'000}};
  taken.finished = taken.started + std::chrono::seconds{5};
  taken.server_version = "15.18 (Debian 15.18-0+deb12u1)";
  taken.database = "ner11_db";
  taken.session.lc_monetary = "de_DE.UTF-8";
  taken.snapshot = "00000003-0000001B-1";
  taken.command = {"pg_dump", "--snapshot=00000003-0000001B-1", "odd \xff \x1b[2J"};
  taken.artifact = captured_artifact{"/backups/a\nb.sql", std::string(64, 'a'), 12'345};
  taken.tables = {{"public.\"Odd \"\"one\"", {"a", "gr\xf6\xdf"}, 5, std::string(32, '0')},
                  {"public.t", {}, 0, std::string(32, 'f')}};
  return taken;
}

std::string refusal(const std::string& text) {
  try {
    parse_capture(text, "x.capture.json");
  } catch (const usage_error& error) {
    return error.what();
  }
  return "taken";
}

TEST(capture_document, comes_back_as_it_was) {
  const capture taken = sample();
  const std::string text = to_json(taken);
  const capture again = parse_capture(text, "x");
  EXPECT_EQ(to_json(again), text);
  EXPECT_EQ(again.version, taken.version);
  EXPECT_EQ(again.started, taken.started);
  EXPECT_EQ(again.finished, taken.finished);
  EXPECT_EQ(again.server_major(), 15U);
  EXPECT_EQ(again.session, taken.session);
  EXPECT_EQ(again.command, taken.command);
  ASSERT_TRUE(again.artifact);
  EXPECT_EQ(again.artifact->path, "/backups/a\nb.sql");
  EXPECT_EQ(again.artifact->size, 12'345U);
  ASSERT_EQ(again.tables.size(), 2U);
  EXPECT_EQ(again.tables[0].name, taken.tables[0].name);
  EXPECT_EQ(again.tables[0].columns, taken.tables[0].columns);
  EXPECT_EQ(again.tables[0].rows, 5U);
  EXPECT_FALSE(again.limited());
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("\n    {\"name\":\"public.t\",\"rows\":0,")) << "a table a line";
  capture none = taken;
  none.artifact.reset();
  none.tables.clear();
  none.only_schemas = {"public"};
  EXPECT_FALSE(parse_capture(to_json(none), "x").artifact);
  EXPECT_TRUE(parse_capture(to_json(none), "x").limited());
}

TEST(capture_document, is_refused_when_it_is_none) {
  const std::string text = to_json(sample());
  ASSERT_EQ(refusal(text), "taken");
  for (std::size_t size = 0; size < text.size() - 2; ++size)
    ASSERT_NE(refusal(text.substr(0, size)), "taken") << "cut at byte " << size;
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return refusal(changed.replace(at, from.size(), to));
  };
  EXPECT_THAT(with("knowngood/capture/1", "knowngood/capture/2"), HasSubstr("is a knowngood/capture/2"));
  EXPECT_THAT(with("knowngood/capture/1", "knowngood/audit-report/1"),
              HasSubstr("\"knowngood/capture/1\" is expected"));
  EXPECT_EQ(with("knowngood/capture/1", "knowngood/capture/1.7"), "taken");
  EXPECT_THAT(with("\"rows\":5", "\"rows\":-5"), HasSubstr("/tables/0/rows: a whole number from 0 is expected"));
  EXPECT_THAT(with("\"rows\":5", "\"rowz\":5"), HasSubstr("/tables/0/rows: is missing"));
  EXPECT_THAT(with("ffffffff", "FFFFFFFF"), HasSubstr("/tables/1/fingerprint: 32 lower-case hex digits is expected"));
  EXPECT_THAT(with("\"public.t\"", "\"t\""), HasSubstr("/tables/1/name: schema.table is expected"));
  EXPECT_THAT(with("\"public.t\"", "\"public.\\\"Odd \\\"\\\"one\\\"\""),
              HasSubstr("a table that was not listed before"));
  EXPECT_THAT(with("aaaaaaaa", "aaaaaaa"), HasSubstr("/artifact/sha256"));
  EXPECT_THAT(with("\"time_zone\":\"UTC\"", "\"time_zone\":null"), HasSubstr("/source/time_zone: text is expected"));
}

// an independent judge: python3-jsonschema, through tests/report/validate.py
TEST(capture_document, is_what_its_schema_says) {
  const scratch_directory here;
  here.write("a.json", to_json(sample()));
  capture bare;
  here.write("b.json", to_json(bare));
  const fs::path root = fs::path{knowngood_source()};
  const std::string judge = fmt::format("/usr/bin/python3 '{}' '{}' ", (root / "tests/report/validate.py").string(),
                                        (root / "docs/schema/capture-1.schema.json").string());
  const tool_run good = here.run(judge + "a.json b.json 2>&1");
  EXPECT_EQ(good.status, 0) << good.output;
  std::string text = to_json(sample());
  here.write("c.json", text.replace(text.find("ffffffff"), 8, "FFFFFFFF"));
  EXPECT_EQ(here.run(judge + "c.json").status, 1);
}

TEST(capture_document, belongs_to_one_artifact) {
  capture taken = sample();
  EXPECT_FALSE(check_captured_artifact(taken, std::string(64, 'a'), location{"x"}));
  const auto other = check_captured_artifact(taken, std::string(64, 'b'), location{"x.capture.json"});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->check, "capture.other-artifact");
  taken.artifact.reset();
  EXPECT_FALSE(check_captured_artifact(taken, std::string(64, 'b'), location{"x"})) << "it names none";
}

// --- the command ---

TEST(foreground_command, runs_with_our_environment_and_the_given_variables) {
  const scratch_directory here;
  ::setenv("KNOWNGOOD_TEST_KEPT", "kept", 1);
  ::setenv("KNOWNGOOD_TEST_OVER", "old", 1);
  const std::string out = (here.path() / "out").string();
  foreground_command command{{"sh", "-c", "echo $KNOWNGOOD_TEST_KEPT $KNOWNGOOD_TEST_OVER > '" + out + "'; exit 7"},
                             {{"KNOWNGOOD_TEST_OVER", "new"}}};
  EXPECT_EQ(command.wait({}), 7);
  EXPECT_EQ(command.wait({}), 7) << "asked twice";
  EXPECT_EQ(here.read("out"), "kept new\n");
  EXPECT_EQ((foreground_command{{"sh", "-c", "kill -9 $$"}, {}}.wait({})), 128 + 9);
  EXPECT_THROW((foreground_command{{"/nowhere/no such program"}, {}}), environment_error);
}

TEST(foreground_command, is_ended_when_we_stop) {
  std::atomic<bool> stop = false;
  foreground_command willing{{"sleep", "60"}, {}};
  stop = true;
  EXPECT_EQ(willing.wait(stop), 128 + SIGTERM);
}

// --- taking one ---

class taking : public server_test {
 protected:
  static void SetUpTestSuite() {
    server().create("source", "TEMPLATE template0 ENCODING 'UTF8'");
    server().sql("source", R"SQL(
CREATE TABLE t (n int, at timestamptz DEFAULT '2025-07-01 12:00+00', price money DEFAULT 12.5);
INSERT INTO t SELECT n FROM generate_series(1, 20000) n;
CREATE TABLE other (n int); INSERT INTO other VALUES (1);
CREATE SCHEMA s; CREATE TABLE s.t (n int); INSERT INTO s.t VALUES (1), (2);
CREATE TABLE p (n int) PARTITION BY LIST (n); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1);
CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
ALTER DATABASE source SET TimeZone = 'Asia/Tokyo';
)SQL");
    const std::string path = server().must("echo -n \"$PATH\"");
    ::setenv("PATH", path.c_str(), 1);
    ::setenv("PGHOST", server().must("echo -n \"$PGHOST\"").c_str(), 1);
    ::setenv("PGUSER", std::string{postgres_server::own_superuser}.c_str(), 1);
  }
  static void TearDownTestSuite() {
    ::unsetenv("PGHOST");
    ::unsetenv("PGUSER");
  }
  static std::string at(const std::string& name) { return (server().here().path() / name).string(); }
  static capture_request request(std::vector<std::string> command) {
    capture_request wanted;
    wanted.source = server().conninfo("source");
    wanted.command = std::move(command);
    return wanted;
  }
  static std::vector<std::string> dump_to(const std::string& name) {
    return {"pg_dump", "--snapshot={snapshot}", "--file=" + at(name), "source"};
  }
  static std::string failure(const capture_request& wanted) {
    try {
      take_capture(wanted);
    } catch (const environment_error& error) {
      EXPECT_FALSE(error.advice().empty());
      return error.what();
    } catch (const usage_error& error) {
      return std::string{"usage: "} + error.what();
    }
    return "taken";
  }
};

TEST_F(taking, gives_the_rows_that_the_dump_has_and_a_restore_comes_to) {
  capture_request wanted = request(dump_to("a.sql"));
  wanted.artifact = at("a.sql");
  const capture taken = parse_capture(to_json(take_capture(wanted)), "x");
  std::vector<std::string> names;
  for (const auto& table : taken.tables) names.push_back(table.name);
  EXPECT_THAT(names, ElementsAre("public.other", "public.p1", "public.t", "s.t"));
  EXPECT_EQ(taken.database, "source");
  EXPECT_EQ(taken.session.encoding, "UTF8");
  EXPECT_EQ(taken.session.lc_monetary, "C");
  EXPECT_EQ(taken.command[1], "--snapshot=" + taken.snapshot);
  ASSERT_TRUE(taken.artifact);
  EXPECT_EQ(taken.artifact->size, fs::file_size(at("a.sql")));
  EXPECT_THAT(server().must("sha256sum a.sql"), HasSubstr(taken.artifact->sha256));
  const std::string script = server().here().read("a.sql");
  EXPECT_THAT(script, HasSubstr("2025-07-01 12:00:00+00")) << "the command writes UTC, whatever the database would";
  const loaded_dump loaded = load_with_psql(server(), script, "restored");
  const comparison_result outcome = compare_restored(loaded.restored, {.captured = &taken});
  EXPECT_THAT(text_of(outcome.findings, outcome.unchecked), IsEmpty());
  for (const auto& table : outcome.tables) {
    EXPECT_EQ(table.outcome, row_outcome::equal) << table.name;
    EXPECT_EQ(table.dump, table.capture) << table.name;
  }
}

// In the directory format several connections of pg_dump share the snapshot, and the artifact is what lies in a folder.
TEST_F(taking, is_of_a_dump_in_a_directory_as_of_one_in_a_file) {
  for (const std::string format : {"--format=custom", "--format=directory"}) {
    const std::string name = "taken" + format;
    std::vector<std::string> command{"pg_dump", "--snapshot={snapshot}", format, "--file=" + at(name), "source"};
    if (format == "--format=directory") command.insert(command.begin() + 2, "--jobs=2");
    capture_request wanted = request(command);
    wanted.artifact = at(name);
    const capture taken = take_capture(wanted);
    ASSERT_TRUE(taken.artifact);
    EXPECT_THAT(server().must("if [ -d '" + name + "' ]; then cd '" + name +
                              "'; sha256sum * | sha256sum; else sha256sum '" + name + "'; fi"),
                HasSubstr(taken.artifact->sha256));
    finding_list findings;
    const location where{name};
    const dump_summary dump = check_plain_dump(open_dump(at(name), where, limits{}, findings), where, findings);
    EXPECT_THAT(findings.snapshot(), IsEmpty());
    ASSERT_EQ(dump.tables.size(), taken.tables.size());
    for (const auto& table : dump.tables) {
      const auto same = std::find_if(taken.tables.begin(), taken.tables.end(),
                                     [&](const captured_table& one) { return one.name == table.name; });
      ASSERT_NE(same, taken.tables.end()) << table.name;
      EXPECT_EQ(same->fingerprint, table.rows.fingerprint()) << table.name;
    }
  }
}

TEST_F(taking, is_of_the_commands_own_snapshot_while_rows_come_and_go) {
  // rows are added by the command itself, before it dumps: neither the dump nor the capture has them
  const capture taken = take_capture(request({"sh", "-c",
                                              "psql -Xqd source -c 'INSERT INTO other VALUES (7)' -c 'DELETE FROM s.t' "
                                              "&& sleep 0.3 && pg_dump --snapshot={snapshot} --file=" +
                                                  at("b.sql") + " source"}));
  const loaded_dump loaded = load_with_psql(server(), server().here().read("b.sql"), "restored");
  const comparison_result outcome = compare_restored(loaded.restored, {.captured = &taken});
  EXPECT_THAT(text_of(outcome.findings, outcome.unchecked), IsEmpty());
  for (const auto& table : taken.tables) {
    const std::uint64_t expected = table.name == "public.other" || table.name == "public.p1" ? 1U
                                   : table.name == "s.t"                                     ? 2U
                                                                                             : 20'000U;
    EXPECT_EQ(table.rows, expected) << table.name;
  }
  server().sql("source", "DELETE FROM other WHERE n = 7; INSERT INTO s.t VALUES (1), (2)");
}

TEST_F(taking, leaves_nothing_when_the_command_fails) {
  EXPECT_THAT(failure(request({"sh", "-c", "exit 3; {snapshot}"})),
              HasSubstr("sh ended with exit code 3: there is no capture"));
  EXPECT_THAT(failure(request({"pg_dump", "--snapshot={snapshot}", "--file=/nowhere/x", "source"})),
              HasSubstr("pg_dump ended with exit code 1"));
  EXPECT_THAT(failure(request({"pg_dump", "--snapshot={snapshot}", "postgres"})),
              HasSubstr("pg_dump ended with exit code 1"))
      << "of another database";
  EXPECT_THAT(failure(request({"no such program", "{snapshot}"})), HasSubstr("cannot run no such program"));
  EXPECT_THAT(failure(request({"pg_dump", "source"})), HasSubstr("usage: the command must take the snapshot"));
  EXPECT_THAT(failure(request({})), HasSubstr("usage: a command"));
  capture_request gone = request(dump_to("c.sql"));
  gone.artifact = at("not there");
  EXPECT_THAT(failure(gone), HasSubstr("cannot open"));
  gone.source = server().conninfo("nowhere");
  EXPECT_THAT(failure(gone), HasSubstr("cannot connect"));
}

TEST_F(taking, leaves_nothing_when_the_connection_is_lost) {
  const std::string kill =
      "psql -XAtqd postgres -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in "
      "transaction' AND datname = 'source'\" >/dev/null";
  EXPECT_THAT(failure(request({"sh", "-c", "sleep 0.5; " + kill + "; : {snapshot}"})),
              testing::AnyOf(HasSubstr("lost"), HasSubstr("terminating")));
}

TEST_F(taking, leaves_nothing_when_a_table_cannot_be_read) {
  server().sql("source", "DROP ROLE IF EXISTS capturer; CREATE ROLE capturer LOGIN; GRANT SELECT ON t TO capturer;");
  capture_request wanted = request({"true", "{snapshot}"});
  wanted.source = server().conninfo("source", "capturer");
  EXPECT_THAT(failure(wanted),
              HasSubstr("cannot read public.other: permission denied for table other: there is no capture"));
  wanted.only_tables = {"public.t"};
  EXPECT_EQ(failure(wanted), "taken");
}

TEST_F(taking, can_be_limited_to_what_the_command_dumps) {
  capture_request wanted = request({"true", "{snapshot}"});
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& table : take_capture(wanted).tables) all.push_back(table.name);
    return all;
  };
  wanted.only_schemas = {"S"};
  EXPECT_THAT(names(), ElementsAre("s.t"));
  wanted.only_tables = {"public.p"};
  EXPECT_THAT(names(), ElementsAre("public.p1", "s.t"));
  wanted.only_tables = {"public.nowhere"};
  EXPECT_THAT(failure(wanted), HasSubstr("usage: there is no table `public.nowhere`"));
  wanted.only_tables = {"v"};
  EXPECT_THAT(failure(wanted), HasSubstr("usage: there is no table `v`"));
  wanted.only_tables.clear();
  wanted.only_schemas = {"empty; --"};
  EXPECT_THAT(failure(wanted), HasSubstr("usage: `empty; --` is no name of a schema"));
  wanted.only_schemas = {"hollow"};
  EXPECT_THAT(failure(wanted), HasSubstr("usage: the schema `hollow` has no table"));
}

TEST_F(taking, ends_with_its_command_when_it_is_interrupted) {
  std::atomic<bool> stop = false;
  capture_request wanted = request({"sleep", "60", "{snapshot}"});
  wanted.command = {"sh", "-c", "exec sleep 60; {snapshot}"};
  wanted.stop = stop;
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    stop = true;
  }};
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THROW(static_cast<void>(take_capture(wanted)), interrupted);
  later.join();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{8});
}

}  // namespace take_capture_test
