#include "knowngood/sandbox/scratch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/server/postgres_programs.hpp"
#include "knowngood/server/postgres_server.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {
namespace scratch_test {

using std::filesystem::exists;
using testing::HasSubstr;

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    names.push_back(entry.path().filename().string());
  return names;
}

/// What a sweep reports about `parent`; what else lies in /tmp is other tests'.
std::vector<finding> sweep(const std::filesystem::path& parent) {
  finding_list found;
  sweep_scratch(parent, found);
  std::vector<finding> all = found.snapshot();
  std::erase_if(all, [&](const finding& one) { return one.where.chain().front().find(parent.string() + "/") != 0; });
  return all;
}

/// A drill that was killed after `body`: its scratch stays.
template <typename Body>
std::filesystem::path killed_drill(const std::filesystem::path& parent, Body&& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    drill_scratch scratch{parent, std::nullopt};
    body(scratch);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(pid, nullptr, 0);
  for (const auto& name : names_in(parent)) {
    if (name.starts_with("knowngood-drill-") && !std::filesystem::is_symlink(parent / name)) return parent / name;
  }
  throw std::runtime_error{"no scratch is left"};
}

/// Processes whose working directory lies below `directory`, whoever started them.
int standing_below(const std::filesystem::path& directory) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    std::error_code gone;
    const std::string cwd = std::filesystem::read_symlink(entry.path() / "cwd", gone).string();
    if (!gone && cwd.starts_with(directory.string() + "/")) ++found;
  }
  return found;
}

void make_old(const std::filesystem::path& path) {
  const timespec times[2] = {{::time(nullptr) - 7200, 0}, {::time(nullptr) - 7200, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
}

TEST(drill_scratch, is_private_and_gone_afterwards) {
  const scratch_directory here;
  drill_scratch scratch{here.path(), unprivileged_user()};
  struct stat about {};
  ASSERT_EQ(::stat(scratch.path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, unprivileged_user() ? 0711U : 0700U);
  EXPECT_EQ(about.st_uid, ::geteuid()) << "whoever runs servers passes through, and changes nothing";
  EXPECT_EQ(scratch.path().parent_path(), std::filesystem::canonical(here.path()));
  const auto made = scratch.make("models");
  ASSERT_EQ(::stat(made.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0700U);
  EXPECT_THROW(scratch.make("models"), environment_error);
  scratch.remove();
  EXPECT_TRUE(names_in(here.path()).empty());
}

TEST(drill_scratch, is_gone_with_its_object_and_kept_when_asked) {
  const scratch_directory here;
  { const drill_scratch scratch{here.path(), std::nullopt}; }
  EXPECT_TRUE(names_in(here.path()).empty());
  std::filesystem::path kept;
  {
    drill_scratch scratch{here.path(), std::nullopt};
    std::ofstream{scratch.path() / "file"} << "x";
    scratch.keep();
    kept = scratch.path();
  }
  EXPECT_TRUE(sweep(here.path()).empty());
  EXPECT_TRUE(exists(kept / "file"));
}

TEST(drill_scratch, says_why_it_cannot_be_made) {
  const scratch_directory here;
  here.write("file", "x");
  EXPECT_THROW((drill_scratch{here.path() / "missing", std::nullopt}), environment_error);
  EXPECT_THROW((drill_scratch{here.path() / "file", std::nullopt}), environment_error);
  finding_list found;
  EXPECT_THROW(sweep_scratch(here.path() / "missing", found), environment_error);
}

TEST(drill_scratch, is_not_made_where_others_can_put_something_else_in_its_place) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run("mkdir own all sticky group theirs && chmod 755 own && chmod 777 all && chmod 1777 sticky && chmod "
               "775 group")
          .status,
      0);
  for (const char* safe : {"own", "sticky"}) {
    const drill_scratch made{here.path() / safe, unprivileged_user()};
  }
  EXPECT_THROW((drill_scratch{here.path() / "all", unprivileged_user()}), environment_error);
  ASSERT_EQ(here.run("mkdir all/own sticky/own && chmod 755 all/own sticky/own").status, 0);
  EXPECT_THROW((drill_scratch{here.path() / "all/own", unprivileged_user()}), environment_error) << "one above it";
  { const drill_scratch made{here.path() / "sticky/own", unprivileged_user()}; }
  if (const auto user = unprivileged_user()) {
    ASSERT_EQ(::chown((here.path() / "group").c_str(), 0, user->gid), 0);
    EXPECT_THROW((drill_scratch{here.path() / "group", user}), environment_error);
    ASSERT_EQ(::chown((here.path() / "theirs").c_str(), user->uid, user->gid), 0);
    EXPECT_THROW((drill_scratch{here.path() / "theirs", user}), environment_error);
  }
}

TEST(drill_scratch, removes_what_may_not_be_read_and_follows_no_link) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run("mkdir -p victim/sub && echo precious > victim/file && echo precious > victim/sub/file && mkdir parent")
          .status,
      0);
  drill_scratch scratch{here.path() / "parent", std::nullopt};
  const scratch_directory* const outer = &here;
  ASSERT_EQ(outer
                ->run("cd parent/knowngood-drill-* && mkdir -p a/b/c && echo x > a/b/c/file && ln -s ../../victim "
                      "link && ln -s /etc a/b/etc && "
                      "ln ../../victim/file hard && mkfifo a/pipe && chmod 000 a/b/c && chmod 500 a/b && chmod 100 a "
                      "&& : > $'new\\nline'")
                .status,
            0);
  scratch.remove();
  EXPECT_TRUE(names_in(here.path() / "parent").empty());
  EXPECT_EQ(here.read("victim/file"), "precious\n");
  EXPECT_EQ(here.read("victim/sub/file"), "precious\n");
  EXPECT_TRUE(exists("/etc/passwd"));
}

