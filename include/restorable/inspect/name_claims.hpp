// name_claims: what a file's name says that the file is. Content decides; the name only tells what to expect of it, and a
// name that claims more than the content holds is a finding.
//
// Layer: inspect. Example: claims_of("ner11_db.sql.gz") is gzip around a plain dump.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "restorable/codec/detect.hpp"
#include "restorable/inspect/detect_content.hpp"

namespace restorable {

struct name_claims {
  compression how = compression::none;
  std::optional<content> inner;  ///< of what is compressed, or of the file itself
};

inline name_claims claims_of(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  std::string lower;
  for (const char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::string_view rest = lower;
  name_claims claims;
  const auto drop = [&](std::string_view ending) {
    if (rest.size() <= ending.size() || !rest.ends_with(ending)) return false;
    rest.remove_suffix(ending.size());
    return true;
  };
  constexpr std::array<std::pair<std::string_view, compression>, 7> short_forms{{
      {".tgz", compression::gzip}, {".taz", compression::gzip}, {".txz", compression::xz}, {".tbz2", compression::bzip2},
      {".tbz", compression::bzip2}, {".tzst", compression::zstd}, {".tlz4", compression::lz4}}};
  for (const auto& [ending, how] : short_forms) {
    if (drop(ending)) return {how, content::tar};
  }
  constexpr std::array<std::pair<std::string_view, compression>, 6> endings{{
      {".gz", compression::gzip}, {".zst", compression::zstd}, {".zstd", compression::zstd}, {".xz", compression::xz},
      {".bz2", compression::bzip2}, {".lz4", compression::lz4}}};
  for (const auto& [ending, how] : endings) {
    if (drop(ending)) {
      claims.how = how;
      break;
    }
  }
  if (drop(".tar")) {
    claims.inner = content::tar;
  } else if (drop(".sql")) {
    claims.inner = content::plain_dump;
  } else if (drop(".bundle")) {
    claims.inner = content::git_bundle;
  }
  return claims;
}

}  // namespace restorable
