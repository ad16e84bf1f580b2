#include "knowngood/ledger/earlier_reports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/ledger_world.hpp"

namespace earlier_reports_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class earlier_reports : public ledger_world {
 protected:
  /// Days after the first night on which the reports handed out began; stops after `most`.
  std::vector<std::int64_t> days(int now, std::size_t most = 1000) {
    const moment first = samples::empty().started;
    std::vector<std::int64_t> found;
    told_ = each_earlier_report(
        path(), first + std::chrono::days{now}, [](const ledger_entry& entry) { return entry.about.tool == "verify"; },
        [&](const report& one) {
          found.push_back(std::chrono::duration_cast<std::chrono::days>(one.started - first).count());
          return found.size() < most;
        });
    return found;
  }

  earlier_problems told_;
};

TEST_F(earlier_reports, come_newest_first_and_only_those_before_now) {
  fill(1, 5);
  EXPECT_THAT(days(9), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(days(4), ElementsAre(3, 2, 1));
  EXPECT_THAT(days(9, 2), ElementsAre(5, 4));
  EXPECT_THAT(told_.findings, IsEmpty());
  EXPECT_THAT(told_.unchecked, IsEmpty());
}

TEST_F(earlier_reports, of_another_program_are_not_opened) {
  fill(1, 2);
  report drilled = samples::empty();
  drilled.tool = "drill";
  const auto kept = append_to_ledger(path(), to_json(drilled));
  std::filesystem::remove(at(kept.entry.report));
  EXPECT_THAT(days(9), ElementsAre(2, 1));
  EXPECT_THAT(told_.findings, IsEmpty());
}

TEST_F(earlier_reports, are_none_where_a_ledger_is_still_to_be_made) {
  EXPECT_THAT(days(9), IsEmpty());
  EXPECT_THAT(told_.unchecked, IsEmpty()) << "the directory is not there";
  std::filesystem::create_directories(path());
  EXPECT_THAT(days(9), IsEmpty());
  EXPECT_THAT(told_.unchecked, IsEmpty()) << "it was made for the ledger, and is empty";
}

TEST_F(earlier_reports, whose_ledger_has_lost_its_lines_are_missed) {
  fill(1, 2);
  std::filesystem::remove(at("ledger.jsonl"));
  EXPECT_THAT(days(9), IsEmpty());
  ASSERT_EQ(told_.unchecked.size(), 1U);
  EXPECT_THAT(told_.unchecked[0].message, HasSubstr("holds no ledger"));
}

TEST_F(earlier_reports, that_are_gone_or_altered_are_told_and_passed_over) {
  fill(1, 5);
  const auto lines = read_ledger(path()).lines;
  std::filesystem::remove(at(lines[1].entry.report));
  std::filesystem::permissions(at(lines[3].entry.report), std::filesystem::perms::owner_all);
  std::ofstream{at(lines[3].entry.report)} << "{}";
  EXPECT_THAT(days(9), ElementsAre(5, 3, 1));
  EXPECT_THAT(ids(told_.findings), ElementsAre("ledger.report-altered warning", "ledger.report-missing warning"));
}

TEST_F(earlier_reports, of_a_newer_version_are_told_and_passed_over) {
  fill(1, 1);
  std::string newer = night(2);
  const std::string id = "knowngood/audit-report/1";
  newer.replace(newer.find(id), id.size(), "knowngood/audit-report/2");
  const auto lines = read_ledger(path()).lines;
  // as a ledger that a newer program wrote: the line vouches for a report that this one cannot read
  report_claim about = lines[0].entry.about;
  about.started += std::chrono::days{1};
  about.sha256 = sha256_of(newer);
  about.bytes = newer.size();
  ledger_entry entry = lines[0].entry;
  entry.about = about;
  entry.sequence = 2;
  entry.report = ledger_report_path(about);
  entry.previous = lines[0].sha256;
  std::filesystem::create_directories(std::filesystem::path{at(entry.report)}.parent_path());
  std::ofstream{at(entry.report)} << newer;
  std::ofstream{at("ledger.jsonl"), std::ios::app} << to_json(entry) << "\n";
  EXPECT_THAT(days(9), ElementsAre(1));
  ASSERT_EQ(told_.unchecked.size(), 1U);
  EXPECT_THAT(told_.unchecked[0].message, HasSubstr("newer"));
}

}  // namespace earlier_reports_test
