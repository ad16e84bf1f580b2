// schedule: when a backup job is due, in a time zone, across the nights on which clocks change.
//
// Layer: catalog. `daily 02:00`, `weekly sun 05:00`, `monthly 1 02:00`, `hourly`, a cron expression, `on-change` (never
// due). A job in an hour that clocks skip is due when they have gone forward, one in an hour that comes twice is due
// the first time; jobs that run in every hour follow the clock: as Debian's cron has it.
//   schedule{"daily 02:00", time_zone{"Europe/Berlin"}}.last_due(now)
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/cron_expression.hpp"
#include "knowngood/catalog/time_zone.hpp"

namespace knowngood {

class schedule {
 public:
  /// Never due: a backup made when something changes.
  schedule() = default;

  /// Throws `usage_error` that says what is wrong and the nearest right form.
  schedule(std::string_view text, time_zone zone) : text_{text}, zone_{std::move(zone)} {
    const std::string cron = as_cron(text);
    if (cron.empty()) return;
    expression_.emplace(cron);
    times_ = expression_->times();
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const time_zone& zone() const noexcept { return zone_; }
  /// Whether it is ever due.
  [[nodiscard]] bool periodic() const noexcept { return expression_.has_value(); }

  /// The latest moment not after `now` at which the job was due; nothing when it is never due.
  [[nodiscard]] std::optional<moment> last_due(moment now) const {
    return search(now, -1, [&](const std::vector<moment>& dues) -> std::optional<moment> {
      const auto after = std::upper_bound(dues.begin(), dues.end(), now);
      return after == dues.begin() ? std::nullopt : std::optional{*std::prev(after)};
    });
  }

  /// The first moment after `now` at which the job is due; nothing when it never is.
  [[nodiscard]] std::optional<moment> next_due(moment now) const {
    return search(now, 1, [&](const std::vector<moment>& dues) -> std::optional<moment> {
      const auto after = std::upper_bound(dues.begin(), dues.end(), now);
      return after == dues.end() ? std::nullopt : std::optional{*after};
    });
  }

  /// The longest time between two runs, over the years around now or the first several thousand runs; zero when it is
  /// never due.
  [[nodiscard]] std::chrono::seconds longest_interval() const {
    using namespace std::chrono;
    seconds longest{0};
    if (!expression_) return longest;
    std::optional<moment> before;
    std::size_t runs = 0;
    for (local_days day{year{2024} / January / 1}; day < local_days{year{2033} / January / 1} && runs < 12'000;
         day += days{1}) {
      for (const moment due : dues_on(day)) {
        if (before && due > *before) longest = std::max(longest, due - *before);
        before = due;
        ++runs;
      }
    }
    return longest;
  }

  friend bool operator==(const schedule& a, const schedule& b) noexcept {
    return a.text_ == b.text_ && a.zone_ == b.zone_;
  }

 private:
  // The dues of the day that clocks in the zone call `day`, ascending.
  [[nodiscard]] std::vector<moment> dues_on(std::chrono::local_days day) const {
    std::vector<moment> dues;
    if (!expression_->matches(day)) return dues;
    for (const auto time : times_) {
      const civil_time at = day + time;
      const civil_moments meant = zone_.to_moments(at);
      if (!expression_->every_hour()) {
        dues.push_back(meant.skipped ? zone_.first_not_before(at) : meant.first);
      } else if (!meant.skipped) {
        dues.push_back(meant.first);
        dues.push_back(meant.last);
      }
    }
    std::sort(dues.begin(), dues.end());
    dues.erase(std::unique(dues.begin(), dues.end()), dues.end());
    return dues;
  }

  // Day by day from one day on the other side of `now`, for a shifted due may fall on another day than its own.
  template <typename Pick>
  std::optional<moment> search(moment now, int direction, const Pick& pick) const {
    if (!expression_) return std::nullopt;
    using namespace std::chrono;
    const auto today = floor<days>(zone_.to_civil(now));
    std::optional<moment> best;
    for (int step = -1; step <= 366 * 9; ++step) {
      const auto found = pick(dues_on(today + days{step * direction}));
      if (found && (!best || (direction > 0 ? *found < *best : *found > *best))) best = found;
      if (best && step >= 1) break;
    }
    return best;
  }

  // The five fields that `text` means; empty for `on-change`.
  static std::string as_cron(std::string_view text) {
    const auto words = detail::words_of(text);
    if (words.empty()) {
      throw usage_error{"a schedule must not be empty: `daily 02:00`, a cron expression or `on-change`"};
    }
    const std::string word = to_lower(words.front());
    static constexpr std::array<std::string_view, 5> forms{"hourly", "daily", "weekly", "monthly", "on-change"};
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> aliases{{{"@hourly", "0 * * * *"},
                                                                                           {"@daily", "0 0 * * *"},
                                                                                           {"@midnight", "0 0 * * *"},
                                                                                           {"@weekly", "0 0 * * 0"},
                                                                                           {"@monthly", "0 0 1 * *"},
                                                                                           {"@yearly", "0 0 1 1 *"},
                                                                                           {"@annually", "0 0 1 1 *"}}};
    if (word.starts_with('@')) {
      std::vector<std::string_view> names;
      for (const auto& [name, fields] : aliases) {
        if (name == word && words.size() == 1) return std::string{fields};
        names.push_back(name);
      }
      throw usage_error{suggest(text, nearest(word, names))};
    }
    if (word.front() == '*' || (word.front() >= '0' && word.front() <= '9')) return std::string{text};
    std::vector<std::string_view> rest{words.begin() + 1, words.end()};
    std::erase(rest, std::string_view{"at"});
    std::erase(rest, std::string_view{"on"});
    if (word == "on-change" && rest.empty()) return {};
    if (word == "hourly" && rest.empty()) return "0 * * * *";
    if (word == "daily" && rest.size() == 1) return fmt::format("{} * * *", time_fields(rest[0], text));
    if (word == "weekly" && rest.size() == 2) return fmt::format("{} * * {}", time_fields(rest[1], text), rest[0]);
    if (word == "monthly" && rest.size() == 2) return fmt::format("{} {} * *", time_fields(rest[1], text), rest[0]);
    throw usage_error{suggest(text, nearest(word, forms))};
  }

  static std::string suggest(std::string_view text, std::string_view form) {
    const auto example = form == "daily"     ? "daily 02:00"
                         : form == "weekly"  ? "weekly sun 05:00"
                         : form == "monthly" ? "monthly 1 02:00"
                                             : form;
    return example.empty()
               ? fmt::format(
                     "`{}` is no schedule: there are `hourly`, `daily 02:00`, `weekly sun 05:00`, `monthly 1 02:00`, "
                     "`on-change` and cron expressions such as `0 2 * * *`",
                     printable(text))
               : fmt::format("`{}` is no schedule: did you mean `{}`?", printable(text), example);
  }

  // `02:30` as cron's minute and hour.
  static std::string time_fields(std::string_view time, std::string_view text) {
    const auto colon = time.find(':');
    if (colon != std::string_view::npos && colon >= 1 && colon <= 2 && time.size() == colon + 3) {
      const auto hour = detail::parse_unsigned(time.substr(0, colon));
      const auto minute = detail::parse_unsigned(time.substr(colon + 1));
      if (hour && minute && *hour < 24 && *minute < 60) return fmt::format("{} {}", *minute, *hour);
    }
    throw usage_error{fmt::format("`{}` in the schedule `{}` is no time of day: write it from 00:00 to 23:59",
                                  printable(time), printable(text))};
  }

  std::string text_ = "on-change";
  time_zone zone_;
  std::optional<cron_expression> expression_;
  std::vector<std::chrono::minutes> times_;
};

}  // namespace knowngood
