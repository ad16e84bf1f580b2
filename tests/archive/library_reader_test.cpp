#include "knowngood/archive/library_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive_reading.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace library_reader_test {

using namespace knowngood;
using namespace tar_bytes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

archive_reading read_library(const std::string& bytes, std::size_t chunk = 65'536) {
  finding_list findings;
  const archive_kind format = detect_archive(std::as_bytes(std::span{bytes}));
  if (library_reader::needs_random_access(format)) {
    memory_random_access stored{bytes};
    library_reader reader{format, stored, location{"a"}, limits{}, findings};
    return read_through(reader, findings);
  }
  library_reader reader{format, std::make_unique<memory_source>(bytes, chunk), location{"a"}, limits{}, findings};
  return read_through(reader, findings);
}

struct made_archive {
  const char* name;
  const char* command;
  archive_kind format;
  bool carries_checksum;
};

const made_archive archives[] = {
    {"newc", "find t | cpio -o -H newc > a", archive_kind::cpio, false},
    {"odc", "find t | cpio -o -H odc > a", archive_kind::cpio, false},
    {"crc", "find t | cpio -o -H crc > a", archive_kind::cpio, false},
    {"bin", "find t | cpio -o -H bin > a", archive_kind::cpio, false},
    {"bsd_cpio", "bsdtar --format=newc -cf a t", archive_kind::cpio, false},
    {"seven_zip", "7z a -bd a.7z t >/dev/null; mv a.7z a", archive_kind::seven_zip, true},
    {"seven_zip_stored", "7z a -bd -mx=0 a.7z t >/dev/null; mv a.7z a", archive_kind::seven_zip, true},
    {"seven_zip_ppmd", "7z a -bd -m0=PPMd a.7z t >/dev/null; mv a.7z a", archive_kind::seven_zip, true},
    {"bsd_seven_zip", "bsdtar --format=7zip -cf a t", archive_kind::seven_zip, true},
    {"iso", "bsdtar --format=iso9660 -cf a t", archive_kind::iso9660, false},
    {"genisoimage", "genisoimage -quiet -R -graft-points -o a t=t", archive_kind::iso9660, false},
    {"xar", "bsdtar --format=xar -cf a t", archive_kind::xar, false},
};

class archive_of : public ::testing::TestWithParam<made_archive> {
 protected:
  void SetUp() override {
    static_cast<void>(scratch.run(make_small_tree));
    static_cast<void>(scratch.run(GetParam().command));
    bytes = scratch.read("a");
  }
  scratch_directory scratch;
  std::string bytes;
};

