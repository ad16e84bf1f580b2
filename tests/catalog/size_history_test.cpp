#include "knowngood/catalog/size_history.hpp"

#include <gtest/gtest.h>

#include "catalog/estate.hpp"

namespace size_history_test {

using namespace catalog_test;
using lines = std::vector<std::string>;

TEST(size_history, takes_the_middle_of_the_predecessors) {
  EXPECT_EQ(median_size({5}), 5);
  EXPECT_EQ(median_size({9, 1, 5}), 5);
  EXPECT_EQ(median_size({1, 1'000'000, 2, 3}), 2.5);
}

TEST(size_history, judges_drift_against_the_median) {
  struct sized {
    std::uint64_t size;
    std::vector<std::uint64_t> before;
    bool found;
  };
  const std::vector<sized> cases{
      {1000, {1000, 1000, 1000}, false},
      {1500, {1000, 1000, 1000}, false},
      {1501, {1000, 1000, 1000}, true},
      {500, {1000, 1000, 1000}, false},
      {499, {1000, 1000, 1000}, true},
      {1, {1000, 1000}, false},
      {1, {}, false},
      {1000, {1000, 1, 1'000'000}, false},
      {0, {0, 0, 0}, false},
      {1, {0, 0, 0}, true},
      {0, {1000, 1000, 1000}, true},
      {std::uint64_t{1} << 50U, {std::uint64_t{1} << 50U, std::uint64_t{1} << 50U, std::uint64_t{1} << 50U}, false}};
  for (const auto& one : cases) {
    EXPECT_EQ(judge_drift(location{"x"}, one.size, one.before, 0.5).has_value(), one.found) << one.size;
  }
  const auto what = judge_drift(location{"x"}, 499, {1000, 1000, 1000}, 0.5);
  ASSERT_TRUE(what);
  EXPECT_EQ(what->check, "size.drift");
  EXPECT_EQ(what->severity, severity::warning);
  EXPECT_EQ(what->expected, "500 to 1500 bytes: 50% around 1000");
  EXPECT_EQ(what->actual, "499 bytes, -50%");
  EXPECT_FALSE(judge_drift(location{"x"}, 0, {10, 10, 10}, 1.0)) << "100% below is nothing at all, and allowed";
}

const std::string component =
    "[component.d]\nname = \"{series}_{timestamp}.gz\"\nmin_size = \"100 B\"\nsize_drift = \"50%\"\nsize_history = 3\n";

TEST(size_history, judges_the_minimum_of_all_and_the_drift_of_the_newest_of_each_series) {
  const estate backups;
  for (int day = 1; day <= 4; ++day) {
    backups.file(fmt::format("d/a_2025120{}_000000.gz", day), 1000);
    backups.file(fmt::format("d/b_2025120{}_000000.gz", day), 9000);
  }
  const policy plan = backups.plan(component);
  const auto judged = [&] {
    const auto found = discover(plan);
    return judge_sizes(plan.components[0], found.components[0], at("2025-12-06"));
  };
  EXPECT_EQ(shown(judged()), lines{});
  backups.file("d/a_20251205_000000.gz", 9000);
  EXPECT_EQ(shown(judged()), lines{"warning size.drift"});
  backups.file("d/a_20251205_000000.gz", 99);
  EXPECT_EQ(shown(judged()), (lines{"error size.minimum", "warning size.drift"}));
  EXPECT_EQ(judged()[0].expected, "at least 100 bytes (100 B)");
  EXPECT_EQ(judged()[0].actual, "99 bytes");
  backups.file("d/a_20251205_000000.gz", 1000);
  backups.file("d/b_20251201_000000.gz", 5);
  EXPECT_EQ(shown(judged()), lines{"error size.minimum"})
      << "an old one, too; it is one of four predecessors and out of the history";
  backups.file("d/a_20260101_000000.gz", 50'000);
  EXPECT_EQ(shown(judged()), lines{"error size.minimum"}) << "one in the future is not the newest";
}

TEST(size_history, waits_for_what_may_still_be_being_written) {
  const estate backups;
  for (int day = 1; day <= 4; ++day) backups.file(fmt::format("d/a_2025120{}_000000.gz", day), 1000);
  backups.file("d/a_20251205_000000.gz", 7);
  const policy plan = backups.plan(component);
  const auto judged = [&](const std::string& now) {
    const auto found = discover(plan);
    return shown(judge_sizes(plan.components[0], found.components[0], at(now)));
  };
  EXPECT_EQ(judged("2025-12-05T01:00:00Z"), lines{"note size.minimum"}) << "its grace is two hours";
  EXPECT_EQ(judged("2025-12-05T03:00:00Z"), (lines{"error size.minimum", "warning size.drift"}));
}

TEST(size_history, remembers_as_many_predecessors_as_the_policy_says) {
  const estate backups;
  for (int day = 1; day <= 8; ++day) backups.file(fmt::format("d/d_2025120{}_000000.gz", day), day <= 4 ? 100 : 1000);
  const auto judged = [&](int history) {
    const policy plan = backups.plan(fmt::format(
        "[component.d]\nname = \"d_{{timestamp}}.gz\"\nsize_drift = \"50%\"\nsize_history = {}\n", history));
    const auto found = discover(plan);
    return shown(judge_sizes(plan.components[0], found.components[0], at("2025-12-09")));
  };
  EXPECT_EQ(judged(3), lines{});
  EXPECT_EQ(judged(7), lines{"warning size.drift"});
}

}  // namespace size_history_test
