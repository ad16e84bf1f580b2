#include "knowngood/sandbox/control_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "knowngood/base/error.hpp"
#include "knowngood/sandbox/process.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace control_group_test {

using namespace knowngood;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(control_group_of, reads_the_kernels_words) {
  const std::string mounts =
      "24 30 0:22 / /proc rw - proc proc rw\n35 24 0:30 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n";
  const auto of = [](const std::string& groups, const std::string& all) {
    return detail::control_group_of(groups, all).string();
  };
  EXPECT_EQ(of("0::/system.slice/drill.service\n", mounts), "/sys/fs/cgroup/system.slice/drill.service");
  EXPECT_EQ(of("4:memory:/x\n0::/\n", mounts), "/sys/fs/cgroup/");
  EXPECT_EQ(of("4:memory:/x\n", mounts), "") << "version 1 alone";
  EXPECT_EQ(of("0::/../outside\n", mounts), "") << "outside of the namespace";
  EXPECT_EQ(of("0::/a\n", ""), "");
  const std::string part = "35 24 0:30 /docker/ab /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
  EXPECT_EQ(of("0::/docker/ab/c\n", part), "/sys/fs/cgroup/c");
  EXPECT_EQ(of("0::/docker/abc\n", part), "") << "another one";
}

// What a kernel shows of a group, as plain files.
struct shown_group : scratch_directory {
  explicit shown_group(const std::string& controllers, const std::string& given, const std::string& processes) {
    if (run("mkdir -p above/own").status != 0) throw std::runtime_error{"mkdir"};
    write("above/own/cgroup.controllers", controllers);
    write("above/own/cgroup.subtree_control", given);
    write("above/own/cgroup.procs", processes);
  }
  [[nodiscard]] std::filesystem::path own() const { return path() / "above/own"; }
};

TEST(control_group, says_why_there_is_none_and_leaves_nothing) {
  const auto why_not = [](const shown_group& in) {
    const control_group group{in.own(), server_limits(1U << 30U)};
    EXPECT_FALSE(group.made());
    EXPECT_LT(group.entrance(), 0);
    EXPECT_EQ(in.run("ls above/own above").output,
              "above:\nown\n\nabove/own:\ncgroup.controllers\ncgroup.procs\ncgroup.subtree_control\n");
    return group.why_not();
  };
  EXPECT_EQ((control_group{"", server_limits(1)}.why_not()), "no cgroup v2 here");
  EXPECT_THAT(why_not(shown_group{"cpu hugetlb\n", "", "1\n"}), HasSubstr("cgroup v2 has no controllers"));
  EXPECT_THAT(why_not(shown_group{"cpu memory pids\n", "", fmt::format("1\n{}\n", ::getpid())}),
              HasSubstr("not alone in its control group"));
  // plain files make no group of a directory, so that no limit can be set
  EXPECT_THAT(why_not(shown_group{"cpu memory pids\n", "memory pids\n", "1\n"}), HasSubstr("memory.max"));
  EXPECT_THAT(why_not(shown_group{"memory pids\n", "", fmt::format("{}\n", ::getpid())}), HasSubstr("No such file"));
}

// In the kernel's own, without limits, which need no controllers: in most containers it is read-only.
TEST(control_group, holds_what_is_started_in_it_and_ends_it) {
  std::string directory;
  {
    control_group group{own_control_group(), {}};
    if (!group.made()) {
      EXPECT_THAT(group.why_not(), Not(IsEmpty()));
      return;
    }
    directory = group.path().string();
    process_request request;
    request.arguments = {"/bin/sh", "-c",
                         "grep ^0:: /proc/self/cgroup; setsid sleep 100 > /dev/null 2>&1 & "
                         "until [ \"$(cut -d' ' -f6 /proc/$!/stat)\" = $! ]; do sleep 0.01; done"};  // it has left
    request.group = group.entrance();
    request.memory = 1;  // no bytes at all, for a process outside of the group
    const process_result said = run_process(request);
    EXPECT_EQ(said.exit_code, 0) << said.output;
    EXPECT_THAT(said.output, HasSubstr(group.path().filename().string()));
    EXPECT_THAT(detail::text_of_file(group.path() / "cgroup.procs"), Not(IsEmpty())) << "one that left its session";
    EXPECT_EQ(group.killed_for_memory(), 0U);
    const control_group another{own_control_group(), {}};
    EXPECT_TRUE(std::filesystem::exists(directory)) << "a living drill's is left alone";
    EXPECT_EQ(group.remove(), "");
    EXPECT_EQ(group.remove(), "");
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
  // what a killed drill has left is removed by the next one
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  const control_group next{own_control_group(), {}};
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(run_process, may_take_so_much_memory_where_there_is_no_group) {
  process_request request;
  request.arguments = {"/bin/sh", "-c", "head -c 40000000 /dev/zero | tail -c 30000000 | wc -c"};
  const process_result free = run_process(request);
  EXPECT_EQ(free.exit_code, 0);
  EXPECT_EQ(free.output, "30000000\n");
  request.memory = std::uint64_t{8} << 20U;
  const process_result bounded = run_process(request);
  EXPECT_THAT(bounded.output, AllOf(HasSubstr("memory exhausted"), Not(HasSubstr("30000000"))));
}

}  // namespace control_group_test
