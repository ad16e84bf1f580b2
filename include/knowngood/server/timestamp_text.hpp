// timestamps_in_utc: text of `timestamp with time zone` values, alone or within arrays, ranges and composites, written
// in any time zone, as the server would have written it in UTC.
//
// Layer: server. pg_dump neither sets nor records TimeZone: the same value is `2025-07-01 02:00:00+02` in one dump and
// `2025-07-01 00:00:00+00` in another. PostgreSQL manual, "Date/Time Output", style ISO.
//   std::string out; append_in_utc("[\"2025-07-01 02:00:00+02\",)", out, nullptr); out == "[\"2025-07-01
//   00:00:00+00\",)"
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace knowngood {

/// A timestamp that stands in some text.
struct written_timestamp {
  std::size_t begin = 0;  ///< its place in the text
  std::size_t size = 0;
  std::int64_t local = 0;     ///< seconds since 1970-01-01 00:00:00 of the clock that wrote it
  std::int32_t offset = 0;    ///< of that clock, seconds east of Greenwich
  std::string_view fraction;  ///< `.25`, as written; empty for whole seconds

  [[nodiscard]] std::int64_t instant() const noexcept { return local - offset; }
};

namespace detail {

/// Days since 1970-01-01 in the proleptic Gregorian calendar; the year before 1 is 0.
constexpr std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto of_era = static_cast<unsigned>(year - era * 400);
  const unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + static_cast<std::int64_t>(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719'468;
}

struct civil_date {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

constexpr civil_date date_of(std::int64_t days) noexcept {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * of_year + 2) / 153;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          of_year - (153 * shifted + 2) / 5 + 1};
}

/// Reads the parts of a timestamp off a text; every step fails for good once one has.
class timestamp_scanner {
 public:
  timestamp_scanner(std::string_view text, std::size_t at) : text_{text}, at_{at} {}

  // `digits` decimal digits, no fewer
  unsigned number(std::size_t digits) {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!digit()) {
        good_ = false;
        return 0;
      }
      value = value * 10 + static_cast<unsigned>(text_[at_++] - '0');
    }
    return value;
  }
  void expect(char c) { good_ = take(c) && good_; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
  void skip() { ++at_; }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

 private:
  std::string_view text_;
  std::size_t at_;
  bool good_ = true;
};

/// Of the timestamp whose first `-`, after the year, stands at `dash`; false when there is none.
inline bool scan_timestamp(std::string_view text, std::size_t dash, std::size_t from, written_timestamp& found) {
  std::size_t begin = dash;
  while (begin > from && text[begin - 1] >= '0' && text[begin - 1] <= '9') --begin;
  const std::size_t digits = dash - begin;
  if (digits < 4 || digits > 6) return false;
  timestamp_scanner in{text, begin};
  std::int64_t year = in.number(digits);
  in.expect('-');
  const unsigned month = in.number(2);
  in.expect('-');
  const unsigned day = in.number(2);
  in.expect(' ');
  const unsigned hour = in.number(2);
  in.expect(':');
  const unsigned minute = in.number(2);
  in.expect(':');
  const unsigned second = in.number(2);
  if (!in.good() || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60)
    return false;
  const std::size_t fraction = in.at();
  if (in.take('.')) {
    if (!in.digit()) return false;
    while (in.digit()) in.skip();
  }
  found.fraction = text.substr(fraction, in.at() - fraction);
  const bool west = in.rest().starts_with('-');
  if (!in.take('+') && !in.take('-')) return false;
  unsigned offset = in.number(2) * 3'600;
  if (in.rest().starts_with(':')) {
    in.skip();
    offset += in.number(2) * 60;
    if (in.rest().starts_with(':')) {
      in.skip();
      offset += in.number(2);
    }
  }
  if (!in.good() || in.digit()) return false;
  if (in.rest().starts_with(" BC")) {
    for (int i = 0; i < 3; ++i) in.skip();
    year = 1 - year;
  }
  found.begin = begin;
  found.size = in.at() - begin;
  found.offset = west ? -static_cast<std::int32_t>(offset) : static_cast<std::int32_t>(offset);
  found.local = days_of(year, month, day) * 86'400 + hour * 3'600 + minute * 60 + second;
  return true;
}

}  // namespace detail

/// Seconds since 1970 as the server writes a timestamp: `0044-03-15 12:00:00`, its `fraction`, `suffix` (an offset), `
/// BC`.
inline void append_timestamp(std::int64_t seconds, std::string_view fraction, std::string_view suffix,
                             std::string& out) {
  const std::int64_t days = (seconds >= 0 ? seconds : seconds - 86'399) / 86'400;
  const auto rest = static_cast<unsigned>(seconds - days * 86'400);
  const detail::civil_date date = detail::date_of(days);
  const auto year = static_cast<std::uint64_t>(date.year > 0 ? date.year : 1 - date.year);
  // by hand: a dump in another time zone has this done for every timestamp in it
  char text[15];
  char* at = text;
  const auto put = [&](char before, unsigned number) {
    *at++ = before;
    *at++ = static_cast<char>('0' + number / 10);
    *at++ = static_cast<char>('0' + number % 10);
  };
  put('-', date.month);
  put('-', date.day);
  put(' ', rest / 3'600);
  put(':', rest / 60 % 60);
  put(':', rest % 60);
  if (year < 10'000) {
    const char digits[4] = {static_cast<char>('0' + year / 1'000), static_cast<char>('0' + year / 100 % 10),
                            static_cast<char>('0' + year / 10 % 10), static_cast<char>('0' + year % 10)};
    out.append(digits, 4);
  } else {
    out += std::to_string(year);
  }
  out.append(text, sizeof text);
  out += fraction;
  out += suffix;
  if (date.year <= 0) out += " BC";
}

/// Appends `text` to `out` with each timestamp in it that has an offset rewritten to UTC. `seen`, unless null, is
/// called with each. Returns true when the whole text is one timestamp, or holds none.
inline bool append_in_utc(std::string_view text, std::string& out,
                          const std::function<void(const written_timestamp&)>* seen) {
  std::size_t done = 0;
  bool whole = true;
  for (std::size_t dash = text.find('-', 4); dash != std::string_view::npos; dash = text.find('-', dash + 1)) {
    written_timestamp found;
    if (!detail::scan_timestamp(text, dash, done, found)) continue;
    out += text.substr(done, found.begin - done);
    append_timestamp(found.instant(), found.fraction, "+00", out);
    whole = found.begin == 0 && found.size == text.size();
    done = found.begin + found.size;
    dash = done - 1;
    if (seen != nullptr) (*seen)(found);
  }
  out += text.substr(done);
  return whole;
}

}  // namespace knowngood
