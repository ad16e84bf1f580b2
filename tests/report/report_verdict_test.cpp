#include "knowngood/report/report_verdict.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "report/sample_reports.hpp"

namespace report_verdict_test {

using namespace knowngood;

const finding error = make_finding(checks::gzip_crc32, location{"a"}, "differs");
const finding warning = make_finding(checks::tar_secret_readable, location{"a"}, "readable");
const unchecked_item closed{location{"a"}, "cannot open", "see to it"};
const unchecked_item nothing{location{}, "there was nothing", "look elsewhere"};

report drilled() {
  report of = samples::sound(2);
  component_report component;
  component.name = "database";
  of.components.push_back(component);
  for (auto& artifact : of.artifacts) artifact.component = "database";
  step_report step;
  step.name = "load-dump";
  step.component = "database";
  step.verdict = verdict::sound;
  of.steps.push_back(step);
  of.recoveries.push_back({"database", 1, {}, {}, {}, verdict::sound});
  return of;
}

TEST(verdict_of, is_unsound_for_an_error_whatever_else_there_is) {
  EXPECT_EQ(verdict_of(std::vector<finding>{}), verdict::sound);
  EXPECT_EQ(verdict_of({warning}), verdict::sound);
  EXPECT_EQ(verdict_of({warning}, {closed}), verdict::unchecked);
  EXPECT_EQ(verdict_of({warning, error}, {closed}), verdict::unsound);
}

TEST(overall_verdict, is_that_of_the_worst_part_wherever_it_stands) {
  ASSERT_EQ(overall_verdict(drilled()), verdict::sound);
  const std::vector<std::function<std::vector<finding>&(report&)>> places{[](report & of) -> auto& {return of.findings;
}
, [](report& of) -> auto& { return of.components[0].findings; }
, [](report& of) -> auto& { return of.artifacts[1].findings; }
, [](report& of) -> auto& { return of.steps[0].findings; }
};  // namespace report_verdict_test
for (const auto& place : places) {
  report of = drilled();
  place(of).push_back(warning);
  EXPECT_EQ(overall_verdict(of), verdict::sound);
  place(of).push_back(error);
  EXPECT_EQ(overall_verdict(of), verdict::unsound);
}
const std::vector<std::function<std::vector<unchecked_item>&(report&)>> unread{
    [](report & of) -> auto& {return of.unchecked;
}
, [](report& of) -> auto& { return of.artifacts[1].unchecked; }
, [](report& of) -> auto& { return of.steps[0].unchecked; }
}
;
for (const auto& place : unread) {
  report of = drilled();
  place(of).push_back(closed);
  EXPECT_EQ(overall_verdict(of), verdict::unchecked);
}
const std::vector<std::function<verdict&(report&)>> stated{[](report & of) -> auto& {return of.verdict;
}
, [](report& of) -> auto& { return of.components[0].verdict; }
, [](report& of) -> auto& { return of.artifacts[0].verdict; }
, [](report& of) -> auto& { return of.steps[0].verdict; }
, [](report& of) -> auto& { return of.recoveries[0].verdict; }
}
;
for (const auto& place : stated) {
  for (const auto value : {verdict::unprotected, verdict::unchecked, verdict::unsound}) {
    report of = drilled();
    place(of) = value;
    EXPECT_EQ(overall_verdict(of), value) << "what is stated counts even when nothing explains it";
  }
}
}

TEST(component_verdict, is_the_worst_of_what_belongs_to_the_component) {
  report of = drilled();
  ASSERT_EQ(component_verdict(of, of.components[0]), verdict::sound);
  of.steps[0].unchecked.push_back(closed);
  EXPECT_EQ(component_verdict(of, of.components[0]), verdict::unchecked);
  of.artifacts[0].findings.push_back(error);
  EXPECT_EQ(component_verdict(of, of.components[0]), verdict::unsound);
  of.artifacts[0].component = "logs";
  EXPECT_EQ(component_verdict(of, of.components[0]), verdict::unchecked);
}

TEST(judge_report, states_what_the_parts_are_worth) {
  report of = drilled();
  of.verdict = verdict::unsound;
  of.components[0].verdict = verdict::unsound;
  judge_report(of, nullptr);
  EXPECT_EQ(of.verdict, verdict::sound);
  EXPECT_EQ(of.components[0].verdict, verdict::sound);
  EXPECT_EQ(of.exit_code, exit_code::sound);
  of.artifacts[0].verdict = verdict::unsound;
  judge_report(of, nullptr);
  EXPECT_EQ(of.verdict, verdict::unsound);
  EXPECT_EQ(of.components[0].verdict, verdict::unsound);
  EXPECT_EQ(of.exit_code, exit_code::unsound);
}

TEST(judge_report, never_calls_a_run_sound_that_did_nothing_or_was_stopped) {
  report idle = drilled();
  judge_report(idle, &nothing);
  EXPECT_EQ(idle.verdict, verdict::unchecked);
  EXPECT_EQ(idle.unchecked, std::vector{nothing});
  EXPECT_EQ(idle.exit_code, exit_code::unchecked);
  report defect = drilled();
  defect.findings.push_back(error);
  judge_report(defect, &nothing);
  EXPECT_TRUE(defect.unchecked.empty()) << "the defect says more";
  EXPECT_EQ(defect.exit_code, exit_code::unsound);
  report stopped = drilled();
  stopped.complete = false;
  judge_report(stopped, nullptr);
  EXPECT_EQ(stopped.verdict, verdict::unchecked);
}

TEST(exit_code_of, counts_the_warnings_of_a_strict_run) {
  report of = drilled();
  of.findings.push_back(warning);
  EXPECT_EQ(exit_code_of(of), exit_code::sound);
  of.strict = true;
  EXPECT_EQ(exit_code_of(of), exit_code::unsound);
}

TEST(exit_code, weighs_a_defect_more_than_what_could_not_be_written) {
  EXPECT_EQ(exit_code::unchecked_unless(exit_code::sound), exit_code::unchecked);
  EXPECT_EQ(exit_code::unchecked_unless(exit_code::unsound), exit_code::unsound);
  EXPECT_EQ(exit_code::interrupted_by(2), 130);
}

}  // namespace report_verdict_test
