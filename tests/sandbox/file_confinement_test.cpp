#include "knowngood/sandbox/file_confinement.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <functional>

#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace file_confinement_test {

using namespace knowngood;

TEST(write_accesses, grow_with_what_the_kernel_knows) {
  EXPECT_EQ(detail::write_accesses(1), 0x1FF2U);
  EXPECT_EQ(detail::write_accesses(2), 0x3FF2U);
  EXPECT_EQ(detail::write_accesses(3), 0x7FF2U);
  EXPECT_EQ(detail::write_accesses(4), 0x7FF2U);
  EXPECT_EQ(detail::write_accesses(5), 0xFFF2U);
}

/// errno of opening `path` so under `rules`, in a process of its own.
int error_of(const file_descriptor& rules, const std::string& path, int how) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!detail::confine_files(rules.get())) ::_exit(99);
    ::_exit(::open(path.c_str(), how, 0600) >= 0 ? 0 : errno);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

TEST(file_rules, give_what_is_written_and_what_is_read) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir mine lent others; for d in mine lent others; do echo x > $d/file; done").status, 0);
  const auto path = [&](const char* name) { return (here.path() / name).string(); };
  for (const char* name : {"mine/file", "lent/file", "others/file"})
    EXPECT_EQ(error_of(file_descriptor{}, path(name), O_RDWR), 0);
  if (detail::landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  const auto rules =
      detail::file_rules({.written = {path("mine")}, .read = {path("lent"), path("gone")}, .reads_all = false});
  EXPECT_EQ(error_of(rules, path("mine/file"), O_RDWR), 0);
  EXPECT_EQ(error_of(rules, path("mine/new"), O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(error_of(rules, path("lent/file"), O_RDONLY), 0);
  EXPECT_EQ(error_of(rules, path("lent/file"), O_WRONLY), EACCES);
  EXPECT_EQ(error_of(rules, path("lent/new"), O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(error_of(rules, path("others/file"), O_RDONLY), EACCES);
  EXPECT_EQ(error_of(rules, path("mine/../others/file"), O_RDONLY), EACCES);
  EXPECT_EQ(error_of(rules, "/dev/null", O_WRONLY), 0);
  const auto reading = detail::file_rules({.written = {path("mine")}});
  EXPECT_EQ(error_of(reading, path("others/file"), O_RDONLY), 0);
  EXPECT_EQ(error_of(reading, path("others/file"), O_WRONLY), EACCES);
  EXPECT_THROW(detail::file_rules({.written = {path("gone")}}), environment_error);
}

}  // namespace file_confinement_test
