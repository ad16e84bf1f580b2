#include "knowngood/archive/zip_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive_reading.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace zip_reader_test {

using namespace knowngood;
using namespace tar_bytes;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

archive_reading read_zip(const std::string& bytes, std::size_t chunk = 65'536) {
  finding_list findings;
  zip_reader reader{std::make_unique<memory_source>(bytes, chunk), location{"a.zip"}, limits{}, findings};
  return read_through(reader, findings);
}

class zip_files : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!have("zip") || !have("python3")) GTEST_FAIL() << "zip and python3 belong to ci/packages";
    static_cast<void>(scratch.run(make_small_tree));
  }
  [[nodiscard]] std::string made_by(const std::string& command) const {
    static_cast<void>(scratch.run("rm -f a.zip; " + command));
    return scratch.read("a.zip");
  }
  // Members of the tree, by python, into a file or, as from a pipe, with descriptors behind the members.
  [[nodiscard]] std::string by_python(const std::string& method, bool piped) const {
    return made_by(
        "python3 -c \"\nimport io, zipfile\n"
        "class pipe(io.RawIOBase):\n"
        "  def __init__(s, f): s.f = f\n"
        "  def writable(s): return True\n"
        "  def write(s, b): return s.f.write(b)\n"
        "out = open('a.zip', 'wb')\n"
        "z = zipfile.ZipFile(" +
        std::string{piped ? "pipe(out)" : "out"} + ", 'w', zipfile." + method +
        ")\n"
        "for n in ('a', 'numbers', 'noise', 'nothing', 'd/deep'): z.write('t/' + n, 't/' + n)\n"
        "z.close(); out.close()\"");
  }
  void expect_whole(const archive_reading& got) const {
    EXPECT_THAT(got.checks, IsEmpty());
    EXPECT_FALSE(got.unchecked) << *got.unchecked;
    EXPECT_TRUE(got.carries_checksum);
    EXPECT_EQ(got.files.size(), 5U);
    for (const auto& [name, content] : got.files) EXPECT_EQ(content, scratch.read(name)) << name;
  }
  scratch_directory scratch;
};

TEST_F(zip_files, of_every_writer_and_method_are_read_whole) {
  for (const std::string command :
       {"zip -qr a.zip t", "zip -q0r a.zip t", "zip -qr - t > a.zip", "zip -q0r - t | cat > a.zip", "zip -qrfz a.zip t",
        "zip -q -Z bzip2 -r a.zip t", "zip -qr a.zip t; echo remark | zip -qz a.zip", "bsdtar --format=zip -cf a.zip t",
        "7z a -bd -tzip -mm=LZMA a.zip t >/dev/null"}) {
    SCOPED_TRACE(command);
    const std::string bytes = made_by(command);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{61}, std::size_t{65'536}})
      expect_whole(read_zip(bytes, chunk));
  }
  for (const std::string method : {"ZIP_STORED", "ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"}) {
    for (const bool piped : {false, true}) {
      SCOPED_TRACE(method + (piped ? " through a pipe" : ""));
      expect_whole(read_zip(by_python(method, piped)));
    }
  }
}

TEST_F(zip_files, cut_anywhere_are_unsound) {
  for (const bool piped : {false, true}) {
    const std::string bytes = by_python("ZIP_DEFLATED", piped);
    expect_whole(read_zip(bytes));
    for (std::size_t size = 4; size < bytes.size(); ++size) {
      ASSERT_TRUE(read_zip(bytes.substr(0, size)).unsound()) << "cut at byte " << size << " of " << bytes.size();
    }
  }
}

TEST_F(zip_files, with_any_byte_altered_are_unsound_or_hold_the_same) {
  for (const std::string method : {"ZIP_STORED", "ZIP_DEFLATED"}) {
    const std::string bytes = by_python(method, method == "ZIP_STORED");
    const archive_reading intact = read_zip(bytes);
    expect_whole(intact);
    for (std::size_t at = 4; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x21);
      const archive_reading got = read_zip(damaged);
      if (!got.unsound() && got.unreadable.empty() && !got.unchecked) {
        ASSERT_EQ(got.files, intact.files) << "byte " << at << " of " << bytes.size();
      }
    }
  }
}

TEST_F(zip_files, are_read_on_behind_a_damaged_member) {
  std::string bytes = by_python("ZIP_DEFLATED", false);
  expect_whole(read_zip(bytes));
  const std::size_t at = bytes.find(scratch.read("t/noise").substr(300, 40));  // noise does not deflate
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  const archive_reading got = read_zip(bytes);
  EXPECT_THAT(got.checks, ElementsAre("member archive.crc"));
  EXPECT_EQ(got.files.at("t/d/deep"), "deep\n") << "the next members are whole";
}

TEST_F(zip_files, whose_local_header_is_lost_lack_a_member) {
  std::string bytes = by_python("ZIP_DEFLATED", false);
  expect_whole(read_zip(bytes));
  const std::size_t second = bytes.find("PK\x03\x04", 4);
  bytes[second] = 'x';
  const archive_reading got = read_zip(bytes);
  EXPECT_THAT(got.checks, Contains("archive.directory"));
  EXPECT_TRUE(got.unsound());
}

TEST_F(zip_files, say_what_cannot_be_looked_into) {
  for (const std::string command :
       {"zip -qr -P xyzzy a.zip t", "zip -qr -P xyzzy - t > a.zip",
        "7z a -bd -tzip -mem=AES256 -pxyzzy a.zip t >/dev/null", "7z a -bd -tzip -mm=PPMd a.zip t >/dev/null"}) {
    SCOPED_TRACE(command);
    const archive_reading got = read_zip(made_by(command));
    EXPECT_THAT(got.checks, IsEmpty());
    EXPECT_FALSE(got.unreadable.empty());
    EXPECT_FALSE(got.carries_checksum);
  }
}

TEST_F(zip_files, tell_what_follows_their_end) {
  const std::string bytes = by_python("ZIP_DEFLATED", false);
  expect_whole(read_zip(bytes));
  expect_whole(read_zip(bytes + std::string(5000, '\0')));
  const archive_reading trailing = read_zip(bytes + "something");
  EXPECT_THAT(trailing.checks, ElementsAre("archive.trailing-data"));
  EXPECT_FALSE(trailing.unsound());
  EXPECT_TRUE(read_zip(bytes + bytes).unsound()) << "unzip would restore the second alone";
  EXPECT_THAT(read_zip(bytes.substr(0, bytes.size() / 2) + std::string(5000, '\0')).checks,
              Contains(AnyOf("thrown archive.truncated", "member archive.damaged")));
}

TEST(zip_reader, reads_an_archive_of_nothing) {
  const std::string nothing = std::string{"PK\x05\x06", 4} + std::string(18, '\0');
  const archive_reading got = read_zip(nothing);
  EXPECT_THAT(got.checks, IsEmpty()) << "that nothing is there is for whoever was promised something";
  EXPECT_THAT(got.files, IsEmpty());
  EXPECT_TRUE(read_zip(nothing.substr(0, 21)).unsound());
}

}  // namespace zip_reader_test
