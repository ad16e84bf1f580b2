#include "knowngood/audit/ledger_evidence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "ledger/ledger_world.hpp"

namespace ledger_evidence_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ledger_evidence_test : public ledger_world {
 protected:
  /// What reading `path` is refused with.
  static std::string refusal(const std::string& path) {
    try {
      static_cast<void>(read_evidence(path));
    } catch (const environment_error& error) {
      return error.what();
    } catch (const usage_error& error) {
      return error.what();
    }
    return "read";
  }
};

TEST_F(ledger_evidence_test, shows_the_reports_of_a_ledger_or_one_alone) {
  fill(1, 3);
  const found_evidence all = read_evidence(path());
  EXPECT_EQ(all.shown.history.nights.size(), 3U);
  EXPECT_TRUE(all.shown.continuing);
  EXPECT_THAT(all.remarks, IsEmpty());
  const found_evidence one = read_evidence(at(entry(2).report));
  EXPECT_EQ(one.shown.history.nights.size(), 1U);
  EXPECT_FALSE(one.shown.continuing);
}

TEST_F(ledger_evidence_test, hands_remarks_about_the_ledger_on) {
  append(5);
  append(1);
  EXPECT_THAT(ids(read_evidence(path()).remarks), ElementsAre("ledger.line note"));
}

TEST_F(ledger_evidence_test, shows_nothing_of_a_damaged_ledger) {
  fill(1, 3);
  ASSERT_EQ(refusal(path()), "read");
  const auto whole = lines();
  write_lines({whole[0], whole[2]});
  EXPECT_THAT(refusal(path()), HasSubstr("is no evidence"));
  write_lines(whole);
  write(entry(2).report, "{}");
  EXPECT_THAT(refusal(path()), HasSubstr("vouches for"));
  std::filesystem::remove(at(entry(2).report));
  EXPECT_THAT(refusal(path()), HasSubstr("is not there"));
  EXPECT_THAT(refusal(at("nowhere.json")), HasSubstr("cannot"));
  write("other.json", "{}");
  EXPECT_THAT(refusal(at("other.json")), HasSubstr("schema"));
}

TEST_F(ledger_evidence_test, gathers_what_can_be_had_and_says_what_cannot_once) {
  fill(1, 3);
  ledger_check checked = check();
  ASSERT_EQ(gather_for_gate(path(), checked).history.nights.size(), 3U);
  ASSERT_THAT(checked.findings, IsEmpty());
  write(entry(2).report, "{}");  // after the check
  EXPECT_EQ(gather_for_gate(path(), checked).history.nights.size(), 2U);
  EXPECT_THAT(ids(checked.findings), ElementsAre("ledger.report-altered error"));
  ledger_check again = check();
  const std::size_t told = again.findings.size();
  EXPECT_EQ(gather_for_gate(path(), again).history.nights.size(), 2U);
  EXPECT_EQ(again.findings.size(), told) << "the check has said so already";
}

TEST_F(ledger_evidence_test, leaves_a_report_of_a_newer_version_unchecked) {
  fill(1, 1);
  make_first_report_newer();
  ledger_check checked = check();
  EXPECT_TRUE(gather_for_gate(path(), checked).history.nights.empty());
  ASSERT_EQ(checked.unchecked.size(), 1U) << "said once";
  EXPECT_THAT(checked.unchecked[0].message, HasSubstr("audit-report/2"));
}

TEST_F(ledger_evidence_test, judges_where_there_is_no_ledger_and_where_there_is) {
  const gate_judgement nothing = judge_ledger(path(), {}, gate_request{});
  EXPECT_EQ(nothing.result.exit_code, exit_code::unchecked);
  ASSERT_EQ(nothing.result.rules.size(), 1U);
  EXPECT_EQ(nothing.result.rules[0].name, "ledger-whole");
  fill(1, 1);
  const gate_judgement judged = judge_ledger(path(), {}, gate_request{});
  EXPECT_EQ(judged.result.exit_code, exit_code::unsound) << "a night that looked at nothing";
  EXPECT_EQ(judged.shown.history.nights.size(), 1U);
}

TEST(request_for, asks_what_the_policy_does) {
  const policy estate = parse_policy(R"(
version = 1
[estate]
root = "/backups"
[component.database]
kind = "postgres-dump"
name = "db_{timestamp:%Y%m%d}.sql.gz"
[component.database.drill]
rto = "1h"
rpo = "26h"
[component.logs]
required = false
name = "logs_{timestamp:%Y%m%d}.tar.gz"
[gate]
max_age = "30h"
)",
                                     "p.toml");
  const gate_request request = request_for(estate);
  EXPECT_EQ(request.rules.max_age, std::chrono::hours{30});
  ASSERT_EQ(request.components.size(), 2U);
  const bool database_first = request.components[0].name == "database";
  const gate_component& database = request.components[database_first ? 0 : 1];
  const gate_component& logs = request.components[database_first ? 1 : 0];
  EXPECT_TRUE(database.required);
  EXPECT_TRUE(database.has_rows);
  EXPECT_EQ(database.rto, std::chrono::hours{1});
  EXPECT_EQ(database.rpo, std::chrono::hours{26});
  EXPECT_EQ(logs.name, "logs");
  EXPECT_FALSE(logs.required);
  EXPECT_FALSE(logs.has_rows);
  EXPECT_EQ(logs.rto, std::nullopt);
}

}  // namespace ledger_evidence_test
