#include "knowngood/drill/select_artifacts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "postgres/sample_dump.hpp"

namespace select_artifacts_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A target with two candidates, the newer one first: both are whole dumps.
class select_artifacts_test : public testing::Test {
 protected:
  select_artifacts_test() {
    plan.targets.emplace_back();
    plan.targets[0].component = "database";
    for (const char* name : {"new.sql", "old.sql"}) {
      here.write(name, sample_dump);
      drill_candidate candidate;
      candidate.task.path = (here.path() / name).string();
      plan.targets[0].candidates.push_back(candidate);
    }
  }

  void damage(const std::string& name) { here.write(name, sample_dump.substr(0, sample_dump.size() / 2)); }

  /// Names of the items; then steps with their verdicts, in `recorded`.
  std::vector<std::string> selected() {
    step_settings of;
    of.clock = [] { return moment{}; };
    of.skip = settings.skip;
    step_recorder steps{of};
    reports.clear();
    std::vector<std::string> names;
    for (const auto& one : select_artifacts(plan, settings, steps, reports)) names.push_back(one.name);
    recorded.clear();
    for (const auto& one : steps.steps()) {
      recorded.push_back(fmt::format("{} {} {}{}", one.name, file_name_of(one.artifact), to_string(one.verdict),
                                     one.skipped ? " skipped: " + one.reason : ""));
    }
    return names;
  }

  const scratch_directory here;
  drill_plan plan;
  drill_settings settings;
  std::vector<artifact_report> reports;
  std::vector<std::string> recorded;
};

TEST_F(select_artifacts_test, takes_the_newest_and_reads_no_other) {
  EXPECT_THAT(selected(), ElementsAre("new.sql"));
  EXPECT_THAT(recorded, ElementsAre("verify-artifact new.sql unprotected"));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].component, "database");
}

TEST_F(select_artifacts_test, takes_an_older_one_where_the_newest_is_not_sound_and_says_why) {
  damage("new.sql");
  EXPECT_THAT(selected(), ElementsAre("old.sql"));
  EXPECT_THAT(recorded, ElementsAre("verify-artifact new.sql unsound", HasSubstr("verify-artifact old.sql un")));
  EXPECT_EQ(reports.size(), 2U);
}

TEST_F(select_artifacts_test, restores_nothing_where_none_is_sound) {
  damage("new.sql");
  damage("old.sql");
  EXPECT_THAT(selected(), IsEmpty());
  ASSERT_EQ(recorded.size(), 3U);
  EXPECT_THAT(recorded[2], HasSubstr("restore new.sql unsound skipped: the artifact is not sound: dump."));
}

TEST_F(select_artifacts_test, blames_no_backup_that_could_not_be_read) {
  std::filesystem::remove(here.path() / "new.sql");
  std::filesystem::create_directory(here.path() / "new.sql");
  plan.targets[0].candidates.pop_back();
  EXPECT_THAT(selected(), IsEmpty());
  EXPECT_THAT(recorded.back(), HasSubstr("restore new.sql unchecked skipped: the artifact could not be verified"));
}

TEST_F(select_artifacts_test, restores_nothing_that_was_not_verified) {
  settings.skip = {"verify-artifact"};
  EXPECT_THAT(selected(), IsEmpty());
  EXPECT_THAT(recorded, ElementsAre("verify-artifact new.sql unsound skipped: asked for by --skip",
                                    "restore new.sql unsound skipped: it was not verified"));
  plan.targets[0].policy.allow_skip = {"verify-artifact", "restore"};
  EXPECT_THAT(selected(), IsEmpty());
  EXPECT_THAT(recorded.back(), HasSubstr("restore new.sql sound skipped"));
}

}  // namespace select_artifacts_test
