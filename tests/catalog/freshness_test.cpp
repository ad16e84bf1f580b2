#include "knowngood/catalog/freshness.hpp"

#include <gtest/gtest.h>

#include "catalog/estate.hpp"

namespace freshness_test {

using namespace catalog_test;
using lines = std::vector<std::string>;

const std::string nightly = R"(
[component.database]
name = "db_{timestamp}.gz"
schedule = "daily 02:00"
grace = "45m"
max_age = "26h"
)";

struct judgement {
  std::string what;
  std::string component;
  std::string zone;
  lines names;
  std::string now;
  lines expected;
};

std::vector<finding> judge(const judgement& one) {
  const estate backups;
  const policy plan = backups.plan(one.component, one.zone);
  backups.directory(plan.components.at(0).path);
  for (const auto& name : one.names) backups.file(plan.components[0].path + "/" + name);
  const auto listing = discover(plan);
  return judge_freshness(plan.components[0], listing.components[0], at(one.now));
}

void expect_all(const std::vector<judgement>& cases) {
  for (const auto& one : cases) EXPECT_EQ(shown(judge(one)), one.expected) << one.what << " (" << one.now << ")";
}

const std::string stale = "error presence.stale";
const std::string late_note = "note presence.late";
const std::string late_warning = "warning presence.late";
const std::string future = "error presence.future";
const std::string missing = "error presence.missing";

TEST(freshness, follows_the_examples_of_the_documentation) {
  expect_all({
      {"before the next is due", nightly, "UTC", {"db_20251203_020000.gz"}, "2025-12-04T01:50:00Z", {}},
      {"while the job may run", nightly, "UTC", {"db_20251203_020000.gz"}, "2025-12-04T02:10:00Z", {late_note}},
      {"yesterday's file only", nightly, "UTC", {"db_20251203_020000.gz"}, "2025-12-04T03:00:00Z", {stale}},
      {"today's is there",
       nightly,
       "UTC",
       {"db_20251203_020000.gz", "db_20251204_020000.gz"},
       "2025-12-04T03:00:00Z",
       {}},
      {"twelve minutes early", nightly, "UTC", {"db_20251204_014800.gz"}, "2025-12-04T03:00:00Z", {}},
      {"manual in the evening", nightly, "UTC", {"db_20251203_230000.gz"}, "2025-12-04T03:00:00Z", {stale}},
      {"made later, but made",
       nightly,
       "UTC",
       {"db_20251203_020000.gz", "db_20251204_083000.gz"},
       "2025-12-04T09:00:00Z",
       {}},
      {"dated tomorrow only", nightly, "UTC", {"db_20251205_020000.gz"}, "2025-12-04T03:00:00Z", {future, stale}},
      {"dated tomorrow besides",
       nightly,
       "UTC",
       {"db_20251204_020000.gz", "db_20251205_020000.gz"},
       "2025-12-04T03:00:00Z",
       {future}},
  });
}

TEST(freshness, draws_its_lines_to_the_second) {
  const lines yesterday{"db_20251203_020000.gz"};
  expect_all({
      {"one second before due", nightly, "UTC", yesterday, "2025-12-04T01:59:59Z", {}},
      {"due", nightly, "UTC", yesterday, "2025-12-04T02:00:00Z", {late_note}},
      {"the last second of the grace", nightly, "UTC", yesterday, "2025-12-04T02:44:59Z", {late_note}},
      {"the grace is over", nightly, "UTC", yesterday, "2025-12-04T02:45:00Z", {stale}},
      {"fifteen minutes early", nightly, "UTC", {"db_20251204_014500.gz"}, "2025-12-04T03:00:00Z", {}},
      {"a second more", nightly, "UTC", {"db_20251204_014459.gz"}, "2025-12-04T03:00:00Z", {stale}},
      {"five minutes in the future", nightly, "UTC", {"db_20251204_020500.gz"}, "2025-12-04T02:00:00Z", {}},
      {"a second more",
       nightly,
       "UTC",
       {"db_20251203_020000.gz", "db_20251204_020501.gz"},
       "2025-12-04T02:00:00Z",
       {future, late_note}},
  });
}

