#include "knowngood/postgres/copy_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace copy_text_test {

using namespace knowngood;
using detail::copy_text_check;

enum class flaw { none, byte, escape };

struct row_case {
  std::string row;
  flaw expected;
};

flaw flaw_of(const std::string& row, std::size_t chunk, text_encoding encoding = text_encoding::utf8) {
  copy_text_check check{encoding};
  for (std::size_t at = 0; at < row.size(); at += chunk) check.feed(std::string_view{row}.substr(at, chunk));
  check.finish();
  return check.bad_byte() ? flaw::byte : check.bad_escape() ? flaw::escape : flaw::none;
}

TEST(copy_text_check, allows_what_pg_dump_writes_and_nothing_else_wherever_the_row_is_cut) {
  const std::vector<row_case> cases{
      {"1\tplain", flaw::none},
      {R"(\b\f\n\r\t\v\\)", flaw::none},
      {"\\N", flaw::none},
      {"\\N\t\\N\tx\t\\N", flaw::none},
      {"bell \a, escape \x1B, ctrl-Z \x1A, delete \x7F", flaw::none},
      {R"(\\N \\. \\x00)", flaw::none},
      {R"(\q)", flaw::escape},
      {R"(\x00)", flaw::escape},
      {R"(\377)", flaw::escape},
      {"a\\\tb", flaw::escape},
      {R"(a\.b)", flaw::escape},
      {R"(a\.)", flaw::escape},
      {R"(a\)", flaw::escape},
      {R"(\Nrow)", flaw::escape},
      {"x\\N", flaw::escape},
      {"1\t\\N2", flaw::escape},
      {R"(\\\)", flaw::escape},
      {std::string("a\0b", 3), flaw::byte},
      {"a\rb", flaw::byte},
      {"a\bb", flaw::byte},
      {"a\vb", flaw::byte},
      {"a\fb", flaw::byte},
  };
  for (const auto& one : cases) {
    for (const std::string& front : {std::string{}, std::string(200, 'x') + '\t'}) {
      for (const std::string& back : {std::string{}, '\t' + std::string(200, 'y')}) {
        if (!back.empty() && one.row.back() == '\\' && one.expected != flaw::none) continue;
        for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 63, 64, 65, 1000}) {
          EXPECT_EQ(flaw_of(front + one.row + back, chunk), one.expected)
              << testing::PrintToString(one.row) << " in chunks of " << chunk;
        }
      }
    }
  }
}

TEST(copy_text_check, takes_the_half_of_a_character_for_no_backslash) {
  for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 100}) {
    EXPECT_EQ(flaw_of("\x95\x5Cq", chunk, text_encoding::sjis), flaw::none);
    EXPECT_EQ(flaw_of("\xB1\\q", chunk, text_encoding::sjis), flaw::escape) << "a letter of one byte";
    EXPECT_EQ(flaw_of("\x95\x5Cq", chunk, text_encoding::euc_jp), flaw::escape);
  }
}

TEST(masks_of, finds_the_bytes_that_matter_in_any_place) {
  for (unsigned at = 0; at < 64; ++at) {
    const auto mask = std::uint64_t{1} << at;
    for (int byte = 0; byte < 256; ++byte) {
      std::string block(64, 'a');
      block[at] = static_cast<char>(byte);
      const detail::block_masks found = detail::masks_of(block.data());
      EXPECT_EQ(found.newline, byte == '\n' ? mask : 0);
      EXPECT_EQ(found.tab, byte == '\t' ? mask : 0);
      EXPECT_EQ(found.high, byte >= 0x80 ? mask : 0);
      const bool special = (byte <= '\r' && byte != '\n' && byte != '\t') || byte == '\\';
      EXPECT_EQ(found.special, special ? mask : 0) << byte;
    }
  }
}

}  // namespace copy_text_test
