// Removing what a hostile backup has put into a scratch directory: however deep, whatever its modes, through no link.

#include "knowngood/sandbox/scratch_removal.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace scratch_removal_test {

using namespace knowngood;
using ::testing::HasSubstr;

class scratch_removal_test : public ::testing::Test {
 protected:
  // What `script` makes in the scratch is removed; what is said of what stays.
  std::string remove(const std::string& script) {
    EXPECT_EQ(here_.run("mkdir x && cd x && touch owner.lock && " + script).status, 0) << script;
    const file_descriptor parent{::open(here_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return detail::scratch_removal{parent.get(), "x", (here_.path() / "x").string()}.run();
  }
  [[nodiscard]] bool gone() const {
    return !std::filesystem::exists(std::filesystem::symlink_status(here_.path() / "x"));
  }

  scratch_directory here_;
};

TEST_F(scratch_removal_test, takes_all_that_is_in_it) {
  for (const std::string script :
       {"true", "touch a b; mkdir -p c/d/e; touch c/d/e/f",
        "mkfifo p; ln -s / root; ln -s nowhere dangling; ln a b || true; touch a",
        "mkdir .removed-1 .removed-2; touch .removed-1/x; mkdir -p d/.removed-3; touch d/.removed-3/y",
        "mkdir -p a/b; touch a/b/f; chmod 0 a/b a", "mkdir d; seq 2500 | sed 's,^,d/,' | xargs touch",
        "touch \"$(printf 'odd\\nname')\" './-rf' '*'"}) {
    EXPECT_EQ(remove(script), "") << script;
    EXPECT_TRUE(gone()) << script;
  }
}

TEST_F(scratch_removal_test, goes_as_deep_as_a_backup_may_nest) {
  EXPECT_EQ(remove("for i in $(seq 1500); do mkdir d && cd d || exit 1; done; touch deepest"), "");
  EXPECT_TRUE(gone());
}

TEST_F(scratch_removal_test, follows_no_link_out_of_it) {
  here_.write("precious", "1");
  ASSERT_EQ(here_.run("mkdir victim; echo 2 > victim/file").status, 0);
  EXPECT_EQ(
      remove("ln -s ../precious a; ln -s ../victim b; mkdir c; ln -s ../../victim c/d; ln -s \"$PWD/../victim\" c/e"),
      "");
  EXPECT_TRUE(gone());
  EXPECT_EQ(here_.read("precious"), "1");
  EXPECT_EQ(here_.read("victim/file"), "2\n");
}

TEST_F(scratch_removal_test, is_done_where_there_is_none) {
  const file_descriptor parent{::open(here_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  EXPECT_EQ((detail::scratch_removal{parent.get(), "nothing", "nothing"}.run()), "");
}

TEST_F(scratch_removal_test, does_not_take_a_link_for_a_scratch) {
  ASSERT_EQ(here_.run("mkdir victim; touch victim/file; ln -s victim x").status, 0);
  const file_descriptor parent{::open(here_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  EXPECT_NE((detail::scratch_removal{parent.get(), "x", "x"}.run()), "");
  EXPECT_TRUE(std::filesystem::exists(here_.path() / "victim/file"));
}

TEST_F(scratch_removal_test, leaves_its_lock_until_the_end_and_says_what_stays) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, who mounts a file system in it";
  EXPECT_EQ(
      here_
          .run(
              "mkdir -p x/a/mounted; touch x/owner.lock x/b; mount -t tmpfs none x/a/mounted && touch x/a/mounted/file")
          .status,
      0);
  const file_descriptor parent{::open(here_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const std::string left = detail::scratch_removal{parent.get(), "x", (here_.path() / "x").string()}.run();
  EXPECT_THAT(left, HasSubstr("mounted"));
  EXPECT_TRUE(std::filesystem::exists(here_.path() / "x/owner.lock")) << "the next drill has to know it";
  EXPECT_EQ(here_.run("find x -name file | wc -l; umount $(find \"$PWD/x\" -name mounted) && rm -rf x").output, "1\n");
}

}  // namespace scratch_removal_test
