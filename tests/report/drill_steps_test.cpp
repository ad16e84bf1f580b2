#include "knowngood/report/drill_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "knowngood_source.hpp"

namespace drill_steps_test {

using namespace knowngood;

TEST(restores_content, is_true_of_steps_after_which_something_is_there) {
  for (const char* name : {"unpack-full-system", "clone-bundle", "restore-configuration", "restore-models",
                           "restore-volume", "restore-archive", "boot-volume", "load-dump"}) {
    EXPECT_TRUE(restores_content(name)) << name;
    EXPECT_TRUE(is_recovery_step(name)) << name;
  }
  for (const char* name : {"verify-artifact", "start-server", "prepare-scratch", "compare-rows", "compare-capture",
                           "compare-source", "check-objects", "check-assertions", "restore", "probe", "clean-up", ""}) {
    EXPECT_FALSE(restores_content(name)) << name;
  }
}

TEST(drill_steps, are_each_named_once_and_explained_for_people) {
  std::ifstream file{knowngood_source() + "/docs/drill.md"};
  const std::string page{std::istreambuf_iterator<char>{file}, {}};
  const std::string table = page.substr(page.find("## Steps"), page.find("## Rows") - page.find("## Steps"));
  std::set<std::string_view> names;
  for (const drill_step* one : drill_steps::all) {
    EXPECT_TRUE(names.insert(one->name).second) << one->name;
    EXPECT_EQ(drill_steps::find(one->name), one);
    EXPECT_FALSE(one->meaning.empty());
    EXPECT_NE(table.find("`" + std::string{one->name} + "`"), std::string::npos) << one->name;
    EXPECT_TRUE(one->in_recovery || !one->restores) << one->name;
  }
}

TEST(require_known_steps, names_the_nearest_right_step) {
  require_known_steps(std::set<std::string>{"load-dump", "probe"}, "--skip");
  try {
    require_known_steps(std::vector<std::string>{"load-dumps"}, "[component.db.drill] allow_skip");
    FAIL() << "a drill has no such step";
  } catch (const usage_error& error) {
    EXPECT_STREQ(error.what(),
                 "[component.db.drill] allow_skip load-dumps: a drill has no such step: did you mean "
                 "load-dump?");
  }
  EXPECT_THROW(require_known_steps(std::vector<std::string>{""}, "--skip"), usage_error);
}

TEST(is_recovery_step, counts_the_time_that_a_real_recovery_takes_too) {
  EXPECT_TRUE(is_recovery_step("verify-artifact"));
  EXPECT_TRUE(is_recovery_step("start-server"));
  EXPECT_FALSE(is_recovery_step("compare-rows"));
}

}  // namespace drill_steps_test
