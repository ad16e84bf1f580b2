#include "knowngood/ledger/ledger_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "knowngood/testing/scratch_directory.hpp"

namespace ledger_directory_test {

using namespace knowngood;
using testing::HasSubstr;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::string trouble(const std::function<void()>& action) {
  try {
    action();
  } catch (const environment_error& error) {
    EXPECT_FALSE(error.advice().empty());
    return error.what();
  }
  return "none";
}

class ledger_directory_test : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return (here_.path() / name).string(); }
  scratch_directory here_;
  const ledger_directory directory_ = ledger_directory::open(here_.path().string());
};

TEST_F(ledger_directory_test, makes_one_directory_and_not_the_way_to_it) {
  EXPECT_NO_THROW((void)ledger_directory::open_or_create(at("new")));
  EXPECT_NO_THROW((void)ledger_directory::open_or_create(at("new")));
  EXPECT_NO_THROW((void)ledger_directory::open_or_create(at("slash/")));
  EXPECT_TRUE(fs::is_directory(at("slash")));
  EXPECT_THAT(trouble([&] { (void)ledger_directory::open_or_create(at("mnt/usb/ledger")); }), HasSubstr("No such file"))
      << "a disk that is not mounted must not become a new ledger";
  here_.write("file", "");
  EXPECT_THAT(trouble([&] { (void)ledger_directory::open_or_create(at("file")); }), HasSubstr("Not a directory"));
  EXPECT_THAT(trouble([&] { (void)ledger_directory::open(at("none")); }), HasSubstr("No such file"));
}

TEST_F(ledger_directory_test, writes_and_reads_files_below_it) {
  directory_.write("a/b/c", "bytes", 0444);
  EXPECT_EQ(directory_.read("a/b/c", 100), "bytes");
  EXPECT_EQ(here_.read("a/b/c"), "bytes");
  EXPECT_EQ(fs::status(at("a/b/c")).permissions(), fs::perms{0444});
  directory_.write("a/b/c", "replaced", 0444);
  EXPECT_EQ(directory_.read("a/b/c", 100), "replaced");
  EXPECT_EQ(std::distance(fs::directory_iterator{at("a/b")}, {}), 1) << "no temporary file is left";
  EXPECT_EQ(directory_.read("a/b/none", 100), std::nullopt);
  EXPECT_EQ(directory_.read("none/b/c", 100), std::nullopt);
  EXPECT_THAT(trouble([&] { (void)directory_.read("a/b/c", 7); }), HasSubstr("at most"));
  EXPECT_TRUE(directory_.remove("a/b/c"));
  EXPECT_FALSE(directory_.remove("a/b/c"));
  EXPECT_FALSE(directory_.remove("none/c"));
}

TEST_F(ledger_directory_test, obeys_the_umask) {
  const mode_t before = ::umask(077);
  directory_.write("private", "x", 0444);
  ::umask(before);
  EXPECT_EQ(fs::status(at("private")).permissions(), fs::perms{0400});
}

TEST_F(ledger_directory_test, replaces_the_temporary_file_of_a_run_that_was_killed) {
  here_.write(".head.dsse.tmp", "half");
  ASSERT_EQ(ledger_directory::temporary_of("head.dsse"), ".head.dsse.tmp");
  ASSERT_EQ(ledger_directory::temporary_of("a/b"), "a/.b.tmp");
  directory_.write("head.dsse", "whole", 0644);
  EXPECT_EQ(here_.read("head.dsse"), "whole");
  EXPECT_FALSE(fs::exists(at(".head.dsse.tmp")));
  fs::create_symlink(at("victim"), at(".head.dsse.tmp"));
  directory_.write("head.dsse", "again", 0644);
  EXPECT_FALSE(fs::exists(at("victim")));
}

TEST_F(ledger_directory_test, follows_no_link_and_leaves_by_no_name) {
  fs::create_directories(at("inside"));
  fs::create_directories(at("outside"));
  here_.write("outside/secret", "x");
  const auto inside = ledger_directory::open(at("inside"));
  fs::create_directory_symlink("../outside", at("inside/link"));
  fs::create_symlink("../outside/secret", at("inside/file"));
  EXPECT_EQ(inside.open_file("link/secret").error, ELOOP);
  EXPECT_EQ(inside.open_file("file").error, ELOOP);
  EXPECT_EQ(inside.open_file("../outside/secret").error, ENOENT) << "`..` leads nowhere";
  EXPECT_EQ(inside.open_file("/etc/passwd").error, ENOENT) << "nor does a leading slash";
  EXPECT_EQ(inside.open_file(".").error, ELOOP) << "a directory is no file";
  EXPECT_NE(trouble([&] { inside.write("link/new", "x", 0644); }), "none");
  EXPECT_NE(trouble([&] { (void)inside.remove("link/secret"); }), "none");
  EXPECT_NE(trouble([&] { (void)inside.read("file", 10); }), "none");
  EXPECT_FALSE(fs::exists(at("outside/new")));
  EXPECT_TRUE(fs::exists(at("outside/secret")));
  inside.write("file", "own", 0644);
  EXPECT_EQ(here_.read("outside/secret"), "x") << "a link is replaced, its target is not written to";
  EXPECT_EQ(here_.read("inside/file"), "own");
}

TEST_F(ledger_directory_test, opens_no_pipe_and_no_device) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(directory_.open_file("pipe").error, ELOOP);
  EXPECT_EQ(directory_.open_file("pipe", O_RDWR).error, ELOOP);
}

TEST_F(ledger_directory_test, locks_out_writers_and_lets_readers_share) {
  using kind = ledger_lock::kind;
  { const ledger_lock none{directory_, kind::shared, milliseconds{0}}; }
  EXPECT_FALSE(fs::exists(at("ledger.lock"))) << "a reader writes nothing";
  {
    const ledger_lock held{directory_, kind::exclusive, milliseconds{0}};
    EXPECT_THAT(trouble([&] { const ledger_lock other(directory_, kind::exclusive, milliseconds{60}); }),
                HasSubstr("another run has held the ledger's lock for 0.1s"));
    EXPECT_THAT(trouble([&] { const ledger_lock other(directory_, kind::shared, milliseconds{0}); }),
                HasSubstr("lock"));
  }
  const ledger_lock one{directory_, kind::shared, milliseconds{0}};
  const ledger_lock two{directory_, kind::shared, milliseconds{0}};
  EXPECT_NE(trouble([&] { const ledger_lock other(directory_, kind::exclusive, milliseconds{0}); }), "none");
}

TEST_F(ledger_directory_test, locks_nothing_that_a_link_points_to) {
  fs::create_symlink(at("victim"), at("ledger.lock"));
  EXPECT_NE(trouble([&] { const ledger_lock lock(directory_, ledger_lock::kind::exclusive, milliseconds{0}); }),
            "none");
  EXPECT_FALSE(fs::exists(at("victim")));
}

}  // namespace ledger_directory_test