TEST(freshness, shows_both_values) {
  const auto found = judge({"", nightly, "UTC", {"db_20251203_020000.gz"}, "2025-12-04T03:30:00Z", {}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].where.to_string(), "database");
  EXPECT_EQ(found[0].expected, "an artifact of 2025-12-04 02:00 UTC or later");
  EXPECT_EQ(found[0].actual, "newest is db_20251203_020000.gz, 25h 30m old");
  const auto late = judge({"", nightly, "Europe/Berlin", {"db_20251203_020000.gz"}, "2025-12-04T01:10:00Z", {}});
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(late[0].message,
            "the artifact due at 2025-12-04 02:00 CET is not there yet; it is an error from 2025-12-04 02:45 CET");
  const auto old = judge({"",
                          "[component.x]\nname = \"x_{timestamp}\"\nmax_age = \"8d\"\n",
                          "UTC",
                          {"x_20251101_000000"},
                          "2025-12-04",
                          {}});
  ASSERT_EQ(old.size(), 1U);
  EXPECT_EQ(old[0].expected, "at most 8d old");
  EXPECT_EQ(old[0].actual, "newest is x_20251101_000000, 33d old");
  const auto ahead =
      judge({"", nightly, "UTC", {"db_20251204_020000.gz", "db_20251206_020000.gz"}, "2025-12-04T03:00:00Z", {}});
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_EQ(ahead[0].expected, "not after 2025-12-04 03:00 UTC");
  EXPECT_EQ(ahead[0].actual, "2025-12-06 02:00 UTC");
}

TEST(freshness, warns_of_lateness_when_asked_to) {
  const std::string component = nightly + "late_after = \"20m\"\n";
  const lines yesterday{"db_20251203_020000.gz"};
  expect_all({
      {"early in the grace", component, "UTC", yesterday, "2025-12-04T02:19:59Z", {late_note}},
      {"late in the grace", component, "UTC", yesterday, "2025-12-04T02:20:00Z", {late_warning}},
      {"after the grace", component, "UTC", yesterday, "2025-12-04T02:45:00Z", {stale}},
  });
}

TEST(freshness, judges_presence) {
  const std::string optional = nightly + "required = false\n";
  const std::string undated = "[component.x]\nname = \"latest.gz\"\n";
  const std::string whenever = "[component.x]\nname = \"x_{timestamp}\"\n";
  expect_all({
      {"nothing at all", nightly, "UTC", {}, "2025-12-04T02:10:00Z", {missing}},
      {"nothing, and nothing required", optional, "UTC", {}, "2025-12-04T03:00:00Z", {"note presence.missing"}},
      {"not required, but stale", optional, "UTC", {"db_20251201_020000.gz"}, "2025-12-04T03:00:00Z", {stale}},
      {"without a date, there", undated, "UTC", {"latest.gz"}, "2025-12-04T03:00:00Z", {}},
      {"without a date, not there", undated, "UTC", {}, "2025-12-04T03:00:00Z", {missing}},
      {"on change, years ago", whenever, "UTC", {"x_20010101_000000"}, "2025-12-04T03:00:00Z", {}},
      {"on change, only a bad date", whenever, "UTC", {"x_20011301_000000"}, "2025-12-04T03:00:00Z", {missing}},
      {"on change, only in the future",
       whenever,
       "UTC",
       {"x_20260101_000000"},
       "2025-12-04T03:00:00Z",
       {future, missing}},
      {"nightly, only a bad date", nightly, "UTC", {"db_20251304_020000.gz"}, "2025-12-04T03:00:00Z", {stale}},
  });
}

TEST(freshness, judges_max_age_alone) {
  const std::string weekly = "[component.logs]\nname = \"logs_{timestamp}\"\nmax_age = \"8d\"\n";
  expect_all({
      {"seven days", weekly, "UTC", {"logs_20251130_040000"}, "2025-12-07T05:00:00Z", {}},
      {"eight days", weekly, "UTC", {"logs_20251130_040000"}, "2025-12-08T04:00:00Z", {}},
      {"a second more", weekly, "UTC", {"logs_20251130_040000"}, "2025-12-08T04:00:01Z", {stale}},
      {"just made", weekly, "UTC", {"logs_20251204_040000"}, "2025-12-04T04:00:00Z", {}},
  });
}

