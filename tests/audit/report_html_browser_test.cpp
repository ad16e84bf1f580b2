#include "knowngood/audit/report_html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/page_browser.hpp"
#include "knowngood/testing/scratch_directory.hpp"
#include "report/sample_history.hpp"

namespace report_html_browser_test {

using namespace knowngood;
using nlohmann::json;
using testing::ElementsAre;

class report_html_browser : public testing::Test {
 protected:
  void SetUp() override {
    if (!page_browser::is_there()) GTEST_SKIP() << "no chromium";
  }

  static std::string month() {
    return render_html(gather_evidence(samples::month()), {.now = samples::last_night + std::chrono::hours{5}});
  }

  [[nodiscard]] tool_run browse(const std::string& arguments, const std::string& file) const {
    return browser_.browse(arguments, file);
  }
  [[nodiscard]] json measured(const std::string& html, unsigned width) const { return browser_.measured(html, width); }
  [[nodiscard]] std::vector<std::string> cells_painted(const std::string& file, const std::string& colour) const {
    return browser_.cells_painted(file, colour);
  }

  scratch_directory here_;
  page_browser browser_{here_};
};

TEST_F(report_html_browser, paints_the_three_bad_nights_red_and_no_other) {
  const json seen = measured(month(), 1280);
  EXPECT_THAT(page_browser::days_of_colour(seen, red_cell),
              ElementsAre(samples::bad_nights[0], samples::bad_nights[1], samples::bad_nights[2]));
  EXPECT_EQ(page_browser::days_of_colour(seen, green_cell).size(), 27U);
  here_.write("month.html", month());
  for (const char* size : {"1280,3400", "500,4200"}) {
    ASSERT_EQ(browse(std::string{"--screenshot=shot.png --window-size="} + size, "month.html").status, 0);
    EXPECT_EQ(cells_painted("shot.png", "c8202f").size(), 3U) << size;
  }
  ASSERT_EQ(
      browse("--screenshot=dark.png --window-size=1280,3400 --blink-settings=preferredColorScheme=0", "month.html")
          .status,
      0);
  EXPECT_EQ(cells_painted("dark.png", "d63443").size(), 3U) << "in the dark";
  EXPECT_EQ(cells_painted("dark.png", "c8202f").size(), 0U);
}

TEST_F(report_html_browser, has_no_red_cell_where_every_night_is_sound) {
  evidence shown;
  for (std::size_t i = 0; i < 5; ++i) shown.add(samples::night(samples::last_night - std::chrono::days{4 - i}, i));
  here_.write("sound.html", render_html(shown, {.now = samples::last_night}));
  ASSERT_EQ(browse("--screenshot=shot.png --window-size=1280,1600", "sound.html").status, 0);
  EXPECT_TRUE(cells_painted("shot.png", "c8202f").empty());
}

TEST_F(report_html_browser, fits_a_phone_whatever_the_names) {
  const std::string longest(3'000, 'x');
  report long_names = samples::hostile();
  for (auto& one : long_names.components) one.name = one.kind = longest;
  for (auto& one : long_names.artifacts) one.path = one.kind = longest;
  for (auto& one : long_names.steps) one.name = one.component = one.reason = one.output = longest;
  for (auto& one : long_names.comparisons) one.name = longest;
  for (auto& one : long_names.recoveries) one.component = longest;
  for (auto& one : long_names.artifacts[1].findings) one.check = one.message = one.expected = longest;
  long_names.host = long_names.command = long_names.policy = longest;
  for (const auto& html :
       {month(), render_html(evidence_of(samples::full()), {}), render_html(evidence_of(samples::hostile()), {}),
        render_html(evidence_of(long_names), {})}) {
    const json phone = measured(html, 360);
    EXPECT_EQ(phone["width"], 360);
    EXPECT_EQ(phone["outside"], json::array());
    EXPECT_GE(phone["font"].get<double>(), 10);
    const json desk = measured(html, 1280);
    EXPECT_EQ(desk["width"], 1280);
    EXPECT_EQ(desk["outside"], json::array());
    EXPECT_EQ(phone["active"], 0);
  }
  EXPECT_EQ(measured(month(), 360)["scrolling"], 0) << "cards need no scrolling";
}

TEST_F(report_html_browser, prints_on_paper) {
  here_.write("month.html", month());
  ASSERT_EQ(browse("--no-pdf-header-footer --print-to-pdf=page.pdf", "month.html").status, 0);
  const std::string info = here_.run("pdfinfo page.pdf").output;
  if (info.empty()) GTEST_SKIP() << "no pdfinfo";
  EXPECT_THAT(info, testing::HasSubstr("(A4)"));
  EXPECT_THAT(here_.run("pdftotext -layout page.pdf -").output,
              testing::AllOf(testing::HasSubstr("✓ SOUND"), testing::HasSubstr("objective 15m"),
                             testing::HasSubstr("✗ unsound")));
}

}  // namespace report_html_browser_test
