// name_pattern: what the names of a component's artifacts look like, and what a name says: when, and of which series.
//
// Layer: catalog. `ner11_{series}_{timestamp}.tar.gz` over `ner11_redis_data_20251204_030000.tar.gz` yields series
// `redis_data` and the civil time 2025-12-04 03:00:00. Placeholders: {timestamp}, {timestamp:FORMAT}, {series}, `*`,
// `?`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/catalog/time_zone.hpp"

namespace knowngood {

/// What a name says.
struct name_match {
  std::string stem;            ///< the name without the extensions that the pattern writes: `models_20251204_100000`
  std::string series;          ///< what {series} stands for; empty without one
  std::string timestamp_text;  ///< as the name spells it; empty without a {timestamp}
  std::optional<civil_time> timestamp;  ///< none where the pattern has none, or the digits are no date
  std::chrono::seconds precision{0};  ///< length of time that the timestamp can mean: a second, or a day without hours
};

class name_pattern {
 public:
  static constexpr std::string_view default_format = "%Y%m%d_%H%M%S";

  /// Throws `usage_error` that says what is wrong with `text`.
  explicit name_pattern(std::string_view text) : text_{text} {
    if (text.ends_with('/')) {
      directory_ = true;
      text.remove_suffix(1);
    }
    if (text.empty()) throw usage_error{"a name pattern must not be empty"};
    if (text.starts_with('.')) {
      throw usage_error{
          fmt::format("the pattern `{}` can match nothing: names that begin with a dot are ignored", shown())};
    }
    parse(text);
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Whether it means directories (a final `/`) and not files.
  [[nodiscard]] bool for_directories() const noexcept { return directory_; }
  [[nodiscard]] bool has_timestamp() const noexcept { return has_timestamp_; }
  [[nodiscard]] bool has_series() const noexcept { return has_series_; }

  /// What `name` (no directories in it) says, or nothing when it does not have this form. Of several ways to read a
  /// name, the one with the shortest wildcards from the left.
  [[nodiscard]] std::optional<name_match> match(std::string_view name) const {
    search state{name, std::vector<bool>((parts_.size() + 1) * (name.size() + 1), false), {}, name.size()};
    if (!match_from(0, 0, state)) return std::nullopt;
    state.found.stem = std::string{name.substr(0, state.extension_at)};
    if (has_timestamp_) read_timestamp(state.found);
    return std::move(state.found);
  }

  friend bool operator==(const name_pattern& a, const name_pattern& b) noexcept { return a.text_ == b.text_; }

 private:
  enum class kind : unsigned char { literal, any_one, any_run, series, digits };
  struct part {
    kind what;
    char character = 0;         // literal: it; digits: the format's letter
    std::size_t width = 0;      // digits
    bool in_timestamp = false;  // also literals of a {timestamp:…}
  };
  struct search {
    std::string_view name;
    std::vector<bool>
        failed;  // (part, position) pairs from which there is no way to the end: keeps hostile names linear
    name_match found;
    std::size_t extension_at;
  };

  [[nodiscard]] std::string shown() const { return printable(text_); }

  void parse(std::string_view text) {
    while (!text.empty()) {
      const char c = text.front();
      if (text.starts_with("{{") || text.starts_with("}}")) {
        parts_.push_back({kind::literal, c});
        text.remove_prefix(2);
      } else if (c == '{') {
        const auto end = text.find('}');
        if (end == std::string_view::npos) {
          throw usage_error{fmt::format("the pattern `{}` has a `{{` without its `}}`", shown())};
        }
        placeholder(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
      } else if (c == '}') {
        throw usage_error{
            fmt::format("the pattern `{}` has a `}}` without its `{{`: write `}}}}` for the character", shown())};
      } else if (c == '/') {
        throw usage_error{fmt::format("the pattern `{}` holds a `/`: the directory belongs in `path`", shown())};
      } else {
        parts_.push_back({c == '*' ? kind::any_run : c == '?' ? kind::any_one : kind::literal, c});
        text.remove_prefix(1);
      }
    }
    // The extensions begin with the first dot after everything that varies from backup to backup.
    std::size_t after = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].what == kind::series || parts_[i].in_timestamp) after = i + 1;
    }
    for (extension_part_ = after; extension_part_ < parts_.size(); ++extension_part_) {
      if (parts_[extension_part_].what == kind::literal && parts_[extension_part_].character == '.') break;
    }
  }

