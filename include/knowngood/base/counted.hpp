// grouped, counted: whole numbers as people read them.
//
// Layer: base. Example: counted(1234, "row") == "1,234 rows".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace knowngood {

/// `12,345,678`.
inline std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

/// `1 artifact`, `3 artifacts`.
inline std::string counted(std::uint64_t number, std::string_view one) {
  return fmt::format("{} {}{}", grouped(number), one, number == 1 ? "" : "s");
}

}  // namespace knowngood
