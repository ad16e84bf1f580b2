#include "restorable/audit/recovery_step.hpp"

#include <gtest/gtest.h>

namespace {

using namespace restorable;

TEST(restores_content, is_true_of_steps_after_which_something_is_there) {
  for (const char* name : {"unpack-full-system", "clone-bundle", "restore-configuration", "restore-models", "restore-volume", "restore-archive", "boot-volume",
                           "load-dump"}) {
    EXPECT_TRUE(restores_content(name)) << name;
    EXPECT_TRUE(is_recovery_step(name)) << name;
  }
  for (const char* name : {"verify-artifact", "start-server", "prepare-scratch", "compare-rows", "compare-capture", "compare-source", "check-objects",
                           "check-assertions", "restore", "probe", "clean-up", ""}) {
    EXPECT_FALSE(restores_content(name)) << name;
  }
}

TEST(is_recovery_step, counts_the_time_that_a_real_recovery_takes_too) {
  EXPECT_TRUE(is_recovery_step("verify-artifact"));
  EXPECT_TRUE(is_recovery_step("start-server"));
  EXPECT_FALSE(is_recovery_step("compare-rows"));
}

}  // namespace
