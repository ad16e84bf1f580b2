#include "knowngood/hash/checksum_text.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace checksum_text_test {

using namespace knowngood;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  checksum_text reader{text};
  while (const auto line = reader.next()) lines.emplace_back(*line);
  return lines;
}

TEST(checksum_text, gives_lines_without_their_ends) {
  EXPECT_EQ(lines_of("a\nb\r\n\nc"), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_TRUE(lines_of("").empty());
  checksum_text reader{"a\n\nb"};
  reader.next();
  EXPECT_EQ(reader.number(), 1U);
  reader.next();
  EXPECT_FALSE(reader.at_end());
  reader.next();
  EXPECT_EQ(reader.number(), 3U);
  EXPECT_TRUE(reader.at_end());
}

TEST(checksum_text, leaves_other_armour_alone) {
  EXPECT_EQ(lines_of("-----BEGIN CERTIFICATE-----\nx\n"),
            (std::vector<std::string>{"-----BEGIN CERTIFICATE-----", "x"}));
}

TEST(utf8_from_utf16, decodes_every_length_of_a_character) {
  const std::string wide{
      "\xFF\xFE"
      "a\0"
      "\xE9\x00"
      "\xAC\x20"
      "\x3D\xD8\x00\xDE"
      "\x00\xD8"
      "b\0",
      16};
  EXPECT_EQ(utf8_from_utf16(wide), "a\u00e9\u20ac\U0001F600\uFFFDb");
  EXPECT_EQ(utf8_from_utf16(wide + "x"), utf8_from_utf16(wide)) << "half a unit";
  EXPECT_FALSE(utf8_from_utf16("plain"));
  EXPECT_FALSE(utf8_from_utf16(""));
  EXPECT_FALSE(utf8_from_utf16(std::string(8, '\0')));
}

}  // namespace checksum_text_test
