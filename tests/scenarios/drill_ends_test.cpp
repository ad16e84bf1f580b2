// How drills end: killed, interrupted, without space, with steps left out; nothing is left behind, and nothing else
// touched.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/estate_copy.hpp"

namespace drill_ends_test {

using namespace knowngood;
using ::testing::HasSubstr;

// Processes whose working directory is below DIR: servers and whatever else a drill starts.
std::string processes_in(const estate_copy& estate) {
  return estate.scratch()
      .run("find /proc -maxdepth 2 -name cwd -lname \"$PWD/drills/*\" -printf '%h %l\\n' 2>/dev/null")
      .output;
}

std::string drill_command(const std::string& arguments) {
  return fmt::format(
      "'{}' --policy '{}/docs/examples/ner11.toml' --root estate --now {} --scratch drills --color never {}",
      drill_program, source_directory, estate_now, arguments);
}

TEST(killed_drill, leaves_no_server_and_the_next_one_cleans_up) {
  const estate_copy estate;
  ASSERT_EQ(estate.scratch()
                .run("mkdir drills victim; chmod 711 . drills; echo precious > victim/file; ln -s ../victim "
                     "drills/knowngood-drill-link; "
                     "mkdir drills/knowngood-drill-somebody; touch drills/knowngood-drill-somebody/file")
                .status,
            0);
  const std::string command = drill_command("--component database --component volumes");
  const auto nothing_runs_on = [&](const std::string& when) {
    for (int tries = 0; tries < 50 && !processes_in(estate).empty(); ++tries)
      static_cast<void>(estate.scratch().run("sleep 0.1"));
    EXPECT_EQ(processes_in(estate), "") << when;
  };
  constexpr int killed = 128 + 9;
  int caught = 0;
  for (const char* moment : {"0.05", "0.2", "0.4", "0.6", "0.8", "1.0", "1.3", "1.6", "2.0", "2.5"}) {
    const tool_run run =
        estate.scratch().run(fmt::format("timeout -s KILL {} {} > /dev/null 2>&1", moment, command).c_str());
    caught += run.status == killed ? 1 : 0;
    nothing_runs_on(fmt::format("after {} s", moment));
  }
  EXPECT_GE(caught, 3) << "drills that had not ended by themselves";
  // some time after a process of its own, initdb's or the server's, has begun
  for (const char* later : {"0", "0.3", "1"}) {
    const tool_run run =
        estate.scratch().run(fmt::format("{} > /dev/null 2>&1 & drill=$!\n"
                                         "for i in $(seq 3000); do kill -0 $drill 2>/dev/null || break\n"
                                         "if find /proc -maxdepth 2 -name cwd -lname \"$PWD/drills/*\" 2>/dev/null | "
                                         "grep -q .; then sleep {}; kill -9 $drill; break; fi\n"
                                         "sleep 0.01; done\n"
                                         "wait $drill",
                                         command, later)
                                 .c_str());
    EXPECT_EQ(run.status, killed) << "a drill whose server runs is to be caught: " << run.output;
    nothing_runs_on(fmt::format("{} s after its first process", later));
  }
  const verify_run next = estate.drill("--component models");
  EXPECT_EQ(next.status, 0) << next.output;
  EXPECT_EQ(estate.left_behind(), "knowngood-drill-link\nknowngood-drill-somebody\n") << "those are not a drill's";
  EXPECT_EQ(estate.scratch().read("victim/file"), "precious\n");
}

TEST(interrupted_drill, cleans_up_and_says_so) {
  for (const auto& [signal, status] : {std::pair{"INT", 130}, std::pair{"TERM", 143}}) {
    const estate_copy estate;
    const tool_run run = estate.scratch().run(
        fmt::format("mkdir drills; chmod 711 . drills; timeout --preserve-status -s {} 0.7 {} --report r.json 2>&1",
                    signal, drill_command("")));
    EXPECT_EQ(run.status, status) << run.output;
    EXPECT_EQ(estate.left_behind(), "");
    EXPECT_EQ(processes_in(estate), "");
    const nlohmann::json report = read_json(estate.scratch().path() / "r.json");
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report.at("complete"), false);
  }
}

TEST(drill, ends_by_itself_when_its_time_is_up) {
  const estate_copy estate;
  ASSERT_EQ(estate.scratch()
                .run("sed 's/^\\[estate\\]$/&\\ndrill_time_limit = \"1s\"/' '" + source_directory +
                     "/docs/examples/ner11.toml' > p.toml; grep -c drill_time_limit p.toml")
                .output,
            "1\n");
  const verify_run run = estate.drill("--component database --component volumes --component models",
                                      (estate.scratch().path() / "p.toml").string());
  EXPECT_EQ(run.status, 3) << run.output;
  EXPECT_THAT(run.output, HasSubstr("the drill was ended after 1s, its time limit"));
  ASSERT_TRUE(run.report.is_object());
  EXPECT_EQ(run.report.at("complete"), false);
  EXPECT_EQ(estate.left_behind(), "");
  EXPECT_EQ(processes_in(estate), "");
}

