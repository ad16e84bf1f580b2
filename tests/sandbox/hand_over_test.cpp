#include "knowngood/sandbox/hand_over.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "knowngood/base/error.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace hand_over_test {

using namespace knowngood;

struct stat about(const std::filesystem::path& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found;
}

TEST(make_directory, is_ours_and_only_passed_through_by_others) {
  const scratch_directory here;
  make_directory(here.path() / "server");
  EXPECT_EQ(about(here.path() / "server").st_mode & 07777U, 0711U);
  EXPECT_EQ(about(here.path() / "server").st_uid, ::geteuid());
  EXPECT_THROW(make_directory(here.path() / "server"), environment_error) << "it is there already";
}

TEST(make_directory_for, gives_a_private_directory_to_the_user) {
  const scratch_directory here;
  const auto user = unprivileged_user();
  make_directory_for(here.path() / "data", user);
  EXPECT_EQ(about(here.path() / "data").st_mode & 07777U, 0700U);
  EXPECT_EQ(about(here.path() / "data").st_uid, user ? user->uid : ::geteuid());
  ASSERT_EQ(here.run("mkdir victim && ln -s victim link").status, 0);
  EXPECT_THROW(make_directory_for(here.path() / "link", user), environment_error);
  EXPECT_EQ(about(here.path() / "victim").st_uid, ::geteuid());
}

TEST(give_tree, gives_links_and_never_what_they_lead_to) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run("mkdir -p outside/sub tree/a/b && echo precious > outside/file && echo x > tree/a/b/f && chmod 755 "
               "tree && ln -s ../../outside tree/a/out && ln -s ../outside/file tree/file && ln -s outside top")
          .status,
      0);
  const auto user = unprivileged_user();
  const uid_t theirs = user ? user->uid : ::geteuid();
  give_tree(here.path() / "tree", user);
  for (const char* given : {"tree", "tree/a", "tree/a/b", "tree/a/b/f", "tree/a/out", "tree/file"})
    EXPECT_EQ(about(here.path() / given).st_uid, theirs) << given;
  EXPECT_EQ(about(here.path() / "tree").st_mode & 07777U, 0700U);
  for (const char* ours : {"outside", "outside/sub", "outside/file"})
    EXPECT_EQ(about(here.path() / ours).st_uid, ::geteuid()) << ours;
  EXPECT_THROW(give_tree(here.path() / "top", user), environment_error) << "a link is no tree";
  if (user) {
    EXPECT_THROW(give_tree(here.path() / "tree", user), environment_error) << "what is theirs is none of our business";
  }
}

TEST(open_way, leads_to_one_directory_and_to_nothing_beside_it) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run("mkdir -p top/a/b/data top/a/other top/open outside && chmod 777 top/a top/a/b top/a/other top/open "
               "outside && chmod 700 top top/a/b/data && ln -s ../outside top/link && echo x > top/a/file")
          .status,
      0);
  open_way(here.path() / "top", here.path() / "top/a/b/data");
  const auto mode = [&](const char* name) { return about(here.path() / name).st_mode & 07777U; };
  for (const char* passed : {"top", "top/a", "top/a/b"}) EXPECT_EQ(mode(passed), 0711U) << passed;
  for (const char* closed : {"top/a/b/data", "top/a/other", "top/open"}) EXPECT_EQ(mode(closed), 0700U) << closed;
  EXPECT_EQ(mode("outside"), 0777U);
  open_way(here.path() / "top/a/b/data", here.path() / "top/a/b/data");
  EXPECT_EQ(mode("top/a/b/data"), 0700U) << "there is no way";
  if (::geteuid() == 0) {
    give_tree(here.path() / "top/a/b/data", system_user{54'321, 54'321, "somebody"});
    open_way(here.path() / "top/a/b/data", here.path() / "top/a/b/data");  // though it is not ours any more
  }
  ASSERT_EQ(here.run("mkdir -p outside/x/data && ln -s ../outside/x top/away").status, 0);
  ASSERT_EQ(here.run("chmod 750 outside/x").status, 0);
  EXPECT_THROW(open_way(here.path() / "top", here.path() / "top/away/data"), environment_error);
  EXPECT_EQ(mode("outside/x"), 0750U);
}

}  // namespace hand_over_test
