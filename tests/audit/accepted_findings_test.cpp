#include "knowngood/audit/accepted_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/base/checks.hpp"

namespace accepted_findings_test {

using namespace knowngood;
using std::chrono::seconds;
using testing::ElementsAre;

const moment now = *parse_moment("2025-12-04T05:00:00Z");

finding crc(const char* where, const char* message = "differs") {
  return make_finding(checks::gzip_crc32, location{where}, message);
}

TEST(accepted_findings, are_taken_where_they_were_accepted_and_nowhere_else) {
  const std::vector<accepted_finding> all{{"gzip.crc32", "a.gz", "ticket 1", now}};
  accepted_findings accepted{all, now};
  EXPECT_TRUE(accepted.take(crc("/backups/a.gz")));
  EXPECT_FALSE(accepted.take(crc("/backups/b.gz")));
  EXPECT_FALSE(accepted.take(make_finding(checks::gzip_length, location{"/backups/a.gz"}, "differs")));
}

TEST(accepted_findings, hold_up_to_their_second_and_not_after_it) {
  const std::vector<accepted_finding> all{{"gzip.crc32", "", "ticket 1", now}};
  EXPECT_TRUE(accepted_findings(all, now).take(crc("a")));
  EXPECT_EQ(accepted_findings(all, now).judge()->verdict, gate_verdict::pass);
  EXPECT_FALSE(accepted_findings(all, now + seconds{1}).take(crc("a")));
  EXPECT_EQ(accepted_findings(all, now + seconds{1}).judge()->verdict, gate_verdict::fail);
}

TEST(accepted_findings, of_one_check_in_several_places_are_held_apart) {
  const std::vector<accepted_finding> all{{"gzip.crc32", "a.gz", "old", now - seconds{1}},
                                          {"gzip.crc32", "a.gz", "renewed", now + seconds{1}},
                                          {"gzip.crc32", "b.gz", "another", now + seconds{1}}};
  accepted_findings accepted{all, now};
  EXPECT_TRUE(accepted.take(crc("a.gz"))) << "one that has expired does not hide one that holds";
  EXPECT_EQ(accepted.judge()->verdict, gate_verdict::fail) << "it has expired all the same";
  EXPECT_EQ(accepted.judge()->why, "1 accepted finding expired");
}

TEST(accepted_findings, show_what_they_were_met_in_once_and_printable) {
  EXPECT_FALSE(accepted_findings({}, now).judge());
  const std::vector<accepted_finding> all{{"gzip.crc32", "", "ticket\n42", now}, {"gzip.length", "c", "never", now}};
  accepted_findings accepted{all, now};
  for (const char* where : {"b", "a", "b"}) EXPECT_TRUE(accepted.take(crc(where, "x\x1b[2J")));
  EXPECT_THAT(accepted.judge()->details,
              ElementsAre("gzip.crc32, until 2025-12-04T05:00:00Z: ticket\\n42", "  a: x\\x1b[2J", "  b: x\\x1b[2J",
                          "gzip.length in c, until 2025-12-04T05:00:00Z: never"));
}

}  // namespace accepted_findings_test
