#include "knowngood/server/server_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace server_log_test {

using namespace knowngood;
using testing::HasSubstr;

constexpr std::string_view sound = "2026-01-01 LOG:  starting PostgreSQL\n2026-01-01 LOG:  ready\n";
constexpr std::string_view broken =
    "2026-01-01 LOG:  starting\n2026-01-01 [7] FATAL:  could not open file \"x\": No space left on device\n"
    "2026-01-01 [7] HINT:  free some\nLOG:  server process (PID 9) was terminated by signal 11: Segmentation fault\n"
    "LOG:  database system is shut down\n";

TEST(server_log, has_no_complaints_when_all_is_well) {
  EXPECT_EQ(log_complaints(sound), "");
  EXPECT_EQ(log_complaints(""), "");
  EXPECT_FALSE(log_blames_host(sound));
}

TEST(server_log, complaints_are_its_errors_and_nothing_else) {
  EXPECT_EQ(log_complaints(broken),
            "FATAL:  could not open file \"x\": No space left on device; HINT:  free some; "
            "LOG:  server process (PID 9) was terminated by signal 11: Segmentation fault");
  EXPECT_TRUE(log_blames_host(broken));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "ERROR:  again\n";
  EXPECT_LT(log_complaints(many).size(), 700U);
  EXPECT_EQ(log_complaints("ERROR:  \x1b[31m red"), "ERROR:  \\x1b[31m red");
}

TEST(server_log, blames_the_host_for_what_no_damage_brings_about) {
  for (const std::string_view of_host :
       {"server process (PID 9) was terminated by signal 9: Killed", "could not fork new process for connection",
        "FATAL:  could not open directory \"/usr/share/postgresql/15/timezonesets\": No such file or directory",
        "FATAL:  could not change directory to \"/x\": Permission denied", "ERROR:  could not write: File too large",
        "server process (PID 9) was terminated by signal 7: Bus error",
        "/opt/pgsql/bin/postgres: error while loading shared libraries: libssl.so.1.1: cannot open shared object file",
        "PANIC:  could not write: No space left on device"})
    EXPECT_TRUE(log_blames_host(of_host)) << of_host;
  for (const std::string_view of_backup :
       {"server process (PID 9) was terminated by signal 11: Segmentation fault",
        "server process (PID 9) was terminated by signal 6: Aborted",
        "could not open file \"base/5/1249\": No such file", "invalid page in block 3 of relation base/5/16384",
        "PANIC:  could not locate a valid checkpoint record",
        "could not open file \"pg_wal/000000010000000000000001\": No such file or directory"})
    EXPECT_FALSE(log_blames_host(of_backup)) << of_backup;
}

TEST(server_log, reason_is_its_last_lines_where_nothing_complains) {
  EXPECT_THAT(log_reason(broken), HasSubstr("FATAL:"));
  EXPECT_THAT(log_reason("one\ntwo\nthree\nfour\n"), testing::Not(HasSubstr("one")));
  EXPECT_THAT(log_reason("one\ntwo\nthree\nfour\n"), HasSubstr("two"));
  EXPECT_EQ(last_lines("a\nb\nc\n\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a", 2), "a");
  EXPECT_EQ(last_lines("", 2), "");
}

}  // namespace server_log_test
