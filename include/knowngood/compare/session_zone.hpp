// find_zones: the time zones in which clocks showed what a dump's timestamps show.
//
// Layer: compare. Many zones agree on the samples of any one dump; those that a person would name come first.
//   const auto zones = find_zones(session, again.samples); if (!zones.empty()) ... zones.front() == "Europe/Berlin"
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "knowngood/compare/reread_dump.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/timestamp_text.hpp"

namespace knowngood {

namespace detail {

// What an operator would have set: UTC, then a city, then whatever else.
inline int unlikelihood(std::string_view zone) {
  if (zone == "UTC") return 0;
  const std::string_view area = zone.substr(0, zone.find('/'));
  const int deep = zone.find('/') == zone.rfind('/') ? 0 : 1;
  for (const std::string_view known : {"Europe", "America", "Asia"}) {
    if (area == known) return 1 + deep;
  }
  for (const std::string_view known : {"Australia", "Africa", "Pacific", "Atlantic", "Indian"}) {
    if (area == known) return 3 + deep;
  }
  return area == "Etc" ? 5 : 6;
}

/// POSIX names a fixed offset with the opposite sign: `<+0530>-05:30`.
inline std::string fixed_zone(std::int32_t offset) {
  const char sign = offset < 0 ? '-' : '+';
  const unsigned length = static_cast<unsigned>(offset < 0 ? -offset : offset);
  const unsigned hours = length / 3'600;
  const unsigned minutes = length / 60 % 60;
  const unsigned seconds = length % 60;
  std::string name =
      fmt::format("<{}{:02}{:02}>{}{:02}:{:02}", sign, hours, minutes, offset < 0 ? '+' : '-', hours, minutes);
  if (seconds != 0) name += fmt::format(":{:02}", seconds);
  return name;
}

}  // namespace detail

/// Names that `SET TimeZone` takes, the likeliest first; a fixed offset last, where one explains all samples. Empty
/// when there is no sample, or no such zone: the writer's rules were other ones, or the dump was written in several.
/// Throws `sql_error`.
inline std::vector<std::string> find_zones(server_session& session, const std::vector<offset_sample>& samples) {
  if (samples.empty()) return {};
  std::string instants;
  std::string locals;
  for (const auto& sample : samples) {
    const char* comma = instants.empty() ? "" : ",";
    instants += comma;
    instants += '"';
    append_timestamp(sample.local - sample.offset, "", "+00", instants);
    instants += '"';
    locals += comma;
    locals += '"';
    append_timestamp(sample.local, "", "", locals);
    locals += '"';
  }
  // a bare abbreviation such as CET would not mean the zone of that name here, but its standard time
  const pqxx::result found = session.query(
      "SELECT z.name FROM pg_timezone_names z WHERE (z.name LIKE '%/%' OR z.name = 'UTC') AND z.name !~ "
      "'^(posix|right)/'"
      " AND NOT EXISTS (SELECT FROM unnest($1::timestamptz[], $2::timestamp[]) s(instant, local)"
      " WHERE (s.instant AT TIME ZONE z.name) IS DISTINCT FROM s.local)",
      "{" + instants + "}", "{" + locals + "}");
  std::vector<std::string> zones;
  for (const auto& row : found) zones.emplace_back(view_of(row[0]));
  std::sort(zones.begin(), zones.end(), [](const std::string& a, const std::string& b) {
    return std::tuple{detail::unlikelihood(a), std::string_view{a}} <
           std::tuple{detail::unlikelihood(b), std::string_view{b}};
  });
  const bool fixed = std::all_of(samples.begin(), samples.end(),
                                 [&](const offset_sample& sample) { return sample.offset == samples.front().offset; });
  if (fixed) zones.push_back(detail::fixed_zone(samples.front().offset));
  return zones;
}

}  // namespace knowngood
