#include "knowngood/sandbox/drill_user.hpp"

#include <pwd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "knowngood/sandbox/process.hpp"
#include "sandbox/shell_process.hpp"

namespace drill_user_test {

using namespace knowngood;

TEST(drill_user, is_nobody_elses_and_never_two_drills) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  if (detail::offered_isolation().namespaces == 0) GTEST_SKIP() << "this kernel grants no namespaces here";
  const drill_user one;
  const drill_user other;
  ASSERT_TRUE(one.user() && other.user());
  EXPECT_TRUE(one.user()->own);
  EXPECT_NE(one.user()->uid, other.user()->uid);
  EXPECT_NE(one.user()->uid, 0U);
  EXPECT_EQ(::getpwuid(one.user()->uid), nullptr);
  process_request request = shell("id -u; id -g");
  request.user = one.user();
  EXPECT_EQ(run_process(request).output, fmt::format("{}\n{}\n", one.user()->uid, one.user()->gid));
}

TEST(drill_user, is_the_systems_unprivileged_one_where_it_has_no_namespace) {
  if (::geteuid() != 0) {
    EXPECT_FALSE(drill_user{}.user()) << "whoever runs the drill";
    return;
  }
  const auto user = unprivileged_user();
  ASSERT_TRUE(user);
  EXPECT_NE(user->uid, 0U);
  EXPECT_FALSE(user->own);
}

}  // namespace drill_user_test
