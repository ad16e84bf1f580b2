// Tests that skip, for tests/ci/skips_test.
#include <gtest/gtest.h>

TEST(skipping, for_an_allowed_reason) { GTEST_SKIP() << "needs root that may mount"; }
TEST(skipping, for_another_reason) { GTEST_SKIP() << "no chromium"; }
TEST(skipping, for_a_reason_that_only_mentions_an_allowed_one) { GTEST_SKIP() << "perhaps it needs root"; }
TEST(skipping, not_at_all) {}
