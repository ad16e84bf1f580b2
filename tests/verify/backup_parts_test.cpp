#include "knowngood/verify/backup_parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "archive/tar_bytes.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace backup_parts_test {

using namespace knowngood;
using ::testing::EndsWith;
using ::testing::Optional;

constexpr std::uint32_t segment_bytes = 4096;
const std::string first = "000000010000000000000001";
const std::string second = "000000010000000000000002";

missing_part wal(std::vector<std::string> names) {
  missing_part part;
  part.segments = std::move(names);
  part.segment_bytes = segment_bytes;
  return part;
}

missing_part tablespace(std::uint32_t number) {
  missing_part part;
  part.tablespace = number;
  part.version_directory = "PG_15_";
  return part;
}

std::string segment(const std::string& name, std::size_t bytes = segment_bytes) {
  return tar_bytes::file(name, std::string(bytes, 'w'));
}

class backup_parts_test : public testing::Test {
 protected:
  std::optional<std::string> find(const missing_part& part) {
    const std::string artifact = (here_.path() / "base.tar").string();
    return backup_parts{artifact, named_, bounds_, {}}.find(part);
  }
  [[nodiscard]] std::string at(const std::string& name) const { return (here_.path() / name).string(); }

  scratch_directory here_;
  std::vector<std::string> named_;
  limits bounds_;
};

TEST_F(backup_parts_test, are_found_beside_as_pg_basebackup_writes_them) {
  here_.write("base.tar", tar_bytes::file("PG_VERSION", "15\n") + tar_bytes::end_blocks());
  EXPECT_EQ(find(wal({first})), std::nullopt);
  here_.write("pg_wal.tar", segment(first) + segment(second) + tar_bytes::end_blocks());
  here_.write("16391.tar", tar_bytes::directory("PG_15_202209061/") + tar_bytes::end_blocks());
  EXPECT_THAT(find(wal({first})), Optional(at("pg_wal.tar")));
  EXPECT_THAT(find(wal({first, second})), Optional(at("pg_wal.tar")));
  EXPECT_THAT(find(tablespace(16391)), Optional(at("16391.tar")));
  EXPECT_EQ(find(tablespace(16392)), std::nullopt);
  EXPECT_EQ(find(wal({first, "000000010000000000000003"})), std::nullopt) << "all of them or none";
}

TEST_F(backup_parts_test, are_not_what_has_their_name_alone) {
  here_.write("pg_wal.tar", segment(first, 100) + tar_bytes::end_blocks());
  EXPECT_EQ(find(wal({first})), std::nullopt) << "a segment of another size";
  here_.write("pg_wal.tar", (segment(first) + segment(second)).substr(0, 6000));
  EXPECT_EQ(find(wal({first})), std::nullopt) << "an archive that is cut holds nothing for certain";
  here_.write("pg_wal.tar", "");
  EXPECT_EQ(find(wal({first})), std::nullopt);
  here_.write("pg_wal.tar.sha256", "what vouches for it");
  EXPECT_EQ(find(wal({first})), std::nullopt);
  here_.write("pg_wal.tar",
              tar_bytes::file("deeper/" + first, std::string(segment_bytes, 'w')) + tar_bytes::end_blocks());
  EXPECT_EQ(find(wal({first})), std::nullopt) << "pg_basebackup puts them at the top";
}

TEST_F(backup_parts_test, are_found_where_the_policy_says) {
  std::filesystem::create_directories(here_.path() / "wal" / "0000000100000000");
  here_.write("wal/0000000100000000/" + first, std::string(segment_bytes, 'w'));
  here_.write("wal/" + second + ".zst", "compressed");
  named_ = {at("wal")};
  EXPECT_THAT(find(wal({first, second})), Optional(at("wal")));
  here_.write("other.tar", tar_bytes::file("a/b/" + first, std::string(segment_bytes, 'w')) + tar_bytes::end_blocks());
  named_ = {at("other.tar")};
  EXPECT_THAT(find(wal({first})), Optional(at("other.tar"))) << "there, at any depth";
}

TEST_F(backup_parts_test, are_files_with_bytes) {
  std::filesystem::create_directories(here_.path() / "wal" / (first + ".gz"));
  here_.write("wal/" + second + ".gz", "");
  std::filesystem::create_symlink("nowhere", here_.path() / "wal" / "000000010000000000000003.gz");
  std::filesystem::create_symlink("nowhere", here_.path() / "wal" / "000000010000000000000004");
  named_ = {at("wal")};
  EXPECT_EQ(find(wal({first})), std::nullopt) << "a directory";
  EXPECT_EQ(find(wal({second})), std::nullopt) << "an empty file";
  EXPECT_EQ(find(wal({"000000010000000000000003"})), std::nullopt) << "a link to nowhere";
  EXPECT_EQ(find(wal({"000000010000000000000004"})), std::nullopt);
}

TEST_F(backup_parts_test, that_cannot_be_looked_for_are_not_called_missing) {
  named_ = {at("not there")};
  EXPECT_THROW(static_cast<void>(find(wal({first}))), environment_error);
  std::filesystem::create_directories(here_.path() / "wal" / "locked");
  std::filesystem::permissions(here_.path(), std::filesystem::perms::all);
  std::filesystem::permissions(here_.path() / "wal" / "locked", std::filesystem::perms::none);
  named_ = {at("wal")};
  const auto unchecked = [&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) std::_Exit(2);  // root reads everything
    try {
      static_cast<void>(find(wal({first})));
    } catch (const environment_error&) {
      std::_Exit(0);
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(unchecked(), testing::ExitedWithCode(0), "");
  std::filesystem::permissions(here_.path() / "wal" / "locked", std::filesystem::perms::all);
}

TEST_F(backup_parts_test, are_looked_for_no_longer_when_asked_to_stop) {
  here_.write("pg_wal.tar", segment(first) + tar_bytes::end_blocks());
  std::atomic<bool> asked{true};
  const std::string artifact = at("base.tar");
  backup_parts parts{artifact, named_, bounds_, stop_flag{asked}};
  EXPECT_THROW(static_cast<void>(parts.find(wal({first}))), interrupted);
}

}  // namespace backup_parts_test