TEST(freshness, max_age_waits_while_a_run_has_its_grace) {
  const std::string tight =
      "[component.database]\nname = \"db_{timestamp}.gz\"\nschedule = \"daily 02:00\"\nmax_age = \"24h\"\n";
  expect_all({
      {"ten minutes past due, and past max_age",
       tight,
       "UTC",
       {"db_20251203_020000.gz"},
       "2025-12-04T02:10:00Z",
       {late_note}},
      {"past the grace", tight, "UTC", {"db_20251203_020000.gz"}, "2025-12-04T04:00:00Z", {stale}},
      {"two nights missed, in the grace", tight, "UTC", {"db_20251202_020000.gz"}, "2025-12-04T02:10:00Z", {stale}},
  });
}

TEST(freshness, a_name_without_a_time_counts_for_its_whole_day) {
  const std::string bundles =
      "[component.git]\nname = \"r_{timestamp:%Y%m%d}.bundle\"\nschedule = \"daily 00:05\"\ngrace = \"1h\"\n";
  const std::string aged = "[component.git]\nname = \"r_{timestamp:%Y%m%d}.bundle\"\nmax_age = \"26h\"\n";
  expect_all({
      {"today's", bundles, "UTC", {"r_20251204.bundle"}, "2025-12-04T03:00:00Z", {}},
      {"yesterday's is not early", bundles, "UTC", {"r_20251203.bundle"}, "2025-12-04T03:00:00Z", {stale}},
      {"yesterday's, in the grace", bundles, "UTC", {"r_20251203.bundle"}, "2025-12-04T01:00:00Z", {late_note}},
      {"yesterday's may be from 23:59", aged, "UTC", {"r_20251203.bundle"}, "2025-12-05T01:59:59Z", {}},
      {"and is too old then", aged, "UTC", {"r_20251203.bundle"}, "2025-12-05T02:00:00Z", {stale}},
      {"today's is not in the future", aged, "UTC", {"r_20251204.bundle"}, "2025-12-04T00:00:01Z", {}},
      {"tomorrow's is", aged, "UTC", {"r_20251203.bundle", "r_20251205.bundle"}, "2025-12-04T12:00:00Z", {future}},
      {"today's in a zone ahead of UTC", aged, "Asia/Tokyo", {"r_20251205.bundle"}, "2025-12-04T15:30:00Z", {}},
  });
}

TEST(freshness, an_hourly_job_misses_no_hour) {
  const std::string hourly =
      "[component.x]\nname = \"x_{timestamp}\"\nschedule = \"hourly\"\ngrace = \"10m\"\nearly = \"2h\"\n";
  const std::string by_hour =
      "[component.x]\nname = \"x_{timestamp:%Y%m%d%H}\"\nschedule = \"hourly\"\ngrace = \"10m\"\n";
  expect_all({
      {"this hour's", hourly, "UTC", {"x_20251204_030000"}, "2025-12-04T03:10:00Z", {}},
      {"the last hour's", hourly, "UTC", {"x_20251204_020000"}, "2025-12-04T03:10:00Z", {stale}},
      {"however early is allowed, never more than half the way",
       hourly,
       "UTC",
       {"x_20251204_022900"},
       "2025-12-04T03:10:00Z",
       {stale}},
      {"half the way", hourly, "UTC", {"x_20251204_023000"}, "2025-12-04T03:10:00Z", {}},
      {"named by the hour, this one", by_hour, "UTC", {"x_2025120403"}, "2025-12-04T03:10:00Z", {}},
      {"named by the hour, the last", by_hour, "UTC", {"x_2025120402"}, "2025-12-04T03:10:00Z", {stale}},
  });
}

TEST(freshness, a_grace_longer_than_the_interval_forgives_the_runs_within_it) {
  const std::string slow =
      "[component.x]\nname = \"x_{timestamp}\"\nschedule = \"hourly\"\ngrace = \"3h\"\nlate_after = \"90m\"\n";
  expect_all({
      {"one behind", slow, "UTC", {"x_20251204_090000"}, "2025-12-04T10:30:00Z", {late_note}},
      {"two behind", slow, "UTC", {"x_20251204_090000"}, "2025-12-04T11:30:00Z", {late_warning}},
      {"three behind", slow, "UTC", {"x_20251204_090000"}, "2025-12-04T12:59:59Z", {late_warning}},
      {"the first of them has had its grace", slow, "UTC", {"x_20251204_090000"}, "2025-12-04T13:00:00Z", {stale}},
  });
}

