#include "knowngood/sandbox/confinement_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace confinement_report_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

confinement_description described(const std::optional<system_user>& user, const std::filesystem::path& group = {}) {
  return describe_confinement(user, control_group{group, {}}, std::uint64_t{3} << 30U);
}

TEST(confinement_report, says_what_bounds_memory) {
  EXPECT_THAT(described(std::nullopt).held_by,
              HasSubstr("3.0 GiB of memory for each process, by its limits (no cgroup v2 here)"));
  const control_group group{own_control_group(), {}};  // where one can be made
  const std::string held = describe_confinement(std::nullopt, group, 1U << 20U).held_by;
  EXPECT_THAT(held, HasSubstr(group.made() ? "1.0 MiB of memory and 512 tasks together" : group.why_not()));
}

TEST(confinement_report, says_whom_servers_run_as) {
  const confinement_description own = described(system_user{61'200, 61'200, "knowngood-drill", true});
  EXPECT_THAT(own.held_by, StartsWith("a user of its own"));
  EXPECT_THAT(own.lacking, Not(HasSubstr("a user of its own")));
  const confinement_description shared = described(system_user{65'534, 65'534, "nobody"});
  EXPECT_THAT(shared.held_by, StartsWith("the user nobody"));
  EXPECT_THAT(shared.lacking, HasSubstr("a user of its own"));
  EXPECT_THAT(described(std::nullopt).held_by, StartsWith("the user who runs the drill"));
}

// Each protection is named once, on one side or the other.
TEST(confinement_report, names_what_there_is_and_what_there_is_not) {
  const confinement_description said = described(system_user{61'200, 61'200, "knowngood-drill", true});
  const auto in = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
  for (const char* what : {"mounts", "processes", "IPC", "network", "Landlock", "seccomp"}) {
    const std::string lacking = said.lacking.substr(0, said.lacking.find(" ("));
    EXPECT_NE(in(said.held_by, what), in(lacking, what)) << what << ": " << said.held_by << " | " << said.lacking;
  }
  EXPECT_EQ(in(said.held_by, "seccomp"), detail::this_architecture != 0);
  EXPECT_EQ(in(said.held_by, "Landlock"), detail::landlock_version() > 0);
  EXPECT_EQ(said.keeps_files,
            detail::this_architecture != 0 && (in(said.held_by, "Landlock") || in(said.held_by, "mounts")));
}

}  // namespace confinement_report_test
