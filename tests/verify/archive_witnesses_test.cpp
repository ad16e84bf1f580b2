#include "knowngood/verify/archive_witnesses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace archive_witnesses_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// An archive with two members, and whatever lists and manifests a test gives it.
class archive_witnesses_test : public testing::Test {
 protected:
  archive_witnesses_test() {
    task.path = "a.tar";
    seen.innermost = content::tar;
  }

  void list(const std::string& name, const std::string& text) {
    texts.push_back({location{"a.tar"} / name, name, text});
  }
  static std::string line(char digit, const std::string& name) { return std::string(64, digit) + "  " + name + "\n"; }

  /// Checks and severities of what is found; what is unchecked as that word.
  std::vector<std::string> judged(std::uint64_t most_members = 10) {
    artifact_collector found{most_members};
    for (const char* name : {"x", "y"}) {
      member_fact member;
      member.where = location{"a.tar"} / name;
      member.name = name;
      member.size = 1;
      member.modified = 1000;
      member.sha256 = std::string(64, 'a');
      member.kind = "binary";
      found.learn(member);
    }
    for (const auto& one : texts) found.learn(one);
    spoke = archive_witnesses{task, where, bounds, found}.check(seen, 2);
    artifact_report report;
    found.deliver(report);
    std::vector<std::string> text;
    for (const auto& one : report.findings) text.push_back(fmt::format("{} {}", to_string(one.severity), one.check));
    for (std::size_t i = 0; i < report.unchecked.size(); ++i) text.emplace_back("unchecked");
    return text;
  }

  const scratch_directory here;
  artifact_task task;
  location where{"a.tar"};
  limits bounds;
  inspection seen;
  std::vector<embedded_text_fact> texts;
  std::string spoke;
};

TEST_F(archive_witnesses_test, of_a_full_backup_are_held_against_its_members) {
  seen.full_backup = true;
  EXPECT_THAT(judged(), IsEmpty());
  list("checksums.txt", line('a', "x") + line('a', "y"));
  EXPECT_THAT(judged(), IsEmpty());
  list("y.sha256", line('b', "y"));
  EXPECT_THAT(judged(), ElementsAre("error checksum.mismatch"));
}

TEST_F(archive_witnesses_test, of_a_full_backup_are_all_held_against_its_members_however_many_there_are) {
  seen.full_backup = true;
  for (int i = 0; i < 200; ++i) list("x.sha256", line('a', "x"));
  EXPECT_THAT(judged(), IsEmpty());
  list("y.sha256", line('b', "y"));
  EXPECT_THAT(judged(), ElementsAre("error checksum.mismatch"));
}

TEST_F(archive_witnesses_test, among_somebodys_files_are_notes_and_in_volumes_nothing) {
  list("checksums.txt", line('b', "x") + line('a', "y"));
  EXPECT_THAT(judged(), ElementsAre("note checksum.mismatch"));
  for (const component_kind kind : {component_kind::volume, component_kind::logs}) {
    task.kind = kind;
    EXPECT_THAT(judged(), IsEmpty());
  }
  task.kind = component_kind::models;
  EXPECT_THAT(judged(), ElementsAre("error checksum.mismatch"));
}

TEST_F(archive_witnesses_test, are_missed_where_the_policy_says_that_it_is_a_full_backup) {
  seen.full_backup = true;
  task.kind = component_kind::full_system;
  EXPECT_THAT(judged(), ElementsAre(HasSubstr("checksum.sidecar-missing")));
  list("checksums.txt", line('a', "x") + line('a', "y"));
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(archive_witnesses_test, are_unchecked_where_not_all_members_are_known) {
  seen.full_backup = true;
  EXPECT_THAT(judged(1), IsEmpty()) << "there is nothing to compare";
  list("checksums.txt", line('a', "x") + line('a', "y"));
  EXPECT_THAT(judged(2), IsEmpty());
  EXPECT_THAT(judged(1), ElementsAre("unchecked"));
  seen.full_backup = false;
  EXPECT_THAT(judged(1), IsEmpty()) << "it would have been a note";
}

TEST_F(archive_witnesses_test, beside_it_speak_by_what_they_are) {
  here.write("m_manifest.txt", "- x\n- y\n");
  task.manifest = (here.path() / "m_manifest.txt").string();
  EXPECT_THAT(judged(), IsEmpty());
  EXPECT_EQ(spoke, *task.manifest);
  here.write("m_manifest.txt", "- x\n- y\n- z\n");
  EXPECT_THAT(judged(), ElementsAre("error manifest.missing-member"));
  here.write("m_manifest.txt", "chrome.manifest\nof a web application\n");
  EXPECT_THAT(judged(), IsEmpty());
  EXPECT_EQ(spoke, "") << "it only has a manifest's name";
  task.manifest_format = manifest_kind::file_list;
  EXPECT_THAT(judged(), testing::Not(IsEmpty())) << "the policy promises that it is one";
}

TEST_F(archive_witnesses_test, beside_what_is_no_archive_are_unchecked_where_they_were_promised) {
  seen.innermost = content::opaque;
  here.write("m_manifest.txt", "- x\n");
  task.manifest = (here.path() / "m_manifest.txt").string();
  EXPECT_THAT(judged(), IsEmpty());
  task.manifest_format = manifest_kind::file_list;
  EXPECT_THAT(judged(), ElementsAre("unchecked"));
}

TEST_F(archive_witnesses_test, that_cannot_be_read_are_unchecked) {
  task.manifest = (here.path() / "nowhere").string();
  EXPECT_THAT(judged(), ElementsAre("unchecked"));
  EXPECT_EQ(spoke, *task.manifest);
}

}  // namespace archive_witnesses_test