TEST(drill_scratch, removes_a_tree_of_any_depth_with_few_open_files) {
  const scratch_directory here;
  drill_scratch scratch{here.path(), std::nullopt};
  constexpr int depth = 500;
  int at = ::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(::mkdirat(at, "deeper", 0700), 0);
    ASSERT_EQ(::mkdirat(at, "beside", 0700), 0);
    const int next = ::openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(at);
    at = next;
    ASSERT_GE(at, 0);
  }
  ::close(at);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::string left;
  try {
    scratch.remove();
  } catch (const environment_error& error) {
    left = error.what();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(left, "");
  EXPECT_TRUE(names_in(here.path()).empty());
}

TEST(drill_scratch, removes_more_entries_than_it_reads_at_a_time) {
  const scratch_directory here;
  drill_scratch scratch{here.path(), std::nullopt};
  ASSERT_EQ(
      here.run("cd knowngood-drill-* && mkdir many && seq 1200 | xargs touch && cd many && seq 1200 | xargs touch")
          .status,
      0);
  scratch.remove();
  EXPECT_TRUE(names_in(here.path()).empty());
}

TEST(drill_scratch, says_what_stays_and_enters_nothing_that_is_mounted_in_it) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir victim parent && echo precious > victim/file").status, 0);
  drill_scratch scratch{here.path() / "parent", std::nullopt};
  const auto point = scratch.make("point");
  if (::mount((here.path() / "victim").c_str(), point.c_str(), nullptr, MS_BIND, nullptr) != 0)
    GTEST_SKIP() << "needs root that may mount";
  std::string left;
  try {
    scratch.remove();
  } catch (const environment_error& error) {
    left = error.what();
  }
  ::umount(point.c_str());
  EXPECT_THAT(left, HasSubstr("point: Device or resource busy"));
  EXPECT_EQ(here.read("victim/file"), "precious\n");
}

TEST(drill_scratch, is_swept_when_its_drill_was_killed) {
  const scratch_directory here;
  const auto left =
      killed_drill(here.path(), [](drill_scratch& scratch) { std::ofstream{scratch.make("data") / "file"} << "x"; });
  ASSERT_TRUE(exists(left / "data/file"));
  const auto found = sweep(here.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().check, "drill.leftover");
  EXPECT_EQ(found.front().severity, severity::note);
  EXPECT_EQ(found.front().where.chain().front(), left.string());
  EXPECT_TRUE(names_in(here.path()).empty());
}

TEST(drill_scratch, of_a_living_drill_is_left_alone) {
  const scratch_directory here;
  drill_scratch scratch{here.path(), unprivileged_user()};
  make_old(scratch.path());
  EXPECT_TRUE(sweep(here.path()).empty());
  EXPECT_TRUE(exists(scratch.path() / "owner.lock"));
}

