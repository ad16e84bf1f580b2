#include "knowngood/rehearse/probe.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {
namespace probe_test {

using std::chrono::seconds;
using testing::HasSubstr;

const location where{"models"};

TEST(run_probe, succeeds_and_keeps_its_output) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir models && echo weights > models/a").status, 0);
  const auto outcome = run_probe(
      "pwd; cat \"$KNOWNGOOD_MODELS\"/a; echo \"$KNOWNGOOD_SCRATCH\" >&2; echo \"$KNOWNGOOD_DATABASE_DSN\"",
      {{"KNOWNGOOD_MODELS", (here.path() / "models").string()}, {"KNOWNGOOD_DATABASE_DSN", "host='/a b' dbname='x'"}},
      here.path(), seconds{20}, where, {});
  EXPECT_TRUE(outcome.findings.empty());
  EXPECT_EQ(outcome.output, here.path().string() + "\nweights\n" + here.path().string() + "\nhost='/a b' dbname='x'\n");
}

TEST(run_probe, has_the_callers_path_and_none_of_its_secrets) {
  const scratch_directory here;
  ::setenv("KNOWNGOOD_TEST_SECRET", "s3cret", 1);
  const auto outcome = run_probe("env", {}, here.path(), seconds{20}, where, {});
  ::unsetenv("KNOWNGOOD_TEST_SECRET");
  EXPECT_THAT(outcome.output, HasSubstr(std::string{"PATH="} + std::getenv("PATH") + "\n"));
  EXPECT_THAT(outcome.output, testing::Not(HasSubstr("s3cret")));
}

TEST(run_probe, reports_failure_with_its_status) {
  const scratch_directory here;
  for (const auto& [command, status] : {std::pair{"echo broken >&2; exit 3", "exit status 3"},
                                        {"no-such-program-of-knowngood", "exit status 127"},
                                        {"kill -9 $$", "ended by signal 9"},
                                        {"syntax error (", "exit status 2"},
                                        {"exit 1 | false", "exit status 1"}}) {
    const auto outcome = run_probe(command, {}, here.path(), seconds{20}, where, {});
    ASSERT_EQ(outcome.findings.size(), 1U) << command;
    EXPECT_EQ(outcome.findings.front().check, "probe.failed");
    EXPECT_EQ(outcome.findings.front().severity, severity::error);
    EXPECT_EQ(outcome.findings.front().where, where);
    EXPECT_EQ(outcome.findings.front().expected, "exit status 0");
    EXPECT_EQ(outcome.findings.front().actual, status) << command;
  }
}

TEST(run_probe, reports_that_it_took_too_long_and_keeps_what_it_said) {
  const scratch_directory here;
  const auto outcome = run_probe("echo waiting; sleep 100", {}, here.path(), seconds{1}, where, {});
  ASSERT_EQ(outcome.findings.size(), 1U);
  EXPECT_EQ(outcome.findings.front().check, "probe.timeout");
  EXPECT_EQ(outcome.output, "waiting\n");
  EXPECT_LT(outcome.seconds, 3.0);
}

// Succeeding on the way out is too late.
TEST(run_probe, that_ends_well_only_when_it_is_ended_took_too_long) {
  const scratch_directory here;
  const auto outcome =
      run_probe("trap 'exit 0' TERM; while :; do sleep 0.05; done", {}, here.path(), seconds{1}, where, {});
  ASSERT_EQ(outcome.findings.size(), 1U);
  EXPECT_EQ(outcome.findings.front().check, "probe.timeout");
}

TEST(run_probe, keeps_a_bounded_part_of_endless_output) {
  const scratch_directory here;
  const auto outcome =
      run_probe("echo begin; yes | head -c 5000000; echo end", {}, here.path(), seconds{30}, where, {});
  EXPECT_TRUE(outcome.findings.empty());
  EXPECT_LT(outcome.output.size(), 70'000U);
  EXPECT_THAT(outcome.output, testing::StartsWith("begin\n"));
  EXPECT_THAT(outcome.output, testing::EndsWith("end\n"));
}

TEST(run_probe, is_interrupted_by_its_flag) {
  const scratch_directory here;
  const std::atomic<bool> stop{true};
  EXPECT_THROW(run_probe("sleep 100", {}, here.path(), seconds{0}, where, stop), interrupted);
}

}  // namespace probe_test
}  // namespace knowngood
