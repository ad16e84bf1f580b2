#include "knowngood/catalog/schedule.hpp"

#include <gtest/gtest.h>

#include "catalog/estate.hpp"

namespace schedule_test {

using namespace catalog_test;

struct due_case {
  std::string schedule;
  std::string zone;
  std::string now;
  std::string last;
  std::string next;
};

TEST(schedule, knows_when_a_job_was_due_and_will_be) {
  const std::vector<due_case> cases{
      {"daily 02:00", "UTC", "2025-12-04T03:00:00Z", "2025-12-04T02:00:00Z", "2025-12-05T02:00:00Z"},
      {"daily 02:00", "UTC", "2025-12-04T02:00:00Z", "2025-12-04T02:00:00Z", "2025-12-05T02:00:00Z"},
      {"daily 02:00", "UTC", "2025-12-04T01:59:59Z", "2025-12-03T02:00:00Z", "2025-12-04T02:00:00Z"},
      {"daily at 2:00", "UTC", "2026-01-01T01:00:00Z", "2025-12-31T02:00:00Z", "2026-01-01T02:00:00Z"},
      {"0 2 * * *", "UTC", "2025-12-04T03:00:00Z", "2025-12-04T02:00:00Z", "2025-12-05T02:00:00Z"},
      {"@daily", "UTC", "2025-12-04T03:00:00Z", "2025-12-04T00:00:00Z", "2025-12-05T00:00:00Z"},
      {"hourly", "UTC", "2025-12-04T03:10:00Z", "2025-12-04T03:00:00Z", "2025-12-04T04:00:00Z"},
      {"weekly sun 05:00", "UTC", "2025-12-04T03:00:00Z", "2025-11-30T05:00:00Z", "2025-12-07T05:00:00Z"},
      {"Weekly on Sunday at 05:00", "UTC", "2025-12-07T05:00:00Z", "2025-12-07T05:00:00Z", "2025-12-14T05:00:00Z"},
      {"monthly 1 02:00", "UTC", "2025-12-01T01:00:00Z", "2025-11-01T02:00:00Z", "2025-12-01T02:00:00Z"},
      {"monthly 31 02:00", "UTC", "2025-07-01T00:00:00Z", "2025-05-31T02:00:00Z", "2025-07-31T02:00:00Z"},
      {"0 0 29 2 *", "UTC", "2025-12-04T00:00:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"},
      {"30 4 1,15 * fri", "UTC", "2025-12-04T00:00:00Z", "2025-12-01T04:30:00Z", "2025-12-05T04:30:00Z"},
      {"daily 02:00", "Europe/Berlin", "2025-07-04T00:00:00Z", "2025-07-04T00:00:00Z", "2025-07-05T00:00:00Z"},
      {"daily 02:00", "Europe/Berlin", "2025-12-04T00:59:00Z", "2025-12-03T01:00:00Z", "2025-12-04T01:00:00Z"},
      {"daily 00:30", "Asia/Tokyo", "2025-12-04T15:00:00Z", "2025-12-03T15:30:00Z", "2025-12-04T15:30:00Z"},
      // The night of spring: 02:00 to 03:00 is skipped, 01:00Z is 03:00 in summer time.
      {"daily 02:30", "Europe/Berlin", "2025-03-30T00:59:59Z", "2025-03-29T01:30:00Z", "2025-03-30T01:00:00Z"},
      {"daily 02:30", "Europe/Berlin", "2025-03-30T01:00:00Z", "2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z"},
      {"0,30 2 * * *", "Europe/Berlin", "2025-03-30T00:30:00Z", "2025-03-29T01:30:00Z", "2025-03-30T01:00:00Z"},
      {"0,30 2,3 * * *", "Europe/Berlin", "2025-03-30T01:00:00Z", "2025-03-30T01:00:00Z", "2025-03-30T01:30:00Z"},
      {"30 * * * *", "Europe/Berlin", "2025-03-30T00:40:00Z", "2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z"},
      // The night of autumn: 02:00 to 03:00 comes twice.
      {"daily 02:30", "Europe/Berlin", "2025-10-26T01:45:00Z", "2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z"},
      {"30 * * * *", "Europe/Berlin", "2025-10-26T00:30:00Z", "2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"},
      // A day that a zone never had: Samoa went over the date line, 30 December 2011.
      {"daily 02:00", "Pacific/Apia", "2011-12-30T11:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T12:00:00Z"},
      // Clocks that go forward at midnight.
      {"daily 00:15", "America/Santiago", "2025-09-07T03:59:00Z", "2025-09-06T04:15:00Z", "2025-09-07T04:00:00Z"},
  };
  for (const auto& one : cases) {
    const schedule when{one.schedule, time_zone{one.zone}};
    ASSERT_TRUE(when.periodic());
    SCOPED_TRACE(fmt::format("{} in {} at {}", one.schedule, one.zone, one.now));
    EXPECT_EQ(to_rfc3339(when.last_due(at(one.now)).value()), one.last);
    EXPECT_EQ(to_rfc3339(when.next_due(at(one.now)).value()), one.next);
  }
}

TEST(schedule, is_never_due_when_backups_are_made_on_change) {
  for (const schedule& when : {schedule{}, schedule{"on-change", time_zone{}}, schedule{" On-Change ", time_zone{}}}) {
    EXPECT_FALSE(when.periodic());
    EXPECT_FALSE(when.last_due(at("2025-12-04")));
    EXPECT_FALSE(when.next_due(at("2025-12-04")));
    EXPECT_EQ(when.longest_interval(), std::chrono::seconds{0});
  }
}

TEST(schedule, agrees_with_a_clock_that_ticks_every_minute) {
  // cron itself: look at the wall clock once a minute and run what matches.
  const std::vector<std::pair<std::string, bool (*)(int, int, int, int, unsigned)>> cases{
      {"*/7 3-5 * * *",
       [](int minute, int hour, int, int, unsigned) { return minute % 7 == 0 && hour >= 3 && hour <= 5; }},
      {"15 23 1-7 * *",
       [](int minute, int hour, int day, int, unsigned) { return minute == 15 && hour == 23 && day <= 7; }},
      {"0 12 13 * fri", [](int minute, int hour, int day, int,
                           unsigned weekday) { return minute == 0 && hour == 12 && (day == 13 || weekday == 5); }},
      {"40 * * jan-mar,11 1-5", [](int minute, int, int, int month, unsigned weekday) {
         return minute == 40 && (month <= 3 || month == 11) && weekday >= 1 && weekday <= 5;
       }}};
  for (const auto& [text, matches] : cases) {
    const schedule when{text, time_zone{}};
    moment due = *when.last_due(at("2024-02-20T00:00:00Z"));
    for (moment now = at("2024-02-20T00:00:00Z"); now < at("2024-03-20T00:00:00Z"); now += std::chrono::minutes{1}) {
      const auto day = std::chrono::floor<std::chrono::days>(now);
      const std::chrono::year_month_day date{day};
      const auto minutes = static_cast<int>((now - day).count() / 60);
      if (matches(minutes % 60, minutes / 60, static_cast<int>(static_cast<unsigned>(date.day())),
                  static_cast<int>(static_cast<unsigned>(date.month())), std::chrono::weekday{day}.c_encoding())) {
        ASSERT_EQ(*when.next_due(due), now) << text;
        due = now;
      }
      if (minutes % 61 == 0) {
        ASSERT_EQ(*when.last_due(now), due) << text << " at " << to_rfc3339(now);
      }
    }
  }
}

TEST(schedule, runs_every_day_exactly_once_whatever_the_clocks_do) {
  for (const std::string zone :
       {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"}) {
    for (const std::string time : {"00:00", "00:30", "01:45", "02:00", "02:30", "03:00", "23:59"}) {
      const schedule when{"daily " + time, time_zone{zone}};
      int runs = 0;
      for (moment due = *when.next_due(at("2024-01-01T12:00:00Z")); due < at("2026-01-01T12:00:00Z");
           due = *when.next_due(due)) {
        ++runs;
        ASSERT_EQ(when.last_due(due), due);
        ASSERT_LT(*when.last_due(due - std::chrono::seconds{1}), due);
      }
      EXPECT_EQ(runs, 731) << zone << " " << time;
    }
  }
}

TEST(schedule, knows_its_longest_pause) {
  const auto hours = [](const std::string& text, const std::string& zone = "UTC") {
    return schedule{text, time_zone{zone}}.longest_interval() / std::chrono::hours{1};
  };
  EXPECT_EQ(hours("daily 02:00"), 24);
  EXPECT_EQ(hours("daily 04:00", "Europe/Berlin"), 25);
  EXPECT_EQ(hours("weekly sun 05:00"), 168);
  EXPECT_EQ(hours("0 2 * * 1-5"), 72);
  EXPECT_EQ(hours("monthly 1 02:00"), 31 * 24);
  EXPECT_EQ(hours("monthly 31 02:00"), 61 * 24) << "from the end of a month of 31 days, over one without";
  EXPECT_EQ(hours("hourly"), 1);
  EXPECT_EQ(hours("hourly", "Europe/Berlin"), 1);
  EXPECT_EQ(hours("0 0 29 2 *"), 1461 * 24);
}

TEST(schedule, suggests_the_nearest_right_form) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "must not be empty"},
      {"dayly 02:00", "did you mean `daily 02:00`?"},
      {"daily", "did you mean `daily 02:00`?"},
      {"daily 25:00", "`25:00` in the schedule `daily 25:00` is no time of day"},
      {"daily 2", "no time of day"},
      {"daily 02:60", "no time of day"},
      {"weekly 05:00", "did you mean `weekly sun 05:00`?"},
      {"weekly snu 05:00", "did you mean `sun`?"},
      {"monthly 02:00", "did you mean `monthly 1 02:00`?"},
      {"monthly 32 02:00", "out of range: 1 to 31"},
      {"on-chnage", "did you mean `on-change`?"},
      {"@dayly", "did you mean `@daily`?"},
      {"every full moon", "there are `hourly`"},
      {"0 2 * *", "4 fields"},
      {"hourly 05:00", "did you mean `hourly`?"}};
  for (const auto& [text, expected] : cases) {
    const std::string message = mistake([&, wrong = text] { static_cast<void>(schedule{wrong, time_zone{}}); });
    EXPECT_NE(message.find(expected), std::string::npos) << text << ": " << message;
  }
}

}  // namespace schedule_test
