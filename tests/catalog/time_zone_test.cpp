#include "knowngood/catalog/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catalog/estate.hpp"

namespace time_zone_test {

using namespace catalog_test;

civil_time civil(const std::string& text) { return civil_time{at(text + "Z").time_since_epoch()}; }

TEST(time_zone, is_utc_by_default_and_by_name) {
  for (const time_zone& zone : {time_zone{}, time_zone{"UTC"}, time_zone{"Etc/UTC"}}) {
    EXPECT_EQ(zone.to_civil(at("2025-12-04T02:00:00Z")), civil("2025-12-04 02:00:00"));
    EXPECT_EQ(zone.to_moments(civil("2025-12-04 02:00:00")),
              (civil_moments{at("2025-12-04T02:00:00Z"), at("2025-12-04T02:00:00Z")}));
    EXPECT_EQ(zone.format(at("2025-12-04T02:00:00Z")), "2025-12-04 02:00 UTC");
  }
}

TEST(time_zone, knows_both_nights_on_which_clocks_change) {
  const time_zone berlin{"Europe/Berlin"};
  EXPECT_EQ(berlin.to_moments(civil("2025-03-30 01:59:59")),
            (civil_moments{at("2025-03-30T00:59:59Z"), at("2025-03-30T00:59:59Z")}));
  EXPECT_EQ(berlin.to_moments(civil("2025-03-30 02:00:00")),
            (civil_moments{at("2025-03-30T01:00:00Z"), at("2025-03-30T01:00:00Z"), true}));
  EXPECT_EQ(berlin.to_moments(civil("2025-03-30 02:30:00")),
            (civil_moments{at("2025-03-30T01:30:00Z"), at("2025-03-30T01:30:00Z"), true}));
  EXPECT_EQ(berlin.to_moments(civil("2025-03-30 03:00:00")),
            (civil_moments{at("2025-03-30T01:00:00Z"), at("2025-03-30T01:00:00Z")}));
  EXPECT_EQ(berlin.first_not_before(civil("2025-03-30 02:30:00")), at("2025-03-30T01:00:00Z"));
  EXPECT_EQ(berlin.first_not_before(civil("2025-03-30 04:30:00")), at("2025-03-30T02:30:00Z"));
  EXPECT_EQ(berlin.to_moments(civil("2025-10-26 01:59:59")),
            (civil_moments{at("2025-10-25T23:59:59Z"), at("2025-10-25T23:59:59Z")}));
  EXPECT_EQ(berlin.to_moments(civil("2025-10-26 02:30:00")),
            (civil_moments{at("2025-10-26T00:30:00Z"), at("2025-10-26T01:30:00Z")}));
  EXPECT_EQ(berlin.to_moments(civil("2025-10-26 03:00:00")),
            (civil_moments{at("2025-10-26T02:00:00Z"), at("2025-10-26T02:00:00Z")}));
  EXPECT_EQ(berlin.format(at("2025-07-04T00:00:00Z")), "2025-07-04 02:00 CEST");
  EXPECT_EQ(berlin.format(at("2025-12-04T01:00:07Z")), "2025-12-04 02:00:07 CET");
}

TEST(time_zone, goes_by_half_hours_where_the_clocks_do) {
  const time_zone lord_howe{"Australia/Lord_Howe"};
  EXPECT_EQ(lord_howe.to_moments(civil("2025-04-06 01:45:00")),
            (civil_moments{at("2025-04-05T14:45:00Z"), at("2025-04-05T15:15:00Z")}));
  EXPECT_EQ(time_zone{"Asia/Kolkata"}.to_civil(at("2025-12-04T00:00:00Z")), civil("2025-12-04 05:30:00"));
}

TEST(time_zone, names_the_nearest_zone_for_a_wrong_one) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"Europe/Berln", "`Europe/Berlin`"},
      {"europe/berlin", "`Europe/Berlin`"},
      {"Berlin", "`Europe/Berlin`"},
      {"New York", "`America/New_York`"},
      {"utc", "`UTC`"},
      {"UCT1", "did you mean"},
      {"", "write it like Europe/Berlin"},
      {"somewhere over the rainbow", "write it like Europe/Berlin"},
      {"../../etc/passwd", "unknown time zone"},
      {"a\x1b[2J", "unknown time zone `a\\x1b[2J`"}};
  for (const auto& [wrong, expected] : cases) {
    const std::string message = mistake([&, name = wrong] { static_cast<void>(time_zone{name}); });
    EXPECT_NE(message.find(expected), std::string::npos) << wrong << ": " << message;
  }
}

TEST(time_zone, reads_every_zone_of_the_database_and_its_closing_rule) {
  for (const auto& zone : date::get_tzdb().zones) EXPECT_EQ(time_zone{zone.name()}.name(), zone.name());
  EXPECT_EQ(detail::zone_rule("Europe/Berlin"), "CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(detail::zone_rule("Asia/Kolkata"), "IST-5:30");
  EXPECT_EQ(detail::zone_rule("Nowhere/At_all"), "");
}

TEST(time_zone, agrees_with_date_from_coreutils) {
  const estate scratch;
  for (const std::string name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
                                 "Asia/Kathmandu", "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "UTC"}) {
    const time_zone zone{name};
    std::ostringstream asked;
    std::vector<moment> moments;
    for (moment when = at("2023-12-30T00:10:00Z"); when < at("2030-01-03T00:00:00Z");
         when += std::chrono::minutes{7 * 60 + 13}) {
      moments.push_back(when);
      asked << '@' << when.time_since_epoch().count() << '\n';
    }
    std::ofstream{scratch.path("moments")} << asked.str();
    const std::string command = fmt::format("TZ={} date -f '{}' '+%Y-%m-%d %H:%M:%S' > '{}'", name,
                                            scratch.path("moments"), scratch.path("civil"));
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::ifstream answers{scratch.path("civil")};
    std::string line;
    for (const moment when : moments) {
      ASSERT_TRUE(std::getline(answers, line));
      const civil_time shown_there = civil(line);
      ASSERT_EQ(zone.to_civil(when), shown_there) << name << " at " << to_rfc3339(when);
      const civil_moments back = zone.to_moments(shown_there);
      ASSERT_TRUE(back.first == when || back.last == when)
          << name << ": " << line << " does not lead back to " << to_rfc3339(when);
      ASSERT_FALSE(back.skipped);
    }
  }
}

}  // namespace time_zone_test
