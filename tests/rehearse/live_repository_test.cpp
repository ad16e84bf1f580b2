#include "knowngood/rehearse/live_repository.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "git/git_world.hpp"

namespace live_repository_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

/// A repository of two commits, and what a bundle of it holds.
class live_repository_test : public testing::Test {
 protected:
  live_repository_test() {
    git_.make_repository("repo", 2);
    std::istringstream lines{git_.must("git -C repo for-each-ref --format='%(refname) %(objectname)'")};
    for (std::string name, object; lines >> name >> object;) bundled[name] = object;
  }

  std::vector<std::string> compared() {
    git_.must("mkdir -p home");
    finding_list found;
    compare_with_live_repository(hermetic_git{git_.scratch().path() / "home", {}},
                                 (git_.scratch().path() / "repo").string(), bundled, found);
    std::vector<std::string> text;
    for (const auto& one : found.snapshot()) text.push_back(one.check + ": " + one.message);
    return text;
  }

  git_world git_;
  std::map<std::string, std::string> bundled;
};

TEST_F(live_repository_test, is_where_its_bundle_is) { EXPECT_THAT(compared(), IsEmpty()); }

TEST_F(live_repository_test, is_ahead_by_commits_and_refs) {
  git_.must("cd repo && git commit -q --allow-empty -m more && git branch other");
  EXPECT_THAT(compared(), ElementsAre("clone.behind: refs/heads/main has 1 commit that the bundle lacks",
                                      "clone.behind: refs/heads/other is not in the bundle"));
}

TEST_F(live_repository_test, was_moved_back_or_rewritten) {
  git_.must("cd repo && git branch -f side main~1 && git branch keep main && git reset -q --hard main~1");
  bundled["refs/heads/keep"] = bundled["refs/heads/main"];
  EXPECT_THAT(compared(), ElementsAre("clone.behind: refs/heads/main was moved: the bundle has it elsewhere"));
  bundled["refs/heads/keep"] = std::string(40, '1');
  EXPECT_THAT(compared(), testing::Contains("clone.behind: refs/heads/keep was rewritten: the live repository has not "
                                            "the bundle's commit"));
}

TEST_F(live_repository_test, has_more_refs_than_are_listed) {
  git_.must("cd repo && for i in $(seq 10 34); do echo create refs/heads/b$i HEAD; done | git update-ref --stdin");
  const auto found = compared();
  ASSERT_EQ(found.size(), 21U);
  EXPECT_EQ(found[19], "clone.behind: refs/heads/b29 is not in the bundle");
  EXPECT_EQ(found[20], "clone.behind: 5 further refs like those listed");
}

TEST_F(live_repository_test, that_git_does_not_read_is_no_defect_of_the_bundle) {
  git_.must("rm -rf repo/.git/HEAD");
  EXPECT_THROW(compared(), environment_error);
  git_.must("rm -rf repo");
  EXPECT_THROW(compared(), environment_error);
}

}  // namespace live_repository_test
