#include "knowngood/drill/restore_kind.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace restore_kind_test {

using namespace knowngood;

artifact_report artifact(std::string kind, bool full_backup = false) {
  artifact_report made;
  made.kind = std::move(kind);
  if (full_backup) made.properties.push_back({location{"f.tar"}, std::string{full_backup_property}, "true"});
  return made;
}

TEST(restore_kind, is_that_of_the_innermost_content) {
  EXPECT_EQ(innermost_kind("gzip > tar"), "tar");
  EXPECT_EQ(innermost_kind("zstd > gzip > git-bundle"), "git-bundle");
  EXPECT_EQ(innermost_kind(""), "");
  EXPECT_EQ(restore_kind_of(artifact("gzip > postgres-plain-dump"), {}), restore_kind::dump);
  EXPECT_EQ(restore_kind_of(artifact("git-bundle"), {}), restore_kind::bundle);
  EXPECT_EQ(restore_kind_of(artifact("xz > tar"), {}), restore_kind::archive);
  EXPECT_EQ(restore_kind_of(artifact("postgres-dump-archive"), {}), restore_kind::dump);
  EXPECT_EQ(restore_kind_of(artifact("gzip > openpgp"), {}), restore_kind::by_hand);
  for (const char* none : {"gzip > text", "binary", "empty", "", "tar > text"})
    EXPECT_EQ(restore_kind_of(artifact(none), {}), restore_kind::none) << none;
}

TEST(restore_kind, of_an_archive_is_a_full_backup_s_where_its_verification_says_so) {
  EXPECT_EQ(restore_kind_of(artifact("tar"), {}), restore_kind::archive);
  EXPECT_EQ(restore_kind_of(artifact("gzip > tar", true), {}), restore_kind::full_system);
}

TEST(restore_kind, of_an_archive_is_what_the_policy_says) {
  const auto full = artifact("tar", true);
  EXPECT_EQ(restore_kind_of(full, component_kind::volume), restore_kind::archive);
  EXPECT_EQ(restore_kind_of(full, component_kind::any), restore_kind::full_system);
  EXPECT_EQ(restore_kind_of(artifact("tar"), component_kind::full_system), restore_kind::full_system);
  EXPECT_EQ(restore_kind_of(artifact("git-bundle"), component_kind::volume), restore_kind::bundle)
      << "content decides what it is";
}

TEST(restore_kind, of_a_member_is_that_of_a_file) {
  member_fact member;
  member.kind = "gzip > tar";
  EXPECT_EQ(restore_kind_of(member), restore_kind::archive);
  member.type = member_type::symlink;
  EXPECT_EQ(restore_kind_of(member), restore_kind::none);
}

}  // namespace restore_kind_test
