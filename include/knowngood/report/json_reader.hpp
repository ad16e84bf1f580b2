// json_reader: takes what a document must hold out of it, or says exactly what is wrong where.
//
// Layer: report. Everything it refuses is a `usage_error` such as
//   report.json: /artifacts/3/size: a whole number is expected, found "many"
//   const json_reader document{json, "report.json"}; const auto host = document["host"].text();
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/base/error.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/json_text.hpp"

namespace knowngood {

/// Parses JSON (RFC 8259). Throws `usage_error` for anything else, and for an object that has a key twice: which of the
/// two counts would depend on the reader, and a document for auditors must not mean two things.
inline nlohmann::ordered_json parse_json(std::string_view text, std::string_view name) {
  using json = nlohmann::ordered_json;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int /*depth*/, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) {
      keys.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys.pop_back();
    } else if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      throw usage_error{fmt::format("{}: the key \"{}\" is there twice in one object", printable(name),
                                    printable(parsed.get_ref<const std::string&>()))};
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::parse_error& error) {
    throw usage_error{fmt::format("{}: not JSON, or cut short, at byte {} of {}", printable(name),
                                  error.byte == 0 ? 0 : error.byte - 1, text.size())};
  } catch (const json::out_of_range&) {
    throw usage_error{fmt::format("{}: holds a number that is out of range", printable(name))};
  }
}

/// A value in a document and the way to it. The document outlives it.
class json_reader {
 public:
  using json = nlohmann::ordered_json;

  /// `name`: of the document, for messages.
  json_reader(const json& value, std::string name) : value_{&value}, name_{std::move(name)} {}

  /// The member `key` of an object, which must be there. Unknown ones are never looked at.
  [[nodiscard]] json_reader operator[](const char* key) const {
    if (!value_->is_object()) refuse("an object");
    const auto found = value_->find(key);
    if (found == value_->end()) throw usage_error{fmt::format("{}: {}/{}: is missing", printable(name_), path_, key)};
    return json_reader{*found, name_, fmt::format("{}/{}", path_, key)};
  }

  /// Whether an object has that member, for those that need not be there.
  [[nodiscard]] bool has(const char* key) const {
    if (!value_->is_object()) refuse("an object");
    return value_->contains(key);
  }

  [[nodiscard]] bool is_null() const noexcept { return value_->is_null(); }

  /// Calls `use` with a reader of each element of an array.
  template <typename Use>
  void each(Use use) const {
    if (!value_->is_array()) refuse("an array");
    std::size_t index = 0;
    for (const auto& element : *value_) use(json_reader{element, name_, fmt::format("{}/{}", path_, index++)});
  }

  /// Calls `use` with key and reader of each member of an object.
  template <typename Use>
  void each_member(Use use) const {
    if (!value_->is_object()) refuse("an object");
    for (const auto& [key, value] : value_->items()) use(key, json_reader{value, name_, path_ + "/" + printable(key)});
  }

  /// A string, as the bytes it stands for (report/json_text.hpp).
  [[nodiscard]] std::string text() const {
    if (!value_->is_string()) refuse("text");
    return from_json_text(value_->get_ref<const std::string&>());
  }

  /// A string, or null for the empty one.
  [[nodiscard]] std::string text_or_null() const { return is_null() ? std::string{} : text(); }

  [[nodiscard]] bool truth() const {
    if (!value_->is_boolean()) refuse("true or false");
    return value_->get<bool>();
  }

  [[nodiscard]] std::uint64_t count() const {
    if (value_->is_number_unsigned()) return value_->get<std::uint64_t>();
    const auto exact = whole_float();
    if (!exact || *exact < 0) refuse("a whole number from 0");
    return static_cast<std::uint64_t>(*exact);
  }

  [[nodiscard]] std::int64_t whole() const {
    if (value_->is_number_unsigned() &&
        value_->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      refuse("a smaller number");
    }
    if (value_->is_number_integer()) return value_->get<std::int64_t>();
    const auto exact = whole_float();
    if (!exact) refuse("a whole number");
    return *exact;
  }

  [[nodiscard]] double number() const {
    if (!value_->is_number()) refuse("a number");
    return value_->get<double>();
  }

  /// RFC 3339, which is less than `parse_moment` takes.
  [[nodiscard]] moment at() const {
    const std::string written = text();
    const auto parsed = written.find('T') == 10 ? parse_moment(written) : std::nullopt;
    if (!parsed) refuse("a moment such as 2025-12-04T02:00:00Z");
    return *parsed;
  }

  /// One of the words that `parse` knows (`parse_severity`, `parse_verdict`); `what` names the kind of word.
  template <typename Parse>
  [[nodiscard]] auto word(Parse parse, std::string_view what) const {
    const auto parsed = parse(text());
    if (!parsed) refuse(what);
    return *parsed;
  }

  /// Null, or what `read` makes of the value.
  template <typename Read>
  [[nodiscard]] auto optional(Read read) const {
    return is_null() ? std::nullopt : std::optional{read(*this)};
  }

  /// Throws the `usage_error` for a value that is not `expected`.
  [[noreturn]] void refuse(std::string_view expected) const {
    std::string found = value_->is_structured() ? (value_->is_array() ? "an array" : "an object")
                                                : value_->dump(-1, ' ', true, json::error_handler_t::replace);
    throw usage_error{fmt::format("{}: {}: {} is expected, found {}", printable(name_), path_.empty() ? "/" : path_,
                                  expected, printable(found, 80))};
  }

 private:
  json_reader(const json& value, std::string name, std::string path)
      : value_{&value}, name_{std::move(name)}, path_{std::move(path)} {}

  // Some tools write whole numbers as 5.0 or 1e+17; beyond 2^53 such a number is no longer exact.
  [[nodiscard]] std::optional<std::int64_t> whole_float() const {
    if (!value_->is_number_float()) return std::nullopt;
    const double value = value_->get<double>();
    if (!(std::abs(value) <= 9007199254740992.0) || value != std::floor(value)) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }

  const json* value_;
  std::string name_;
  std::string path_;
};

}  // namespace knowngood
