#include "knowngood/verify/artifact_checksums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "inspect/recording_sink.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace artifact_checksums_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class artifact_checksums_test : public testing::Test {
 protected:
  artifact_checksums_test() { task_.path = at("a.tar"); }

  [[nodiscard]] std::string at(const std::string& name) const { return (here_.path() / name).string(); }

  static artifact_checksums::digests of(const std::string& bytes) {
    digest_set set{{digest_algorithm::sha256(), digest_algorithm::md5()}};
    set.update(std::as_bytes(std::span{bytes}));
    return set.finish();
  }
  static std::string sha256(const std::string& bytes) { return of(bytes).at(digest_algorithm::sha256().name()); }

  // Whether the lists vouch for `bytes`; what they find is in `out_`.
  bool vouched(const std::string& bytes) {
    out_ = {};
    artifact_checksums lists{task_, where_, bounds_};
    lists.read(out_);
    return lists.vouch(of(bytes), out_);
  }
  [[nodiscard]] std::vector<std::string> checks() const {
    std::vector<std::string> names;
    for (const auto& one : out_.findings) names.push_back(one.check);
    return names;
  }

  scratch_directory here_;
  limits bounds_;
  location where_{"a.tar"};
  artifact_task task_;
  recording_sink out_;
};

TEST_F(artifact_checksums_test, vouch_for_the_bytes_that_they_list) {
  EXPECT_FALSE(vouched("content")) << "none vouch for nothing";
  EXPECT_THAT(checks(), IsEmpty());
  here_.write("a.tar", "content");
  here_.write("a.tar.sha256", sha256("content") + "  a.tar\n");
  task_.checksum_files = {at("a.tar.sha256")};
  EXPECT_TRUE(vouched("content"));
  EXPECT_THAT(checks(), IsEmpty());
  EXPECT_FALSE(vouched("altered"));
  EXPECT_THAT(checks(), ElementsAre("checksum.mismatch"));
}

TEST_F(artifact_checksums_test, ask_for_the_digests_that_they_need) {
  here_.write("a.tar", "content");
  here_.write("a.tar.md5", std::string(32, 'a') + "  a.tar\n");
  task_.checksum_files = {at("a.tar.md5")};
  artifact_checksums lists{task_, where_, bounds_};
  EXPECT_EQ(lists.first_path(), "");
  lists.read(out_);
  EXPECT_EQ(lists.first_path(), at("a.tar.md5"));
  const auto wanted = lists.wanted_digests(task_.path);
  EXPECT_NE(std::find(wanted.begin(), wanted.end(), digest_algorithm::sha256()), wanted.end());
  EXPECT_NE(std::find(wanted.begin(), wanted.end(), digest_algorithm::md5()), wanted.end());
}

TEST_F(artifact_checksums_test, that_cannot_be_read_are_unchecked) {
  task_.checksum_files = {at("gone.sha256")};
  EXPECT_FALSE(vouched("content"));
  EXPECT_THAT(out_.not_checked, testing::SizeIs(1));
}

TEST_F(artifact_checksums_test, of_another_file_vouch_for_nothing) {
  here_.write("a.tar", "content");
  here_.write("other.tar", "other");
  here_.write("a.tar.sha256", sha256("other") + "  other.tar\n");
  task_.checksum_files = {at("a.tar.sha256")};
  EXPECT_FALSE(vouched("content"));
  EXPECT_THAT(checks(), ElementsAre("checksum.other-file"));
  EXPECT_TRUE(vouched("other")) << "the bytes are those that it lists, under another name";
  EXPECT_THAT(checks(), ElementsAre("checksum.moved"));
}

TEST_F(artifact_checksums_test, that_were_promised_must_list_it) {
  here_.write("a.tar", "content");
  here_.write("proof.txt", sha256("one") + "  one.tar\n" + sha256("two") + "  two.tar\n");
  here_.write("one.tar", "one");
  here_.write("two.tar", "two");
  task_.promised_checksum = at("proof.txt");
  EXPECT_FALSE(vouched("content"));
  ASSERT_THAT(checks(), Contains("checksum.unlisted"));
  EXPECT_TRUE(std::any_of(out_.findings.begin(), out_.findings.end(),
                          [](const finding& one) { return one.check == "checksum.unlisted" && is_error(one); }));
}

TEST_F(artifact_checksums_test, that_are_empty_are_damaged) {
  here_.write("a.tar", "content");
  here_.write("a.tar.sha256", "");
  task_.checksum_files = {at("a.tar.sha256")};
  EXPECT_FALSE(vouched("content"));
  EXPECT_THAT(checks(), ElementsAre("checksum.empty"));
}

TEST_F(artifact_checksums_test, of_parts_vouch_when_every_part_is_listed) {
  here_.write("a.tar.part-aa", "one");
  here_.write("a.tar.part-ab", "two");
  here_.write("SHA256SUMS", sha256("one") + "  a.tar.part-aa\n" + sha256("two") + "  a.tar.part-ab\n");
  task_.parts = {at("a.tar.part-aa"), at("a.tar.part-ab")};
  task_.checksum_files = {at("SHA256SUMS")};
  artifact_checksums lists{task_, where_, bounds_};
  lists.read(out_);
  EXPECT_TRUE(lists.vouch_parts({of("one"), of("two")}, out_));
  EXPECT_THAT(checks(), IsEmpty());
  EXPECT_FALSE(lists.vouch_parts({of("one"), of("altered")}, out_));
  EXPECT_THAT(checks(), ElementsAre("checksum.mismatch"));
  here_.write("SHA256SUMS", sha256("one") + "  a.tar.part-aa\n");
  artifact_checksums fewer{task_, where_, bounds_};
  fewer.read(out_);
  EXPECT_FALSE(fewer.vouch_parts({of("one"), of("two")}, out_)) << "half of it is not vouched for";
}

}  // namespace artifact_checksums_test