TEST(drill, does_not_begin_without_space) {
  const estate_copy estate;
  if (estate.scratch().run("mkdir drills && mount -t tmpfs -o size=8m none drills").status != 0)
    GTEST_SKIP() << "takes root to mount a small file system";
  const verify_run run = estate.drill("--component volumes");
  EXPECT_EQ(run.status, 3) << run.output;
  EXPECT_THAT(run.output, HasSubstr("of space here"));
  EXPECT_EQ(estate.left_behind(), "");
  EXPECT_EQ(estate.scratch().run("umount drills").status, 0);
}

TEST(skipped_step, fails_the_drill_unless_the_policy_allows_it) {
  const estate_copy estate;
  const verify_run run = estate.drill("--component database --skip check-objects");
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_THAT(run.alarms(), ::testing::ElementsAre("drill.skipped @ check-objects"));
  EXPECT_EQ(estate.scratch()
                .run("sed 's/^rpo = \"26h\"$/&\\nallow_skip = [\"check-objects\"]/' '" + source_directory +
                     "/docs/examples/ner11.toml' > p.toml; grep -c allow_skip p.toml")
                .output,
            "1\n");
  const verify_run allowed =
      estate.drill("--component database --skip check-objects", (estate.scratch().path() / "p.toml").string());
  EXPECT_EQ(allowed.status, 0) << allowed.output;
  EXPECT_EQ(estate.drill("--component database --skip check-object").status, 2);
}

TEST(objectives, that_are_missed_fail_the_drill) {
  const estate_copy estate;
  ASSERT_EQ(
      estate.scratch()
          .run("sed 's/^rpo = \"26h\"$/rpo = \"9h\"/' '" + source_directory + "/docs/examples/ner11.toml' > p.toml")
          .status,
      0);
  const verify_run run = estate.drill("--component database", (estate.scratch().path() / "p.toml").string());
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_THAT(run.alarms(), ::testing::ElementsAre("drill.rpo @ database"));
}

TEST(objectives, count_the_age_of_the_older_artifact_that_stood_in) {
  const estate_copy estate;
  ASSERT_EQ(estate.damage("head -c 300000 $DB | put $DB; reseal $DB").status, 0);
  const verify_run run = estate.drill("--component database");
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_THAT(run.alarms(), ::testing::Contains("drill.rpo @ database")) << "yesterday's is 34 hours old";
}

TEST(kept_scratch, stays_for_inspection) {
  const estate_copy estate;
  const verify_run run = estate.drill("--component models --keep");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(estate.left_behind(), HasSubstr("knowngood-drill-"));
  EXPECT_EQ(estate.scratch().run("find drills -name '*.pkl' | grep -c .").status, 0);
  EXPECT_EQ(estate.drill("--component models").status, 0);
  EXPECT_THAT(estate.left_behind(), HasSubstr("knowngood-drill-")) << "the next drill leaves it, too";
}

TEST(dry_run, says_what_would_be_done_and_does_nothing) {
  const estate_copy estate;
  const tool_run run = estate.scratch().run("mkdir drills; " + drill_command("--dry-run"));
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.output, HasSubstr("database/ner11_db_20251208_020000.sql.gz"));
  EXPECT_EQ(estate.left_behind(), "");
}

TEST(probe, runs_against_what_was_restored) {
  const estate_copy estate;
  const std::string probe =
      "psql \\\"$KNOWNGOOD_DATABASE_DSN\\\" -XAtc 'SELECT count(*) FROM public.incidents' && echo probed";
  ASSERT_EQ(estate.scratch()
                .run("sed '0,/^rpo = \"26h\"$/s||&\\nprobe = \"PROBE\"|' '" + source_directory +
                     "/docs/examples/ner11.toml' > p.toml; grep -q PROBE p.toml")
                .status,
            0);
  std::string policy = estate.scratch().read("p.toml");
  policy.replace(policy.find("PROBE"), 5, probe);
  estate.scratch().write("p.toml", policy);
  const verify_run good = estate.drill("--component database", (estate.scratch().path() / "p.toml").string());
  EXPECT_EQ(good.status, 0) << good.output;
  policy.replace(policy.find("echo probed"), 11, "false");
  estate.scratch().write("p.toml", policy);
  const verify_run bad = estate.drill("--component database", (estate.scratch().path() / "p.toml").string());
  EXPECT_EQ(bad.status, 1) << bad.output;
  EXPECT_THAT(bad.alarms(), ::testing::ElementsAre("probe.failed @ probe"));
}

TEST(capture, is_there_only_where_everything_went_well) {
  const scratch_directory here;
  const tool_run run = here.run("'" + source_directory + "/tests/scenarios/capture_ends' '" + drill_program + "' 2>&1");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.output,
            "a backup: 0, a capture of 2 tables\n"
            "without a table: 0, a capture of 1 tables\n"
            "a command that fails: 3, no capture\n"
            "a pipeline that fails: 3, no capture\n"
            "a command that is not there: 3, no capture\n"
            "a command without a snapshot: 2, the older capture\n"
            "a table that is not there: 2, the older capture\n"
            "interrupted: 130, no capture\n"
            "ended: 143, no capture\n"
            "a session that is lost: 3, no capture\n"
            "no server: 3, the older capture\n");
}

}  // namespace drill_ends_test
