#include "knowngood/postgres/backup_label.hpp"

#include <gtest/gtest.h>

#include <string>

namespace backup_label_test {

using namespace knowngood;

// As PostgreSQL 15 writes it.
const std::string label =
    "START WAL LOCATION: 0/3000028 (file 000000020000000000000003)\n"
    "CHECKPOINT LOCATION: 0/3000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: primary\n"
    "START TIME: 2026-11-30 04:20:22 UTC\n"
    "LABEL: pg_basebackup base backup\n"
    "START TIMELINE: 2\n";

TEST(backup_label, says_where_recovery_begins) {
  const auto read = parse_backup_label(label);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->start, 0x3000028U);
  EXPECT_EQ(read->start_file, "000000020000000000000003");
  EXPECT_EQ(read->checkpoint, 0x3000060U);
  EXPECT_EQ(read->timeline, 2U);
  EXPECT_FALSE(read->stop);
}

TEST(backup_label, of_a_history_file_says_where_the_backup_ended) {
  const auto read = parse_backup_label(
      "START WAL LOCATION: 0/3000028 (file 000000010000000000000003)\n"
      "STOP WAL LOCATION: 0/4000138 (file 000000010000000000000004)\n"
      "CHECKPOINT LOCATION: 0/3000060\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->stop, 0x4000138U);
}

TEST(backup_label, that_lacks_the_start_is_none) {
  EXPECT_FALSE(parse_backup_label(""));
  EXPECT_FALSE(parse_backup_label("LABEL: x\nCHECKPOINT LOCATION: 0/3000060\n"));
  EXPECT_FALSE(parse_backup_label("START WAL LOCATION: 0/3000028\n"));
  EXPECT_FALSE(parse_backup_label("START WAL LOCATION: zero (file 000000010000000000000003)\n"));
  EXPECT_FALSE(parse_backup_label("START WAL LOCATION: 0/3000028 (file 3)\n"));
  for (std::size_t cut = 0; cut <= label.size(); ++cut) (void)parse_backup_label(label.substr(0, cut));
}

}  // namespace backup_label_test
