// policy_reader: collects the mistakes of a policy with their lines while its keys are read, so that all are shown at
// once; and the conversions from TOML values to what keys mean.
//
// Layer: catalog, internal to policy.hpp. A conversion throws `usage_error`; the reader adds file, line, column and
// key.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/catalog/component_policy.hpp"

namespace knowngood::detail {

class policy_reader {
 public:
  /// `name`: of the file, for messages.
  explicit policy_reader(std::string name) : name_{std::move(name)} {}

  /// The key being read, from the top: `component.database.max_age`.
  std::string key;
  /// The zone that schedules are read in.
  time_zone zone;

  void mistake(const toml::source_region& where, std::string message) {
    mistakes_.emplace_back(where.begin.line, where.begin.column, std::move(message));
  }

  /// Runs `convert`; a `usage_error` from it becomes a mistake at `node`. An `environment_error` passes through.
  template <typename Convert>
  void attempt(const toml::node& node, const Convert& convert) {
    try {
      convert();
    } catch (const usage_error& error) {
      mistake(node.source(), fmt::format("{}: {}", key, error.what()));
    }
  }

  /// Throws `usage_error` with all mistakes, a line each in the order of the file, if there were any.
  void finish() {
    if (mistakes_.empty()) return;
    std::stable_sort(mistakes_.begin(), mistakes_.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    std::string all;
    for (const auto& [line, column, message] : mistakes_) {
      all += fmt::format("{}{}:{}:{}: {}", all.empty() ? "" : "\n", name_, line, column, message);
    }
    throw usage_error{all};
  }

 private:
  std::string name_;
  std::vector<std::tuple<toml::source_index, toml::source_index, std::string>> mistakes_;
};

/// `the text `x``, `the number 26`, `a list`.
inline std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("the text `{}`", printable(text->get(), 60));
  if (const auto* number = node.as_integer()) return fmt::format("the number {}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("the number {}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a table";
  return "a date or time";
}

[[noreturn]] inline void wrong_type(std::string_view expected, const toml::node& node) {
  throw usage_error{fmt::format("must be {}, not {}", expected, describe(node))};
}

/// The number that `text` begins with, and what follows it without blanks.
inline std::pair<std::string_view, std::string_view> number_and_unit(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view unit = text.substr(end);
  unit.remove_prefix(std::min(unit.find_first_not_of(" _-"), unit.size()));
  return {text.substr(0, end), unit};
}

inline std::string as_text(const toml::node& node, policy_reader&) {
  const auto* text = node.as_string();
  if (text == nullptr) wrong_type("a text", node);
  if (text->get().empty()) throw usage_error{"must not be empty"};
  if (text->get().find('\0') != std::string::npos) throw usage_error{"must not hold a zero byte"};
  return text->get();
}

inline bool as_flag(const toml::node& node, policy_reader&) {
  const auto* flag = node.as_boolean();
  if (flag == nullptr) wrong_type("true or false", node);
  return flag->get();
}

inline std::chrono::seconds as_duration(const toml::node& node, policy_reader&) {
  constexpr std::string_view expected = "a length of time such as \"26h\", \"90m\" or \"1d12h\"";
  const auto* text = node.as_string();
  if (text == nullptr) {
    const auto* number = node.as_integer();
    if (number != nullptr) {
      throw usage_error{
          fmt::format("must be {}, not {}: did you mean \"{}h\"?", expected, describe(node), number->get())};
    }
    wrong_type(expected, node);
  }
  const auto length = text->get().size() <= 40 ? parse_duration(text->get()) : std::nullopt;
  if (length) return *length;
  const auto [number, unit] = number_and_unit(text->get());
  const std::string meant = unit.empty() ? std::string{} : fmt::format("{}{}", number, to_lower(unit.substr(0, 1)));
  if (parse_duration(meant)) {
    throw usage_error{
        fmt::format("`{}` is no length of time: did you mean \"{}\"?", printable(text->get(), 60), meant)};
  }
  throw usage_error{fmt::format("must be {}, not {}", expected, describe(node))};
}

inline std::chrono::seconds as_positive_duration(const toml::node& node, policy_reader& reader) {
  const auto length = as_duration(node, reader);
  if (length <= std::chrono::seconds{0}) throw usage_error{"must be longer than nothing"};
  return length;
}

inline std::uint64_t as_size(const toml::node& node, policy_reader&) {
  constexpr std::string_view expected = "a size such as \"1 MiB\", \"250 MB\" or 4096";
  if (const auto* number = node.as_integer(); number != nullptr && number->get() >= 0) {
    return static_cast<std::uint64_t>(number->get());
  }
  const auto* text = node.as_string();
  if (text == nullptr) wrong_type(expected, node);
  if (const auto bytes = parse_byte_size(text->get())) return *bytes;
  const auto [number, unit] = number_and_unit(text->get());
  const std::string meant =
      unit.empty() ? std::string{} : fmt::format("{} {}iB", number, static_cast<char>(unit[0] & ~0x20));
  if (parse_byte_size(meant)) {
    throw usage_error{fmt::format("`{}` is no size: did you mean \"{}\"?", printable(text->get(), 60), meant)};
  }
  throw usage_error{fmt::format("must be {}, not {}", expected, describe(node))};
}

/// A share of something, 0.5 for `"50%"`.
inline double as_share(const toml::node& node, policy_reader&) {
  constexpr std::string_view expected = "a share such as \"50%\"";
  if (const auto* number = node.as_integer()) {
    throw usage_error{
        fmt::format("must be {}, not {}: did you mean \"{}%\"?", expected, describe(node), number->get())};
  }
  double share = -1;
  if (const auto* number = node.as_floating_point()) {
    share = number->get();
  } else if (const auto* text = node.as_string(); text != nullptr && text->get().ends_with('%')) {
    std::string_view digits = text->get();
    digits.remove_suffix(1);
    while (digits.ends_with(' ')) digits.remove_suffix(1);
    double percent = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), percent, std::chars_format::fixed);
    if (error == std::errc{} && end == digits.data() + digits.size()) share = percent / 100;
  }
  if (!(share >= 0) || share > 1000) wrong_type(expected, node);
  return share;
}

