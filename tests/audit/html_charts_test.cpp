#include "knowngood/audit/html_charts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace html_charts_test {

using namespace knowngood;
using detail::html_recovery_chart;
using detail::html_sparkline;
using testing::HasSubstr;
using testing::Not;

moment at(const char* text) { return *parse_moment(text); }

TEST(html_sparkline, says_what_it_draws) {
  const std::string svg = html_sparkline({{1024, false}, {1536, false}, {2048, false}});
  EXPECT_THAT(svg,
              HasSubstr("aria-label=\"size over 3 nights: from 1.0 KiB to 2.0 KiB, between 1.0 KiB and 2.0 KiB\""));
  EXPECT_THAT(svg, HasSubstr("d=\"M4.0 26.0L60.0 15.0L116.0 4.0\""));
  EXPECT_THAT(svg, HasSubstr("+100 % in 3 nights"));
}

TEST(html_sparkline, breaks_where_nothing_is_known) {
  EXPECT_THAT(html_sparkline({{10, false}, {std::nullopt, false}, {10, false}}), HasSubstr("d=\"M4.0 4.0M116.0 4.0\""));
  EXPECT_EQ(html_sparkline({{10, false}, {std::nullopt, false}}), "");
  EXPECT_EQ(html_sparkline({}), "");
}

TEST(html_sparkline, a_small_change_looks_small) {
  EXPECT_THAT(html_sparkline({{1'000'000, false}, {1'010'000, false}}), HasSubstr("d=\"M4.0 5.1L116.0 4.0\""));
  EXPECT_THAT(html_sparkline({{0, false}, {0, false}}), HasSubstr("<path")) << "and nothing divides by zero";
  EXPECT_THAT(html_sparkline({{std::numeric_limits<std::uint64_t>::max(), false}, {0, true}}),
              HasSubstr("class=\"x\""));
}

TEST(html_recovery_chart, draws_a_bar_for_each_drill_and_the_objective) {
  const std::string svg =
      html_recovery_chart("database", {{at("2025-09-01"), 1'260, 900, true}, {at("2025-11-24"), 561, 900, false}});
  EXPECT_THAT(
      svg,
      HasSubstr(
          "database: restore time of 2 drills; 2025-09-01 21m of 15m, objective missed; 2025-11-24 9m 21s of 15m"));
  EXPECT_THAT(svg, HasSubstr("class=\"bar bad\""));
  EXPECT_THAT(svg, HasSubstr(">✗ 21m</text>"));
  EXPECT_THAT(svg, HasSubstr(">9m</text>"));
  EXPECT_THAT(svg, HasSubstr("objective 15m</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"goal\""));
}

TEST(html_recovery_chart, tells_a_missed_objective_from_another_failure) {
  const std::string svg = html_recovery_chart("all", {{at("2025-09-01"), 10, 900, true}});
  EXPECT_THAT(svg, HasSubstr("class=\"bar failed\""));
  EXPECT_THAT(svg, HasSubstr(", failed"));
  EXPECT_THAT(svg, Not(HasSubstr("bar bad")));
  EXPECT_THAT(html_recovery_chart("all", {{at("2025-09-01"), 10, std::nullopt, false}}), HasSubstr("no objective"));
}

TEST(html_recovery_chart, shows_the_newest_eight) {
  std::vector<detail::recovery_point> drills;
  for (int i = 0; i < 20; ++i)
    drills.push_back({at("2025-01-01") + std::chrono::days{i}, 60.0 + i, std::nullopt, false});
  const std::string svg = html_recovery_chart("x", drills);
  EXPECT_THAT(svg, HasSubstr("restore time of 8 drills; 2025-01-13"));
  EXPECT_THAT(svg, Not(HasSubstr("2025-01-12")));
}

TEST(html_recovery_chart, takes_any_numbers_and_any_name) {
  EXPECT_EQ(html_recovery_chart("x", {}), "");
  EXPECT_EQ(html_recovery_chart("x", {{moment{}, std::numeric_limits<double>::quiet_NaN(), 1, false}}), "");
  const std::string svg = html_recovery_chart(
      "<x\">",
      {{moment::max(), 1e300, std::numeric_limits<std::int64_t>::max(), false}, {moment::min(), 0, -5, false}});
  EXPECT_THAT(svg, HasSubstr("&lt;x&quot;&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_LT(svg.size(), 20'000U);
}

}  // namespace html_charts_test
