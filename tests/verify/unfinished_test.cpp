#include "knowngood/verify/unfinished.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unfinished_test {

using namespace knowngood;

artifact_report with(std::initializer_list<const check*> found) {
  artifact_report artifact;
  artifact.path = "db.sql.gz";
  artifact.verdict = verdict::sound;
  for (const check* one : found) {
    artifact.findings.push_back(make_finding(*one, location{"db.sql.gz"}, "found"));
    if (one->usual == severity::error) artifact.verdict = verdict::unsound;
  }
  return artifact;
}

const moment deadline = *parse_moment("2025-12-04T02:45:00Z");

TEST(soften_unfinished, says_when_to_look_again_at_what_is_cut_short) {
  artifact_report artifact = with({&checks::gzip_truncated, &checks::dump_unterminated_copy});
  soften_unfinished(artifact, deadline);
  EXPECT_EQ(artifact.verdict, verdict::unchecked);
  ASSERT_EQ(artifact.unchecked.size(), 1U);
  EXPECT_THAT(artifact.unchecked.front().message, ::testing::HasSubstr("2025-12-04T02:45:00Z"));
  EXPECT_EQ(artifact.findings.front().severity, severity::note);
}

TEST(soften_unfinished, leaves_what_no_part_of_a_sound_artifact_shows) {
  artifact_report artifact = with({&checks::gzip_truncated, &checks::gzip_crc32});
  soften_unfinished(artifact, deadline);
  EXPECT_EQ(artifact.verdict, verdict::unsound);
  EXPECT_TRUE(artifact.unchecked.empty());
}

TEST(soften_unfinished, leaves_what_is_sound) {
  artifact_report artifact = with({&checks::tar_duplicate});
  soften_unfinished(artifact, deadline);
  EXPECT_EQ(artifact.verdict, verdict::sound);
  EXPECT_TRUE(artifact.unchecked.empty());
}

}  // namespace unfinished_test
