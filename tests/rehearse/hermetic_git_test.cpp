#include "knowngood/rehearse/hermetic_git.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "knowngood/testing/scratch_directory.hpp"

namespace hermetic_git_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::HasSubstr;

/// git, or in its place a script of ours that is first in the PATH.
class hermetic : public testing::Test {
 protected:
  hermetic() {
    if (const char* const path = std::getenv("PATH")) path_ = path;
  }
  ~hermetic() override { ::setenv("PATH", path_.c_str(), 1); }

  void stand_in(const std::string& script) {
    std::filesystem::create_directories(here_.path() / "bin");
    here_.write("bin/git", "#!/bin/sh\n" + script + "\n");
    ASSERT_EQ(here_.run("chmod +x bin/git").status, 0);
    ::setenv("PATH", ((here_.path() / "bin").string() + ":" + path_).c_str(), 1);
  }
  [[nodiscard]] hermetic_git git() const { return hermetic_git{here_.path(), {}}; }
  [[nodiscard]] static std::string blamed(const hermetic_git& git) {
    try {
      return fmt::format("exit {}", git.run({"fsck"}).exit_code);
    } catch (const environment_error& error) {
      return error.what();
    }
  }

  const scratch_directory here_;

 private:
  std::string path_;
};

TEST_F(hermetic, git_knows_nothing_of_the_machines_configuration) {
  here_.write(".gitconfig", "[user]\n\tname = somebody\n[alias]\n\thello = !echo hello\n");
  ASSERT_EQ(here_.run("HOME=. git config user.name").output, "somebody\n");
  EXPECT_NE(git().run({"config", "user.name"}).exit_code, 0);
  EXPECT_NE(git().run({"hello"}).exit_code, 0);
  EXPECT_EQ(git().run({"config", "core.hooksPath"}).output, "/dev/null\n");
}

TEST_F(hermetic, git_inherits_no_variable_but_the_path) {
  stand_in("env");
  ::setenv("GIT_DIR", "/nowhere", 1);
  ::setenv("KNOWNGOOD_TEST_SECRET", "s3cret", 1);
  hermetic_git git = this->git();
  std::string seen = git.run({"fsck"}).output;
  EXPECT_THAT(seen, testing::Not(testing::AnyOf(HasSubstr("GIT_DIR"), HasSubstr("s3cret"))));
  EXPECT_THAT(seen, HasSubstr("HOME=" + here_.path().string() + "\n"));
  EXPECT_THAT(seen, HasSubstr("GIT_CONFIG_NOSYSTEM=1\n"));
  git.set("HOME", "/other");
  git.unset("GIT_CONFIG_NOSYSTEM");
  seen = git.run({"fsck"}).output;
  EXPECT_THAT(seen, HasSubstr("HOME=/other\n"));
  EXPECT_THAT(seen, testing::Not(HasSubstr("\nHOME=" + here_.path().string() + "\n")));
  EXPECT_THAT(seen, testing::Not(HasSubstr("GIT_CONFIG_NOSYSTEM")));
  ::unsetenv("GIT_DIR");
  ::unsetenv("KNOWNGOOD_TEST_SECRET");
}

TEST_F(hermetic, git_hands_on_its_output_line_by_line_and_bounded) {
  stand_in("printf 'one\\n\\ntwo\\n'; head -c 70000 /dev/zero | tr '\\0' x; printf '\\nlast'; echo complaint >&2");
  std::vector<std::string> lines;
  const process_result done = git().lines({"log"}, "/", [&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_EQ(done.output, "complaint\n");
  EXPECT_THAT(lines, ElementsAre("one", "", "two", std::string(65'536, 'x'), "last"));
}

TEST_F(hermetic, git_is_not_held_against_a_backup_where_the_host_is_at_fault) {
  const auto saying = [&](const std::string& complaint, int code = 128) {
    stand_in(fmt::format("echo 'fatal: {}' >&2; exit {}", complaint, code));
    return blamed(git());
  };
  EXPECT_EQ(saying("bad object HEAD"), "exit 128");
  EXPECT_EQ(saying("No space left on device", 0), "exit 0") << "it went well all the same";
  EXPECT_EQ(saying("write error: No space left on device"), "git fsck found no space left on the device");
  EXPECT_THAT(saying("fetch-pack: Cannot allocate memory"), HasSubstr("found no memory"));
  EXPECT_THAT(saying("index-pack died of signal 9"), HasSubstr("was killed"));
  EXPECT_EQ(saying("index-pack died of signal 11"), "exit 128") << "which damage may bring about";
  EXPECT_THAT(saying("x: Permission denied"), HasSubstr("permission denied"));
  stand_in("kill -9 $$");
  EXPECT_THAT(blamed(git()), HasSubstr("was killed"));
}

}  // namespace hermetic_git_test
