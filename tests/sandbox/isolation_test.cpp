#include "knowngood/sandbox/isolation.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace isolation_test {

using namespace knowngood;
using kind = detail::isolation_action::kind;

std::vector<detail::isolation_action> of_kind(const std::vector<detail::isolation_action>& view, kind what) {
  std::vector<detail::isolation_action> found;
  std::copy_if(view.begin(), view.end(), std::back_inserter(found), [&](const auto& one) { return one.what == what; });
  return found;
}

TEST(prefix_of, is_where_a_program_that_is_none_of_the_systems_has_its_libraries) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run("mkdir -p pgsql/bin tools && touch pgsql/bin/postgres tools/postgres && ln -s pgsql/bin/postgres link")
          .status,
      0);
  const std::filesystem::path root = std::filesystem::canonical(here.path());
  EXPECT_EQ(detail::prefix_of((root / "pgsql/bin/postgres").string()), (root / "pgsql").string());
  EXPECT_EQ(detail::prefix_of((root / "link").string()), (root / "pgsql").string()) << "where it really lies";
  EXPECT_EQ(detail::prefix_of((root / "tools/postgres").string()), (root / "tools").string());
  EXPECT_EQ(detail::prefix_of("/bin/sh"), "");
  EXPECT_EQ(detail::prefix_of((root / "nowhere").string()), "");
}

TEST(isolation, shows_what_is_given_the_system_and_nothing_else) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir data conf").status, 0);
  const std::string data = (here.path() / "data").string();
  const std::string conf = (here.path() / "conf").string();
  const auto view = detail::view_for("/bin/sh", {data, "/nowhere/at/all"}, {conf}, {61'200, 61'201, "drill"});
  const auto given = of_kind(view, kind::given);
  ASSERT_EQ(given.size(), 1U) << "what is not there is not shown";
  EXPECT_EQ(given[0].to, data);
  EXPECT_EQ(given[0].from, detail::old_root + data);
  const auto read = of_kind(view, kind::given_read);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].to, conf);
  for (const auto& one : view) {
    for (const char* hidden : {"/home", "/root", "/var", "/proc", "/sys", "/run", "/etc/shadow"}) {
      EXPECT_FALSE(one.to == hidden || one.to.starts_with(std::string{hidden} + "/")) << one.to;
    }
    if (one.what == kind::system) {
      EXPECT_TRUE(one.from.starts_with(detail::old_root)) << one.from;
    }
  }
  for (const auto& one : of_kind(view, kind::file)) {
    if (one.to == "/etc/passwd") {
      EXPECT_EQ(one.from, "drill:x:61200:61201::/nonexistent:/bin/false\n");
    } else if (one.to == "/etc/group") {
      EXPECT_EQ(one.from, "drill:x:61201:\n");
    }
  }
}

TEST(isolation, makes_the_way_to_each_place_before_it_is_put_there) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir -p a/b/c").status, 0);
  const auto view = detail::view_for("/bin/sh", {(here.path() / "a/b/c").string()}, {}, {0, 0, ""});
  std::set<std::string> made{"/"};
  for (const auto& one : view) {
    EXPECT_TRUE(made.contains(std::filesystem::path{one.to}.parent_path().string())) << one.to;
    if (one.what == kind::directory) made.insert(one.to);
  }
  EXPECT_TRUE(made.contains((here.path() / "a/b/c").string()));
}

TEST(isolation, maps_one_user_to_himself_where_users_have_a_namespace) {
  EXPECT_EQ(detail::plan_of(0).user_map, "");
  EXPECT_EQ(detail::plan_of(CLONE_NEWNS).user_map, "");
  const std::string uid = std::to_string(::geteuid());
  EXPECT_EQ(detail::plan_of(CLONE_NEWUSER | CLONE_NEWNS).user_map, uid + " " + uid + " 1\n");
}

TEST(isolation, is_what_the_kernel_grants_and_says_what_it_refuses) {
  const detail::isolation_offer& offer = detail::offered_isolation();
  if (offer.namespaces == 0) {
    EXPECT_NE(offer.refused, "");
    EXPECT_TRUE(detail::plan_isolation("/bin/sh", {}, {}, {}).actions.empty());
    return;
  }
  EXPECT_EQ(detail::try_isolation(offer.namespaces), "");
  EXPECT_NE(offer.namespaces & CLONE_NEWNS, 0) << "what a process may read is what it is for";
  EXPECT_FALSE(detail::plan_isolation("/bin/sh", {}, {}, {}).actions.empty());
}

}  // namespace isolation_test
