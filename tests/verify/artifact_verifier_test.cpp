#include "knowngood/verify/artifact_verifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood/verify/path_plan.hpp"
#include "knowngood/verify/run.hpp"
#include "postgres/sample_dump.hpp"

namespace artifact_verifier_test {

using namespace knowngood;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class artifacts : public ::testing::Test {
 protected:
  artifacts() { here.write("d.sql", sample_dump); }

  void sh(const std::string& command) const {
    const tool_run run = here.run(command + " 2>&1");
    ASSERT_EQ(run.status, 0) << run.output;
  }
  [[nodiscard]] artifact_task task(const std::string& name) const {
    artifact_task one;
    one.path = (here.path() / name).string();
    return one;
  }
  static std::vector<std::string> checks(const artifact_report& of) {
    std::vector<std::string> ids;
    for (const auto& one : of.findings) ids.push_back(one.check);
    return ids;
  }
  // What verifying this path as a whole comes to.
  [[nodiscard]] report verify(const std::vector<std::string>& names, unsigned jobs = 2) const {
    std::vector<std::string> paths;
    for (const auto& name : names) paths.push_back((here.path() / name).string());
    report result;
    run_settings settings;
    settings.jobs = jobs;
    run_plan(plan_paths(paths, settings.options.bounds), settings, result);
    return result;
  }

  scratch_directory here;
};

TEST_F(artifacts, carry_the_digests_that_sha256sum_gives) {
  sh("gzip -k d.sql");
  const artifact_report got = verify_artifact(task("d.sql.gz"), {});
  EXPECT_EQ(got.verdict, verdict::sound);
  EXPECT_EQ(got.digests.at("SHA256") + "  d.sql.gz\n", here.run("sha256sum d.sql.gz").output);
  EXPECT_EQ(got.bytes_read, std::filesystem::file_size(here.path() / "d.sql.gz"));
  EXPECT_EQ(got.bytes_expanded, sample_dump.size());
}

TEST_F(artifacts, are_digested_to_their_end_even_when_their_content_is_damaged) {
  sh("gzip -k d.sql; head -c 200 d.sql.gz > x; cat x d.sql > cut.gz");
  const artifact_report got = verify_artifact(task("cut.gz"), {});
  EXPECT_EQ(got.verdict, verdict::unsound);
  EXPECT_EQ(got.digests.at("SHA256") + "  cut.gz\n", here.run("sha256sum cut.gz").output);
}

TEST_F(artifacts, that_vanished_are_unchecked_and_say_what_to_do) {
  const artifact_report got = verify_artifact(task("gone.gz"), {});
  EXPECT_EQ(got.verdict, verdict::unchecked);
  ASSERT_EQ(got.unchecked.size(), 1U);
  EXPECT_THAT(got.unchecked[0].message, HasSubstr("No such file"));
  EXPECT_FALSE(got.unchecked[0].advice.empty());
}

TEST_F(artifacts, without_any_evidence_are_unprotected) {
  const artifact_report got = verify_artifact(task("d.sql"), {});
  EXPECT_EQ(got.verdict, verdict::unprotected);
  EXPECT_THAT(checks(got), ElementsAre("file.unprotected"));
}

TEST_F(artifacts, of_another_kind_than_promised_are_errors) {
  sh("gzip -k d.sql");
  artifact_task one = task("d.sql.gz");
  one.kind = component_kind::postgres_dump;
  EXPECT_THAT(checks(verify_artifact(one, {})), IsEmpty());
  one.kind = component_kind::git_bundle;
  EXPECT_THAT(checks(verify_artifact(one, {})), ElementsAre("file.kind"));
}

TEST_F(artifacts, whose_name_claims_another_format_are_worth_a_warning) {
  sh("cp d.sql d.sql.gz; sha256sum d.sql.gz > d.sql.gz.sha256");
  EXPECT_THAT(checks(verify({"d.sql.gz"}).artifacts.at(0)), ElementsAre("file.name-disagrees"));
}

TEST_F(artifacts, are_verified_alike_by_one_thread_and_by_many) {
  sh("mkdir many; for i in $(seq 30); do seq $i 20000 | gzip > many/$i.gz; done; head -c 999 many/7.gz > x; mv x "
     "many/7.gz");
  const report one = verify({"many"}, 1);
  const report four = verify({"many"}, 4);
  ASSERT_EQ(one.artifacts.size(), 30U);
  ASSERT_EQ(four.artifacts.size(), 30U);
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(one.artifacts[i].path, four.artifacts[i].path);
    EXPECT_EQ(one.artifacts[i].digests, four.artifacts[i].digests);
    EXPECT_EQ(one.artifacts[i].verdict, four.artifacts[i].verdict);
  }
  EXPECT_EQ(one.exit_code, 1);
  EXPECT_EQ(summarise(one).unsound, 1U);
}

TEST_F(artifacts, in_a_directory_are_found_with_what_vouches_for_them) {
  sh("mkdir -p b/sub b/.hidden; gzip -c d.sql > b/a.sql.gz; gzip -c d.sql > b/sub/b.sql.gz; cp d.sql b/.hidden/x; cp "
     "d.sql b/y.tmp;"
     "(cd b && sha256sum a.sql.gz sub/b.sql.gz > SHA256SUMS)");
  const report intact = verify({"b"});
  EXPECT_EQ(intact.exit_code, 0);
  EXPECT_EQ(intact.artifacts.size(), 2U) << "lists, hidden and unfinished files are none";
  sh("cp d.sql b/c.sql; gzip -1c d.sql > b/sub/b.sql.gz");
  const report damaged = verify({"b"});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(checks(damaged.artifacts[1]), ::testing::UnorderedElementsAre("checksum.unlisted", "file.unprotected"));
}

TEST_F(artifacts, that_a_list_misses_are_found_through_the_list) {
  sh("mkdir b; gzip -c d.sql > b/a.sql.gz; (cd b && sha256sum a.sql.gz > a.sql.gz.sha256); rm b/a.sql.gz; cp d.sql "
     "b/other.sql");
  const report result = verify({"b"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(checks(result.artifacts.back()), ElementsAre("checksum.missing-file"));
}

TEST_F(artifacts, with_more_members_than_are_compared_are_not_called_sound_against_a_list) {
  sh("mkdir t; (cd t; for i in 1 2 3 4 5; do cp ../d.sql $i.sql; done; sha256sum * > checksums.txt); tar -czf t.tar.gz "
     "t");
  EXPECT_EQ(verify_artifact(task("t.tar.gz"), {}).verdict, verdict::sound);
  verify_options few;
  few.bounds.compared_members = 3;
  const artifact_report got = verify_artifact(task("t.tar.gz"), few);
  EXPECT_EQ(got.verdict, verdict::unchecked);
  ASSERT_FALSE(got.unchecked.empty());
  EXPECT_THAT(got.unchecked[0].advice, HasSubstr("--limit compared_members="));
}

TEST_F(artifacts, stop_when_told_to) {
  std::atomic<bool> stop{true};
  verify_options options;
  options.stop = stop;
  EXPECT_THROW(verify_artifact(task("d.sql"), options), interrupted);
}

}  // namespace artifact_verifier_test
