// Backups of someone who has had the server, rehearsed under the eyes of strace and of canaries, which are no part of
// what is tested: nothing outside of the scratch directory is opened for writing or changed, no program is run, no
// connection made, nothing read that is not the server's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "scenarios/estate_copy.hpp"

namespace hostile_backups_test {

using namespace knowngood;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Files that everybody may read, and write but for one, so that it is not their modes that forbid it.
class hostile_backups : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    here_ = std::make_unique<scratch_directory>();
    const tool_run made = here_->run(
        "mkdir backups canaries drills out && chmod 755 . && chmod 711 drills && chmod 777 canaries && "
        "echo precious > canaries/file && echo secret-of-the-host > canaries/secret && chmod 666 canaries/file && '" +
        source_directory + "/tests/scenarios/make_hostile' \"$PWD/backups\" \"$PWD/canaries\" 2>&1");
    ASSERT_EQ(made.status, 0) << made.output;
    ASSERT_EQ(here_->run("ls canaries; cat canaries/file").output, "file\nproof\nsecret\ntaken\n")
        << "the attack works where nothing is in its way";
    ASSERT_EQ(here_->run("rm canaries/proof; echo precious > canaries/file").status, 0);
  }
  static void TearDownTestSuite() { here_.reset(); }

  static tool_run run(const std::string& command) { return here_->run(command); }

  // Modes, owners, sizes, contents and the moments of their last change of any kind.
  static std::string canaries() {
    return run("stat -c '%n %u %g %a %s %z' canaries canaries/* /etc/passwd /etc/group; ls -a canaries; "
               "cat canaries/file; ls /etc/knowngood-canary /tmp/knowngood-canary 2>/dev/null")
        .output;
  }

  static std::string drill(const std::string& paths) {
    return fmt::format("'{}' {} --scratch drills --color never --report out/r.json 2>&1", drill_program, paths);
  }

  // Runs a command under strace, and returns what it should not have done; last how much was looked at.
  static tool_run watched(const std::string& command) {
    return run("strace -f --seccomp-bpf -y -qq -s 300 -o trace -e trace=%file,%network,%process,fchmod,fchown " +
               command + " > said; code=$?; /usr/bin/python3 '" + source_directory +
               "/tests/scenarios/watched.py' trace drills out; exit $code");
  }

  // Whether this kernel keeps servers from files outside: told by the report's own finding.
  static bool confined() {
    for (const auto& step : read_json(here_->path() / "out/r.json").at("steps")) {
      for (const auto& one : step.at("findings")) {
        if (one.at("check") == "drill.unconfined" && one.at("severity") == "warning") return false;
      }
    }
    return true;
  }

  inline static std::unique_ptr<scratch_directory> here_;
};

TEST_F(hostile_backups, are_told_by_a_watcher_that_sees) {
  const std::pair<const char*, const char*> deeds[] = {
      {"echo x > canaries/other; rm canaries/other", "O_WRONLY|O_CREAT"},
      {"chmod 666 canaries/file", "fchmodat("},
      {"chown $(id -u) canaries/file", "fchownat("},
      {"touch -r canaries/secret canaries/file", "utimensat("},
      {"mv canaries/file canaries/x; mv canaries/x canaries/file", "rename"},
      {"/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET)'", "socket(AF_INET"},
      {"/usr/bin/true", "execve(\"/usr/bin/true\""}};
  for (const auto& [deed, told] : deeds) {
    const tool_run seen = watched(fmt::format("/bin/bash -c \"{}\"", deed));
    EXPECT_THAT(seen.output, AllOf(HasSubstr(told), HasSubstr("\nwritten "))) << deed;
  }
  ASSERT_EQ(run("echo precious > canaries/file; chmod 666 canaries/file").status, 0);
}

TEST_F(hostile_backups, reach_nothing_outside_of_the_scratch) {
  const std::string before = canaries();
  const tool_run control = watched(drill("backups/sound.sql backups/sound.tar"));
  EXPECT_EQ(control.status, 0) << run("cat said").output;
  EXPECT_THAT(control.output, testing::StartsWith("written ")) << "nothing is told of a sound one";
  if (!confined()) GTEST_SKIP() << "this kernel grants no namespaces here, and has no Landlock";

  const tool_run attacked = watched(drill("backups/hostile.sql backups/hostile.tar"));
  const std::string said = run("cat said").output;
  EXPECT_EQ(attacked.status, 1) << said;
  EXPECT_THAT(attacked.output, testing::StartsWith("written "));
  EXPECT_THAT(run("grep -c 'touch .*/proof' trace").output, Not("0\n")) << "it has tried";
  for (const char* found : {"load.refused", "boot.corrupt"}) EXPECT_THAT(said, HasSubstr(found));
  for (const auto& text : {said, here_->read("out/r.json")}) EXPECT_THAT(text, Not(HasSubstr("secret-of-the-host")));
  EXPECT_EQ(canaries(), before);
  EXPECT_EQ(run("ls -A drills").output, "");
}

// The server's own user, once it is known, plants links wherever it may, as fast as it can.
TEST_F(hostile_backups, and_races_of_the_servers_own_user_lead_root_nowhere) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, whom the server's user may lead astray";
  here_->write("race.sh", R"sh(
while [ ! -e stop ]; do
  data=$(ls -d drills/knowngood-drill-*/server/data 2>/dev/null) || continue
  uid=$(stat -c %u "$data" 2>/dev/null) || continue
  [ "$uid" != 0 ] || continue
  setpriv --reuid "$uid" --regid "$uid" --clear-groups /bin/sh -c '
    n=0
    while [ ! -e stop ] && [ $n -lt 200 ]; do
      n=$((n + 1))
      for name in log hba.conf server.conf ident.conf s data data/link data/base/link data/postmaster.opts s/.s.PGSQL.5432; do
        mv -T "$1/$name" "$1/$name.away" && echo "$name away" >> planted
        ln -sT "$PWD/canaries/file" "$1/$name" && echo "$name" >> planted
      done
    done' sh "${data%/data}" 2>/dev/null
done
)sh");
  ASSERT_EQ(run("chmod 644 race.sh; touch planted; chmod 666 planted").status, 0);
  const std::string before = canaries();
  for (int round = 0; round < 3; ++round) {
    const tool_run raced = run("rm -f stop; /bin/sh race.sh & race=$!\n" + drill("backups/sound.sql") +
                               "; code=$?\ntouch stop; wait $race; exit $code");
    EXPECT_THAT(raced.status, testing::AnyOf(0, 3)) << raced.output << "\na server that is sabotaged proves nothing";
    EXPECT_THAT(raced.output, Not(HasSubstr("precious")));
    EXPECT_EQ(canaries(), before);
    EXPECT_EQ(run("ls -A drills").output, "");
  }
  const std::string planted = here_->read("planted");
  for (const char* of_root : {"log", "hba.conf", "server.conf", "ident.conf"})
    EXPECT_THAT("\n" + planted, Not(HasSubstr("\n" + std::string{of_root} + "\n"))) << "root's to name";
  EXPECT_THAT(planted, HasSubstr("data/link\n")) << "the race has been run";
}

}  // namespace hostile_backups_test
