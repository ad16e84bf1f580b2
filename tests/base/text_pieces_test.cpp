#include "knowngood/base/text_pieces.hpp"

#include <gtest/gtest.h>

#include <string>

#include "knowngood/base/utf8.hpp"

namespace text_pieces_test {

using namespace knowngood;

bool valid(const std::vector<std::string>& pieces) {
  utf8_validator check;
  for (const auto& piece : pieces) check.feed(piece);
  return check.finish();
}

TEST(text_pieces, are_one_text_wherever_it_is_cut) {
  const std::string text = "plain text of more than eight bytes, ä, €, 𝄞, and more plain text behind it";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      ASSERT_TRUE(valid({text.substr(0, first), text.substr(first, second - first), text.substr(second)}))
          << first << " " << second;
    }
  }
}

TEST(text_pieces, find_what_is_ill_formed_wherever_it_is_cut) {
  for (const std::string bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xC3(",
                                "\xF0\x9D\x84(", "\xFF", "\xE2\x82"}) {
    const std::string text = "before " + bad + " behind";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      EXPECT_FALSE(valid({text.substr(0, cut), text.substr(cut)})) << cut;
    }
  }
}

TEST(text_pieces, end_with_a_whole_character) {
  EXPECT_TRUE(valid({}));
  EXPECT_TRUE(valid({"", "", ""}));
  EXPECT_FALSE(valid({"\xE2\x82"}));
  EXPECT_FALSE(valid({"\xF0", "\x9D", "\x84"}));
  EXPECT_TRUE(valid({"\xF0", "\x9D", "\x84", "\x9E"}));
}

TEST(text_pieces, begin_anew_behind_their_end) {
  utf8_validator check;
  EXPECT_FALSE(check.feed("\xFF"));
  EXPECT_FALSE(check.feed("whole again")) << "until the end it stays ill-formed";
  EXPECT_FALSE(check.finish());
  EXPECT_TRUE(check.feed("whole"));
  EXPECT_TRUE(check.finish());
}

TEST(find_ill_formed_text, says_where) {
  const auto ascii = [](std::string_view text) -> std::size_t {
    return static_cast<signed char>(text.front()) < 0 ? 0 : 1;
  };
  EXPECT_EQ(find_ill_formed_text("", ascii), std::nullopt);
  EXPECT_EQ(find_ill_formed_text("0123456789abcdef", ascii), std::nullopt);
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'x');
    text[at] = '\x80';
    EXPECT_EQ(find_ill_formed_text(text, ascii), at);
  }
}

}  // namespace text_pieces_test
