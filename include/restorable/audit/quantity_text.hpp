// elapsed_text, age_text, day_text: times as the renderers show them to people.
//
// Layer: audit. Safe for any number that a report may hold. Example: elapsed_text(72.4) == "1m 12s".
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "restorable/base/time.hpp"

namespace restorable {

namespace detail {
inline constexpr std::int64_t longest_seconds = 9'999'999LL * 86'400;  // a report may hold any 64 bits
}

/// `0.4s`, `12s`, `1m 12s`, `3h 5m`; `-` for what is no length of time.
inline std::string elapsed_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  return format_duration(std::chrono::seconds{std::llround(std::min(seconds, static_cast<double>(detail::longest_seconds)))});
}

/// An objective or another whole number of seconds.
inline std::string length_text(std::int64_t seconds) {
  return format_duration(std::chrono::seconds{std::clamp(seconds, -detail::longest_seconds, detail::longest_seconds)});
}

/// `26h old`; `2h ahead` for what is dated in the future.
inline std::string age_text(std::int64_t seconds) {
  seconds = std::clamp(seconds, -detail::longest_seconds, detail::longest_seconds);
  return seconds < 0 ? length_text(-seconds) + " ahead" : length_text(seconds) + " old";
}

/// A moment that can be reckoned with: files and reports may be dated anywhere.
inline moment within_reason(moment at) {
  constexpr moment first{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
  constexpr moment last{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};
  return std::clamp(at, first, last);
}

/// `2025-12-04`.
inline std::string day_text(moment at) { return to_rfc3339(within_reason(at)).substr(0, 10); }

/// `2025-12-04 03:00 UTC`.
inline std::string minute_text(moment at) {
  std::string text = to_rfc3339(within_reason(at)).substr(0, 16);
  text.replace(10, 1, " ");
  return text + " UTC";
}

}  // namespace restorable
