#include "knowngood/postgres/control_file.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

#include <fmt/format.h>

#include "knowngood/testing/scratch_directory.hpp"

namespace control_file_test {

using namespace knowngood;

byte_view bytes_of(const std::string& text) { return std::as_bytes(std::span{text.data(), text.size()}); }

TEST(crc32c, is_castagnolis) { EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283U); }

TEST(control_file, that_is_short_or_another_file_is_none) {
  EXPECT_FALSE(parse_control_file(bytes_of("")));
  EXPECT_FALSE(parse_control_file(bytes_of(std::string(295, '\0'))));
  EXPECT_FALSE(parse_control_file(bytes_of(std::string(8192, '\0'))));
  EXPECT_FALSE(parse_control_file(bytes_of(std::string(8192, 'x'))));
}

// A cluster made by the real initdb, as whoever may run it.
class real_cluster : public testing::Test {
 protected:
  void SetUp() override {
    const std::string programs = here.run("ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1").output;
    bin = programs.substr(0, programs.find('\n'));
    ASSERT_FALSE(bin.empty());
    const std::string as =
        here.run("id -u").output == "0\n" ? "chown postgres . && su postgres -s /bin/sh -c " : "sh -c ";
    const tool_run made =
        here.run("chmod 755 . && " + as + "'" + bin + "/initdb -N -A trust -k --wal-segsize=4 -D data' 2>&1");
    ASSERT_EQ(made.status, 0) << made.output;
    control = here.run("cat data/global/pg_control").output;
  }

  [[nodiscard]] std::string value_of(const std::string& field) const {
    const std::string all = here.run(bin + "/pg_controldata data").output;
    const std::size_t at = all.find(field + ":");
    if (at == std::string::npos) return "no " + field;
    std::string line = all.substr(at + field.size() + 1, all.find('\n', at) - at - field.size() - 1);
    return line.substr(line.find_first_not_of(' '));
  }

  scratch_directory here;
  std::string bin;
  std::string control;
};

TEST_F(real_cluster, is_read_as_pg_controldata_reads_it) {
  const auto read = parse_control_file(bytes_of(control));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->crc_matches, true);
  EXPECT_EQ(value_of("Database cluster state"), read->state_name());
  EXPECT_TRUE(read->shut_down());
  EXPECT_EQ(value_of("pg_control version number"), std::to_string(read->control_version));
  EXPECT_EQ(value_of("Catalog version number"), std::to_string(read->catalog_version));
  EXPECT_EQ(value_of("Database system identifier"), std::to_string(read->system_identifier));
  EXPECT_EQ(read->checksum_version, 1U);
  ASSERT_TRUE(read->last);
  const auto position = [](std::uint64_t at) { return fmt::format("{:X}/{:X}", at >> 32U, at & 0xFFFFFFFFU); };
  EXPECT_EQ(value_of("Latest checkpoint location"), position(read->last->location));
  EXPECT_EQ(value_of("Latest checkpoint's REDO location"), position(read->last->redo));
  EXPECT_EQ(value_of("Latest checkpoint's TimeLineID"), std::to_string(read->last->timeline));
  EXPECT_EQ(value_of("Latest checkpoint's NextXID"), fmt::format("0:{}", read->last->next_xid));
  EXPECT_EQ(value_of("Latest checkpoint's oldestXID"), std::to_string(read->last->oldest_xid));
  EXPECT_EQ(value_of("Latest checkpoint's NextMultiXactId"), std::to_string(read->last->next_multixact));
  EXPECT_EQ(value_of("Minimum recovery ending location"), position(read->last->minimum_recovery));
  EXPECT_EQ(value_of("Bytes per WAL segment"), std::to_string(read->last->wal_segment_bytes));
  const auto majors = read->majors();
  ASSERT_TRUE(majors);
  EXPECT_EQ(here.run("cat data/PG_VERSION").output, fmt::format("{}\n", majors->first));
}

TEST_F(real_cluster, every_changed_byte_before_the_crc_shows) {
  for (std::size_t at = 0; at < 288; at += 7) {
    std::string changed = control;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const auto read = parse_control_file(bytes_of(changed));
    EXPECT_TRUE(!read || read->crc_matches != true) << at;
    EXPECT_TRUE(!read || !read->last) << at;
  }
}

}  // namespace control_file_test
