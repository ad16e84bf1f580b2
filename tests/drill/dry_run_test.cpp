#include "knowngood/drill/dry_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dry_run_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;

drill_plan plan_of_one() {
  drill_plan plan;
  plan.targets.emplace_back();
  plan.targets[0].component = "database";
  plan.targets[0].candidates.emplace_back();
  plan.targets[0].candidates[0].task.path = "/b/db.sql\x1b.gz";
  plan.targets[0].candidates[0].task.size = std::uint64_t{100} << 20;
  return plan;
}

TEST(dry_run, says_what_would_be_restored_and_what_it_takes) {
  drill_settings settings;
  settings.scratch = "/tmp";
  drill_plan plan = plan_of_one();
  EXPECT_EQ(dry_run_code(plan), exit_code::sound);
  EXPECT_EQ(describe(plan, settings),
            "would restore, in this order:\n  database: /b/db.sql\\x1b.gz  100 MiB\ninto /tmp, which takes about 920 "
            "MiB\n");
  settings.server = "host=/x";
  plan.targets[0].candidates[0].capture = "/b/c.json";
  EXPECT_THAT(describe(plan, settings), HasSubstr("100 MiB, with a capture\ninto /tmp and the given server"));
}

TEST(dry_run, is_no_success_where_something_is_missing_or_was_not_looked_at) {
  const drill_settings settings;
  drill_plan plan = plan_of_one();
  plan.components.emplace_back();
  plan.components[0].findings.push_back(make_finding(checks::presence_missing, location{"code"}, "nothing there"));
  EXPECT_EQ(dry_run_code(plan), exit_code::unsound);
  EXPECT_THAT(describe(plan, settings), HasSubstr("  error code: nothing there\n"));
  plan.components[0].findings[0].severity = severity::warning;
  EXPECT_EQ(dry_run_code(plan), exit_code::sound);
  plan.unchecked.push_back({location{"/mnt"}, "permission denied", "grant it"});
  EXPECT_EQ(dry_run_code(plan), exit_code::unchecked);
  EXPECT_THAT(describe(plan, settings), HasSubstr("  unchecked /mnt: permission denied\n"));
  EXPECT_EQ(dry_run_code(drill_plan{}), exit_code::unchecked) << "nothing at all";
  EXPECT_THAT(describe(drill_plan{}, settings), HasSubstr("  nothing\n"));
}

}  // namespace dry_run_test
