#include "knowngood/load/load_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace load_run_test {

using namespace knowngood;
using testing::ElementsAre;

std::vector<std::string> reported(load_run& run) {
  run.report_rest();
  std::vector<std::string> messages;
  for (const auto& one : run.result.findings) messages.push_back(one.check + ": " + one.message);
  return messages;
}

TEST(load_run, reports_what_it_did_besides_loading_once) {
  load_run quiet{location{"dump.sql"}, {}, {}};
  EXPECT_THAT(reported(quiet), testing::IsEmpty());
  load_run run{location{"dump.sql"}, {}, {}};
  run.roles_made = {"app", "declared", "o\ndd"};
  run.roles_declared = {"declared"};
  run.tablespaces = {"fast"};
  run.authorizations = 3;
  run.cluster_statements = 4;
  EXPECT_THAT(
      reported(run),
      ElementsAre("load.role: roles were made for the rehearsal: app, o\\ndd",
                  "load.sql: what belongs into other tablespaces was put into the default one: fast",
                  "load.role: 3 statements that act as another role were run as the one that loads, to whom what "
                  "they make belongs",
                  "load.role: 4 statements about roles, databases and tablespaces were not rehearsed"));
  for (const auto& one : run.result.findings) EXPECT_EQ(one.severity, severity::note);
}

TEST(load_run, goes_on_after_errors_of_the_dump_and_not_after_those_of_the_host) {
  const std::atomic<bool> stop{true};
  const load_run run{location{"dump.sql"}, {}, {}};
  EXPECT_NO_THROW(run.check_environment(sql_error{"42P01", "missing"}));
  EXPECT_THROW(run.check_environment(sql_error{"53100", "disk full"}), environment_error);
  EXPECT_THROW(run.check_environment(sql_error{"57P01", "terminating connection"}), environment_error);
  load_options options;
  options.stop = stop;
  const load_run stopped{location{"dump.sql"}, {}, options};
  EXPECT_THROW(stopped.check_environment(sql_error{"57014", "cancelled"}), interrupted)
      << "whatever the server says, it was to stop";
}

TEST(load_run, has_one_connection_at_least_and_knows_whose_server_it_is) {
  load_options options;
  options.jobs = 0;
  load_target given;
  given.throw_away = false;
  const load_run run{location{"dump.sql"}, given, options};
  EXPECT_EQ(run.lanes.connections, 1U);
  EXPECT_FALSE(run.context.own_server);
}

}  // namespace load_run_test
