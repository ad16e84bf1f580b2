#include "knowngood/postgres/text_encoding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace text_encoding_test {

using namespace knowngood;

struct encoding_case {
  std::string name;
  std::vector<std::string> good;
  std::vector<std::string> broken;
};

const std::vector<encoding_case> encodings{
    {"UTF8",
     {"Größe", "日本語", "\xF4\x8F\xBF\xBF"},
     {"\xC3", "\xFF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC0\xAF", "\xE2\x82"}},
    {"EUC_JP", {"\xC6\xFC\xCB\xDC", "\x8E\xB1", "\x8F\xB0\xA1"}, {"\xC6", "\xC6z", "\x8E\x41", "\x8F\xB0", "\x80\xA1"}},
    {"EUC_KR", {"\xC7\xD1\xB1\xDB"}, {"\xC7", "\xC7z", "\x8E\xB1"}},
    {"EUC_CN", {"\xD6\xD0\xCE\xC4"}, {"\xD6", "\xD6\x40"}},
    {"EUC_TW", {"\xC4\xE3", "\x8E\xA2\xA1\xA1"}, {"\xC4", "\xC4z", "\x8E\xA2\xA1"}},
    {"SJIS", {"\x93\xFA\x96\x7B", "\xB1", "\x95\x5C"}, {"\x93", "\x93\x20", "\x80\x40", "\xFD\x40"}},
    {"BIG5", {"\xA4\xA4\xA4\xE5", "\xB3\x5C"}, {"\xA4", "\xA4\x20", "\xA4\x7F"}},
    {"GBK", {"\xD6\xD0", "\x81\x40"}, {"\xD6", "\xD6\x20", "\xD6\x7F", "\xFF\x40"}},
    {"UHC", {"\xC7\xD1", "\x81\x41"}, {"\xC7", "\xC7\x20", "\x81\x5B"}},
    {"JOHAB", {"\xD0\x65", "\x88\x61"}, {"\xD0", "\xD0\x20", "\x80\x61"}},
    {"GB18030", {"\xD6\xD0", "\x81\x30\x81\x30"}, {"\xD6", "\x81\x30\x81", "\x81\x30\x20\x30", "\x81\x7F"}},
    {"MULE_INTERNAL", {"\x81\xE4", "\x92\xC6\xFC"}, {"\x81", "\x92\xC6", "\x92\xC6z"}},
    {"LATIN1",
     {"\xFF\x80",
      "Gr\xF6\xDF"
      "e"},
     {}},
    {"SQL_ASCII", {"\xFF\x80"}, {}},
};

TEST(text_encoding, tells_characters_from_broken_ones_wherever_they_are_cut) {
  for (const auto& one : encodings) {
    const text_encoding encoding = encoding_named(one.name);
    const auto check = [&](const std::string& text, bool expected) {
      EXPECT_EQ(!find_ill_formed(encoding, text), expected) << one.name << " " << testing::PrintToString(text);
      for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 100}) {
        encoding_validator validator{encoding};
        for (std::size_t at = 0; at < text.size(); at += chunk) validator.feed(text.substr(at, chunk));
        EXPECT_EQ(validator.finish(), expected) << one.name << " in chunks of " << chunk;
      }
    };
    std::string all;
    for (const auto& text : one.good) all += "abc" + text + "defghijklm" + text;
    check(all, true);
    for (const auto& text : one.broken) {
      check(all + text, false);
      check(text + "  " + std::string(20, 'x') + all, false);
    }
  }
}

TEST(text_encoding, is_known_by_every_spelling_of_its_name) {
  for (const char* name : {"EUC_JP", "euc_jp", "EUCJP", "EUC-JP", "eucjis2004"}) {
    EXPECT_EQ(encoding_named(name), text_encoding::euc_jp) << name;
  }
  EXPECT_EQ(encoding_named("Unicode"), text_encoding::utf8);
  EXPECT_EQ(encoding_named("WIN1252"), text_encoding::bytes);
  EXPECT_EQ(encoding_named(std::string(300, 'x')), text_encoding::bytes);
  EXPECT_TRUE(hides_ascii(encoding_named("SHIFT_JIS_2004")));
  EXPECT_FALSE(hides_ascii(encoding_named("EUC_TW")));
}

}  // namespace text_encoding_test
