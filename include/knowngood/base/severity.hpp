// How much a finding weighs, and what an artifact is worth when all its findings are in.
//
// Layer: base. The two scales are separate on purpose: a severity belongs to one finding, a verdict to an artifact.
#pragma once

#include <optional>
#include <string_view>

namespace knowngood {

/// Weight of one finding: `note` is worth knowing, `warning` is sound now but someone must act, `error` means that data
/// is lost, altered or unprovable.
enum class severity : unsigned char { note, warning, error };

/// What an artifact is worth, from best to worst. `unprotected`: nothing wrong was seen, and nothing could have been.
/// `unchecked`: the environment prevented checking. A defect outweighs what could not be checked.
enum class verdict : unsigned char { sound, unprotected, unchecked, unsound };

/// The worse of two verdicts.
constexpr verdict worse(verdict a, verdict b) noexcept { return a < b ? b : a; }

constexpr std::string_view to_string(severity level) noexcept {
  switch (level) {
    case severity::note: return "note";
    case severity::warning: return "warning";
    case severity::error: return "error";
  }
  return "error";
}

constexpr std::string_view to_string(verdict value) noexcept {
  switch (value) {
    case verdict::sound: return "sound";
    case verdict::unprotected: return "unprotected";
    case verdict::unchecked: return "unchecked";
    case verdict::unsound: return "unsound";
  }
  return "unsound";
}

/// Inverse of `to_string(severity)`; nothing for an unknown word.
constexpr std::optional<severity> parse_severity(std::string_view text) noexcept {
  for (auto level : {severity::note, severity::warning, severity::error}) {
    if (text == to_string(level)) return level;
  }
  return std::nullopt;
}

/// Inverse of `to_string(verdict)`; nothing for an unknown word.
constexpr std::optional<verdict> parse_verdict(std::string_view text) noexcept {
  for (auto value : {verdict::sound, verdict::unprotected, verdict::unchecked, verdict::unsound}) {
    if (text == to_string(value)) return value;
  }
  return std::nullopt;
}

}  // namespace knowngood