TEST(freshness, does_not_cry_wolf_on_the_nights_on_which_clocks_change) {
  const std::string at_half_past_two =
      "[component.x]\nname = \"x_{timestamp}\"\nschedule = \"daily 02:30\"\ngrace = \"45m\"\nmax_age = \"26h\"\n";
  const std::string by_clock = "[component.x]\nname = \"x_{timestamp}\"\nschedule = \"hourly\"\ngrace = \"10m\"\n";
  expect_all({
      // Spring: cron runs it at 03:00 summer time, 01:00Z; another one might at 03:30.
      {"spring, run at three", at_half_past_two, "Europe/Berlin", {"x_20250330_030000"}, "2025-03-30T02:00:00Z", {}},
      {"spring, run at half past three",
       at_half_past_two,
       "Europe/Berlin",
       {"x_20250330_033000"},
       "2025-03-30T02:00:00Z",
       {}},
      {"spring, named by a clock that was not set",
       at_half_past_two,
       "Europe/Berlin",
       {"x_20250330_023000"},
       "2025-03-30T02:00:00Z",
       {}},
      {"spring, not run", at_half_past_two, "Europe/Berlin", {"x_20250329_023000"}, "2025-03-30T02:00:00Z", {stale}},
      {"spring, may still run",
       at_half_past_two,
       "Europe/Berlin",
       {"x_20250329_023000"},
       "2025-03-30T01:30:00Z",
       {late_note}},
      {"spring, the day after", at_half_past_two, "Europe/Berlin", {"x_20250331_023000"}, "2025-03-31T02:00:00Z", {}},
      // Autumn: 02:30 comes twice, it runs the first time, and the name does not say which.
      {"autumn, run", at_half_past_two, "Europe/Berlin", {"x_20251026_023000"}, "2025-10-26T02:00:00Z", {}},
      {"autumn, between the two", at_half_past_two, "Europe/Berlin", {"x_20251026_023000"}, "2025-10-26T00:50:00Z", {}},
      {"autumn, not run", at_half_past_two, "Europe/Berlin", {"x_20251025_023000"}, "2025-10-26T02:00:00Z", {stale}},
      {"autumn, the day after, before it is due",
       at_half_past_two,
       "Europe/Berlin",
       {"x_20251026_023000"},
       "2025-10-27T01:29:00Z",
       {}},
      {"autumn, hourly, the second 02:00 wrote the same name",
       by_clock,
       "Europe/Berlin",
       {"x_20251026_020000"},
       "2025-10-26T01:30:00Z",
       {}},
      {"autumn, hourly, it does not stand for 03:00",
       by_clock,
       "Europe/Berlin",
       {"x_20251026_020000"},
       "2025-10-26T02:15:00Z",
       {stale}},
      // UTC has no such nights.
      {"UTC", at_half_past_two, "UTC", {"x_20250330_023000"}, "2025-03-30T03:30:00Z", {}},
  });
}

TEST(freshness, follows_the_calendar_over_leap_days_and_months) {
  const std::string monthly = "[component.x]\nname = \"x_{timestamp}\"\nschedule = \"monthly 29 02:00\"\n";
  expect_all({
      {"leap year", monthly, "UTC", {"x_20240129_020000"}, "2024-02-29T05:00:00Z", {stale}},
      {"leap year, there", monthly, "UTC", {"x_20240229_020000"}, "2024-02-29T05:00:00Z", {}},
      {"no such day in this February", monthly, "UTC", {"x_20250129_020000"}, "2025-03-01T05:00:00Z", {}},
      {"the turn of the year", nightly, "UTC", {"db_20251231_020000.gz"}, "2026-01-01T01:00:00Z", {}},
      {"and after", nightly, "UTC", {"db_20251231_020000.gz"}, "2026-01-01T03:00:00Z", {stale}},
  });
}

