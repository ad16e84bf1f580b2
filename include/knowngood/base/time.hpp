// Points in time and lengths of time as text: RFC 3339 in UTC, and durations such as 26h, 7d, 90m.
//
// Layer: base. Civil time zones belong to catalog/time_zone.hpp; here everything is UTC.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace knowngood {

/// Whole seconds of system time, UTC.
using moment = std::chrono::sys_seconds;

/// `2025-12-04T02:00:00Z`.
inline std::string to_rfc3339(moment at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

namespace detail {
/// Reads exactly `digits` decimal digits off the front of `text`.
inline std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}
inline bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}
}  // namespace detail

/// A moment from RFC 3339 (`2025-12-04T02:00:00Z`, `…+01:00`, a blank for the `T`, fractions dropped), a plain date
/// (its midnight UTC) or `@SECONDS` since the epoch. Nothing for anything else.
inline std::optional<moment> parse_moment(std::string_view text) {
  using namespace std::chrono;
  if (text.starts_with('@')) {
    std::int64_t seconds_since_epoch = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), seconds_since_epoch);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return moment{seconds{seconds_since_epoch}};
  }
  const auto y = detail::take_digits(text, 4);
  if (!y || !detail::take_char(text, "-")) return std::nullopt;
  const auto m = detail::take_digits(text, 2);
  if (!m || !detail::take_char(text, "-")) return std::nullopt;
  const auto d = detail::take_digits(text, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  moment at{sys_days{date}};
  if (text.empty()) return at;
  if (!detail::take_char(text, "Tt ")) return std::nullopt;
  const auto hh = detail::take_digits(text, 2);
  if (!hh || *hh > 23 || !detail::take_char(text, ":")) return std::nullopt;
  const auto mm = detail::take_digits(text, 2);
  if (!mm || *mm > 59 || !detail::take_char(text, ":")) return std::nullopt;
  const auto ss = detail::take_digits(text, 2);
  if (!ss || *ss > 60) return std::nullopt;
  at += hours{*hh} + minutes{*mm} + seconds{*ss};
  if (detail::take_char(text, ".")) {
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
  }
  if (text == "Z" || text == "z") return at;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const bool east = text.front() == '+';
  text.remove_prefix(1);
  const auto zone_hours = detail::take_digits(text, 2);
  if (!zone_hours || !detail::take_char(text, ":")) return std::nullopt;
  const auto zone_minutes = detail::take_digits(text, 2);
  if (!zone_minutes || !text.empty()) return std::nullopt;
  const auto offset = hours{*zone_hours} + minutes{*zone_minutes};
  return east ? at - offset : at + offset;
}

/// A length of time from one or more number-unit pairs: `26h`, `1d12h`, `90 min`, `2w`. Units: s, m or min, h, d, w.
/// Nothing for anything else, zero included only as `0s`.
inline std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::chrono::seconds total{0};
  bool any = false;
  const auto skip_blanks = [&] {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  };
  for (skip_blanks(); !text.empty(); skip_blanks()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    skip_blanks();
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    if (unit == "s" || unit == "sec") {
      total += std::chrono::seconds{number};
    } else if (unit == "m" || unit == "min") {
      total += std::chrono::minutes{number};
    } else if (unit == "h") {
      total += std::chrono::hours{number};
    } else if (unit == "d") {
      total += std::chrono::days{number};
    } else if (unit == "w") {
      total += std::chrono::weeks{number};
    } else {
      return std::nullopt;
    }
    any = true;
  }
  return any ? std::optional{total} : std::nullopt;
}

/// For people, two units at most: `3d 4h`, `26h`, `12m`, `8s`. Negative lengths get a minus.
inline std::string format_duration(std::chrono::seconds length) {
  if (length < std::chrono::seconds{0}) return "-" + format_duration(-length);
  const auto total = length.count();
  if (total >= 172'800) {
    const auto hours = total % 86'400 / 3'600;
    return hours == 0 ? fmt::format("{}d", total / 86'400) : fmt::format("{}d {}h", total / 86'400, hours);
  }
  if (total >= 3'600) {
    const auto minutes = total % 3'600 / 60;
    return minutes == 0 ? fmt::format("{}h", total / 3'600) : fmt::format("{}h {}m", total / 3'600, minutes);
  }
  if (total >= 60) {
    const auto rest = total % 60;
    return rest == 0 ? fmt::format("{}m", total / 60) : fmt::format("{}m {}s", total / 60, rest);
  }
  return fmt::format("{}s", total);
}

/// The same of a length that was measured, in seconds, with tenths where it is short: `0.4s`, `12s`, `1m 12s`. `-` for
/// what is no length of time; no number is too large.
inline std::string format_elapsed(double seconds) {
  constexpr double most = 9'999'999.0 * 86'400;
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  return format_duration(std::chrono::seconds{std::llround(std::min(seconds, most))});
}

}  // namespace knowngood
