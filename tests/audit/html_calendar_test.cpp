#include "knowngood/audit/html_calendar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_history.hpp"

namespace html_calendar_test {

using namespace knowngood;
using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

moment at(const char* text) { return *parse_moment(text); }

report run(moment begun, verdict value = verdict::sound) {
  report r = samples::sound(1);
  r.started = r.finished = begun;
  r.verdict = r.artifacts[0].verdict = value;
  r.exit_code = value == verdict::unsound ? 1 : value == verdict::unchecked ? 3 : 0;
  return r;
}

std::string calendar(std::vector<report> runs, moment now, std::chrono::seconds every = hours{24},
                     unsigned months = 12) {
  const evidence shown = gather_evidence(std::move(runs));
  return detail::html_calendar{shown.history, now, every, months}.html();
}

/// The class of a day's cell.
std::string look(const std::string& html, const std::string& day) {
  const std::size_t title = html.find("title=\"" + day + ":");
  if (title == std::string::npos) return "idle";
  const std::size_t begin = html.rfind("class=\"", title) + 7;
  return html.substr(begin, html.find('"', begin) - begin);
}

TEST(html_calendar, gives_each_night_its_verdict) {
  const std::string html = calendar(
      {run(at("2025-12-01T03:00:00Z")), run(at("2025-12-02T03:00:00Z"), verdict::unsound),
       run(at("2025-12-03T03:00:00Z"), verdict::unchecked), run(at("2025-12-04T03:00:00Z"), verdict::unprotected)},
      at("2025-12-04T12:00:00Z"));
  EXPECT_EQ(look(html, "2025-12-01"), "sound");
  EXPECT_EQ(look(html, "2025-12-02"), "unsound");
  EXPECT_EQ(look(html, "2025-12-03"), "unchecked");
  EXPECT_EQ(look(html, "2025-12-04"), "unprotected");
  EXPECT_EQ(look(html, "2025-12-05"), "idle");
  EXPECT_THAT(html, HasSubstr("<b>4 nights</b>: 1 sound, 1 unprotected, 1 unchecked, 1 unsound"));
}

TEST(html_calendar, the_worst_of_a_day_counts) {
  for (const bool worst_first : {true, false}) {
    const std::string html =
        calendar({run(at("2025-12-01T03:00:00Z"), worst_first ? verdict::unsound : verdict::sound),
                  run(at("2025-12-01T09:00:00Z"), worst_first ? verdict::sound : verdict::unsound)},
                 at("2025-12-01T12:00:00Z"));
    EXPECT_EQ(look(html, "2025-12-01"), "unsound");
    EXPECT_THAT(html, HasSubstr("(worst of 2 runs)"));
  }
}

TEST(html_calendar, a_night_without_a_run_is_a_failure) {
  const std::string html =
      calendar({run(at("2025-12-01T03:00:00Z")), run(at("2025-12-03T03:00:00Z"))}, at("2025-12-03T12:00:00Z"));
  EXPECT_EQ(look(html, "2025-12-02"), "none");
  EXPECT_THAT(html, HasSubstr("1 without a run"));
  EXPECT_EQ(look(html, "2025-11-30"), "idle") << "before the first";
}

TEST(html_calendar, nights_missing_up_to_now_show) {
  const std::string html = calendar({run(at("2025-12-01T03:00:00Z"))}, at("2025-12-04T12:00:00Z"));
  for (const char* day : {"2025-12-02", "2025-12-03", "2025-12-04"}) EXPECT_EQ(look(html, day), "none") << day;
}

TEST(html_calendar, a_night_that_has_not_come_yet_is_none_missing) {
  const std::string html = calendar({run(at("2025-12-01T03:00:00Z"))}, at("2025-12-02T02:00:00Z"));
  EXPECT_EQ(look(html, "2025-12-02"), "now");
  EXPECT_THAT(html, Not(HasSubstr("without a run")));
}

TEST(html_calendar, a_change_of_the_clock_is_none_either) {
  // 00:30 in Berlin: 22:30 UTC in summer, 23:30 in winter; and at 01:30 the other way over midnight.
  const std::string html =
      calendar({run(at("2025-10-25T23:30:00Z")), run(at("2025-10-27T00:30:00Z")), run(at("2025-10-28T00:30:00Z"))},
               at("2025-10-28T12:00:00Z"));
  EXPECT_EQ(look(html, "2025-10-26"), "idle");
  EXPECT_THAT(html, HasSubstr("<b>3 nights</b>: 3 sound"));
}

TEST(html_calendar, a_weekly_run_is_not_missed_daily) {
  const std::vector<report> runs{run(at("2025-11-16T03:00:00Z")), run(at("2025-11-23T03:00:00Z"))};
  EXPECT_THAT(calendar(runs, at("2025-11-24T03:00:00Z"), std::chrono::days{7}), HasSubstr("<b>2 nights</b>: 2 sound"));
  EXPECT_THAT(calendar(runs, at("2025-11-24T03:00:00Z")), HasSubstr("without a run"));
}

TEST(html_calendar, a_part_that_holds_is_no_night) {
  report whole = samples::night(at("2025-12-01T03:00:00Z"), 1);
  const std::string html =
      calendar({whole, run(at("2025-12-02T09:00:00Z")), run(at("2025-12-03T09:00:00Z"), verdict::unsound)},
               at("2025-12-03T12:00:00Z"));
  EXPECT_EQ(look(html, "2025-12-02"), "none");
  EXPECT_THAT(html, HasSubstr("verify looked at a part only"));
  EXPECT_EQ(look(html, "2025-12-03"), "unsound") << "a part that does not hold counts";
}

TEST(html_calendar, shows_drills_beside_nights) {
  const std::string html = calendar(samples::month(), samples::last_night);
  EXPECT_EQ(look(html, "2025-11-24"), "sound drilled");
  EXPECT_THAT(html, Not(HasSubstr("September 2025"))) << "nights begin with the first run of verify";
}

TEST(html_calendar, is_bounded_whatever_the_dates) {
  std::vector<report> runs{run(moment{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}}),
                           run(at("2025-12-01T03:00:00Z")), run(at("2999-01-01T00:00:00Z")), run(moment::max())};
  const std::string html = calendar(runs, at("2025-12-01T12:00:00Z"), hours{24}, 3);
  EXPECT_THAT(html, HasSubstr("Runs before 2025-10-01 are not shown."));
  EXPECT_THAT(html, HasSubstr("2 runs dated in the future and not shown."));
  EXPECT_LT(html.size(), 100'000U);
  EXPECT_THAT(calendar({}, moment{}), HasSubstr("no run"));
  EXPECT_THAT(calendar({run(at("2025-12-01T03:00:00Z"))}, moment::min()), HasSubstr("dated in the future"));
  EXPECT_LT(calendar({run(at("2025-12-01T03:00:00Z"))}, moment::max(), hours{24}, 2).size(), 100'000U);
}

}  // namespace html_calendar_test
