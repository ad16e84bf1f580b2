#include "knowngood/audit/gate_board.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/base/checks.hpp"

namespace gate_board_test {

using namespace knowngood;
using detail::gate_board;
using testing::ElementsAre;

int exit_code_of(std::initializer_list<gate_verdict> judged) {
  const gate_request request;
  gate_board board{request};
  for (const auto one : judged) board.add("rule", one, "why");
  return board.take(0).exit_code;
}

TEST(gate_board, ends_with_the_worst_that_was_judged) {
  EXPECT_EQ(exit_code_of({gate_verdict::pass, gate_verdict::not_asked}), exit_code::sound);
  EXPECT_EQ(exit_code_of({gate_verdict::pass, gate_verdict::unknown}), exit_code::unchecked);
  EXPECT_EQ(exit_code_of({gate_verdict::fail, gate_verdict::unknown}), exit_code::unsound);
  EXPECT_EQ(exit_code_of({gate_verdict::unknown, gate_verdict::fail}), exit_code::unsound);
}

TEST(gate_board, puts_what_was_accepted_between_the_ledger_and_its_reports) {
  gate_request request;
  request.now = *parse_moment("2025-12-04T05:00:00Z");
  request.rules.accepted.push_back({"gzip.crc32", "a.gz", "ticket 42", request.now});
  gate_board board{request};
  board.add("ledger-whole", gate_verdict::pass, "why");
  const std::size_t before = board.size();
  board.add("verification-sound", gate_verdict::pass, "why");
  EXPECT_TRUE(board.forgive(make_finding(checks::gzip_crc32, location{"a.gz"}, "differs")));
  EXPECT_FALSE(board.forgive(make_finding(checks::gzip_crc32, location{"b.gz"}, "differs")));
  const gate_result result = board.take(before);
  std::vector<std::string> names;
  for (const auto& one : result.rules) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("ledger-whole", "accepted-findings", "verification-sound"));
  EXPECT_EQ(result.rules[1].details.back(), "  a.gz: differs");
}

TEST(gate_board, is_closed_by_an_expired_acceptance_alone) {
  gate_request request;
  request.now = *parse_moment("2025-12-04T05:00:00Z");
  request.rules.accepted.push_back({"gzip.crc32", "", "ticket 42", request.now});
  EXPECT_EQ(gate_board{request}.take(0).exit_code, exit_code::sound);
  request.rules.accepted[0].until -= std::chrono::seconds{1};
  EXPECT_EQ(gate_board{request}.take(0).exit_code, exit_code::unsound);
}

TEST(gate_board, shows_a_finding_on_one_printable_line) {
  finding one = make_finding(checks::gzip_crc32, location{"a.gz"}, "two\nlines");
  EXPECT_EQ(gate_board::line(one), "gzip.crc32: a.gz: two\\nlines");
  one.check = "\x1b[2J";
  EXPECT_EQ(gate_board::line(one), "\\x1b[2J: a.gz: two\\nlines");
}

}  // namespace gate_board_test
