#include "knowngood/server/postgres_programs.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {
namespace postgres_programs_test {

using testing::HasSubstr;

TEST(find_postgres, finds_what_is_installed_newest_first_and_each_once) {
  const auto found = find_postgres();
  ASSERT_FALSE(found.empty());
  std::set<std::filesystem::path> real;
  for (const auto& one : found) {
    EXPECT_TRUE(one.has("initdb"));
    EXPECT_FALSE(one.has("no-such-program"));
    EXPECT_THAT(one.version, testing::StartsWith(std::to_string(one.major)));
    EXPECT_TRUE(real.insert(std::filesystem::canonical(one.directory / "postgres")).second);
    EXPECT_THAT(run_tool(one.program("postgres") + " --version").output, HasSubstr(" " + one.version));
  }
  EXPECT_TRUE(
      std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.major > b.major; }));
  ASSERT_TRUE(find_postgres("", found.back().major));
  EXPECT_EQ(find_postgres("", found.back().major)->major, found.back().major);
  EXPECT_FALSE(find_postgres("", 3));
}

TEST(find_postgres, prefers_the_directory_it_is_given_whatever_its_version) {
  const scratch_directory here;
  here.write("initdb", "#!/bin/sh\n");
  here.write("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24 (Debian 9.6.24-0+deb9u1)'\n");
  ASSERT_EQ(here.run("chmod -R a+rx .").status, 0);
  const auto found = find_postgres(here.path().string());
  ASSERT_GE(found.size(), 2U);
  EXPECT_EQ(found.front().directory, here.path());
  EXPECT_EQ(found.front().version, "9.6.24");
  EXPECT_EQ(found.front().major, 9U);
  EXPECT_GT(found[1].major, 9U);
}

TEST(find_postgres, says_that_the_directory_it_is_given_has_none) {
  const scratch_directory here;
  const auto expect_refusal = [&](const char* why) {
    try {
      find_postgres(here.path().string());
      ADD_FAILURE() << why;
    } catch (const environment_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("initdb")) << why;
      EXPECT_EQ(error.where().chain().front(), here.path().string());
    }
  };
  expect_refusal("empty");
  here.write("initdb", "#!/bin/sh\n");
  here.write("postgres", "#!/bin/sh\nexit 1\n");
  ASSERT_EQ(here.run("chmod -R a+rx .").status, 0);
  expect_refusal("does not run");
  here.write("postgres",
             "\x7f"
             "ELF, of another machine");
  expect_refusal("cannot be executed");
  here.write("postgres", "#!/bin/sh\necho no version here\n");
  expect_refusal("has no version");
  EXPECT_THROW(find_postgres("/nonexistent"), environment_error);
}

TEST(postgres_version, is_read_of_whatever_comes_out) {
  EXPECT_EQ(detail::version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), "15.18");
  EXPECT_EQ(detail::version_in("postgres (PostgreSQL) 18beta1\n"), "18beta1");
  EXPECT_EQ(detail::version_in("postgres (EnterpriseDB) 16.2\n"), "16.2");
  EXPECT_EQ(detail::version_in(""), "");
}

}  // namespace postgres_programs_test
}  // namespace knowngood
