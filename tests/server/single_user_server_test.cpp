#include "knowngood/server/single_user_server.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace single_user_server_test {

using namespace knowngood;
using testing::HasSubstr;

/// In place of PostgreSQL a script, which runs confined as that would: it has the shell's own commands only.
class alone : public testing::Test {
 protected:
  alone() {
    ::chmod(here_.path().c_str(), 0755);
    EXPECT_EQ(here_.run("mkdir -p pgsql/bin data && chmod 755 pgsql pgsql/bin && chmod 777 data").status, 0);
  }

  single_user_result run(const std::string& script, const std::vector<std::string>& statements = {},
                         const std::vector<std::string>& expected = {}) {
    here_.write("pgsql/bin/postgres", "#!/bin/sh\n" + script + "\n");
    EXPECT_EQ(here_.run("chmod 755 pgsql/bin/postgres && rm -rf server").status, 0);
    server_request request;
    request.programs.directory = here_.path() / "pgsql/bin";
    request.programs.major = 15;
    request.directory = here_.path() / "server";
    request.user = unprivileged_user();
    return single_user_server{request, here_.path() / "data"}.run("a -db", statements, expected);
  }

 private:
  const scratch_directory here_;
};

TEST_F(alone, statements_are_given_line_by_line_to_the_database_that_was_named) {
  const auto done =
      run("for last in \"$@\"; do :; done; echo \"backend> $1 in $last\"; while read -r line; do printf '> %s\\n' "
          "\"$line\"; done",
          {"SELECT 1", "SELECT E'\\\\x'"});
  EXPECT_TRUE(done.opened);
  EXPECT_EQ(done.output, "backend> --single in a -db\n> SELECT 1\n> SELECT E'\\\\x'\n");
  EXPECT_EQ(done.errors, "");
}

TEST_F(alone, statements_that_fail_are_told_unless_it_was_expected) {
  const std::string script =
      "echo 'backend> '; echo '2025 [7] ERROR:  role \"x\" already exists' >&2; echo '2025 [7] ERROR:  it is damaged' "
      ">&2; "
      "echo '2025 [7] STATEMENT:  CREATE ROLE x' >&2; echo 'WARNING:  never mind' >&2";
  EXPECT_EQ(run(script).errors, "2025 [7] ERROR:  role \"x\" already exists\n2025 [7] ERROR:  it is damaged\n");
  EXPECT_EQ(run(script, {}, {"role \"x\" already exists"}).errors, "2025 [7] ERROR:  it is damaged\n");
  EXPECT_EQ(run(script, {}, {"role \"x\" already exists", "damaged"}).errors, "");
}

TEST_F(alone, a_server_that_ends_badly_is_an_error_whatever_it_says) {
  EXPECT_EQ(run("exit 1").errors, "FATAL:  it ended without a word");
  EXPECT_FALSE(run("exit 1").opened);
  EXPECT_EQ(run("echo 'backend> '; echo 'odd words' >&2; exit 3").errors, "odd words\n");
  EXPECT_EQ(run("echo 'backend> '; exit 0").errors, "");
}

TEST_F(alone, a_host_without_space_is_no_defect_of_the_cluster) {
  EXPECT_THROW(run("echo 'backend> '; echo 'PANIC:  could not write: No space left on device' >&2; exit 1"),
               environment_error);
}

}  // namespace single_user_server_test
