#include "knowngood/verify/directory_artifact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "knowngood/testing/scratch_directory.hpp"

namespace directory_artifact_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const moment monday = *parse_moment("2025-12-01T02:00:00Z");
const moment tuesday = *parse_moment("2025-12-02T02:00:00Z");

TEST(judge_contents, misses_what_the_policy_says_that_a_directory_holds) {
  const scratch_directory here;
  here.write("db.sql.gz", "x");
  std::filesystem::create_directory(here.path() / "volumes");
  std::filesystem::create_symlink("gone", here.path() / "conf.tar");
  stored_artifact artifact;
  artifact.path = here.path();
  component_policy component;
  const auto lacking = [&](const std::vector<std::string>& patterns) {
    component.contains.clear();
    for (const auto& one : patterns) component.contains.emplace_back(one);
    std::vector<std::string> names;
    for (const auto& one : judge_contents(component, artifact)) {
      EXPECT_EQ(one.check, "presence.incomplete");
      names.push_back(one.expected);
    }
    return names;
  };
  EXPECT_THAT(lacking({}), IsEmpty());
  EXPECT_THAT(lacking({"*.sql.gz", "volumes/"}), IsEmpty());
  EXPECT_THAT(lacking({"*.sql.gz", "*.bundle", "volumes"}), ElementsAre("*.bundle", "volumes")) << "it is no file";
  EXPECT_THAT(lacking({"conf.tar", "db.sql.gz/"}), ElementsAre("conf.tar", "db.sql.gz/")) << "it leads nowhere";
  artifact.path = here.path() / "nowhere";
  EXPECT_THAT(lacking({"*"}), ElementsAre("*")) << "what is not there holds nothing";
  EXPECT_THAT(lacking({}), IsEmpty()) << "nothing is asked of it";
}

TEST(members_of_directory, are_what_an_archive_of_it_would_hold) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir -p d/e && printf abc > d/e/f && touch -d '2025-12-01 00:00:00.5 UTC' d/e/f && ln -s f "
                     "d/e/l && mkfifo "
                     "d/p")
                .status,
            0);
  std::vector<std::string> seen;
  for (const auto& one : members_of_directory(here.path() / "d")) {
    seen.push_back(fmt::format("{} {} {}", one.name,
                               one.type == member_type::directory ? "directory"
                               : one.type == member_type::other   ? "other"
                                                                  : "file",
                               one.size));
    if (one.name == "e/f") {
      EXPECT_DOUBLE_EQ(one.modified.value(), 1'764'547'200.5);
    }
  }
  EXPECT_THAT(seen, UnorderedElementsAre("e directory 0", "e/f file 3", "e/l file 3", "p other 0"));
  EXPECT_THROW(members_of_directory((here.path() / "nowhere").string()), environment_error);
}

/// Two nights of a component whose backup is a directory of two files.
class judge_directories_test : public testing::Test {
 protected:
  judge_directories_test() {
    result.components.emplace_back();
    result.components[0].name = "database";
    for (const auto& [path, at] : {std::pair{"/b/monday", monday}, std::pair{"/b/tuesday", tuesday}}) {
      directories.push_back({path, "database", "", at, promised_content::dump, true});
      add(std::string{path} + "/a.sql", path);
      add(std::string{path} + "/b.sql", "the same");
    }
    add("/b/tuesday2/a.sql", "/b/monday");  // another directory, whatever its name begins with
  }

  void add(const std::string& path, const std::string& digest) {
    artifact_report file;
    file.path = path;
    file.kind = to_string(content::plain_dump);
    file.digests["SHA256"] = digest;
    result.artifacts.push_back(file);
  }
  artifact_report& file(const std::string& path) {
    return *std::find_if(result.artifacts.begin(), result.artifacts.end(),
                         [&](const artifact_report& one) { return one.path == path; });
  }
  std::vector<std::string> judged() {
    result.components[0].findings.clear();
    judge_directories(directories, result);
    std::vector<std::string> found;
    for (const auto& one : result.components[0].findings) found.push_back(one.check + " " + one.where.to_string());
    return found;
  }

  std::vector<directory_artifact> directories;
  report result;
};

TEST_F(judge_directories_test, are_of_their_kind_and_each_its_own) { EXPECT_THAT(judged(), IsEmpty()); }

TEST_F(judge_directories_test, that_are_an_older_one_over_again_are_told) {
  file("/b/tuesday/a.sql").digests = file("/b/monday/a.sql").digests;
  EXPECT_THAT(judged(), ElementsAre("presence.identical /b/tuesday"));
  EXPECT_EQ(result.components[0].findings[0].actual, "identical to /b/monday of 2025-12-01T02:00:00Z");
  directories[1].series = "other";
  EXPECT_THAT(judged(), IsEmpty()) << "of another series";
  directories[1].series = "";
  file("/b/tuesday/a.sql").digests.clear();
  EXPECT_THAT(judged(), IsEmpty()) << "what was not read is not known to be the same";
  file("/b/tuesday/a.sql").digests = file("/b/monday/a.sql").digests;
  directories[1].timestamp = monday;
  EXPECT_THAT(judged(), IsEmpty()) << "a copy of the same night";
}

TEST_F(judge_directories_test, compare_without_their_lists_of_checksums) {
  file("/b/tuesday/a.sql").digests = file("/b/monday/a.sql").digests;
  for (const char* path : {"/b/monday/SHA256SUMS", "/b/tuesday/SHA256SUMS"}) {
    add(path, path);
    result.artifacts.back().kind = to_string(content::checksum_list);
  }
  EXPECT_THAT(judged(), ElementsAre("presence.identical /b/tuesday")) << "lists name when they were made";
}

TEST_F(judge_directories_test, that_hold_nothing_of_their_kind_are_told) {
  for (const char* path : {"/b/tuesday/a.sql", "/b/tuesday/b.sql"}) file(path).kind = "text";
  EXPECT_THAT(judged(), ElementsAre("file.kind /b/tuesday"));
  EXPECT_EQ(result.components[0].findings[0].actual, "2 files of other kinds");
  directories[1].promised = promised_content::nothing;
  EXPECT_THAT(judged(), IsEmpty());
}

}  // namespace directory_artifact_test
