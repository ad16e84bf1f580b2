#include "knowngood/base/background_threads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace background_threads_test {

using namespace knowngood;

TEST(background_threads, joins_what_it_started) {
  std::atomic<int> done = 0;
  {
    background_threads threads;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(threads.start([&] { ++done; }));
    threads.join();
    EXPECT_EQ(done, 3);
    threads.require(location{"x"}, [&] { ++done; });
  }
  EXPECT_EQ(done, 4);
}

TEST(background_threads, tells_work_that_waits_to_end_before_it_joins) {
  std::mutex mutex;
  std::condition_variable changed;
  bool closing = false;
  const background_threads threads_that_do_nothing{[] {}};
  background_threads threads{[&] {
    {
      const std::lock_guard lock{mutex};
      closing = true;
    }
    changed.notify_all();
  }};
  EXPECT_TRUE(threads.start([&] {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return closing; });
  }));
}

// As a limit of processes does it, without being in the way of other tests: there is no room for a stack.
TEST(background_threads, goes_on_without_one_that_the_system_refuses) {
  EXPECT_EXIT(
      {
        std::atomic<bool> closing = false;
        std::string said;
        int started = 0;
        {
          background_threads threads{[&] { closing = true; }};
          const auto wait = [&] {
            while (!closing) ::usleep(1'000);
          };
          rlimit none{};
          none.rlim_cur = none.rlim_max = 1;
          ::setrlimit(RLIMIT_AS, &none);
          // stacks of threads that have ended are used again
          while (started < 1'000 && threads.start(wait)) ++started;
          try {
            threads.require(location{"rows"}, wait);
          } catch (const environment_error& error) {
            said = error.what();
          }
        }
        ::_exit(started < 1'000 && said.find("thread") != std::string::npos ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace background_threads_test
