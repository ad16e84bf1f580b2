#include "knowngood/audit/gate_drill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_history.hpp"

namespace gate_drill_test {

using namespace knowngood;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// A drill that restored everything, in time and with its rows.
class gate_drill : public testing::Test {
 protected:
  gate_drill() {
    request.now = drill.finished;
    request.components.push_back({"database", true, true, {}, {}});
  }

  [[nodiscard]] gate_rule rows() const {
    return judged([](detail::gate_drill& it) { it.judge_rows(); });
  }
  [[nodiscard]] gate_rule objectives() const {
    return judged([](detail::gate_drill& it) { it.judge_objectives(); });
  }
  void accept(const char* check) { request.rules.accepted.push_back({check, "", "ticket 42", request.now}); }

  report drill = samples::rehearsal(samples::last_night, 60);
  gate_request request;

 private:
  [[nodiscard]] gate_rule judged(void (*judge)(detail::gate_drill&)) const {
    detail::gate_board board{request};
    detail::gate_drill of{drill, request, board};
    judge(of);
    return board.take(board.size()).rules.at(0);
  }
};

TEST_F(gate_drill, restored_all_tables_with_their_rows) {
  EXPECT_EQ(rows().verdict, gate_verdict::pass);
  EXPECT_EQ(rows().why, "3 tables restored with the same rows");
  drill.comparisons[1].restored->rows -= 1;
  EXPECT_EQ(rows().verdict, gate_verdict::fail);
  EXPECT_EQ(rows().why, "rows not proved to be the same in 1 place");
  EXPECT_THAT(rows().details, ElementsAre(HasSubstr("public.vendor_equipment: equal: dump 1,234,567")));
}

TEST_F(gate_drill, accepts_rows_that_differ_and_none_that_were_not_compared) {
  drill.comparisons[1].outcome = row_outcome::fewer;
  EXPECT_EQ(rows().verdict, gate_verdict::fail);
  accept("rows.fewer");
  EXPECT_EQ(rows().why, "2 tables restored with the same rows, 1 accepted with others");
  drill.comparisons[0].outcome = row_outcome::unread;
  accept("rows.unread");
  EXPECT_EQ(rows().verdict, gate_verdict::fail);
}

TEST_F(gate_drill, compared_rows_of_each_dump_and_not_of_some_other) {
  request.components.push_back({"second", true, true, {}, {}});
  EXPECT_THAT(rows().details, ElementsAre("second: no rows were compared"));
  request.components[1].required = false;
  EXPECT_EQ(rows().verdict, gate_verdict::pass);
  drill.steps[2].component = "second";
  EXPECT_THAT(rows().details, ElementsAre("database: no rows were compared"));
}

TEST_F(gate_drill, met_the_stricter_of_its_own_objective_and_the_policys) {
  ASSERT_EQ(drill.recoveries[0].rto_seconds, 900);
  drill.recoveries[0].seconds = 900;
  EXPECT_EQ(objectives().verdict, gate_verdict::pass);
  request.components[0].rto = seconds{1'000};
  EXPECT_EQ(objectives().verdict, gate_verdict::pass);
  drill.recoveries[0].seconds = 950;
  EXPECT_THAT(objectives().details, ElementsAre(HasSubstr("restored in 15m 50s, objective 15m")))
      << "a laxer policy of today does not mend a drill that was too slow for its own";
  drill.recoveries[0].seconds = 100;
  request.components[0].rto = seconds{99};
  EXPECT_THAT(objectives().details, ElementsAre(HasSubstr("restored in 1m 40s, objective 1m 39s")));
  accept("drill.rto");
  EXPECT_EQ(objectives().verdict, gate_verdict::pass);
}

TEST_F(gate_drill, met_no_objective_with_a_state_of_unknown_age) {
  EXPECT_EQ(objectives().verdict, gate_verdict::pass);
  drill.recoveries[0].age_seconds.reset();
  EXPECT_THAT(objectives().details, ElementsAre(HasSubstr("database: a state of unknown age, objective 26h")));
  drill.recoveries[0].rpo_seconds.reset();
  EXPECT_EQ(objectives().verdict, gate_verdict::pass) << "nobody asked how old it was";
}

TEST_F(gate_drill, met_no_objective_of_what_it_did_not_restore) {
  request.components.push_back({"archive-of-1999", true, false, seconds{60}, {}});
  EXPECT_THAT(objectives().details, ElementsAre("archive-of-1999: it has objectives, and was not restored"));
  request.components[1].required = false;
  EXPECT_EQ(objectives().verdict, gate_verdict::pass) << "it need not be there, and is not";
  for (auto& step : drill.steps) {
    if (step.component == "models") step.skipped = true;
  }
  EXPECT_THAT(objectives().details, testing::Contains("models: it had objectives, and was not restored"));
}

}  // namespace gate_drill_test
