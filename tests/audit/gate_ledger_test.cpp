#include "knowngood/audit/gate_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate_ledger_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

/// A ledger of two reports, signed and whole, and what the gate makes of it.
class gate_ledger : public testing::Test {
 protected:
  gate_ledger() {
    for (std::uint64_t number = 1; number <= 2; ++number) checked.lines.push_back({{}, number, ""});
    checked.line_count = checked.reports_checked = checked.signatures_verified = 2;
    checked.head_signed = true;
    request.signatures = true;
  }

  std::vector<gate_rule> judged() const {
    detail::gate_board board{request};
    detail::gate_ledger ledger{checked, request, board};
    ledger.judge_ledger();
    ledger.judge_signatures();
    ledger.judge_clock(shown);
    return board.take(0).rules;
  }
  std::string words() const {
    std::string text;
    for (const auto& one : judged()) text += fmt::format("{} {}, ", one.name, to_string(one.verdict));
    return text;
  }

  ledger_check checked;
  evidence shown;
  gate_request request;
};

TEST_F(gate_ledger, holds_when_whole_and_signed) {
  EXPECT_EQ(words(), "ledger-whole pass, signed pass, ");
  EXPECT_EQ(judged()[0].why, "2 reports in an unbroken chain");
  EXPECT_EQ(judged()[1].why, "2 reports and the head signed by a known key");
}

TEST_F(gate_ledger, counts_the_defects_that_were_left_out_once_for_each_rule) {
  checked.findings.push_back(make_finding(checks::ledger_report_altered, location{"x"}, "has another size"));
  checked.findings.push_back(make_finding(checks::signature_invalid, location{"y"}, "does not verify"));
  checked.errors_left_out = 1'000;
  EXPECT_EQ(judged()[0].why, "the ledger is damaged: 1,001 defects");
  EXPECT_THAT(judged()[0].details, ElementsAre("ledger.report-altered: x: has another size",
                                               "1,000 more defects, left out here: audit ledger check counts them"));
  EXPECT_THAT(judged()[1].details, ElementsAre("signature.invalid: y: does not verify",
                                               "1,000 more defects, left out here: audit ledger check counts them"));
}

TEST_F(gate_ledger, is_damaged_before_it_is_unread_and_unread_before_it_is_pending) {
  checked.pending = "reports/x.json";
  EXPECT_EQ(words(), "ledger-whole unknown, signed pass, ");
  EXPECT_THAT(judged()[0].details, ElementsAre("reports/x.json"));
  checked.unchecked.push_back({location{"z"}, "permission denied", "grant it"});
  EXPECT_THAT(judged()[0].details, ElementsAre("z: permission denied"));
  checked.findings.push_back(make_finding(checks::ledger_report_altered, location{"x"}, "has another size"));
  EXPECT_EQ(words(), "ledger-whole fail, signed pass, ");
}

TEST_F(gate_ledger, asks_for_no_signature_where_no_key_is_known) {
  checked.signatures_verified = 0;
  checked.head_signed = false;
  EXPECT_EQ(words(), "ledger-whole pass, signed fail, ");
  request.signatures = false;
  EXPECT_EQ(words(), "ledger-whole pass, signed not asked, ");
}

TEST_F(gate_ledger, believes_no_time_that_was_given) {
  report night;
  night.tool = "verify";
  night.started = *parse_moment("2025-12-04T03:00:00Z");
  shown.verify = night;
  EXPECT_EQ(words(), "ledger-whole pass, signed pass, ");
  shown.verify->simulated = true;
  shown.parts.push_back(night);
  EXPECT_EQ(words(), "ledger-whole pass, signed pass, real-time fail, ");
  EXPECT_THAT(judged()[2].details, ElementsAre("verify of 2025-12-04T03:00:00Z")) << "the part asked the clock";
  request.allow_simulated = true;
  EXPECT_EQ(words(), "ledger-whole pass, signed pass, real-time not asked, ");
}

}  // namespace gate_ledger_test
