// cron_expression: the five fields of a crontab line, as cron reads them (crontab(5)): names, ranges, lists, steps, and
// the rule that day of month and day of week, both restricted, mean either.
//
// Layer: catalog. Which days and which minutes of a day; what that means in a time zone is catalog/schedule.hpp.
//   cron_expression{"30 2 * * mon-fri"}.matches(std::chrono::local_days{2025y / 12 / 4})
#pragma once

#include <array>
#include <bitset>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"

namespace knowngood {

namespace detail {

/// One field's name, bounds and words.
struct cron_field {
  std::string_view name;
  unsigned lowest;
  unsigned highest;
  std::vector<std::string_view> words;  ///< the first means `lowest`
};

inline const std::array<cron_field, 5>& cron_fields() {
  static const std::array<cron_field, 5> fields{{
      {"minute", 0, 59, {}},
      {"hour", 0, 23, {}},
      {"day of month", 1, 31, {}},
      {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      {"day of week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
  }};
  return fields;
}

inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The words of `text` between blanks.
inline std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find_first_of(" \t")));
    text.remove_prefix(words.back().size());
  }
}

inline std::optional<unsigned> parse_unsigned(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace detail

class cron_expression {
 public:
  /// Throws `usage_error` that names the field and what it may hold.
  explicit cron_expression(std::string_view text) {
    const auto fields = detail::words_of(text);
    if (fields.size() != 5) {
      throw usage_error{
          fmt::format("`{}` has {} fields where a cron expression has five: minute, hour, day of month, month, "
                      "day of week",
                      printable(text), fields.size())};
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      read(detail::cron_fields()[i], fields[i], sets_[i]);
      starts_with_star_[i] = fields[i].starts_with('*');
    }
    if (sets_[weekday][7]) sets_[weekday].set(0);  // Sunday is 0 and 7
    if (sets_[hour].count() == 24) every_hour_ = true;
    if (!ever()) throw usage_error{fmt::format("`{}` never comes: no such month has that day", printable(text))};
  }

  /// Whether jobs run on `day`.
  [[nodiscard]] bool matches(std::chrono::local_days day) const {
    const std::chrono::year_month_day date{day};
    if (!sets_[month][static_cast<unsigned>(date.month())]) return false;
    const bool by_date = sets_[day_of_month][static_cast<unsigned>(date.day())];
    const bool by_weekday = sets_[weekday][std::chrono::weekday{day}.c_encoding()];
    // crontab(5): either, unless one of the two begins with a star.
    if (starts_with_star_[day_of_month] || starts_with_star_[weekday]) return by_date && by_weekday;
    return by_date || by_weekday;
  }

  /// The times of day at which jobs run on a day that matches, ascending, as minutes after midnight.
  [[nodiscard]] std::vector<std::chrono::minutes> times() const {
    std::vector<std::chrono::minutes> all;
    for (unsigned h = 0; h < 24; ++h) {
      for (unsigned m = 0; m < 60; ++m) {
        if (sets_[hour][h] && sets_[minute][m]) all.emplace_back(h * 60 + m);
      }
    }
    return all;
  }

  /// Whether it runs in every hour. cron lets such jobs follow the clock when it is set forward or back; all others run
  /// exactly once.
  [[nodiscard]] bool every_hour() const noexcept { return every_hour_; }

 private:
  enum : std::size_t { minute, hour, day_of_month, month, weekday };
  using value_set = std::bitset<64>;

  [[noreturn]] static void refuse(const detail::cron_field& field, std::string_view text, std::string_view why) {
    throw usage_error{fmt::format("the {} `{}` {}", field.name, printable(text), why)};
  }

  static unsigned value(const detail::cron_field& field, std::string_view text, std::string_view whole) {
    if (const auto number = detail::parse_unsigned(text)) {
      if (*number < field.lowest || *number > field.highest) {
        refuse(field, whole, fmt::format("is out of range: {} to {}", field.lowest, field.highest));
      }
      return *number;
    }
    const std::string lower = to_lower(text);
    for (std::size_t i = 0; i < field.words.size(); ++i) {
      // cron takes three letters; whole names are what people write.
      if (lower == field.words[i] || (lower.size() > 3 && lower.starts_with(field.words[i]) && is_whole_name(lower))) {
        return field.lowest + static_cast<unsigned>(i);
      }
    }
    const std::string_view meant = nearest(lower, field.words);
    refuse(field, whole,
           meant.empty() ? fmt::format("is neither a number from {} to {} nor `*`", field.lowest, field.highest)
                         : fmt::format("has the unknown word `{}`: did you mean `{}`?", printable(text), meant));
  }

  static bool is_whole_name(std::string_view lower) {
    for (const std::string_view name :
         {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "january", "february", "march",
          "april", "june", "july", "august", "september", "october", "november", "december"}) {
      if (lower == name) return true;
    }
    return false;
  }

  static void read(const detail::cron_field& field, std::string_view text, value_set& into) {
    for (const std::string_view item : detail::split(text, ',')) {
      const auto slash = item.find('/');
      const std::string_view range = item.substr(0, slash);
      unsigned step = 1;
      if (slash != std::string_view::npos) {
        const auto number = detail::parse_unsigned(item.substr(slash + 1));
        if (!number || *number == 0) refuse(field, text, "has a step that is no number from 1");
        step = *number;
      }
      unsigned from = field.lowest;
      unsigned to = field.name == "day of week" ? 6 : field.highest;
      if (range != "*") {
        const auto dash = range.find('-');
        from = value(field, range.substr(0, dash), text);
        if (dash == std::string_view::npos) {
          if (slash != std::string_view::npos) {
            refuse(field, text, fmt::format("has a step without a range: write `{}-{}/{}`", from, to, step));
          }
          to = from;
        } else {
          to = value(field, range.substr(dash + 1), text);
          if (to == 0 && from > 0 && field.name == "day of week") to = 7;
          if (to < from) refuse(field, text, "has a range that runs backwards: write it as two, with a comma");
        }
      }
      for (unsigned v = from; v <= to; v += step) into.set(v);
    }
  }

  [[nodiscard]] bool ever() const {
    using namespace std::chrono;
    for (local_days day{year{2024} / January / 1}; day < local_days{year{2029} / January / 1}; day += days{1}) {
      if (matches(day)) return true;
    }
    return false;
  }

  std::array<value_set, 5> sets_{};
  std::array<bool, 5> starts_with_star_{};
  bool every_hour_ = false;
};

}  // namespace knowngood
