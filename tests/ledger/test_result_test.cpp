#include "knowngood/ledger/test_result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "report/sample_reports.hpp"

namespace test_result_test {

using namespace knowngood;
using testing::ElementsAre;

/// A sound drill of one dump.
report drill() {
  report of = samples::sound(1);
  component_report component;
  component.name = "database";
  of.components.push_back(component);
  of.artifacts[0].component = "database";
  step_report load;
  load.name = "load-dump";
  load.component = "database";
  load.artifact = of.artifacts[0].path;
  load.verdict = verdict::sound;
  of.steps.push_back(load);
  of.recoveries.push_back({"database", 1, {}, {}, {}, verdict::sound});
  of.recoveries.push_back({"", 1, {}, {}, {}, verdict::sound});
  return of;
}

TEST(summarise_tests, names_each_artifact_component_step_and_recovery_and_the_run) {
  const test_results tests = summarise_tests(drill());
  const std::string path = drill().artifacts[0].path;
  EXPECT_EQ(tests.result(), test_result::passed);
  EXPECT_THAT(tests.of(test_result::passed),
              ElementsAre("run", "component database", path, "step load-dump of database: " + path,
                          "recovery of database", "recovery of everything"));
}

using change = std::function<void(report&)>;

TEST(summarise_tests, never_passes_what_is_wrong_unchecked_or_unfinished) {
  const finding error = make_finding(checks::gzip_crc32, location{"a"}, "differs");
  const unchecked_item closed{location{"a"}, "cannot open", "see to it"};
  const std::vector<change> wrong{[&](report& of) { of.findings.push_back(error); },
                                  [&](report& of) { of.unchecked.push_back(closed); },
                                  [&](report& of) { of.components[0].findings.push_back(error); },
                                  [&](report& of) { of.artifacts[0].findings.push_back(error); },
                                  [&](report& of) { of.artifacts[0].unchecked.push_back(closed); },
                                  [&](report& of) { of.steps[0].findings.push_back(error); },
                                  [&](report& of) { of.steps[0].unchecked.push_back(closed); },
                                  [](report& of) { of.complete = false; },
                                  [](report& of) { of.artifacts.clear(); },
                                  [](report& of) { of.exit_code = 1; },
                                  [](report& of) { of.exit_code = 3; },
                                  [](report& of) { of.exit_code = 143; }};
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    report of = drill();
    ASSERT_EQ(summarise_tests(of).result(), test_result::passed);
    wrong[i](of);
    const test_results tests = summarise_tests(of);
    EXPECT_EQ(tests.result(), test_result::failed) << i;
    EXPECT_FALSE(tests.of(test_result::failed).empty()) << i;
  }
  for (const auto value : {verdict::unchecked, verdict::unsound}) {
    const std::vector<change> stated{
        [&](report& of) { of.verdict = value; }, [&](report& of) { of.components[0].verdict = value; },
        [&](report& of) { of.artifacts[0].verdict = value; }, [&](report& of) { of.steps[0].verdict = value; },
        [&](report& of) { of.recoveries[0].verdict = value; }};
    for (std::size_t i = 0; i < stated.size(); ++i) {
      report of = drill();
      stated[i](of);
      EXPECT_EQ(summarise_tests(of).result(), test_result::failed) << i;
    }
  }
  EXPECT_EQ(summarise_tests(report{}).result(), test_result::failed);
  EXPECT_EQ(test_results{}.result(), test_result::failed);
}

TEST(summarise_tests, warns_of_warnings_of_what_nothing_protects_of_skipped_steps_and_of_leftovers) {
  const finding warning = make_finding(checks::tar_secret_readable, location{"a"}, "readable");
  const std::vector<change> slight{[&](report& of) { of.findings.push_back(warning); },
                                   [&](report& of) { of.components[0].findings.push_back(warning); },
                                   [&](report& of) { of.artifacts[0].findings.push_back(warning); },
                                   [](report& of) { of.artifacts[0].verdict = verdict::unprotected; },
                                   [&](report& of) { of.steps[0].findings.push_back(warning); },
                                   [](report& of) { of.steps[0].skipped = true; },
                                   [](report& of) { of.exit_code = exit_code::left_behind; }};
  for (std::size_t i = 0; i < slight.size(); ++i) {
    report of = drill();
    slight[i](of);
    const test_results tests = summarise_tests(of);
    EXPECT_EQ(tests.result(), test_result::warned) << i;
    EXPECT_EQ(tests.of(test_result::warned).size(), 1U) << i;
  }
  report noted = drill();
  noted.findings.push_back(make_finding(checks::presence_unclaimed, location{"a"}, "unclaimed"));
  noted.findings[0].severity = severity::note;
  EXPECT_EQ(summarise_tests(noted).result(), test_result::passed);
}

}  // namespace test_result_test
