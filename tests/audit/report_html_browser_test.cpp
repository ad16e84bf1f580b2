#include "restorable/audit/report_html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "restorable/testing/scratch_directory.hpp"
#include "sample_history.hpp"

// The page in a real browser: Debian's chromium, without a window. What it computes is asked through a frame around the
// page, as the page itself runs no script; what it paints is looked at in screenshots.

namespace {

using namespace restorable;
using nlohmann::json;
using testing::ElementsAre;

class report_html_browser : public testing::Test {
 protected:
  void SetUp() override {
    if (run_tool("chromium --version 2>/dev/null").status != 0) GTEST_SKIP() << "no chromium";
  }

  static std::string month() {
    return render_html(gather_evidence(samples::month()), {.now = samples::last_night + std::chrono::hours{5}});
  }

  [[nodiscard]] tool_run browse(const std::string& arguments, const std::string& file) const {
    const std::string here = here_.path().string();
    return here_.run("HOME='" + here +
                     "' timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                     "--hide-scrollbars --force-device-scale-factor=1 "
                     "--user-data-dir='" +
                     here + "/profile' " + arguments + " 'file://" + here + "/" + file + "' 2>errors");
  }

  /// What the browser makes of the page in a frame of so many pixels.
  [[nodiscard]] json measured(const std::string& html, unsigned width) const {
    std::string text = json(html).dump();
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\/");
    for (std::size_t at = 0; (at = text.find("<!", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\!");
    here_.write("frame.html",
                "<!DOCTYPE html><meta charset=utf-8><body><script>\nconst frame = "
                "document.createElement('iframe');\nframe.style = 'border:0;height:900px;width:" +
                    std::to_string(width) +
                    "px';\nframe.onload = () => {\n  const page = frame.contentDocument, view = frame.contentWindow, "
                    "seen = {};\n"
                    "  seen.width = page.documentElement.scrollWidth;\n"
                    "  seen.outside = [...page.body.querySelectorAll('*')].filter(e => !e.closest('.scroll') && "
                    "!e.closest('.vh') && e.getBoundingClientRect().right > frame.clientWidth + 0.5)"
                    ".map(e => e.tagName + '.' + e.className);\n"
                    "  seen.scrolling = [...page.querySelectorAll('.scroll')].filter(e => e.scrollWidth > "
                    "e.clientWidth).length;\n"
                    "  seen.cells = [...page.querySelectorAll('.month td[title]')].map(e => [e.title.slice(0, 10), "
                    "view.getComputedStyle(e).backgroundColor]);\n"
                    "  seen.active = page.querySelectorAll('script, img, iframe, object, embed, form, a').length;\n"
                    "  seen.font = Math.min(...[...page.body.querySelectorAll('p, td, th, li, dd, text')].filter(e => "
                    "e.textContent.trim() && !e.closest('details:not([open])')).map(e => "
                    "parseFloat(view.getComputedStyle(e).fontSize) * (e.ownerSVGElement ? "
                    "e.ownerSVGElement.getBoundingClientRect().width / 320 : 1)));\n"
                    "  document.body.setAttribute('data-seen', JSON.stringify(seen));\n};\nframe.srcdoc = " +
                    text + ";\ndocument.body.append(frame);\n</script>");
    const std::string dom =
        browse("--window-size=1400,1000 --virtual-time-budget=5000 --dump-dom", "frame.html").output;
    const std::size_t begin = dom.find("data-seen=\"");
    if (begin == std::string::npos) throw std::runtime_error{"the browser measured nothing: " + dom.substr(0, 200)};
    std::string seen = dom.substr(begin + 11, dom.find('"', begin + 11) - begin - 11);
    for (std::size_t at; (at = seen.find("&quot;")) != std::string::npos;) seen.replace(at, 6, "\"");
    return json::parse(seen);
  }

  /// Areas of the colour in a screenshot that are as large as a cell of the calendar: `WIDTHxHEIGHT`.
  [[nodiscard]] std::vector<std::string> cells_painted(const std::string& file, const std::string& colour) const {
    const std::string script = (std::filesystem::absolute(__FILE__).parent_path() / "screenshot.py").string();
    std::istringstream lines{here_.run("python3 '" + script + "' areas " + file + " " + colour + " 30").output};
    std::vector<std::string> found;
    for (int x, y, width, height; lines >> x >> y >> width >> height;) {
      if (std::abs(width - height) <= 3) found.push_back(std::to_string(width) + "x" + std::to_string(height));
    }
    return found;
  }

  scratch_directory here_;
};

TEST_F(report_html_browser, paints_the_three_bad_nights_red_and_no_other) {
  const json seen = measured(month(), 1280);
  std::vector<std::string> red;
  std::size_t others = 0;
  for (const auto& cell : seen["cells"]) {
    if (cell[1] == "rgb(200, 32, 47)") {
      red.push_back(cell[0]);
    } else if (cell[1] == "rgb(217, 240, 225)") {
      ++others;
    }
  }
  EXPECT_THAT(red, ElementsAre(samples::bad_nights[0], samples::bad_nights[1], samples::bad_nights[2]));
  EXPECT_EQ(others, 27U);
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
  for (auto& one : long_names.comparisons) one.name = one.outcome = longest;
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

}  // namespace
