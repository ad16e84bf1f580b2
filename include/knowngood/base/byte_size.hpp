// Sizes as text: 1 MiB, 250 MB, 4096.
//
// Layer: base.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace knowngood {

/// A number of bytes from `4096`, `4096 B`, `1.5 GiB` (powers of 1024) or `250 MB` (powers of 1000); a blank before the
/// unit is optional, case does not matter. Nothing for anything else.
inline std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::string unit;
  for (const char c : text) unit += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  double factor = 1;
  if (!unit.empty() && unit != "B") {
    constexpr std::string_view prefixes = "KMGTPE";
    const auto power = prefixes.find(unit.front());
    if (power == std::string_view::npos) return std::nullopt;
    const std::string_view rest = std::string_view{unit}.substr(1);
    if (rest != "B" && rest != "IB" && !rest.empty()) return std::nullopt;
    factor = std::pow(rest == "B" ? 1000.0 : 1024.0, static_cast<double>(power + 1));
  }
  const double bytes = number * factor;
  if (bytes >= 18e18 || (factor == 1 && number != std::floor(number))) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

/// For people: `512 B`, `1.5 MiB`, `12 GiB`.
inline std::string format_byte_size(std::uint64_t bytes) {
  constexpr std::string_view prefixes = "KMGTPE";
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t power = 0;
  for (value /= 1024; value >= 1023.95 && power + 1 < prefixes.size(); value /= 1024) ++power;
  return value < 9.95 ? fmt::format("{:.1f} {}iB", value, prefixes[power])
                      : fmt::format("{:.0f} {}iB", value, prefixes[power]);
}

}  // namespace knowngood
