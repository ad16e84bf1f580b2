#include "knowngood/report/restored.hpp"

#include <gtest/gtest.h>

#include "report/sample_reports.hpp"

namespace restored_test {

using namespace knowngood;

/// A drill that loaded a dump of `database`, and has recovery times of it and of everything.
report drill() {
  report of = samples::sound(1);
  step_report load;
  load.name = "load-dump";
  load.component = "database";
  load.verdict = verdict::sound;
  of.steps.push_back(load);
  of.recoveries.push_back({"database", 12, {}, {}, {}, verdict::sound});
  of.recoveries.push_back({"", 12, {}, {}, {}, verdict::sound});
  return of;
}

TEST(was_restored, is_true_of_what_a_step_has_restored) {
  EXPECT_TRUE(was_restored(drill(), "database"));
  EXPECT_TRUE(was_restored(drill(), ""));
  EXPECT_FALSE(was_restored(drill(), "logs"));
  EXPECT_EQ(restored_recoveries(drill()).size(), 2U);
}

TEST(was_restored, is_not_true_where_nothing_was_whatever_kept_it_from_being) {
  report skipped = drill();
  skipped.steps[0].skipped = true;
  report unchecked = drill();
  unchecked.steps[0].verdict = verdict::unchecked;
  report verified_only = drill();
  verified_only.steps[0].name = "verify-artifact";
  report not_rehearsed = drill();
  not_rehearsed.steps[0].name = "restore";
  report none = drill();
  none.steps.clear();
  for (const auto& of : {skipped, unchecked, verified_only, not_rehearsed, none}) {
    EXPECT_FALSE(was_restored(of, "database"));
    EXPECT_FALSE(was_restored(of, ""));
    EXPECT_TRUE(restored_recoveries(of).empty()) << "no time says anything of it";
  }
  report half = drill();
  half.recoveries.insert(half.recoveries.begin(), {"logs", 3, {}, {}, {}, verdict::sound});
  ASSERT_EQ(restored_recoveries(half).size(), 1U) << "everything was not restored without the logs";
  EXPECT_EQ(restored_recoveries(half)[0].component, "database");
  report with_defects = drill();
  with_defects.steps[0].verdict = verdict::unsound;
  EXPECT_TRUE(was_restored(with_defects, "database")) << "something is there, and its step says what is wrong with it";
}

}  // namespace restored_test
