// time_zone: a named zone of the system's time zone database, and what its clocks show; the zone of timestamps in names
// and of schedules.
//
// Layer: catalog. Both nights of a year are decided, never guessed: an hour that clocks skip, an hour that comes twice.
//   time_zone{"Europe/Berlin"}.to_moments(*parse_civil("2025-10-26 02:30")) == {00:30Z, 01:30Z}
#pragma once

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"

namespace knowngood {

/// What a clock on the wall shows, without saying where the wall stands.
using civil_time = std::chrono::local_seconds;

/// The moments that a civil time can mean: one twice over, two where the clocks go back.
struct civil_moments {
  moment first;
  moment last;
  bool skipped = false;  ///< clocks never showed it: they went forward over it

  friend bool operator==(const civil_moments&, const civil_moments&) = default;
};

/// `2025-12-04 02:00:00`, without seconds where they are zero.
inline std::string to_string(civil_time at) {
  std::string text = to_rfc3339(moment{at.time_since_epoch()});
  text[10] = ' ';
  text.resize(text.ends_with(":00Z") ? text.size() - 4 : text.size() - 1);
  return text;
}

namespace detail {

/// The last line of a compiled zone: its rule for all years after the listed ones (RFC 8536, 3.3). Empty without one.
inline std::string zone_rule(const std::string& name) {
  std::ifstream file{"/usr/share/zoneinfo/" + name, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  if (bytes.size() < 2 || !bytes.ends_with('\n')) return {};
  const auto line = bytes.rfind('\n', bytes.size() - 2);
  return line == std::string::npos ? std::string{} : bytes.substr(line + 1, bytes.size() - line - 2);
}

/// The zone whose name was meant by `wrong`: near in letters, or a city without its continent.
inline std::string nearest_zone(std::string_view wrong, const date::tzdb& zones) {
  std::vector<std::string_view> names{"UTC"};
  const auto lower = [](std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c == ' ' ? '_' : to_lower(c); });
    return out;
  };
  const std::string meant = lower(wrong);
  if (meant.empty() || meant == "utc") return meant.empty() ? "" : "UTC";
  for (const auto& zone : zones.zones) {
    const std::string known = lower(zone.name());
    if (known == meant || known.ends_with("/" + meant)) return zone.name();
    names.emplace_back(zone.name());
  }
  return std::string{nearest(wrong, names)};
}

}  // namespace detail

class time_zone {
 public:
  /// UTC, which needs no database.
  time_zone() = default;

  /// Throws `usage_error` for a name that the database does not have, with the nearest one it has; `environment_error`
  /// when there is no database, or one that this library would read wrongly.
  explicit time_zone(std::string_view name) : name_{name} {
    if (name == "UTC" || name == "Etc/UTC") return;
    const location database{"/usr/share/zoneinfo"};
    const date::tzdb* zones = nullptr;
    try {
      zones = &date::get_tzdb();
    } catch (const std::runtime_error& error) {
      throw environment_error{database, fmt::format("cannot read the time zones: {}", error.what()),
                              "install the package tzdata"};
    }
    const auto known =
        std::find_if(zones->zones.begin(), zones->zones.end(), [&](const auto& zone) { return zone.name() == name; });
    if (known == zones->zones.end()) {
      const std::string meant = detail::nearest_zone(name, *zones);
      throw usage_error{
          meant.empty() ? fmt::format("unknown time zone `{}`: write it like Europe/Berlin, or UTC", printable(name))
                        : fmt::format("unknown time zone `{}`: did you mean `{}`?", printable(name), meant)};
    }
    zone_ = &*known;
    // The date library ignores a zone's closing rule; in a database made with `zic -b slim`, which lists no transition
    // that the rule implies, it would be an hour wrong in every summer without a word.
    const bool has_summers = detail::zone_rule(name_).find(',') != std::string::npos;
    const auto around = zone_->get_info(moment{std::chrono::sys_days{std::chrono::year{2030} / 1 / 1}});
    if (has_summers && around.end - around.begin > std::chrono::days{366}) {
      throw environment_error{database / name_, "the time zone lists no transitions of summer time for these years",
                              "install a tzdata made with `zic -b fat`, or use UTC in the policy"};
    }
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// What clocks in this zone show at `at`.
  [[nodiscard]] civil_time to_civil(moment at) const {
    return civil_time{at.time_since_epoch() +
                      (zone_ == nullptr ? std::chrono::seconds{0} : zone_->get_info(at).offset)};
  }

  /// The moments at which clocks in this zone show `at`. Where they skip it: the moment that it would have been had
  /// they not gone forward (02:30 skipped is 03:30 in summer time).
  [[nodiscard]] civil_moments to_moments(civil_time at) const {
    const moment as_utc{at.time_since_epoch()};
    if (zone_ == nullptr) return {as_utc, as_utc};
    const auto info = zone_->get_info(date::local_seconds{at.time_since_epoch()});
    if (info.result == date::local_info::ambiguous) return {as_utc - info.first.offset, as_utc - info.second.offset};
    const moment only = as_utc - info.first.offset;
    return {only, only, info.result == date::local_info::nonexistent};
  }

  /// The first moment after the clocks went forward over `at`; `to_moments(at).first` where they did not.
  [[nodiscard]] moment first_not_before(civil_time at) const {
    if (zone_ != nullptr) {
      const auto info = zone_->get_info(date::local_seconds{at.time_since_epoch()});
      if (info.result == date::local_info::nonexistent) return info.second.begin;
    }
    return to_moments(at).first;
  }

  /// For people: `2025-12-04 02:00 UTC`, `2025-07-04 02:00 CEST`.
  [[nodiscard]] std::string format(moment at) const {
    return fmt::format("{} {}", to_string(to_civil(at)), zone_ == nullptr ? "UTC" : zone_->get_info(at).abbrev);
  }

  friend bool operator==(const time_zone& a, const time_zone& b) noexcept { return a.name_ == b.name_; }

 private:
  std::string name_ = "UTC";
  const date::time_zone* zone_ = nullptr;  // null: UTC; owned by the library's database, for the program's life
};

}  // namespace knowngood
