#include "knowngood/report/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

namespace json_text_test {

using namespace knowngood;

TEST(json_text, keeps_well_formed_text_as_it_is) {
  for (const std::string text : {"", "plain.sql.gz", "Größe/日本語/🗄️.tar", "back\\slash \\xff",
                                 "tab\tnew\nline", "\xef\xbf\xbf\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(to_json_text(text), text);
    EXPECT_EQ(from_json_text(text), text);
  }
}

TEST(json_text, marks_every_byte_that_is_no_text) {
  EXPECT_EQ(to_json_text("caf\xe9.txt"), "caf\uFFFD\\xe9.txt");
  EXPECT_EQ(to_json_text("\xff\xfe"), "\uFFFD\\xff\uFFFD\\xfe");
  EXPECT_EQ(to_json_text("\xc0\xaf"), "\uFFFD\\xc0\uFFFD\\xaf") << "an overlong slash is not a slash";
  EXPECT_EQ(to_json_text("\xed\xa0\x80"), "\uFFFD\\xed\uFFFD\\xa0\uFFFD\\x80") << "a surrogate is not text";
  EXPECT_EQ(to_json_text("cut \xe2\x82"), "cut \uFFFD\\xe2\uFFFD\\x82");
}

TEST(json_text, doubles_a_replacement_character_that_was_there) {
  EXPECT_EQ(to_json_text("\uFFFD\\xe9"), "\uFFFD\uFFFD\\xe9");
  EXPECT_EQ(from_json_text("\uFFFD\uFFFD\\xe9"), "\uFFFD\\xe9");
  EXPECT_EQ(from_json_text("lone \uFFFD, \uFFFD\\xq0 and \uFFFD\\x1"), "lone \uFFFD, \uFFFD\\xq0 and \uFFFD\\x1");
}

TEST(json_text, gives_different_text_for_different_bytes_and_the_same_bytes_back) {
  // All strings of up to five of these pieces: whatever could be taken for something else.
  const std::vector<std::string> pieces{"a", "\\", "x", "e9", "\xe9", "\xef", "\xbf", "\xbd", "\uFFFD"};
  std::vector<std::string> all{""};
  for (std::size_t from = 0, length = 0; length < 5; ++length) {
    const std::size_t to = all.size();
    for (; from < to; ++from) {
      for (const auto& piece : pieces) all.push_back(all[from] + piece);
    }
  }
  std::set<std::string> raw{all.begin(), all.end()};
  std::set<std::string> texts;
  for (const auto& bytes : raw) {
    const std::string text = to_json_text(bytes);
    ASSERT_NO_THROW((void)nlohmann::json(text).dump()) << "well-formed for a strict writer";
    ASSERT_TRUE(from_json_text(text) == bytes);
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), raw.size());
}

TEST(json_text, survives_random_bytes) {
  std::mt19937 random{20'251'204};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string text = to_json_text(bytes);
    ASSERT_NO_THROW((void)nlohmann::json(text).dump());
    ASSERT_TRUE(from_json_text(text) == bytes);
  }
}

TEST(escape_invisible, shows_what_acts_on_terminals_and_means_the_same) {
  const std::string raw =
      "\x7f \xc2\x80 \xc2\x9b \xc2\xa0 \u2027 \u2028 \u202e \u202f \u205f \u2066 \u2069 \u2070 é 日 \u061c \ufeff "
      "\U000e0041 "
      "😀 ##vso[a] ##[b] ##c";
  const std::string json = nlohmann::json(raw).dump();
  const std::string escaped = escape_invisible(json);
  EXPECT_EQ(escaped,
            "\"\\u007f \\u0080 \\u009b \xc2\xa0 \u2027 \\u2028 \\u202e \u202f \u205f \\u2066 \\u2069 \u2070 é 日 "
            "\\u061c \\ufeff \\udb40\\udc41 😀 \\u0023#vso[a] \\u0023#[b] ##c\"");
  EXPECT_EQ(nlohmann::json::parse(escaped).get<std::string>(), raw);
  EXPECT_EQ(escape_invisible("{\"a\": \"\\\\\"}"), "{\"a\": \"\\\\\"}");
  EXPECT_EQ(escape_invisible("\xe2\x80"), "\xe2\x80") << "nothing is read beyond the end";
}

}  // namespace json_text_test
