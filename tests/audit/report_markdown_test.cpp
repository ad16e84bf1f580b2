#include "knowngood/audit/report_markdown.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "report/sample_history.hpp"

namespace report_markdown_test {

using namespace knowngood;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string of(const report& one, const markdown_options& options = {}) {
  return render_markdown(evidence_of(one), options);
}

TEST(report_markdown, begins_with_the_verdict) {
  EXPECT_THAT(of(samples::sound(5)), StartsWith("## ✅ verify: sound\n\nSOUND\\: all 5 artifacts sound\n"));
  EXPECT_THAT(of(samples::full()), StartsWith("## ❌ verify of ner11: unsound\n"));
  EXPECT_THAT(of(samples::empty()), StartsWith("## ❔ verify: nothing checked\n"));
  EXPECT_THAT(of(samples::interrupted()), StartsWith("## ❔ verify: interrupted\n"));
  EXPECT_EQ(render_markdown({}), "## ❔ knowngood: there is no report\n");
}

TEST(report_markdown, says_what_is_wrong_where_both_values_and_what_to_do) {
  const std::string page = of(samples::full());
  EXPECT_THAT(page,
              HasSubstr("- ❌ **error** <code>gzip\\.crc32</code>: the data\\'s CRC\\-32 differs from the trailer\\'s\n"
                        "  - in <code>\\/backups\\/ner11\\/database\\/ner11\\_db\\_20251203\\_020000\\.sql\\.gz</code> "
                        "at byte 260046840\n"
                        "  - expected <code>0x1f2e3d4c</code>\n  - actual <code>0x9a8b7c6d</code>\n  - → restore from "
                        "another copy\n"));
  EXPECT_THAT(page, HasSubstr("| ❌ unsound | <code>logs</code> | none |"));
  EXPECT_THAT(page, HasSubstr("2 tables compared, 0 the same."));
  EXPECT_THAT(page, HasSubstr("| 5,000 | 5,000 | 5,010 | 4,999 | fewer |"));
  EXPECT_THAT(page, HasSubstr("| ✅ sound | **everything** | 12s |"));
  EXPECT_THAT(page, HasSubstr("- ❔ cannot open\\: Permission denied\n"));
}

TEST(report_markdown, counts_what_it_does_not_list) {
  report r = samples::sound(1);
  for (int i = 0; i < 200; ++i)
    r.artifacts[0].findings.push_back(make_finding(checks::tar_header, location{"a"}, "no header"));
  EXPECT_THAT(of(r), HasSubstr("… and 150 findings more"));
  EXPECT_THAT(of(r, {.findings = 500}), Not(HasSubstr("more: read")));
}

TEST(report_markdown, stays_below_what_github_takes) {
  report r = samples::full();
  const std::string longest(3'000, '*');
  for (int i = 0; i < 1'000; ++i) {
    r.components.push_back(r.components[0]);
    r.components.back().name = longest;
    r.artifacts[0].findings.push_back(
        make_finding(checks::tar_header, location{{longest, longest, longest}, 1}, longest, longest, longest));
    r.comparisons.push_back(r.comparisons[0]);
    r.comparisons.back().name = longest;
  }
  EXPECT_LT(of(r).size(), 1'000'100U);
  const std::string forced = of(r, {.findings = 100'000, .rows = 100'000, .text = 100'000});
  EXPECT_LT(forced.size(), 1'000'100U);
  EXPECT_THAT(forced, HasSubstr("The rest does not fit"));
}

TEST(report_markdown, has_no_recovery_time_of_what_was_not_restored) {
  const report drill = samples::rehearsal(samples::last_night, 60);
  ASSERT_THAT(of(drill), HasSubstr("sound | <code>database</code> | 1m 3s |"));
  const std::string page = of(samples::without_database(drill));
  EXPECT_THAT(page, Not(HasSubstr("| <code>database</code> | 1m 3s |")));
  EXPECT_THAT(page, Not(HasSubstr("**everything**")));
  EXPECT_THAT(page, HasSubstr("| <code>models</code> | 1m 35s |"));
}

TEST(report_markdown, tells_of_later_runs_of_a_part) {
  evidence shown = gather_evidence(samples::month());
  report part = samples::sound(1);
  part.started = samples::last_night + std::chrono::hours{2};
  part.artifacts[0].verdict = part.verdict = verdict::unsound;
  ASSERT_THAT(render_markdown(shown), Not(HasSubstr("since then")));
  shown.add(part);
  EXPECT_THAT(render_markdown(shown), HasSubstr("- since then verify looked at a part, 2025-12-04 05:00 UTC: UNSOUND"));
}

TEST(report_markdown, nothing_in_it_acts_whatever_the_names) {
  if (run_tool("cmark-gfm --version").status != 0) GTEST_SKIP() << "no cmark-gfm";
  report r = samples::hostile();
  r.artifacts[1].findings[1].message =
      "<img src=x onerror=alert(1)> | @everyone #1 [a](http://evil.example) https://evil.example `x` **b**\n\n# h";
  r.components[0].name = "| a |\n<script>alert(1)</script>";
  const scratch_directory here;
  here.write("page.md", of(r));
  const std::string html = here.run("cmark-gfm --unsafe -e table -e autolink -e strikethrough page.md").output;
  for (const char* evil : {"<img", "<script", "<a ", "<h1", "<strong>b", "\x1b", "\r"})
    EXPECT_THAT(html, Not(HasSubstr(evil)));
  EXPECT_THAT(html, HasSubstr("<code>| a |\\n&lt;script&gt;alert(1)&lt;/script&gt;</code>"));
  std::size_t columns = 0;  // no name adds a cell: every row of the first table has as many
  for (std::size_t at = html.find("<tr>"), end; at < html.find("</table>"); at = html.find("<tr>", end)) {
    end = html.find("</tr>", at);
    std::size_t cells = 0;
    for (std::size_t cell = html.find("<t", at + 4); cell < end; cell = html.find("<t", cell + 1)) ++cells;
    if (columns == 0) columns = cells;
    EXPECT_EQ(cells, columns);
  }
  EXPECT_EQ(columns, 6U);
}

}  // namespace report_markdown_test