TEST(drill_scratch, sweep_leaves_alone_what_only_looks_like_one) {
  const scratch_directory here;
  const std::string lock = "knowngood drill scratch\nprocess 1\nhost " + host_name() + "\n";
  ASSERT_EQ(here.run("mkdir victim knowngood-drill-NoLockAA knowngood-drill-NoMagicA knowngood-drill-OtherHos "
                     "knowngood-drill-LinkLock "
                     "knowngood-drill-PipeLock knowngood-drill-DirLockA knowngood-drill knowngood-drill2-AAAAAAAA "
                     "knowngood-drill-DirLockA/owner.lock && for d in knowngood-drill*/; do echo mine > $d/file; "
                     "done; echo mine > victim/file;"
                     "mkfifo knowngood-drill-PipeLock/owner.lock; echo file > knowngood-drill-FileFile; ln -s victim "
                     "knowngood-drill-LinkLink")
                .status,
            0);
  here.write("victim/owner.lock", lock);
  here.write("knowngood-drill-NoMagicA/owner.lock", "somebody else's lock\n");
  here.write("knowngood-drill-OtherHos/owner.lock", "knowngood drill scratch\nprocess 1\nhost another-host\n");
  here.write("knowngood-drill/owner.lock", lock);
  here.write("knowngood-drill2-AAAAAAAA/owner.lock", lock);
  ASSERT_EQ(here.run("ln -s ../victim/owner.lock knowngood-drill-LinkLock/owner.lock").status, 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(
        here.run("mkdir knowngood-drill-OtherUsr knowngood-drill-OwnedLok && cp victim/* knowngood-drill-OtherUsr && "
                 "cp victim/* knowngood-drill-OwnedLok && chown 12345 knowngood-drill-OtherUsr "
                 "knowngood-drill-OwnedLok/owner.lock")
            .status,
        0);
  }
  const auto listing = here.run("find . | sort").output;
  for (const auto& name : names_in(here.path())) make_old(here.path() / name);
  EXPECT_TRUE(sweep(here.path()).empty());
  EXPECT_EQ(here.run("find . | sort").output, listing);

  // the same directory with the right lock goes
  here.write("knowngood-drill-NoLockAA/owner.lock", lock);
  EXPECT_EQ(sweep(here.path()).size(), 1U);
  EXPECT_FALSE(exists(here.path() / "knowngood-drill-NoLockAA"));
}

TEST(drill_scratch, sweep_removes_through_no_link_of_a_leftover) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir victim parent && echo precious > victim/file").status, 0);
  const auto left = killed_drill(here.path() / "parent", [&](drill_scratch& scratch) {
    std::filesystem::create_directory_symlink(here.path() / "victim", scratch.path() / "link");
    std::filesystem::create_directory_symlink(here.path() / "victim", scratch.make("deep") / "link");
  });
  EXPECT_EQ(sweep(here.path() / "parent").size(), 1U);
  EXPECT_FALSE(exists(left));
  EXPECT_EQ(here.read("victim/file"), "precious\n");
}

TEST(drill_scratch, sweep_takes_one_that_is_being_made_for_a_leftover_only_when_it_is_old) {
  const scratch_directory here;
  ASSERT_EQ(
      here.run("mkdir knowngood-drill-EmptyEmp knowngood-drill-EmptyLok && : > knowngood-drill-EmptyLok/owner.lock")
          .status,
      0);
  EXPECT_TRUE(sweep(here.path()).empty());
  EXPECT_EQ(names_in(here.path()).size(), 2U);
  for (const auto& name : names_in(here.path())) make_old(here.path() / name);
  EXPECT_TRUE(sweep(here.path()).empty());
  EXPECT_TRUE(names_in(here.path()).empty());
}

TEST(drill_scratch, sweep_ends_what_the_drill_started_and_nobody_else) {
  const scratch_directory here;
  const auto left = killed_drill(here.path(), [](drill_scratch& scratch) { scratch.make("work"); });
  // a probe's own daemon; and a person's shell that looks at the leftover, with all that it calls
  process_request request;
  request.arguments = {"sleep", "100"};
  request.directory = (left / "work").string();
  request.environment.push_back("KNOWNGOOD_SCRATCH=" + left.string());
  child_process daemon{request, (here.path() / "log").string(), SIGKILL};
  request.environment = plain_environment();
  request.environment.push_back("PWD=" + left.string());
  request.environment.push_back("KNOWNGOOD_SCRATCH=" + left.string() + "-not");
  child_process person{request, (here.path() / "other-log").string(), SIGKILL};
  const auto found = sweep(here.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.front().message, HasSubstr("1 of its processes"));
  EXPECT_FALSE(daemon.running());
  EXPECT_TRUE(person.running());
  EXPECT_FALSE(exists(left));
}

