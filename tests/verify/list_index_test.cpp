#include "knowngood/verify/list_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "knowngood/testing/scratch_directory.hpp"

namespace list_index_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string hex(64, 'a');

class list_index_test : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return (here_.path() / name).string(); }
  [[nodiscard]] artifact_task task(const std::string& name) const {
    artifact_task made;
    made.path = at(name);
    return made;
  }
  // The checks that attaching the lists found about it.
  static std::vector<std::string> known(const artifact_task& of) {
    std::vector<std::string> checks;
    for (const auto& one : of.known) checks.push_back(one.check);
    return checks;
  }

  scratch_directory here_;
  limits bounds_;
  verify_plan plan_;
};

TEST_F(list_index_test, finds_lists_by_the_files_that_they_vouch_for) {
  here_.write("a.tar", "a");
  here_.write("b.tar", "b");
  here_.write("SHA256SUMS", hex + "  a.tar\n" + hex + "  b.tar\n");
  here_.write("a.tar.sha256", hex + "  a.tar\n");
  list_index lists{bounds_};
  EXPECT_THAT(lists.about(at("a.tar")), IsEmpty());
  ASSERT_NE(lists.add(at("SHA256SUMS"), plan_), nullptr);
  ASSERT_NE(lists.add(at("a.tar.sha256"), plan_), nullptr);
  EXPECT_THAT(lists.about(at("a.tar")), ElementsAre(at("SHA256SUMS"), at("a.tar.sha256")));
  EXPECT_THAT(lists.about(at("./b.tar")), ElementsAre(at("SHA256SUMS")));
  EXPECT_THAT(lists.about(at("c.tar")), IsEmpty());
  EXPECT_TRUE(lists.is_sidecar(at("a.tar.sha256")));
  EXPECT_FALSE(lists.is_sidecar(at("SHA256SUMS")));
  EXPECT_FALSE(lists.is_sidecar(at("never added")));
  EXPECT_THAT(plan_.unchecked, IsEmpty());
  EXPECT_THAT(plan_.findings, IsEmpty());
}

TEST_F(list_index_test, says_once_that_a_list_cannot_be_read) {
  list_index lists{bounds_};
  EXPECT_EQ(lists.add(at("gone.sha256"), plan_), nullptr);
  EXPECT_THAT(plan_.unchecked, SizeIs(1));
  EXPECT_EQ(lists.add(at("gone.sha256"), plan_), nullptr);
  EXPECT_THAT(plan_.unchecked, SizeIs(1));
  EXPECT_FALSE(lists.is_sidecar(at("gone.sha256")));
  here_.write("huge.sha256", std::string(5000, 'x'));
  limits small;
  small.list_bytes = 4096;
  list_index bounded{small};
  EXPECT_EQ(bounded.add(at("huge.sha256"), plan_), nullptr);
  EXPECT_THAT(plan_.unchecked, SizeIs(2));
}

TEST_F(list_index_test, attaches_lists_to_what_they_list) {
  here_.write("a.tar", "a");
  here_.write("SHA256SUMS", hex + "  a.tar\n" + hex + "  x.tar.part-aa\n");
  list_index lists{bounds_};
  lists.add(at("SHA256SUMS"), plan_);
  artifact_task listed = task("a.tar");
  lists.attach(listed);
  EXPECT_THAT(listed.checksum_files, ElementsAre(at("SHA256SUMS")));
  lists.attach(listed);
  EXPECT_THAT(listed.checksum_files, SizeIs(1)) << "once";
  EXPECT_THAT(known(listed), IsEmpty());
  artifact_task split = task("x.tar");
  split.parts = {at("x.tar.part-aa"), at("x.tar.part-ab")};
  lists.attach(split);
  EXPECT_THAT(split.checksum_files, ElementsAre(at("SHA256SUMS"))) << "by one of its parts";
}

TEST_F(list_index_test, says_what_a_directorys_list_leaves_out) {
  here_.write("a.tar", "a");
  here_.write("b.tar", "b");
  here_.write("SHA256SUMS", hex + "  a.tar\n" + hex + "  c.tar\n");
  list_index lists{bounds_};
  lists.add(at("SHA256SUMS"), plan_);
  artifact_task left_out = task("b.tar");
  lists.attach(left_out);
  EXPECT_THAT(known(left_out), ElementsAre("checksum.unlisted"));
  artifact_task promised = task("b.tar");
  promised.promised_checksum = at("b.tar.sha256");
  lists.attach(promised);
  EXPECT_THAT(known(promised), IsEmpty()) << "it has a list of its own";
  artifact_task notes = task("notes.txt");
  lists.attach(notes);
  EXPECT_THAT(known(notes), IsEmpty()) << "nobody makes lists of everything that lies about";
  artifact_task elsewhere;
  elsewhere.path = at("sub/b.tar");
  lists.attach(elsewhere);
  EXPECT_THAT(known(elsewhere), IsEmpty());
}

TEST_F(list_index_test, an_artifacts_own_list_leaves_nothing_out) {
  here_.write("a.tar", "a");
  here_.write("a.tar.sha256", hex + "  a.tar\n");
  list_index lists{bounds_};
  lists.add(at("a.tar.sha256"), plan_);
  artifact_task other = task("b.tar");
  lists.attach(other);
  EXPECT_THAT(known(other), IsEmpty());
}

TEST_F(list_index_test, reports_a_list_that_names_what_is_not_there) {
  here_.write("a.tar", "a");
  here_.write("SHA256SUMS", hex + "  a.tar\n" + hex + "  gone.tar\n");
  list_index lists{bounds_};
  lists.add(at("SHA256SUMS"), plan_);
  lists.report({task("a.tar")}, {}, plan_);
  ASSERT_THAT(plan_.lists, SizeIs(1));
  EXPECT_EQ(plan_.lists[0].findings.at(0).check, "checksum.missing-file");
}

TEST_F(list_index_test, keeps_silent_about_a_list_in_which_all_is_there_unless_it_was_named) {
  here_.write("a.tar", "a");
  here_.write("SHA256SUMS", hex + "  a.tar\n");
  list_index lists{bounds_};
  lists.add(at("SHA256SUMS"), plan_);
  lists.report({task("a.tar")}, {}, plan_);
  EXPECT_THAT(plan_.lists, IsEmpty());
  lists.report({task("a.tar")}, {at("SHA256SUMS")}, plan_);
  EXPECT_THAT(plan_.lists, SizeIs(1));
}

}  // namespace list_index_test
