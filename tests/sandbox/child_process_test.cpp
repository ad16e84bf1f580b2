#include "knowngood/sandbox/child_process.hpp"

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "sandbox/shell_process.hpp"

namespace knowngood {
namespace child_process_test {

using std::chrono::seconds;

TEST(child_process, runs_beside_us_and_writes_its_log) {
  const scratch_directory here;
  child_process server{shell("echo ready; trap 'echo asked; exit 7' TERM; while :; do sleep 0.02; done"),
                       (here.path() / "log").string(), SIGKILL};
  EXPECT_TRUE(server.running());
  for (int i = 0; i < 200 && here.read("log").find("ready") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_TRUE(server.stop(SIGTERM, seconds{5}));
  EXPECT_FALSE(server.running());
  EXPECT_EQ(server.exit_code(), 7);
  EXPECT_EQ(here.read("log"), "ready\nasked\n");
}

TEST(child_process, ends_the_group_of_one_that_will_not_end) {
  const scratch_directory here;
  auto request = shell("trap '' TERM; sleep 100 & echo $! > child; while :; do sleep 0.02; done");
  request.directory = here.path().string();
  child_process server{request, (here.path() / "log").string(), SIGKILL};
  const auto written = [&] { return std::filesystem::exists(here.path() / "child") && !here.read("child").empty(); };
  for (int i = 0; i < 500 && !written(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_FALSE(server.stop(SIGTERM, seconds{1}));
  EXPECT_FALSE(server.running());
  EXPECT_EQ(server.exit_code(), 128 + SIGKILL);
  EXPECT_TRUE(ends_soon(std::stoi(here.read("child"))));
}

TEST(child_process, ends_with_its_object_and_follows_no_link_for_its_log) {
  const scratch_directory here;
  pid_t pid = 0;
  {
    child_process server{shell("sleep 100"), (here.path() / "log").string(), SIGKILL};
    pid = server.pid();
    ASSERT_TRUE(is_alive(pid));
  }
  EXPECT_FALSE(is_alive(pid));
  ASSERT_EQ(here.run("ln -s victim link").status, 0);
  EXPECT_THROW((child_process{shell("sleep 100"), (here.path() / "link").string(), SIGKILL}), environment_error);
  EXPECT_FALSE(std::filesystem::exists(here.path() / "victim"));
}

}  // namespace child_process_test
}  // namespace knowngood
