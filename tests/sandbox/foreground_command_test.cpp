#include "knowngood/sandbox/foreground_command.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "knowngood/testing/scratch_directory.hpp"

namespace foreground_command_test {

using namespace knowngood;

TEST(foreground_command, returns_how_it_ended) {
  EXPECT_EQ(foreground_command({"true"}, {}).wait({}), 0);
  EXPECT_EQ(foreground_command({"sh", "-c", "exit 7"}, {}).wait({}), 7);
  EXPECT_EQ(foreground_command({"sh", "-c", "kill -TERM $$"}, {}).wait({}), 128 + SIGTERM);
}

TEST(foreground_command, has_our_environment_and_the_given_variables_over_it) {
  ::setenv("KNOWNGOOD_TEST_OURS", "ours", 1);
  ::setenv("KNOWNGOOD_TEST_BOTH", "ours", 1);
  const std::string asks = "test \"$KNOWNGOOD_TEST_OURS $KNOWNGOOD_TEST_BOTH\" = 'ours given'";
  EXPECT_EQ(foreground_command({"sh", "-c", asks}, {{"KNOWNGOOD_TEST_BOTH", "given"}}).wait({}), 0);
  EXPECT_NE(foreground_command({"sh", "-c", asks}, {}).wait({}), 0);
  ::unsetenv("KNOWNGOOD_TEST_OURS");
  ::unsetenv("KNOWNGOOD_TEST_BOTH");
}

TEST(foreground_command, that_is_not_there_is_an_error_that_names_it) {
  try {
    foreground_command{{"knowngood-no-such-program"}, {}};
    FAIL();
  } catch (const environment_error& error) {
    EXPECT_NE(std::string{error.what()}.find("knowngood-no-such-program"), std::string::npos);
  }
}

TEST(foreground_command, ends_when_it_is_asked_to_and_with_its_object) {
  const scratch_directory here;
  std::atomic<bool> stop{false};
  foreground_command command{{"sleep", "100"}, {}};
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    stop = true;
  }};
  EXPECT_EQ(command.wait(stop), 128 + SIGTERM);
  later.join();
  const std::string path = (here.path() / "ended").string();
  {
    const foreground_command left{
        {"sh", "-c", "trap 'echo ended > \"" + path + "\"; exit' TERM; while :; do sleep 0.02; done"}, {}};
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
  }
  EXPECT_EQ(here.read("ended"), "ended\n");
}

}  // namespace foreground_command_test
