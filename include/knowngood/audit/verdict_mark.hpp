// mark_of, emoji_of: signs for verdicts, so that nobody depends on colours.
//
// Layer: audit. Example: mark_of(verdict::unsound) == "✗".
#pragma once

#include <string_view>

#include "knowngood/base/severity.hpp"

namespace knowngood {

constexpr std::string_view mark_of(verdict value) noexcept {
  switch (value) {
    case verdict::sound: return "✓";
    case verdict::unprotected: return "!";
    case verdict::unchecked: return "?";
    case verdict::unsound: return "✗";
  }
  return "✗";
}

constexpr std::string_view emoji_of(verdict value) noexcept {
  switch (value) {
    case verdict::sound: return "✅";
    case verdict::unprotected: return "⚠️";
    case verdict::unchecked: return "❔";
    case verdict::unsound: return "❌";
  }
  return "❌";
}

}  // namespace knowngood
