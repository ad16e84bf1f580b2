// for_each_variable: the variables that a value of a docker compose file asks for: $NAME, ${NAME}, ${NAME:-default}, ….
//
// Layer: rehearse. Example: for_each_variable("${A:-${B}} $$C", [](std::string_view name, variable_use use) { … });
//   hears of A as `optional` and of B as `plain`; $$ is a dollar.
#pragma once

#include <cstddef>
#include <string_view>

namespace knowngood {

/// `plain`: empty where it is not set. `optional`: something else stands for it then. `required`: an error then.
enum class variable_use : unsigned char { plain, optional, required };

/// Calls `hear(name, use)` for each variable, those in defaults included. False for a value that docker compose
/// refuses: a dollar that begins nothing, a brace that is not closed, an empty or malformed name, defaults nested too
/// deep.
template <typename Hear>
bool for_each_variable(std::string_view value, Hear&& hear, unsigned depth = 0) {
  constexpr unsigned most_depth = 32;
  const auto begins = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto name_length = [&](std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && (begins(text[size]) || (size > 0 && text[size] >= '0' && text[size] <= '9'))) ++size;
    return size;
  };
  if (depth > most_depth) return false;
  for (std::size_t at = value.find('$'); at != std::string_view::npos; at = value.find('$', at)) {
    std::string_view rest = value.substr(at + 1);
    if (rest.starts_with('$')) {
      at += 2;
      continue;
    }
    if (!rest.starts_with('{')) {
      const std::size_t size = name_length(rest);
      if (size == 0) return false;
      hear(rest.substr(0, size), variable_use::plain);
      at += 1 + size;
      continue;
    }
    std::size_t close = 1;
    for (unsigned open = 1;; ++close) {
      if (close >= rest.size()) return false;
      if (rest[close] == '}' && --open == 0) break;
      if (rest.substr(close, 2) == "${") ++open;
    }
    const std::string_view inside = rest.substr(1, close - 1);
    const std::size_t size = name_length(inside);
    std::string_view how = inside.substr(size);
    if (size == 0) return false;
    variable_use use = variable_use::plain;
    if (!how.empty()) {
      if (how.front() == ':') how.remove_prefix(1);
      if (how.empty() || std::string_view{"-+?"}.find(how.front()) == std::string_view::npos) return false;
      use = how.front() == '?' ? variable_use::required : variable_use::optional;
      how.remove_prefix(1);
    }
    hear(inside.substr(0, size), use);
    if (use == variable_use::optional && !for_each_variable(how, hear, depth + 1)) return false;
    at += 2 + close;
  }
  return true;
}

}  // namespace knowngood
