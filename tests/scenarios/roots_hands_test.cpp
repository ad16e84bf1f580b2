// Drills that root runs while another process of the server's user does its worst in the scratch directory: nothing of
// root's is read, written, or given away outside of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "scenarios/estate_copy.hpp"

namespace roots_hands_test {

using namespace knowngood;
using ::testing::HasSubstr;
using ::testing::Not;

// Plants links to root's files under every name that a drill makes, as fast as it can, until `stop` is there; writes
// down those that it could plant.
constexpr const char* attacker = R"py(
import glob, os
names = ["server", "01-boot", "02-boot", "owner.lock", "server/log", "server/hba.conf", "server/ident.conf",
         "server/server.conf", "server/data", "server/s", "01-boot/server", "02-boot/server", "02-boot/server/log",
         "02-boot/server/hba.conf"]
outside = os.path.abspath("outside/file")
while not os.path.exists("stop"):
    for root in glob.glob("drills/knowngood-drill-*"):
        for name in names:
            path = os.path.join(root, name)
            for what, act in (("", lambda: os.symlink(outside, path)), (" away", lambda: os.rename(path, path + ".away"))):
                try:
                    act()
                    with open("planted", "a") as planted:
                        planted.write(name + what + "\n")
                except OSError:
                    pass
)py";

TEST(drill_by_root, is_not_led_astray_by_the_servers_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, whom somebody else may lead astray";
  const estate_copy estate;
  const scratch_directory& here = estate.scratch();
  here.write("attack.py", attacker);
  ASSERT_EQ(
      here.run("mkdir drills outside && chmod 755 . drills && echo precious > outside/file && chmod 600 outside/file "
               "&& touch planted && chmod 666 planted attack.py")
          .status,
      0);
  const std::string before = here.run("stat -c '%u %a %s' outside outside/file; cat outside/file").output;
  for (int round = 0; round < 3; ++round) {
    const tool_run run = here.run(
        fmt::format("rm -f stop; su postgres -s /bin/sh -c 'exec python3 attack.py' & attack=$!\n"
                    "'{}' --policy '{}/docs/examples/ner11.toml' --root estate --now {} --scratch drills --color never "
                    "--component database --component volumes --report r.json > said 2>&1; code=$?\n"
                    "touch stop; wait $attack; cat said; exit $code",
                    drill_program, source_directory, estate_now)
            .c_str());
    EXPECT_EQ(run.status, 0) << run.output;
    EXPECT_THAT(run.output, Not(HasSubstr("precious")));
    EXPECT_THAT(here.read("r.json"), Not(HasSubstr("precious")));
    EXPECT_EQ(here.run("stat -c '%u %a %s' outside outside/file; cat outside/file").output, before);
    EXPECT_EQ(here.read("planted"), "") << "names of root's that the server's user could take";
    EXPECT_EQ(estate.left_behind(), "");
  }
}

TEST(drill_by_root, refuses_a_scratch_directory_that_others_can_write) {
  const estate_copy estate;
  ASSERT_EQ(estate.scratch().run("mkdir drills && chmod 777 drills").status, 0);
  const std::string command = fmt::format(
      "'{}' --policy '{}/docs/examples/ner11.toml' --root estate --now {} --scratch drills --color never "
      "--component models 2>&1",
      drill_program, source_directory, estate_now);
  const tool_run refused = estate.scratch().run(command);
  EXPECT_EQ(refused.status, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("may write in it, and rename what is not theirs"));
  ASSERT_EQ(estate.scratch().run("chmod +t drills").status, 0);
  const tool_run sticky = estate.scratch().run(command);
  EXPECT_EQ(sticky.status, 0) << sticky.output;
}

}  // namespace roots_hands_test