  void placeholder(std::string_view inside) {
    const auto colon = inside.find(':');
    const std::string_view word = inside.substr(0, colon);
    if (word == "timestamp") {
      if (has_timestamp_) throw usage_error{fmt::format("the pattern `{}` has two timestamps", shown())};
      has_timestamp_ = true;
      timestamp_format(colon == std::string_view::npos ? default_format : inside.substr(colon + 1));
    } else if (word == "series" && colon == std::string_view::npos) {
      if (has_series_) throw usage_error{fmt::format("the pattern `{}` has two series", shown())};
      has_series_ = true;
      parts_.push_back({kind::series});
    } else {
      const std::vector<std::string_view> known{"timestamp", "series"};
      const std::string_view meant = nearest(word, known);
      throw usage_error{
          meant.empty() || meant == word
              ? fmt::format("the pattern `{}` has the unknown placeholder `{{{}}}`: there are {{timestamp}}, "
                            "{{timestamp:FORMAT}} and {{series}}",
                            shown(), printable(inside))
              : fmt::format("the pattern `{}` has the unknown placeholder `{{{}}}`: did you mean `{{{}}}`?", shown(),
                            printable(inside), meant)};
    }
  }

  void timestamp_format(std::string_view format) {
    std::string letters;
    for (std::size_t i = 0; i < format.size(); ++i) {
      const char c = format[i];
      if (c != '%') {
        if (c == '/') {
          throw usage_error{fmt::format("the timestamp format `{}` holds a `/`, which no name can", printable(format))};
        }
        parts_.push_back({kind::literal, c, 0, true});
        continue;
      }
      const char letter = ++i < format.size() ? format[i] : '\0';
      if (letter == '%') {
        parts_.push_back({kind::literal, '%', 0, true});
      } else if (letter == 'F') {  // as strftime has it: %Y-%m-%d
        for (const char field : std::string_view{"Y-m-d"}) add_field(field, letters);
      } else if (std::string_view{"YmdHMSyj"}.find(letter) != std::string_view::npos && letter != '\0') {
        add_field(letter, letters);
      } else {
        throw usage_error{
            fmt::format("the timestamp format `{}` holds `%{}`: there are %Y %m %d %H %M %S, %y, %j, %F and %%",
                        printable(format), printable(std::string(letter == '\0' ? 0 : 1, letter)))};
      }
    }
    const auto has = [&](char letter) { return letters.find(letter) != std::string::npos; };
    if ((!has('Y') && !has('y')) || !((has('m') && has('d')) || has('j'))) {
      throw usage_error{
          fmt::format("the timestamp format `{}` gives no whole date: it needs %Y, %m and %d", printable(format))};
    }
    if ((has('M') && !has('H')) || (has('S') && !has('M'))) {
      throw usage_error{fmt::format("the timestamp format `{}` leaves out the hours or minutes before a smaller unit",
                                    printable(format))};
    }
    precision_ = has('S')   ? std::chrono::seconds{1}
                 : has('M') ? std::chrono::minutes{1}
                 : has('H') ? std::chrono::seconds{std::chrono::hours{1}}
                            : std::chrono::days{1};
  }

  void add_field(char letter, std::string& letters) {
    if (letter == '-') {
      parts_.push_back({kind::literal, '-', 0, true});
      return;
    }
    if (letters.find(letter) != std::string::npos) {
      throw usage_error{fmt::format("the pattern `{}` has %{} twice in its timestamp", shown(), letter)};
    }
    letters += letter;
    parts_.push_back({kind::digits, letter, letter == 'Y' ? 4U : letter == 'j' ? 3U : 2U, true});
  }