inline std::uint64_t as_count(const toml::node& node, policy_reader&) {
  const auto* number = node.as_integer();
  if (number == nullptr || number->get() < 1) wrong_type("a whole number from 1", node);
  return static_cast<std::uint64_t>(number->get());
}

/// One word of a table of words.
template <const auto& Words>
auto as_choice(const toml::node& node, policy_reader&) {
  std::string all;
  std::vector<std::string_view> names;
  for (const auto& [word, value] : Words) {
    const auto* text = node.as_string();
    if (text != nullptr && text->get() == word) return value;
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", word);
    names.push_back(word);
  }
  if (const auto* text = node.as_string()) {
    const std::string_view meant = nearest(to_lower(text->get()), names);
    if (!meant.empty()) {
      throw usage_error{fmt::format("`{}` is unknown: did you mean \"{}\"?", printable(text->get(), 60), meant)};
    }
  }
  throw usage_error{fmt::format("must be one of {}, not {}", all, describe(node))};
}

/// `"all"` (none), `"newest"` (1) or a number.
inline std::optional<std::uint64_t> as_extent(const toml::node& node, policy_reader& reader) {
  if (const auto* text = node.as_string()) {
    if (text->get() == "all") return std::nullopt;
    if (text->get() == "newest") return 1;
    const std::vector<std::string_view> words{"all", "newest"};
    const std::string_view meant = nearest(to_lower(text->get()), words);
    if (!meant.empty()) {
      throw usage_error{fmt::format("`{}` is unknown: did you mean \"{}\"?", printable(text->get(), 60), meant)};
    }
  }
  if (!node.is_integer()) wrong_type("\"all\", \"newest\" or a number", node);
  return as_count(node, reader);
}

/// A list, or a single value for a list of one; each bad element is a mistake of its own.
template <auto Convert>
auto as_list(const toml::node& node, policy_reader& reader) {
  std::vector<decltype(Convert(node, reader))> values;
  const auto add = [&](const toml::node& one) { reader.attempt(one, [&] { values.push_back(Convert(one, reader)); }); };
  if (const auto* array = node.as_array()) {
    for (const toml::node& one : *array) add(one);
  } else {
    add(node);
  }
  return values;
}

inline name_pattern as_pattern(const toml::node& node, policy_reader& reader) {
  return name_pattern{as_text(node, reader)};
}
inline name_template as_template(const toml::node& node, policy_reader& reader) {
  return name_template{as_text(node, reader)};
}

/// Of a checksum file, which may be one for all artifacts of a directory.
inline name_template as_list_template(const toml::node& node, policy_reader& reader) {
  return name_template{as_text(node, reader), true};
}

/// Also sets the zone in which the keys after it are read.
inline time_zone as_zone(const toml::node& node, policy_reader& reader) {
  time_zone zone{as_text(node, reader)};
  reader.zone = zone;
  return zone;
}

inline schedule as_schedule(const toml::node& node, policy_reader& reader) {
  return schedule{as_text(node, reader), reader.zone};
}

inline row_tolerance as_tolerance(const toml::node& node, policy_reader& reader) {
  row_tolerance tolerance;
  if (const auto* rows = node.as_integer(); rows != nullptr && rows->get() >= 0) {
    tolerance.rows = static_cast<std::uint64_t>(rows->get());
  } else if (node.is_string() || node.is_floating_point()) {
    tolerance.share = as_share(node, reader);
  } else {
    wrong_type("a number of rows or a share such as \"1%\"", node);
  }
  return tolerance;
}

/// One tolerance for all tables, or a table of them.
inline std::map<std::string, row_tolerance> as_tolerances(const toml::node& node, policy_reader& reader) {
  std::map<std::string, row_tolerance> tolerances;
  const auto* table = node.as_table();
  if (table == nullptr) {
    tolerances.emplace("*", as_tolerance(node, reader));
    return tolerances;
  }
  for (const auto& [name, value] : *table) {
    const toml::node& given = value;
    const std::string table_name{name.str()};
    reader.attempt(given, [&] { tolerances.emplace(table_name, as_tolerance(given, reader)); });
  }
  return tolerances;
}

}  // namespace knowngood::detail
