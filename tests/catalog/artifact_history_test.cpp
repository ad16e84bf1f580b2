#include "knowngood/catalog/artifact_history.hpp"

#include <gtest/gtest.h>

#include "catalog/estate.hpp"
#include "knowngood/catalog/size_history.hpp"

namespace artifact_history_test {

using namespace catalog_test;
using lines = std::vector<std::string>;

const std::string component =
    "[component.d]\nname = \"{series}_{timestamp}.gz\"\nsize_drift = \"50%\"\nsize_history = 3\n";

/// What a run saw of `name` in the component's directory.
past_artifact seen(const estate& backups, const std::string& name, const std::string& when, std::uint64_t size,
                   bool sound = true) {
  return {backups.path("d/" + name), "", at(when), size, std::string(64, 'a'), sound};
}

class past_artifacts : public ::testing::Test {
 protected:
  lines judged() {
    const auto found = discover(plan_);
    const component_listing& listing = found.components[0];
    return shown(
        judge_sizes(plan_.components[0], listing, at("2025-12-09"), history_.of(plan_.components[0], listing)));
  }

  estate backups_;
  policy plan_ = backups_.plan(component);
  artifact_history history_;
};

TEST_F(past_artifacts, are_those_of_the_component_in_its_directory_under_its_names_oldest_first) {
  backups_.directory("d");
  history_.add("d", seen(backups_, "b_20251203_000000.gz", "2025-12-03", 1));
  history_.add("d", seen(backups_, "a_20251202_000000.gz", "2025-12-02", 2));
  history_.add("d", seen(backups_, "a_20251202_000000.gz", "2025-12-02", 3));  // an older run's word on the same file
  history_.add("d", seen(backups_, "notes.txt", "2025-12-02", 4));
  history_.add("d", {"/elsewhere/a_20251201_000000.gz", "", at("2025-12-01"), 5, "", true});
  history_.add("e", seen(backups_, "a_20251201_000000.gz", "2025-12-01", 6));
  const auto found = discover(plan_);
  const auto past = history_.of(plan_.components[0], found.components[0]);
  ASSERT_EQ(past.size(), 2U);
  EXPECT_EQ(past[0].series, "a");
  EXPECT_EQ(past[0].size, 2U);
  EXPECT_EQ(past[1].series, "b");
}

TEST_F(past_artifacts, are_measured_by_where_retention_has_removed_them) {
  backups_.file("d/a_20251207_000000.gz", 100);
  backups_.file("d/a_20251208_000000.gz", 10);
  EXPECT_EQ(judged(), lines{}) << "one predecessor is no history";
  history_.add("d", seen(backups_, "a_20251201_000000.gz", "2025-12-01", 100));
  history_.add("d", seen(backups_, "b_20251202_000000.gz", "2025-12-02", 100));  // another series
  EXPECT_EQ(judged(), lines{});
  history_.add("d", seen(backups_, "a_20251202_000000.gz", "2025-12-02", 100));
  EXPECT_EQ(judged(), lines{"warning size.drift"});
}

TEST_F(past_artifacts, count_once_while_they_are_still_there) {
  for (int day = 6; day <= 7; ++day) {
    const std::string name = fmt::format("a_2025120{}_000000.gz", day);
    backups_.file("d/" + name, 100);
    history_.add("d", seen(backups_, name, fmt::format("2025-12-0{}", day), 100));
  }
  backups_.file("d/a_20251208_000000.gz", 10);
  history_.add("d", seen(backups_, "a_20251208_000000.gz", "2025-12-08", 10));  // an earlier run of today
  EXPECT_EQ(judged(), lines{}) << "two are no history";
}

TEST_F(past_artifacts, that_were_wanting_measure_nothing_there_or_gone) {
  for (int day = 1; day <= 3; ++day) backups_.file(fmt::format("d/a_2025120{}_000000.gz", day), 100);
  for (int day = 4; day <= 7; ++day) {
    const std::string name = fmt::format("a_2025120{}_000000.gz", day);
    if (day != 4) backups_.file("d/" + name, 10);
    history_.add("d", seen(backups_, name, fmt::format("2025-12-0{}", day), 10, false));
  }
  backups_.file("d/a_20251208_000000.gz", 100);
  EXPECT_EQ(judged(), lines{}) << "the failures of a week are not what it is measured by";
  backups_.file("d/a_20251208_000000.gz", 10);
  EXPECT_EQ(judged(), lines{"warning size.drift"});
  backups_.file("d/a_20251207_000000.gz", 100);
  backups_.file("d/a_20251206_000000.gz", 100);
  backups_.file("d/a_20251205_000000.gz", 100);
  backups_.file("d/a_20251208_000000.gz", 100);
  EXPECT_EQ(judged(), lines{}) << "made again since, they count";
}

TEST_F(past_artifacts, later_than_the_newest_there_is_are_no_predecessors) {
  for (int day = 1; day <= 4; ++day) backups_.file(fmt::format("d/a_2025120{}_000000.gz", day), 100);
  for (int day = 5; day <= 8; ++day) {
    history_.add("d", seen(backups_, fmt::format("a_2025120{}_000000.gz", day), fmt::format("2025-12-0{}", day), 1000));
  }
  EXPECT_EQ(judged(), lines{});
}

}  // namespace artifact_history_test
