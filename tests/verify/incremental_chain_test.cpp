#include "knowngood/verify/incremental_chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood/verify/path_plan.hpp"
#include "knowngood/verify/run.hpp"

namespace incremental_chain_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class incremental_archives : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const tool_run run =
        here.run(std::string{"mkdir -p t/sub chain; echo a > t/a; echo b > t/sub/b; TAR='tar --format="} + GetParam() +
                 " --listed-incremental=snapshot -czf'; "
                 "$TAR chain/full.tar.gz t; sleep 1.1; echo c > t/sub/c; $TAR chain/step1.tar.gz t; sleep 1.1; "
                 "echo d > t/d; $TAR chain/step2.tar.gz t 2>&1");
    ASSERT_EQ(run.status, 0) << run.output;
  }
  // The verdict and what was found of the artifact, once the path is verified.
  std::vector<std::string> found(const std::string& path) const {
    report result;
    run_plan(plan_paths({(here.path() / path).string()}, limits{}), run_settings{}, result);
    std::vector<std::string> lines;
    for (const auto& artifact : result.artifacts) {
      for (const auto& one : artifact.findings) {
        lines.push_back(fmt::format("{} {} {}", std::filesystem::path{artifact.path}.filename().string(),
                                    to_string(one.severity), one.check));
      }
      EXPECT_EQ(artifact.verdict == verdict::unsound,
                std::any_of(artifact.findings.begin(), artifact.findings.end(),
                            [](const finding& one) { return one.severity == severity::error; }));
    }
    return lines;
  }
  scratch_directory here;
};

TEST_P(incremental_archives, are_sound_where_their_chain_lies_beside_them) {
  EXPECT_THAT(found("chain/full.tar.gz"), IsEmpty());
  EXPECT_THAT(found("chain"), ElementsAre("step1.tar.gz note tar.incremental", "step2.tar.gz note tar.incremental"));
  EXPECT_THAT(found("chain/step2.tar.gz"), ElementsAre("step2.tar.gz note tar.incremental"));
}

TEST_P(incremental_archives, are_unsound_where_it_does_not) {
  ASSERT_EQ(here.run("cp -r chain alone; rm alone/full.tar.gz").status, 0);
  EXPECT_THAT(found("alone"), ElementsAre("step1.tar.gz error tar.incremental", "step2.tar.gz error tar.incremental"));
  ASSERT_EQ(here.run("cp -r chain gap; rm gap/step1.tar.gz").status, 0);
  EXPECT_THAT(found("gap"), ElementsAre("step2.tar.gz error tar.incremental")) << "a file of the first step is nowhere";
  ASSERT_EQ(here.run("cp -r chain cut; truncate -s -20 cut/full.tar.gz").status, 0);
  const auto broken = found("cut");
  EXPECT_THAT(broken, ::testing::Contains("step1.tar.gz error tar.incremental"));
}

TEST_P(incremental_archives, are_judged_in_a_full_backup_as_beside_each_other) {
  const auto nest = [&](const std::string& change) {
    const tool_run run = here.run("rm -rf full full.tar.gz; cp -r chain full; cd full; " + change +
                                  "; sha256sum *.gz > SHA256SUMS; cd ..; tar -czf full.tar.gz full 2>&1");
    EXPECT_EQ(run.status, 0) << run.output;
    return found("full.tar.gz");
  };
  EXPECT_THAT(nest("true"), ElementsAre("full.tar.gz note tar.incremental", "full.tar.gz note tar.incremental"));
  EXPECT_THAT(nest("rm full.tar.gz"),
              ElementsAre("full.tar.gz error tar.incremental", "full.tar.gz error tar.incremental"));
  EXPECT_THAT(nest("rm step1.tar.gz"), ElementsAre("full.tar.gz error tar.incremental"));
  EXPECT_THAT(nest("mkdir old; mv full.tar.gz old"), ::testing::Contains("full.tar.gz error tar.incremental"))
      << "not beside it";
}

INSTANTIATE_TEST_SUITE_P(of_either_format, incremental_archives, ::testing::Values("gnu", "posix"));

}  // namespace incremental_chain_test
