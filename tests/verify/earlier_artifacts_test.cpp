#include "knowngood/verify/earlier_artifacts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <fmt/format.h>

#include "knowngood/ledger/ledger.hpp"
#include "knowngood/report/report_json.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood/verify/policy_plan.hpp"
#include "knowngood/verify/run.hpp"

namespace earlier_artifacts_test {

using namespace knowngood;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Nights of an estate whose retention keeps what the test leaves there, verified one after the other into one ledger.
class nights : public ::testing::Test {
 protected:
  nights() { std::filesystem::create_directories(estate_ / "d"); }

  void policy_is(const std::string& component) {
    plan_ = parse_policy(
        fmt::format("version = 1\n[estate]\nroot = \"{}\"\n[component.d]\nname = \"d_{{timestamp}}.txt\"\n{}",
                    estate_.string(), component),
        "p.toml");
  }
  [[nodiscard]] static std::string name_of(int day) { return fmt::format("d_202512{:02}_020000.txt", day); }
  void backup(int day, const std::string& content) { std::ofstream{estate_ / "d" / name_of(day)} << content; }
  void expire(int day) { std::filesystem::remove(estate_ / "d" / name_of(day)); }

  /// Verifies at three o'clock of `day` and keeps the report. Returns the checks that found something, but for those
  /// about text files having no protection of their own.
  std::vector<std::string> verify(int day, bool keep = true) {
    const moment now = *parse_moment(fmt::format("2025-12-{:02}T06:00:00Z", day));
    const std::string ledger = (scratch_.path() / "ledger").string();
    report result;
    result.tool = "verify";
    result.started = now;
    run_plan(plan_policy(*plan_, now, {}, limits{}, read_earlier_artifacts(ledger, *plan_, now)), run_settings{},
             result);
    result.finished = now;
    if (keep) {
      ledger_options options;
      options.now = [=] { return now; };
      append_to_ledger(ledger, to_json(result), options);
    }
    std::vector<std::string> found;
    const auto take = [&](const std::vector<finding>& findings) {
      for (const auto& one : findings) {
        if (!one.check.starts_with("size.") && !one.check.starts_with("presence.") && !one.check.starts_with("ledger."))
          continue;
        found.push_back(one.check);
        actual_ = one.actual;
      }
    };
    take(result.findings);
    for (const auto& one : result.components) take(one.findings);
    for (const auto& one : result.artifacts) take(one.findings);
    return found;
  }

  scratch_directory scratch_;
  std::filesystem::path estate_ = std::filesystem::canonical(scratch_.path()) / "estate";
  std::optional<policy> plan_;
  std::string actual_;
};

TEST_F(nights, measure_a_size_by_backups_that_retention_has_removed) {
  policy_is("size_drift = \"50%\"\n");
  for (int day = 1; day <= 5; ++day) {
    backup(day, fmt::format("{:01000}", day));
    EXPECT_THAT(verify(day), IsEmpty()) << day;
    expire(day);
  }
  backup(6, "a dump of nothing");
  EXPECT_THAT(verify(6, false), ElementsAre("size.drift"));
  backup(6, fmt::format("{:01000}", 6));
  EXPECT_THAT(verify(6), IsEmpty());
}

TEST_F(nights, tell_a_stuck_job_by_a_backup_that_is_gone) {
  policy_is("identical = \"error\"\n");
  backup(1, "the same");
  EXPECT_THAT(verify(1), IsEmpty());
  backup(2, "something else");
  EXPECT_THAT(verify(2), IsEmpty());
  expire(1);
  backup(3, "the same");
  EXPECT_THAT(verify(3), ElementsAre("presence.identical"));
  EXPECT_THAT(actual_, HasSubstr(name_of(1)));
  backup(4, "another");
  EXPECT_THAT(verify(4), IsEmpty()) << "an old one was told while it was new";
}

TEST_F(nights, tell_a_stuck_job_by_a_backup_that_is_not_read_again) {
  policy_is("identical = \"error\"\nverify = \"newest\"\n");
  backup(1, "the same");
  EXPECT_THAT(verify(1), IsEmpty());
  backup(2, "the same");
  EXPECT_THAT(verify(2), ElementsAre("presence.identical"));
}

TEST_F(nights, do_not_take_a_backup_for_its_own_predecessor) {
  policy_is("identical = \"error\"\nsize_drift = \"1%\"\n");
  backup(1, "the same");
  for (int again = 0; again < 4; ++again) EXPECT_THAT(verify(1 + again), IsEmpty());
}

TEST_F(nights, are_not_read_where_nothing_is_judged_by_them) {
  policy_is("");
  backup(1, "one");
  verify(1);
  const std::string ledger = (scratch_.path() / "ledger").string();
  std::filesystem::remove(ledger + "/" + read_ledger(ledger).lines[0].entry.report);
  EXPECT_THAT(verify(2, false), IsEmpty());
}

TEST_F(nights, say_when_a_report_of_theirs_was_altered) {
  policy_is("identical = \"error\"\n");
  backup(1, "one");
  verify(1);
  const std::string ledger = (scratch_.path() / "ledger").string();
  const std::string altered = ledger + "/" + read_ledger(ledger).lines[0].entry.report;
  std::filesystem::permissions(altered, std::filesystem::perms::owner_all);
  std::ofstream{altered, std::ios::app} << " ";
  backup(2, "two");
  EXPECT_THAT(verify(2, false), ElementsAre("ledger.report-altered"));
}

}  // namespace earlier_artifacts_test
