#include "knowngood/git/ref_name.hpp"

#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace ref_name_test {

using namespace knowngood;

TEST(is_ref_name, takes_what_git_bundle_writes) {
  for (const auto* name : {"HEAD", "refs/heads/main", "refs/heads/feature/x-1", "refs/tags/v1.0", "refs/stash",
                           "refs/remotes/origin/HEAD", "worktrees/wt/HEAD", "main-worktree/HEAD", "ORIG_HEAD",
                           "refs/heads/ünïcode", "refs/pull/1/head", "refs/heads/@", "refs/heads/-dash"}) {
    EXPECT_TRUE(is_ref_name(name)) << name;
  }
}

TEST(is_ref_name, refuses_under_refs_what_git_check_ref_format_refuses) {
  const scratch_directory scratch;
  const std::string pieces[] = {"a", "b", ".",  "..", "/",     "@",    "{", "~", "^", ":",       "?",
                                "*", "[", "\\", " ",  ".lock", "\x7f", "-", "_", "A", "\xc3\xbc"};
  std::size_t refused = 0;
  for (const auto& first : pieces) {
    for (const std::string second : {"", "a", ".", "/", "{", ".lock", "A"}) {
      const std::string name = "refs/x" + first + second + (first == "/" ? "y" : "");
      const int status = scratch.run("git check-ref-format '" + name + "'").status;
      EXPECT_EQ(is_ref_name(name), status == 0) << name;
      refused += status != 0 ? 1U : 0U;
    }
  }
  EXPECT_GT(refused, 60U);
}

TEST(is_ref_name, refuses_what_lies_outside_of_refs) {
  for (const auto* name : {"", "main", "rffs/heads/main", "/refs/heads/main", "refs/heads/", "refs//main", "/", "."}) {
    EXPECT_FALSE(is_ref_name(name)) << name;
  }
}

}  // namespace ref_name_test
