// A drill's host lets it down: the scratch fills up, a server process is killed, at any moment of it. That is no fault
// of the backup: `unchecked`, exit 3, and nothing stays behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ostream>

#include "scenarios/estate_copy.hpp"

namespace host_faults_test {

using namespace knowngood;
using ::testing::AnyOf;
using ::testing::IsEmpty;

// A drill beside `fault`, a script that looks for itself how far the drill is, whose process is its argument.
verify_run run_beside(const estate_copy& estate, const std::string& component, const std::string& fault) {
  estate.scratch().write("fault.sh", fault);
  verify_run result;
  const tool_run run = estate.scratch().run(
      fmt::format("mkdir -p drills; chmod 711 . drills; rm -f r.json happened\n"
                  "'{}' --policy '{}/docs/examples/ner11.toml' --root estate --now {} --scratch drills --color never "
                  "--component {} --report r.json 2>&1 & drill=$!\n"
                  "bash fault.sh $drill >/dev/null 2>&1 & fault=$!\n"
                  "wait $drill; code=$?; kill $fault 2>/dev/null; wait $fault; exit $code",
                  drill_program, source_directory, estate_now, component));
  result.status = run.status;
  result.output = run.output;
  result.report = read_json(estate.scratch().path() / "r.json");
  return result;
}

// The same, and again where the script was too late: it did not see the moment, or the drill was over when it acted.
verify_run drill_beside(const estate_copy& estate, const std::string& component, const std::string& fault) {
  for (int attempt = 0;; ++attempt) {
    const verify_run run = run_beside(estate, component, fault);
    const bool happened = std::filesystem::exists(estate.scratch().path() / "happened");
    if ((happened && run.status != 0) || attempt == 5) return run;
    EXPECT_EQ(run.status, 0) << "nothing happened to it: " << run.output;
    EXPECT_EQ(estate.scratch().run("rm -f drills/filler; ls -A drills").output, "");
  }
}

// Waits until `condition`, halts the drill, does `action`, and lets the drill go on, to which it happens at once; and
// then does `after`.
std::string once(const std::string& condition, const std::string& action, const std::string& after = "true") {
  return fmt::format(
      "for i in $(seq 6000); do if {}; then kill -STOP $1; touch happened; {}; kill -CONT $1; {}; exit; fi; "
      "sleep 0.01; done\n",
      condition, action, after);
}

struct moment {
  const char* name;
  const char* component;
  const char* reached;  // a condition of the shell's
};

const std::vector<moment> moments{
    {"database_while_its_cluster_is_made", "database", "ls drills/knowngood-drill-*/server/data/PG_VERSION"},
    {"database_once_its_server_listens", "database", "ls drills/knowngood-drill-*/server/s/.s.PGSQL.5432"},
    {"volume_while_it_is_unpacked", "volumes", "find drills -name PG_VERSION | grep -q ."},
    {"volume_while_it_is_prepared", "volumes", "pgrep -f 'postgres --single.*'\"$PWD\"'/drills'"},
    {"repository_while_it_is_cloned", "repository", "ls -d drills/knowngood-drill-*/*"},
    {"volume_once_its_server_runs", "volumes", "pgrep -f 'postgres -D '\"$PWD\"'/drills'"},
};

void PrintTo(const moment& of, std::ostream* out) { *out << of.name; }

class host_fault : public ::testing::TestWithParam<moment> {};

TEST_P(host_fault, a_full_scratch_is_none_of_the_backup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, who mounts a small file system";
  const estate_copy estate;
  if (estate.scratch().run("mkdir drills && mount -t tmpfs -o size=700m,mode=711 none drills").status != 0)
    GTEST_SKIP() << "this kernel grants no namespaces here";
  const verify_run run =
      drill_beside(estate, GetParam().component,
                   once(GetParam().reached, "head -c 700M /dev/zero > drills/filler",
                        "while [ -e drills ]; do head -c 1M /dev/zero >> drills/filler; sleep 0.02; done"));
  EXPECT_TRUE(std::filesystem::exists(estate.scratch().path() / "happened")) << run.output;
  EXPECT_EQ(run.status, 3) << run.output;
  ASSERT_TRUE(run.report.is_object()) << run.output;
  EXPECT_THAT(run.not_sound(), IsEmpty()) << run.output;
  EXPECT_EQ(estate.scratch().run("rm drills/filler; ls -A drills").output, "");
  EXPECT_EQ(estate.scratch().run("umount drills").status, 0);
}

class killed_server : public ::testing::TestWithParam<moment> {};

TEST_P(killed_server, is_none_of_the_backup) {
  const estate_copy estate;
  const verify_run run =
      drill_beside(estate, GetParam().component,
                   once(GetParam().reached,
                        "for i in 1 2 3; do pkill -KILL -f \"(postgres|initdb).*$PWD/drills\"; sleep 0.01; done"));
  EXPECT_TRUE(std::filesystem::exists(estate.scratch().path() / "happened")) << run.output;
  EXPECT_EQ(run.status, 3) << run.output;
  ASSERT_TRUE(run.report.is_object()) << run.output;
  EXPECT_EQ(estate.left_behind(), "");
}

INSTANTIATE_TEST_SUITE_P(of, host_fault, ::testing::ValuesIn(moments),
                         [](const auto& one) { return std::string{one.param.name}; });
// while a volume is unpacked, or a repository cloned, there is no server
INSTANTIATE_TEST_SUITE_P(of, killed_server, ::testing::Values(moments[0], moments[1], moments[3], moments[5]),
                         [](const auto& one) { return std::string{one.param.name}; });

}  // namespace host_faults_test
