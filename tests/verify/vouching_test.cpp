#include "knowngood/verify/vouching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace vouching_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string hex(64, 'a');

checksum_file list_at(const std::string& path, const std::string& text) {
  return {path, parse_checksum_list(text, std::filesystem::path{path}.filename().string())};
}

std::vector<listed_as> matches(const checksum_file& file, const std::string& artifact, bool own = false) {
  std::vector<listed_as> found;
  for (const auto& line : file.lines_about(artifact, own)) found.push_back(line.how);
  return found;
}

TEST(checksum_file, resolves_relative_names_beside_itself_wherever_the_program_runs) {
  const checksum_file file = list_at("/backups/db/a.gz.sha256", hex + "  a.gz\n" + hex + "  ../other/b.gz\n");
  EXPECT_THAT(matches(file, "/backups/db/a.gz"), ElementsAre(listed_as::exact));
  EXPECT_THAT(matches(file, "/backups/db/./x/../a.gz"), ElementsAre(listed_as::exact));
  EXPECT_THAT(matches(file, "/backups/other/b.gz"), ElementsAre(listed_as::exact));
  EXPECT_THAT(matches(file, "/backups/elsewhere/a.gz"), IsEmpty());
}

TEST(checksum_file, finds_lines_of_files_that_moved_with_it) {
  const scratch_directory here;
  here.write("a.tar", "x");
  const std::string folder = here.path().string() + "/";
  const checksum_file moved = list_at(folder + "SHA256SUMS", hex + "  /backups/a.tar\n" + hex + "  /backups/b.tar\n");
  EXPECT_THAT(matches(moved, folder + "a.tar"), ElementsAre(listed_as::moved));
  EXPECT_THAT(matches(moved, "/backups/b.tar"), ElementsAre(listed_as::exact));
  EXPECT_TRUE(moved.below(moved.places()[0]));
  EXPECT_FALSE(moved.below(moved.places()[1]));
  EXPECT_EQ(moved.shown(moved.places()[0]), folder + "a.tar");
}

TEST(checksum_file, is_an_artifacts_own_where_somebody_says_so) {
  const checksum_file promised = list_at("/d/proof.txt", hex + "  -\n");
  EXPECT_THAT(matches(promised, "/d/a.tar"), IsEmpty());
  EXPECT_THAT(matches(promised, "/d/a.tar", true), ElementsAre(listed_as::own));
}

TEST(checksum_file, knows_when_it_is_named_after_an_artifact) {
  EXPECT_TRUE(list_at("d/x.sql.gz.sha256", "").named_after("d/x.sql.gz"));
  EXPECT_TRUE(list_at("d/x.sha256", "").named_after("d/x.tar.gz"));
  EXPECT_FALSE(list_at("d/x.sha256", "").named_after("d/xy.tar.gz"));
  EXPECT_FALSE(list_at("d/SHA256SUMS", "").named_after("d/x.tar.gz"));
}

TEST(checksum_file, is_held_to_its_form) {
  const auto checks = [](const std::string& text) {
    finding_list findings;
    check_list_form(parse_checksum_list(text, "l"), "l", location{"l"}, findings);
    std::vector<std::string> ids;
    for (const auto& one : findings.snapshot()) ids.push_back(one.check);
    return ids;
  };
  EXPECT_THAT(checks(hex + "  a\n"), IsEmpty());
  EXPECT_THAT(checks(""), ElementsAre("checksum.empty"));
  EXPECT_THAT(checks("# nothing\n\n"), ElementsAre("checksum.empty"));
  EXPECT_THAT(checks(hex + "  a\ngarbage\n"), ElementsAre("checksum.malformed"));
  EXPECT_THAT(checks("\xEF\xBB\xBF" + hex + "  a\n"), ElementsAre("checksum.encoding"));
  EXPECT_THAT(checks(hex + "\n"), IsEmpty()) << "whose it is, is another question";
  EXPECT_THAT(checks(hex + "  a\n" + hex + "  a\n"), ElementsAre("checksum.duplicate"));
  EXPECT_THAT(checks(hex + "  a\n" + std::string(64, 'b') + "  a\n"), ElementsAre("checksum.conflict"));
  EXPECT_THAT(checks(hex + "  a\n" + std::string(32, 'b') + "  a\n"), IsEmpty())
      << "another algorithm is no contradiction";
}

}  // namespace vouching_test
