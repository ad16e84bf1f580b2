// A page in a real browser: Debian's chromium, without a window. What it computes is asked through a frame around the
// page, as the page itself runs no script; what it paints is looked at in screenshots.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "knowngood/testing/scratch_directory.hpp"
#include "knowngood_source.hpp"

namespace knowngood {

class page_browser {
 public:
  explicit page_browser(const scratch_directory& here) : here_{&here} {}

  static bool is_there() { return run_tool("chromium --version 2>/dev/null").status == 0; }

  [[nodiscard]] tool_run browse(const std::string& arguments, const std::string& file) const {
    const std::string here = here_->path().string();
    return here_->run("HOME='" + here +
                      "' timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                      "--hide-scrollbars --force-device-scale-factor=1 "
                      "--user-data-dir='" +
                      here + "/profile' " + arguments + " 'file://" + here + "/" + file + "' 2>errors");
  }

  /// What the browser makes of the page in a frame of so many pixels: `width`, elements `outside` of it, places
  /// `scrolling`, the calendar's `cells` with date and colour, `active` elements, and the smallest `font`.
  [[nodiscard]] nlohmann::json measured(const std::string& html, unsigned width) const {
    std::string text = nlohmann::json(html).dump();
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\/");
    for (std::size_t at = 0; (at = text.find("<!", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\!");
    here_->write("frame.html",
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
    return nlohmann::json::parse(seen);
  }

  /// Dates of the calendar's cells that have that colour, `rgb(200, 32, 47)`, in what `measured` says.
  static std::vector<std::string> days_of_colour(const nlohmann::json& seen, const std::string& colour) {
    std::vector<std::string> days;
    for (const auto& cell : seen.at("cells")) {
      if (cell.at(1) == colour) days.push_back(cell.at(0));
    }
    return days;
  }

  /// Areas of the colour in a screenshot that are as large as a cell of the calendar: `WIDTHxHEIGHT`.
  [[nodiscard]] std::vector<std::string> cells_painted(const std::string& file, const std::string& colour) const {
    const std::string script = (std::filesystem::path{knowngood_source()} / "tests/audit/screenshot.py").string();
    std::istringstream lines{here_->run("python3 '" + script + "' areas " + file + " " + colour + " 30").output};
    std::vector<std::string> found;
    for (int x, y, width, height; lines >> x >> y >> width >> height;) {
      if (std::abs(width - height) <= 3) found.push_back(std::to_string(width) + "x" + std::to_string(height));
    }
    return found;
  }

 private:
  const scratch_directory* here_;
};

/// The calendar's colours by day.
inline constexpr const char* red_cell = "rgb(200, 32, 47)";
inline constexpr const char* green_cell = "rgb(217, 240, 225)";

}  // namespace knowngood