TEST_P(archive_of, real_files_is_read_whole) {
  EXPECT_EQ(detect_archive(std::as_bytes(std::span{bytes})), GetParam().format);
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{997}, std::size_t{65'536}}) {
    if (chunk == 1 && bytes.size() > 100'000) continue;
    const archive_reading got = read_library(bytes, chunk);
    EXPECT_THAT(got.checks, IsEmpty());
    EXPECT_FALSE(got.unchecked) << *got.unchecked;
    EXPECT_EQ(got.carries_checksum, GetParam().carries_checksum);
    ASSERT_EQ(got.files.size(), 5U);
    for (const auto& [name, content] : got.files) EXPECT_EQ(content, scratch.read(name)) << name;
  }
}

// Of the bytes behind the last member only some formats say that they must be there.
TEST_P(archive_of, real_files_is_unsound_where_a_member_is_cut) {
  const archive_reading intact = read_library(bytes);
  ASSERT_FALSE(intact.unsound());
  const std::size_t step = bytes.size() > 20'000 ? 997 : 7;
  for (std::size_t size = 64; size < bytes.size(); size += step) {
    if (detect_archive(std::as_bytes(std::span{bytes}.first(size))) != GetParam().format) continue;
    const archive_reading got = read_library(bytes.substr(0, size));
    if (!got.unsound() && !got.unchecked) {
      ASSERT_EQ(got.files, intact.files) << "cut at byte " << size;
    }
  }
}

TEST_P(archive_of, real_files_with_a_checksum_does_not_pass_when_content_is_altered) {
  if (!GetParam().carries_checksum) return;
  const archive_reading intact = read_library(bytes);
  ASSERT_FALSE(intact.unsound());
  for (std::size_t at = 6; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const archive_reading got = read_library(damaged);
    if (!got.unsound() && !got.unchecked) {
      ASSERT_EQ(got.files, intact.files) << "byte " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(every_writer, archive_of, ::testing::ValuesIn(archives),
                         [](const auto& made) { return std::string{made.param.name}; });

TEST(library_reader, reads_ar_whose_members_lie_side_by_side) {
  const scratch_directory scratch;
  static_cast<void>(scratch.run(make_small_tree));
  static_cast<void>(scratch.run("cd t && ar rc ../a a numbers noise"));
  const std::string bytes = scratch.read("a");
  const archive_reading got = read_library(bytes);
  EXPECT_THAT(got.checks, IsEmpty());
  EXPECT_EQ(got.files.at("numbers"), scratch.read("t/numbers"));
  for (std::size_t size = 80; size + 1 < bytes.size(); size += 3) {
    const archive_reading cut = read_library(bytes.substr(0, size));
    if (!cut.unsound()) {
      ASSERT_LT(cut.files.size(), 3U) << "between two members nothing tells: " << size;
    }
  }
}

TEST(library_reader, says_what_is_encrypted) {
  const scratch_directory scratch;
  static_cast<void>(scratch.run(make_small_tree));
  static_cast<void>(scratch.run("7z a -bd -pxyzzy a.7z t >/dev/null; 7z a -bd -pxyzzy -mhe=on b.7z t >/dev/null"));
  const archive_reading members = read_library(scratch.read("a.7z"));
  EXPECT_THAT(members.checks, IsEmpty());
  EXPECT_TRUE(!members.unreadable.empty() || members.unchecked);
  EXPECT_FALSE(members.carries_checksum);
  const archive_reading directory = read_library(scratch.read("b.7z"));
  ASSERT_TRUE(directory.unchecked);
  EXPECT_THAT(*directory.unchecked, HasSubstr("encrypted"));
}

TEST(library_reader, tells_what_follows_a_cpio) {
  const scratch_directory scratch;
  static_cast<void>(scratch.run(make_small_tree));
  static_cast<void>(scratch.run("find t | cpio -o -H newc > a"));
  const std::string bytes = scratch.read("a");
  EXPECT_THAT(read_library(bytes + std::string(200'000, '\0')).checks, IsEmpty());
  EXPECT_THAT(read_library(bytes + std::string(200'000, 'x')).checks, ElementsAre("archive.trailing-data"));
}

TEST(library_reader, adds_up_what_cpio_keeps_the_sum_of) {
  const scratch_directory scratch;
  static_cast<void>(scratch.run(make_small_tree));
  static_cast<void>(scratch.run("find t -type f | cpio -o -H crc > a"));
  const std::string intact = scratch.read("a");
  const std::string content = scratch.read("t/numbers");
  const std::size_t at = intact.find(content);
  ASSERT_NE(at, std::string::npos);
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{113}, std::size_t{65'536}}) {
    EXPECT_THAT(read_library(intact, chunk).checks, IsEmpty());
    for (const std::size_t offset : {std::size_t{0}, content.size() / 2, content.size() - 1}) {
      std::string damaged = intact;
      damaged[at + offset] = static_cast<char>(damaged[at + offset] ^ 0x10);
      EXPECT_THAT(read_library(damaged, chunk).checks, ElementsAre("archive.crc")) << offset;
    }
  }
}

TEST(library_reader, misses_the_end_of_an_image_where_no_file_lies) {
  const scratch_directory scratch;
  static_cast<void>(scratch.run(make_small_tree));
  static_cast<void>(scratch.run("genisoimage -quiet -R -o a t"));  // which puts 150 empty sectors behind the files
  const std::string intact = scratch.read("a");
  EXPECT_THAT(read_library(intact).checks, IsEmpty());
  EXPECT_THAT(read_library(intact + std::string(99'999, '\0')).checks, IsEmpty());
  for (const std::size_t lost : {std::size_t{1}, std::size_t{2048}, std::size_t{100'000}}) {
    EXPECT_THAT(read_library(intact.substr(0, intact.size() - lost)).checks, ElementsAre("thrown archive.truncated"))
        << lost;
  }
}

}  // namespace library_reader_test