TEST(freshness, judges_each_series_on_its_own) {
  const std::string found =
      "[component.v]\nname = \"{series}_{timestamp}.gz\"\nschedule = \"daily 03:00\"\ngrace = \"1h\"\n";
  const std::string listed = found + "series = [\"postgres\", \"redis\"]\n";
  const std::string now = "2025-12-04T05:00:00Z";
  const lines both{"postgres_20251204_030000.gz", "redis_20251204_030000.gz"};
  expect_all({
      {"both fresh", found, "UTC", both, now, {}},
      {"one stale", found, "UTC", {"postgres_20251204_030000.gz", "redis_20251203_030000.gz"}, now, {stale}},
      {"nothing", found, "UTC", {}, now, {missing}},
      {"both fresh and listed", listed, "UTC", both, now, {}},
      {"a listed one missing", listed, "UTC", {"postgres_20251204_030000.gz"}, now, {missing}},
      {"both missing", listed, "UTC", {}, now, {missing, missing}},
      {"a fresh one unlisted", listed, "UTC", {both[0], both[1], "new_20251204_030000.gz"}, now, {}},
      {"a stale one unlisted",
       listed,
       "UTC",
       {both[0], both[1], "old_20251101_030000.gz"},
       now,
       {"warning presence.stale"}},
  });
  const auto one = judge({"", listed, "UTC", {"postgres_20251204_030000.gz"}, now, {}});
  EXPECT_EQ(one.at(0).where.to_string(), "v » redis");
}

TEST(freshness, says_nothing_of_a_directory_that_could_not_be_listed) {
  const estate backups;
  const policy plan = backups.plan(nightly);
  const auto found = discover(plan);
  ASSERT_FALSE(found.components[0].listed);
  EXPECT_TRUE(judge_freshness(plan.components[0], found.components[0], at("2025-12-04")).empty());
}

TEST(freshness, misses_a_promised_file_only_when_the_job_is_done) {
  const estate backups;
  const policy plan = backups.plan(
      "[component.m]\nkind = \"models\"\nname = \"m_{timestamp}.gz\"\nchecksum = \"{stem}.sha256\"\nmanifest = "
      "\"{stem}.json\"\n"
      "grace = \"45m\"\n");
  backups.file("m/m_20251204_100000.gz");
  backups.file("m/m_20251204_100000.json");
  const auto& component = plan.components[0];
  const auto sidecars = [&](const std::string& now) {
    const auto found = discover(plan);
    return shown(judge_sidecars(component, found.components[0].artifacts.at(0), at(now)));
  };
  EXPECT_EQ(sidecars("2025-12-04T10:44:59Z"), (lines{"note checksum.sidecar-missing"}));
  EXPECT_EQ(sidecars("2025-12-04T10:45:00Z"), (lines{"error checksum.sidecar-missing"}));
  backups.file("m/m_20251204_100000.sha256");
  EXPECT_EQ(sidecars("2025-12-04T10:45:00Z"), lines{});
  std::filesystem::remove(backups.path("m/m_20251204_100000.json"));
  EXPECT_EQ(sidecars("2025-12-04T12:00:00Z"), (lines{"error manifest.missing"}));
  EXPECT_EQ(sidecars("2025-12-01T12:00:00Z"), (lines{"error manifest.missing"}))
      << "a date in the future excuses nothing";
}

TEST(freshness, knows_the_newest_and_its_age) {
  const estate backups;
  for (const std::string name :
       {"db_20251202_020000.gz", "db_20251203_020000.gz", "db_20251209_020000.gz", "db_20259909_020000.gz"})
    backups.file("database/" + name);
  const policy plan = backups.plan(nightly);
  const auto found = discover(plan);
  const auto* newest = newest_artifact(found.components[0], at("2025-12-04T03:00:00Z"));
  ASSERT_NE(newest, nullptr);
  EXPECT_EQ(newest->name, "db_20251203_020000.gz");
  EXPECT_EQ(age_of(*newest, at("2025-12-04T03:00:00Z")), std::chrono::hours{25});
  EXPECT_EQ(newest_artifact(found.components[0], at("2025-12-01T03:00:00Z")), nullptr);
  EXPECT_EQ(age_of(found.components[0].artifacts[0], at("2025-12-04")), std::nullopt) << "the one whose date is none";
}

}  // namespace freshness_test
