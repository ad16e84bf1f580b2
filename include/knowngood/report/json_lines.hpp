// print_members: a JSON document laid out by lines, for diff and grep, and for people who read it.
//
// Layer: report. A member to a line, an element of an array to a line, and what is in them on that line. Example:
//   const std::string text = escape_invisible("{\n" + print_members(document, "  ") + "\n}\n");
#pragma once

#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace knowngood {

/// The members of `object`, each on its own line behind `indent`; elements of an array on lines of their own.
inline std::string print_members(const nlohmann::ordered_json& object, const std::string& indent) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    text += fmt::format("{}{}\"{}\": ", text.empty() ? "" : ",\n", indent, key);
    if (!value.is_array() || value.empty()) {
      text += value.dump();
      continue;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      text += fmt::format("{}\n{}  {}", i == 0 ? "[" : ",", indent, value[i].dump());
    }
    text += fmt::format("\n{}]", indent);
  }
  return text;
}

}  // namespace knowngood