TEST(drill_scratch, two_sweeps_at_once_do_not_get_in_each_others_way) {
  const scratch_directory here;
  for (int i = 0; i < 5; ++i) {
    killed_drill(here.path(), [](drill_scratch& scratch) {
      for (int n = 0; n < 60; ++n) std::ofstream{scratch.path() / std::to_string(n)} << n;
    });
  }
  std::vector<std::thread> sweepers;
  std::atomic<std::size_t> reported{0};
  std::atomic<std::size_t> failed{0};
  std::atomic<int> made{0};
  for (int i = 0; i < 3; ++i) {
    sweepers.emplace_back([&] {
      for (const auto& one : sweep(here.path())) (one.check == "drill.leftover" ? reported : failed)++;
    });
    sweepers.emplace_back([&] {  // while others begin
      for (int n = 0; n < 20; ++n) {
        drill_scratch scratch{here.path(), std::nullopt};
        made += exists(scratch.path() / "owner.lock") ? 1 : 0;
        scratch.remove();
      }
    });
  }
  for (auto& one : sweepers) one.join();
  EXPECT_EQ(reported, 5U);
  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(made, 60);
  EXPECT_TRUE(names_in(here.path()).empty());
}

TEST(require_space, names_what_is_needed_and_what_is_free) {
  const scratch_directory here;
  require_space(here.path(), 1);
  try {
    require_space(here.path(), std::uint64_t{1} << 60U);
    FAIL();
  } catch (const environment_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the drill needs"));
    EXPECT_THAT(error.what(), HasSubstr("are free"));
    EXPECT_THAT(error.advice(), HasSubstr("--scratch"));
  }
  EXPECT_THROW(require_space(here.path() / "missing", 1), environment_error);
}

// kill -9 at ten moments of its life: no server survives, nothing of it stays, and a bystander is not touched.
TEST(drill_scratch, of_a_drill_killed_at_any_moment_leaves_nothing) {
  const scratch_directory here;
  ASSERT_EQ(::chmod(here.path().c_str(), 0711), 0);
  const auto programs = find_postgres();
  ASSERT_FALSE(programs.empty());
  drill_scratch bystander{here.path(), unprivileged_user()};
  for (const int delay : {1, 5, 20, 60, 120, 250, 400, 600, 800, 1100}) {
    const pid_t drill = ::fork();
    if (drill == 0) {
      try {
        drill_scratch scratch{here.path(), unprivileged_user()};
        const auto server = postgres_server::create({programs.front(), scratch.path() / "server", unprivileged_user()});
        server->stop();
        const auto again = postgres_server::create({programs.front(), scratch.path() / "again", unprivileged_user()});
        ::pause();
      } catch (...) {
      }
      ::_exit(99);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{delay});
    ::kill(drill, SIGKILL);
    ::waitpid(drill, nullptr, 0);
    finding_list found;
    // a process that it began just then may have its lock for a moment longer
    for (int tries = 0; tries < 100; ++tries) {
      sweep_scratch(here.path(), found);
      bool left = false;
      for (const auto& name : names_in(here.path())) {
        left |= here.path() / name != bystander.path() && names_in(here.path() / name).size() > 1;
      }
      if (!left) break;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    for (const auto& one : found.snapshot()) EXPECT_EQ(one.check, "drill.leftover") << one.message << " " << one.actual;
    for (const auto& name : names_in(here.path())) {
      if (here.path() / name == bystander.path()) continue;
      // killed before it had its lock; a later sweep takes that
      EXPECT_THAT(names_in(here.path() / name), testing::AnyOf(testing::IsEmpty(), testing::ElementsAre("owner.lock")))
          << "after " << delay << " ms";
      std::filesystem::remove_all(here.path() / name);
    }
    // the kernel ends them at once, and a busy machine takes a moment over it
    for (int tries = 0; tries < 100 && standing_below(here.path()) > 0; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    EXPECT_EQ(standing_below(here.path()), 0) << "after " << delay << " ms";
    EXPECT_TRUE(exists(bystander.path() / "owner.lock"));
  }
}

}  // namespace scratch_test
}  // namespace knowngood