  bool match_from(std::size_t index, std::size_t position, search& state) const {
    const std::string_view name = state.name;
    const std::size_t key = index * (name.size() + 1) + position;
    if (state.failed[key]) return false;
    const auto rest_matches = [&](std::size_t next) { return match_from(index + 1, next, state); };
    bool matched = false;
    if (index == parts_.size()) {
      matched = position == name.size();
    } else {
      const part& now = parts_[index];
      switch (now.what) {
        case kind::literal:
          matched = position < name.size() && name[position] == now.character && rest_matches(position + 1);
          break;
        case kind::any_one: matched = position < name.size() && rest_matches(position + 1); break;
        case kind::any_run:
        case kind::series:
          for (std::size_t next = position + (now.what == kind::series ? 1 : 0); next <= name.size() && !matched;
               ++next) {
            matched = rest_matches(next);
            if (matched && now.what == kind::series) {
              state.found.series = std::string{name.substr(position, next - position)};
            }
          }
          break;
        case kind::digits: {
          const std::string_view digits = name.substr(position, now.width);
          matched = digits.size() == now.width && digits.find_first_not_of("0123456789") == std::string_view::npos &&
                    rest_matches(position + now.width);
          break;
        }
      }
      if (matched && index == extension_part_) state.extension_at = position;
      if (matched && now.in_timestamp) {
        // Unwinding: the parts of the timestamp are contiguous, and their text grows at its front.
        const std::size_t width = now.what == kind::digits ? now.width : 1;
        state.found.timestamp_text.insert(0, name.substr(position, width));
      }
    }
    if (!matched) state.failed[key] = true;
    return matched;
  }

  void read_timestamp(name_match& found) const {
    using namespace std::chrono;
    int year_number = 0;
    unsigned month_number = 1;
    unsigned day_number = 1;
    unsigned day_of_year = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    std::string_view text = found.timestamp_text;
    for (const part& one : parts_) {
      if (!one.in_timestamp) continue;
      if (one.what == kind::literal) {
        text.remove_prefix(1);
        continue;
      }
      const auto value = static_cast<unsigned>(take_digits_or_zero(text, one.width));
      switch (one.character) {
        case 'Y': year_number = static_cast<int>(value); break;
        case 'y': year_number = static_cast<int>(value) + (value < 69 ? 2000 : 1900); break;
        case 'm': month_number = value; break;
        case 'd': day_number = value; break;
        case 'j': day_of_year = value; break;
        case 'H': hour = value; break;
        case 'M': minute = value; break;
        default: second = value; break;
      }
    }
    found.precision = precision_;
    year_month_day day{year{year_number}, month{month_number}, std::chrono::day{day_number}};
    if (!day.ok() || hour > 23 || minute > 59 || second > 60) return;
    if (has_day_of_year()) {
      const auto first = local_days{year{year_number} / January / 1};
      if (day_of_year < 1 || day_of_year > (year{year_number}.is_leap() ? 366U : 365U)) return;
      day = year_month_day{first + days{day_of_year - 1}};
    }
    found.timestamp = local_days{day} + hours{hour} + minutes{minute} + seconds{second};
  }

  static int take_digits_or_zero(std::string_view& text, std::size_t width) {
    return detail::take_digits(text, width).value_or(0);
  }
  [[nodiscard]] bool has_day_of_year() const {
    for (const part& one : parts_) {
      if (one.what == kind::digits && one.character == 'j') return true;
    }
    return false;
  }

  std::string text_;
  std::vector<part> parts_;
  std::size_t extension_part_ = 0;
  std::chrono::seconds precision_{0};
  bool directory_ = false;
  bool has_timestamp_ = false;
  bool has_series_ = false;
};

}  // namespace knowngood
