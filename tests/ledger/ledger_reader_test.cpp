#include "knowngood/ledger/ledger_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/ledger_world.hpp"

namespace ledger_reader_test {

using namespace knowngood;
using testing::ElementsAre;
using testing::IsEmpty;

class ledger_reader_test : public ledger_world {
 protected:
  /// Lines as `number@offset:length`, with `!` when they have no end and `^` when they are too long.
  [[nodiscard]] std::vector<std::string> split(const std::string& bytes) const {
    std::filesystem::create_directories(path());
    write("some", bytes);
    const auto directory = ledger_directory::open(path());
    std::vector<std::string> found;
    each_ledger_line(directory.open_file("some"), location{"some"}, [&](const ledger_line_bytes& line) {
      found.push_back(fmt::format("{}@{}:{}{}{}", line.number, line.offset, line.bytes.size(), line.ended ? "" : "!",
                                  line.too_long ? "^" : ""));
    });
    return found;
  }
};

TEST_F(ledger_reader_test, hands_out_every_line_with_its_place) {
  EXPECT_THAT(split(""), IsEmpty());
  EXPECT_THAT(split("a"), ElementsAre("1@0:1!"));
  EXPECT_THAT(split("a\n"), ElementsAre("1@0:1"));
  EXPECT_THAT(split("\n\nab"), ElementsAre("1@0:0", "2@1:0", "3@2:2!"));
}

TEST_F(ledger_reader_test, cuts_lines_that_lie_across_its_buffer_right) {
  std::string bytes;
  std::vector<std::string> expected;
  for (int number = 1; number <= 100; ++number) {
    const std::size_t length = static_cast<std::size_t>(number * 7919 % 15'000);
    expected.push_back(fmt::format("{}@{}:{}", number, bytes.size(), length));
    bytes += std::string(length, 'x') + "\n";
  }
  EXPECT_EQ(split(bytes), expected);
}

TEST_F(ledger_reader_test, holds_no_line_that_is_too_long) {
  EXPECT_THAT(split(std::string(longest_ledger_line, 'x') + "\n"), ElementsAre("1@0:16384"));
  EXPECT_THAT(split(std::string(longest_ledger_line + 1, 'x') + "\nb\n"), ElementsAre("1@0:0^", "2@16386:1"));
  EXPECT_THAT(split(std::string(1'000'000, 'x') + "\nb\n" + std::string(600'000, 'y')),
              ElementsAre("1@0:0^", "2@1000001:1", "3@1000003:0!^"));
}

TEST_F(ledger_reader_test, reads_the_lines_that_were_written) {
  fill(1, 20, &key_);
  const auto listing = read_ledger(path());
  EXPECT_THAT(listing.problems.findings, IsEmpty());
  ASSERT_EQ(listing.lines.size(), 20U);
  EXPECT_EQ(listing.line_count, 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(listing.lines[i].entry.sequence, i + 1);
    EXPECT_EQ(listing.lines[i].entry.previous, i == 0 ? ledger_beginning : listing.lines[i - 1].sha256);
    EXPECT_EQ(listing.lines[i].sha256, sha256_of(lines()[i]));
  }
}

TEST_F(ledger_reader_test, gives_the_good_lines_of_a_damaged_ledger_and_says_what_is_wrong) {
  fill(1, 4);
  auto all = lines();
  all[1] = "rubbish";
  write_lines(all);
  const auto listing = read_ledger(path());
  EXPECT_EQ(listing.lines.size(), 3U);
  EXPECT_EQ(listing.line_count, 4U);
  EXPECT_THAT(ids(listing.problems.findings), ElementsAre("ledger.line error", "ledger.chain error"));
  EXPECT_THROW((void)read_ledger(path() + "/none"), environment_error);
}

TEST_F(ledger_reader_test, names_the_line_that_was_edited) {
  fill(1, 4);
  auto all = lines();
  ledger_entry edited = entry(2);
  edited.recorded += std::chrono::seconds{1};
  all[1] = to_json(edited);
  write_lines(all);
  const auto listing = read_ledger(path());
  ASSERT_THAT(ids(listing.problems.findings), ElementsAre("ledger.chain error"));
  EXPECT_THAT(listing.problems.findings[0].message, testing::HasSubstr("another line 2"));
  EXPECT_EQ(listing.problems.findings[0].actual, sha256_of(all[1]));
}

}  // namespace ledger_reader_test
