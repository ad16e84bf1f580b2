// html_sparkline, html_recovery_chart: the drawings of the HTML report, as SVG inside the page.
//
// Layer: audit. Part of audit/report_html.hpp. Each says in words what it shows; nothing depends on a colour alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/html_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/time.hpp"

namespace knowngood::detail {

/// The newest backup's size on one night.
struct size_point {
  std::optional<std::uint64_t> size;
  bool bad = false;  ///< the component was unsound then
};

/// A line over the nights, oldest first, interrupted where a size is not known; empty for fewer than two known sizes.
/// A change of a hundredth must not look like a fall: the line's height is at least a fifth of the largest size.
inline std::string html_sparkline(const std::vector<size_point>& nights) {
  constexpr double width = 120;
  constexpr double height = 30;
  constexpr double edge = 4;
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
  std::size_t known = 0;
  const std::uint64_t* last = nullptr;
  const std::uint64_t* first = nullptr;
  for (const auto& night : nights) {
    if (!night.size) continue;
    least = std::min(least, *night.size);
    most = std::max(most, *night.size);
    if (first == nullptr) first = &*night.size;
    last = &*night.size;
    ++known;
  }
  if (known < 2) return {};
  const double top = std::max(static_cast<double>(most), 1.0);
  const double bottom = std::min(static_cast<double>(least), top * 0.8);
  const auto x = [&](std::size_t i) {
    return edge + (width - 2 * edge) * static_cast<double>(i) / static_cast<double>(nights.size() - 1);
  };
  const auto y = [&](std::uint64_t size) {
    return edge + (height - 2 * edge) * (top - static_cast<double>(size)) / (top - bottom);
  };
  std::string path;
  std::string dots;
  bool pen = false;
  std::size_t last_at = 0;
  for (std::size_t i = 0; i < nights.size(); ++i) {
    if (!nights[i].size) {
      pen = false;
      continue;
    }
    path += fmt::format("{}{:.1f} {:.1f}", pen ? "L" : "M", x(i), y(*nights[i].size));
    pen = true;
    last_at = i;
    if (nights[i].bad)
      dots += fmt::format("<circle class=\"x\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>", x(i), y(*nights[i].size));
  }
  if (!nights[last_at].bad)
    dots += fmt::format("<circle class=\"p\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>", x(last_at), y(*last));
  const double change = *first == 0 ? 0 : (static_cast<double>(*last) / static_cast<double>(*first) - 1) * 100;
  const std::string words =
      fmt::format("size over {} nights: from {} to {}, between {} and {}", nights.size(), format_byte_size(*first),
                  format_byte_size(*last), format_byte_size(least), format_byte_size(most));
  return fmt::format(
      "<svg class=\"spark\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><title>{}</title><path "
      "d=\"{}\"/>{}</svg>"
      "<span class=\"small dim\">{}</span>",
      width, height, words, words, path, dots,
      *first == 0 ? ""
      : std::abs(change) < 0.05
          ? fmt::format("no change in {} nights", nights.size())
          : fmt::format("{:+.{}f} % in {} nights", change, std::abs(change) < 10 ? 1 : 0, nights.size()));
}

/// How long one drill took to restore something.
struct recovery_point {
  moment at{};
  double seconds = 0;
  std::optional<std::int64_t> objective;
  bool failed = false;  ///< something about it failed, whatever its time
};

/// One unit, to stand above a bar.
inline std::string short_length(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  if (seconds < 99.5) return fmt::format("{:.0f}s", seconds);
  if (seconds < 99.5 * 60) return fmt::format("{:.0f}m", seconds / 60);
  if (seconds < 9.95 * 3'600) return fmt::format("{:.1f}h", seconds / 3'600);
  if (seconds < 99.5 * 3'600) return fmt::format("{:.0f}h", seconds / 3'600);
  return fmt::format("{:.0f}d", std::min(seconds / 86'400, 9'999'999.0));
}

/// A round step of time, so that at most four of them reach `seconds`.
inline double round_step(double seconds) {
  constexpr double steps[] = {0.1,   0.2,   0.5,   1,     2,      5,      10,     15,     30,
                              60,    120,   300,   600,   900,    1800,   3600,   7200,   10800,
                              14400, 21600, 43200, 86400, 172800, 432000, 864000, 2592000};
  for (const double step : steps) {
    if (seconds / step <= 4) return step;
  }
  return std::max(seconds / 4, 1.0);
}

/// A number on the axis, in the unit that suits the highest one.
inline std::string axis_length(double seconds, double ceiling) {
  const auto [unit, name] = ceiling < 100           ? std::pair{1.0, "s"}
                            : ceiling < 100 * 60    ? std::pair{60.0, "m"}
                            : ceiling < 100 * 3'600 ? std::pair{3'600.0, "h"}
                                                    : std::pair{86'400.0, "d"};
  const double value = std::round(seconds / unit * 10) / 10;
  return seconds == 0 ? "0" : fmt::format("{}{}", value, name);
}

/// The drawing's area, in its own units, and the time that its height stands for.
struct recovery_axis {
  static constexpr double width = 320;
  static constexpr double left = 38;
  static constexpr double right = width - 8;
  static constexpr double top = 20;
  static constexpr double bottom = 128;
  double step;
  double ceiling;

  explicit recovery_axis(double most)
      : step{round_step(std::max(most, 0.1))}, ceiling{std::ceil(std::max(most, 0.1) / step * 1.0001) * step} {}

  [[nodiscard]] double y(double seconds) const { return bottom - (bottom - top) * seconds / ceiling; }

  [[nodiscard]] std::string drawn() const {
    std::string text;
    for (double at = 0; at <= ceiling * 1.0001; at += step) {
      text += fmt::format(
          "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left,
          y(at), right, left - 5, y(at) + 3.5, axis_length(at, ceiling));
    }
    return text;
  }
};

inline bool misses_objective(const recovery_point& drill) {
  return drill.objective && drill.seconds > static_cast<double>(*drill.objective);
}

/// The bars with their days, and above them what must not be covered: values, and objectives as dashed lines.
inline std::string recovery_bars(const std::vector<recovery_point>& drills, const recovery_axis& axis) {
  const double slot = (axis.right - axis.left) / static_cast<double>(std::max<std::size_t>(drills.size(), 3));
  const double bar = std::min(slot * 0.62, 34.0);
  std::string bars;
  std::string values;
  std::string goals;  // in front of the values, the newest first: what is drawn later covers what was before
  for (std::size_t i = 0; i < drills.size(); ++i) {
    const auto& drill = drills[i];
    const double from = axis.left + slot * static_cast<double>(i);
    const double middle = from + slot / 2;
    const double height = std::max(axis.bottom - axis.y(drill.seconds), 1.5);
    const std::string_view look = misses_objective(drill) ? " bad" : drill.failed ? " failed" : "";
    const std::string day = day_text(drill.at);
    bars += fmt::format("<rect class=\"bar{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"2\"/>",
                        look, middle - bar / 2, axis.bottom - height, bar, height);
    values += fmt::format("<text class=\"v{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}{}</text>", look,
                          middle, axis.bottom - height - 5, look.empty() ? "" : "✗ ", short_length(drill.seconds));
    // Months and days are enough under a bar; the year stands where it begins.
    bars += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", middle, axis.bottom + 14,
                        day.substr(5));
    if (i == 0 || day.substr(0, 4) != day_text(drills[i - 1].at).substr(0, 4)) {
      bars += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", middle, axis.bottom + 27,
                          day.substr(0, 4));
    }
    if (!drill.objective) continue;
    goals =
        fmt::format("<path class=\"goal\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", from,
                    axis.y(static_cast<double>(*drill.objective)), i + 1 == drills.size() ? axis.right : from + slot) +
        goals;
  }
  if (drills.back().objective) {
    values +=
        fmt::format("<text class=\"gl\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">objective {}</text>", axis.right,
                    axis.y(static_cast<double>(*drills.back().objective)) - 5, length_text(*drills.back().objective));
  }
  return bars + goals + values;
}

/// The same in words.
inline std::string recovery_words(std::string_view label, const std::vector<recovery_point>& drills) {
  std::string words = fmt::format("{}: restore time of {}", label, counted(drills.size(), "drill"));
  for (const auto& drill : drills) {
    words += fmt::format("; {} {}{}", day_text(drill.at), format_elapsed(drill.seconds),
                         drill.objective ? fmt::format(" of {}", length_text(*drill.objective)) : std::string{});
    words += misses_objective(drill) ? ", objective missed" : drill.failed ? ", failed" : "";
  }
  return words;
}

/// A bar for each drill, oldest first, at most eight, with its value above it and its objective as a dashed line.
inline std::string html_recovery_chart(std::string_view label, std::vector<recovery_point> drills) {
  constexpr std::size_t most_bars = 8;
  if (drills.size() > most_bars) drills.erase(drills.begin(), drills.end() - most_bars);
  std::erase_if(drills, [](const recovery_point& drill) { return !std::isfinite(drill.seconds) || drill.seconds < 0; });
  if (drills.empty()) return {};
  double most = 0;
  bool any_goal = false;
  for (const auto& drill : drills) {
    most = std::max({most, drill.seconds, drill.objective ? static_cast<double>(*drill.objective) : 0.0});
    any_goal = any_goal || drill.objective.has_value();
  }
  const recovery_axis axis{most};
  const std::string words = escape_markup(recovery_words(label, drills));
  return fmt::format(
      "<figure><figcaption>{}{}</figcaption><svg class=\"chart\" viewBox=\"0 0 {} 160\" role=\"img\" "
      "aria-label=\"{}\"><title>{}</title>{}{}</svg></figure>\n",
      escape_markup(label), any_goal ? "" : " <span class=\"dim small\">no objective</span>", axis.width, words, words,
      axis.drawn(), recovery_bars(drills, axis));
}

}  // namespace knowngood::detail
