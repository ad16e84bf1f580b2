#include "knowngood/drill/time_limit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace time_limit_test {

using namespace knowngood;

bool asked_within(const time_limit& limit, std::chrono::milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!limit.flag().requested() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return limit.flag().requested();
}

TEST(time_limit, asks_when_the_caller_does) {
  std::atomic<bool> stop{false};
  const time_limit limit{stop, std::chrono::hours{1}};
  EXPECT_FALSE(asked_within(limit, std::chrono::milliseconds{200}));
  stop = true;
  EXPECT_TRUE(asked_within(limit, std::chrono::seconds{5}));
  EXPECT_FALSE(limit.expired());
}

TEST(time_limit, asks_when_the_time_is_up) {
  const time_limit limit{{}, std::chrono::seconds{1}};
  EXPECT_TRUE(asked_within(limit, std::chrono::seconds{10}));
  EXPECT_TRUE(limit.expired());
}

TEST(time_limit, of_nothing_is_none) {
  const auto started = std::chrono::steady_clock::now();
  {
    const time_limit limit{{}, std::chrono::seconds{0}};
    EXPECT_FALSE(asked_within(limit, std::chrono::milliseconds{300}));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{5}) << "it ends with its object";
}

}  // namespace time_limit_test
