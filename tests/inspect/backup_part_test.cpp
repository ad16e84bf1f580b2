#include "knowngood/inspect/backup_part.hpp"

#include <gtest/gtest.h>

#include "inspect/recording_sink.hpp"
#include "knowngood/base/checks.hpp"

namespace backup_part_test {

using namespace knowngood;

missing_part wal_part() {
  missing_part part;
  part.segments = {"000000010000000000000003", "000000010000000000000004"};
  part.segment_bytes = 16U << 20U;
  part.otherwise = make_finding(checks::pgdata_wal_missing, location{"base.tar"}, "not there");
  return part;
}

missing_part tablespace_part() {
  missing_part part;
  part.tablespace = 16391;
  part.version_directory = "PG_15_";
  part.otherwise = make_finding(checks::pgdata_tablespace_missing, location{"base.tar"}, "not there");
  return part;
}

held_parts whole_wal() {
  held_parts held;
  for (const auto& name : wal_part().segments) held.segments[name] = 16U << 20U;
  return held;
}

TEST(missing_part, is_looked_for_where_pg_basebackup_puts_it) {
  EXPECT_TRUE(wal_part().may_be_in("/b/pg_wal.tar"));
  EXPECT_TRUE(wal_part().may_be_in("pg_wal.tar.gz"));
  EXPECT_FALSE(wal_part().may_be_in("pg_wal.tarball"));
  EXPECT_FALSE(wal_part().may_be_in("16391.tar"));
  EXPECT_TRUE(tablespace_part().may_be_in("16391.tar.zst"));
  EXPECT_FALSE(tablespace_part().may_be_in("116391.tar"));
  EXPECT_FALSE(tablespace_part().may_be_in("pg_wal.tar"));
}

TEST(held_parts, hold_every_segment_whole_or_not_the_part) {
  held_parts held = whole_wal();
  EXPECT_TRUE(held.hold(wal_part()));
  held.segments["000000010000000000000004"] = 4096;
  EXPECT_FALSE(held.hold(wal_part()));
  held.segments["000000010000000000000004"] = held_parts::any_size;
  EXPECT_TRUE(held.hold(wal_part())) << "compressed on its own";
  held.segments.erase("000000010000000000000003");
  EXPECT_FALSE(held.hold(wal_part()));
}

TEST(held_parts, hold_a_tablespace_of_the_same_version) {
  held_parts held;
  held.version_directories = {"PG_14_202107181"};
  EXPECT_FALSE(held.hold(tablespace_part()));
  held.version_directories.insert("PG_15_202209061");
  EXPECT_TRUE(held.hold(tablespace_part()));
}

TEST(backup_parts_of_members, are_found_among_neighbours_only) {
  for (const bool beside : {true, false}) {
    backup_parts_of_members parts;
    parts.add("monday/base.tar.gz", {wal_part()}, {});
    parts.add(beside ? "monday/pg_wal.tar.gz" : "tuesday/pg_wal.tar.gz", {}, whole_wal());
    recording_sink recorded;
    parts.resolve(recorded);
    EXPECT_EQ(recorded.findings.size(), beside ? 0U : 1U);
    parts.resolve(recorded);
    EXPECT_EQ(recorded.findings.size(), beside ? 0U : 1U) << "said once";
  }
}

}  // namespace backup_part_test
