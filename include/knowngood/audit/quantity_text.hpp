// length_text, age_text, day_text: times as the renderers show them to people.
//
// Layer: audit. Safe for any number that a report may hold. Example: age_text(93'600) == "26h old".
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "knowngood/base/time.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

namespace detail {
inline constexpr std::int64_t longest_seconds = 9'999'999LL * 86'400;  // a report may hold any 64 bits
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

/// How old the newest artifact of a component was when the run began. A name that states a day and no hour may mean any
/// moment of it: of today's nothing is known but how old it is at most.
inline std::string age_text(const component_report& component, moment started) {
  if (!component.age_seconds) return {};
  const bool some_time_of_today =
      *component.age_seconds == 0 && component.newest_timestamp && *component.newest_timestamp < started;
  return some_time_of_today ? "at most " + age_text((started - *component.newest_timestamp).count())
                            : age_text(*component.age_seconds);
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

}  // namespace knowngood
