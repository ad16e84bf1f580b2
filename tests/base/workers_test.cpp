#include "knowngood/base/workers.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

namespace workers_test {

using namespace knowngood;

TEST(start_workers, shares_the_work) {
  std::atomic<int> next{0};
  std::atomic<int> done{0};
  const auto work = [&] {
    while (next++ < 1000) ++done;
  };
  {
    const auto others = start_workers(3, work);
    EXPECT_EQ(others.size(), 3U);
    work();
  }
  EXPECT_EQ(done, 1000);
  EXPECT_TRUE(start_workers(0, work).empty());
}

// Where a process may have no other thread. Root is bound by no such limit, so that the child becomes nobody.
TEST(start_workers, goes_on_with_as_many_as_the_host_gives) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{1, 1};
    if (::geteuid() == 0 && ::setresuid(54'321, 54'321, 54'321) != 0) ::_exit(3);
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(4);
    std::atomic<int> done{0};
    const auto work = [&] { ++done; };
    {
      const auto others = start_workers(3, work);
      if (!others.empty()) ::_exit(5);
      work();
    }
    ::_exit(done == 1 ? 0 : 6);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace workers_test
