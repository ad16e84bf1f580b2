#include "knowngood/audit/markup_text.hpp"

#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "report/sample_reports.hpp"

namespace markup_text_test {

using namespace knowngood;

TEST(visible_text, leaves_what_can_be_seen) {
  EXPECT_EQ(visible_text(""), "");
  EXPECT_EQ(visible_text("db_2025.sql.gz Größe 数据 \xF0\x9F\x98\x80"), "db_2025.sql.gz Größe 数据 \xF0\x9F\x98\x80");
  const std::string longest(100'000, 'x');
  EXPECT_EQ(visible_text(longest), longest) << "nothing is cut";
}

TEST(visible_text, shows_what_cannot_be_seen) {
  EXPECT_EQ(visible_text("a\nb\tc\x1b[2J"), "a\\nb\\tc\\x1b[2J");
  EXPECT_EQ(visible_text("\xff"), "\\xff");
  EXPECT_EQ(visible_text("\xE2\x80\xAEgpj"), "\\xe2\\x80\\xaegpj") << "right-to-left override";
  EXPECT_EQ(visible_text("\xE2\x80\x8B"), "\\xe2\\x80\\x8b") << "zero width space";
  EXPECT_EQ(visible_text("نمی\xE2\x80\x8Cخواهم"), "نمی\\xe2\\x80\\x8cخواهم") << "two names would look the same";
  EXPECT_EQ(visible_text("\xEF\xBB\xBF"), "\\xef\\xbb\\xbf") << "byte order mark";
  EXPECT_EQ(visible_text("\xEF\xBF\xBE\xEF\xBF\xBF"), "\\xef\\xbf\\xbe\\xef\\xbf\\xbf")
      << "XML forbids U+FFFE and U+FFFF";
  EXPECT_EQ(visible_text("\xF0\x9F\xBF\xBE"), "\\xf0\\x9f\\xbf\\xbe") << "U+1FFFE";
  EXPECT_EQ(visible_text("\xEF\xB7\x90"), "\\xef\\xb7\\x90") << "U+FDD0";
  EXPECT_EQ(visible_text(std::string_view{"\0", 1}), "\\x00");
}

TEST(escape_markup, leaves_no_character_that_markup_knows) {
  EXPECT_EQ(escape_markup("plain"), "plain");
  EXPECT_EQ(escape_markup("<&>\"'"), "&lt;&amp;&gt;&quot;&#39;");
  EXPECT_EQ(escape_markup("</script>]]>\"><img onerror=x>"), "&lt;/script&gt;]]&gt;&quot;&gt;&lt;img onerror=x&gt;");
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string text = escape_markup(std::string{static_cast<char>(first), static_cast<char>(second)});
      ASSERT_EQ(text.find_first_of("<>\"'\n\r\t"), std::string::npos);
      for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(utf8_sequence_length(rest))) {
        ASSERT_GT(utf8_sequence_length(rest), 0U);
        ASSERT_GE(static_cast<unsigned char>(rest.front()), 0x20U);
      }
    }
  }
}

TEST(escape_label, keeps_within_its_quotes) {
  EXPECT_EQ(escape_label("plain"), "plain");
  EXPECT_EQ(escape_label("a\"b"), "a\\\"b");
  EXPECT_EQ(escape_label("a\\"), "a\\\\");
  EXPECT_EQ(escape_label("a\nb"), "a\\\\nb") << "a line break is shown, not meant";
}

TEST(escape_markdown, means_nothing_to_github) {
  if (run_tool("cmark-gfm --version").status != 0) GTEST_SKIP() << "no cmark-gfm";
  const scratch_directory here;
  const auto rendered = [&](const std::string& page) {
    here.write("page.md", page);
    return here.run("cmark-gfm --unsafe -e table -e autolink -e strikethrough page.md").output;
  };
  ASSERT_EQ(rendered("**a** <b>c</b>\n"), "<p><strong>a</strong> <b>c</b></p>\n");
  for (const std::string evil : {"**a**",
                                 "<img src=x onerror=alert(1)>",
                                 "[a](http://evil.example)",
                                 "![a](x)",
                                 "`a`",
                                 "a | b | c",
                                 "# a",
                                 "- a",
                                 "1. a",
                                 "~~a~~",
                                 "http://evil.example/",
                                 "https://evil.example",
                                 "www.evil.example",
                                 "&lt;",
                                 "&#60;",
                                 "\\*a\\*",
                                 "<!-- a -->",
                                 "> a",
                                 "[^1]",
                                 "a\n\n# b",
                                 "    a",
                                 "=== a",
                                 "</code>",
                                 "$x$",
                                 "a\r\nb"}) {
    const std::string shown = escape_markup(evil);
    std::string in_text = rendered("x " + escape_markdown(evil) + "\n");
    for (std::size_t at; (at = in_text.find("&quot;")) != std::string::npos;) in_text.replace(at, 6, "\"");
    std::string wanted = "<p>x " + shown + "</p>\n";
    for (std::size_t at; (at = wanted.find("&quot;")) != std::string::npos;) wanted.replace(at, 6, "\"");
    EXPECT_EQ(in_text, wanted) << evil;
    const std::string in_table = rendered("| a | b |\n|---|---|\n| " + code_markdown(evil) + " | y |\n");
    EXPECT_NE(in_table.find("<td><code>" + shown + "</code></td>\n<td>y</td>"), std::string::npos) << evil << "\n"
                                                                                                   << in_table;
  }
}

}  // namespace markup_text_test
