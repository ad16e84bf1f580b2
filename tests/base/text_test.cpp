// Text that comes from backups: printable.hpp, utf8.hpp; words that people mistype: nearest.hpp; places: location.hpp.
#include "knowngood/base/utf8.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "knowngood/base/location.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"

namespace text_test {

using namespace knowngood;

TEST(printable, shows_what_a_terminal_would_obey) {
  EXPECT_EQ(printable("Größe ✓ 日本"), "Größe ✓ 日本");
  EXPECT_EQ(printable("a\x1b[2Jb\n\t\r\x7f"), "a\\x1b[2Jb\\n\\t\\r\\x7f");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "a C1 control";
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae") << "a direction override";
  EXPECT_EQ(printable(std::string(100, 'x'), 10), "xxxxxxxxxx…");
}

TEST(printable, shows_what_nobody_would_see) {
  const auto utf8 = [](char32_t code) {
    const auto part = [&](unsigned shift) { return static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x800) return std::string{static_cast<char>(0xC0U | (code >> 6U)), part(0)};
    if (code < 0x10000) return std::string{static_cast<char>(0xE0U | (code >> 12U)), part(6), part(0)};
    return std::string{static_cast<char>(0xF0U | (code >> 18U)), part(12), part(6), part(0)};
  };
  const auto shown = [&](char32_t code) { return printable("a" + utf8(code) + "b") == "a" + utf8(code) + "b"; };
  for (const auto& [first, last] :
       {std::pair{0x061C, 0x061C}, std::pair{0x200B, 0x200F}, std::pair{0x2028, 0x202E}, std::pair{0x2060, 0x206F},
        std::pair{0xFEFF, 0xFEFF}, std::pair{0xE0000, 0xE007F}}) {
    EXPECT_TRUE(shown(static_cast<char32_t>(first - 1))) << std::hex << first;
    EXPECT_TRUE(shown(static_cast<char32_t>(last + 1))) << std::hex << last;
    for (int code = first; code <= last; ++code) EXPECT_FALSE(shown(static_cast<char32_t>(code))) << std::hex << code;
  }
  EXPECT_EQ(printable("a\xd8\x9c"), "a\\xd8\\x9c");
  EXPECT_EQ(printable("a\xf3\xa0\x80\xa1"), "a\\xf3\\xa0\\x80\\xa1") << "a tag";
}

TEST(printable, leaves_no_command_for_a_ci_system) {
  EXPECT_EQ(printable("::error::x"), "\\x3a:error::x");
  EXPECT_EQ(printable("a ::set-output name=x::y"), "a \\x3a:set-output name=x::y") << "a line may be broken there";
  EXPECT_EQ(printable("\xc2\xa0\xe3\x80\x80::error::x"), "\xc2\xa0\xe3\x80\x80\\x3a:error::x");
  EXPECT_EQ(printable("a##vso[task.complete]"), "a\\x23#vso[task.complete]") << "obeyed wherever it stands";
  EXPECT_EQ(printable("##[error]x ##teamcity[x]"), "\\x23#[error]x \\x23#teamcity[x]");
  EXPECT_EQ(printable("###[error]"), "#\\x23#[error]");
  EXPECT_EQ(printable("::1 'a'::text a::b ## c [d] #[e]"), "::1 'a'::text a::b ## c [d] #[e]");
  for (const char* text : {"::error::x", "##[error]"}) EXPECT_EQ(printable(printable(text)), printable(text));
}

TEST(utf8, is_judged_as_rfc3629_does) {
  for (const std::string good : {"", "a", "é", "✓", "😀", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_FALSE(find_ill_formed_utf8(good)) << good;
  }
  for (const std::string bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    EXPECT_EQ(find_ill_formed_utf8("12345678abc" + bad), 11U);
  }
}

TEST(utf8, is_judged_alike_however_it_is_cut) {
  const std::array<std::string, 8> texts{
      "Größe ✓ 😀 plain", "ill \xC3( formed", "cut \xE2\x82", "\xED\xA0\x80", "", "\xF0\x9F\x98\x80\xF0\x9F\x98",
      "ok\xC2\xA0",      "\xC3\xA4\xA4"};
  for (const auto& text : texts) {
    const bool whole = !find_ill_formed_utf8(text);
    for (std::size_t chunk = 1; chunk <= text.size() + 1; ++chunk) {
      utf8_validator validator;
      for (std::size_t at = 0; at < text.size(); at += chunk) validator.feed(std::string_view{text}.substr(at, chunk));
      EXPECT_EQ(validator.finish(), whole) << printable(text) << " in chunks of " << chunk;
      EXPECT_TRUE(validator.finish()) << "it starts anew";
    }
  }
}

TEST(nearest, finds_the_word_that_was_meant_and_no_other) {
  const std::array<std::string_view, 3> words{"max_age", "min_size", "schedule"};
  EXPECT_EQ(nearest("max_aeg", words), "max_age");
  EXPECT_EQ(nearest("minsize", words), "min_size");
  EXPECT_EQ(nearest("shedule", words), "schedule");
  EXPECT_EQ(nearest("colour", words), "");
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
}

TEST(location, names_the_chain_of_containers) {
  const location db = location{"full.tar.gz"} / "db.sql.gz";
  EXPECT_EQ(db.at(42).to_string(), "full.tar.gz » db.sql.gz at byte 42");
  EXPECT_EQ((db.at(42) / "t").to_string(), "full.tar.gz » db.sql.gz » t") << "the offset was the outer one's";
  EXPECT_EQ((location{"a\nb"}).to_string(), "a\\nb");
}

}  // namespace text_test
