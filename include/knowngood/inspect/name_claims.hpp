// name_claims: what a file's name says that the file is. Content decides; the name only tells what to expect of it, and
// a name that claims more than the content holds is a finding.
//
// Only names that nothing but backups have promise a content (promise.hpp holds them against it): `.sql`, `.dump`,
// `.tar` and the compressed ones. A `.bundle` is git's, macOS's, an authority's or a web application's: it promises
// nothing, and only tells how to read what looks like a damaged bundle.
//
// Layer: inspect. Example: claims_of("ner11_db.sql.gz") is gzip around a dump.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/codec/detect.hpp"
#include "knowngood/inspect/detect_content.hpp"

namespace knowngood {

/// A content that can be promised.
enum class promised_content : unsigned char {
  nothing,
  dump,     ///< of PostgreSQL, in any of its formats
  tar,      ///< a tar archive and no other
  archive,  ///< an archive that holds files
  bundle,   ///< of git
};

constexpr std::string_view to_string(promised_content what) noexcept {
  switch (what) {
    case promised_content::nothing: return "anything";
    case promised_content::dump: return "a dump of PostgreSQL";
    case promised_content::tar: return "a tar archive";
    case promised_content::archive: return "an archive of files";
    case promised_content::bundle: return "a git bundle";
  }
  return "anything";
}

struct name_claims {
  compression how = compression::none;
  std::optional<content> inner;  ///< of what is compressed, or of the file itself: how to read what is not recognised
  promised_content what = promised_content::nothing;  ///< of the same: what has to be in it

  /// Whether the name says anything about the content.
  [[nodiscard]] bool any() const noexcept {
    return how != compression::none || inner || what != promised_content::nothing;
  }
};

inline name_claims claims_of(std::string_view name) {
  const std::string lower = to_lower(file_name_of(name));
  std::string_view rest = lower;
  name_claims claims;
  const auto drop = [&](std::string_view ending) {
    if (rest.size() <= ending.size() || !rest.ends_with(ending)) return false;
    rest.remove_suffix(ending.size());
    return true;
  };
  constexpr std::array<std::pair<std::string_view, compression>, 7> short_forms{{{".tgz", compression::gzip},
                                                                                 {".taz", compression::gzip},
                                                                                 {".txz", compression::xz},
                                                                                 {".tbz2", compression::bzip2},
                                                                                 {".tbz", compression::bzip2},
                                                                                 {".tzst", compression::zstd},
                                                                                 {".tlz4", compression::lz4}}};
  for (const auto& [ending, how] : short_forms) {
    if (drop(ending)) return {how, content::tar, promised_content::tar};
  }
  constexpr std::array<std::pair<std::string_view, compression>, 6> endings{{{".gz", compression::gzip},
                                                                             {".zst", compression::zstd},
                                                                             {".zstd", compression::zstd},
                                                                             {".xz", compression::xz},
                                                                             {".bz2", compression::bzip2},
                                                                             {".lz4", compression::lz4}}};
  for (const auto& [ending, how] : endings) {
    if (drop(ending)) {
      claims.how = how;
      break;
    }
  }
  if (drop(".tar")) {
    claims.inner = content::tar;
    claims.what = promised_content::tar;
  } else if (drop(".sql")) {
    claims.inner = content::plain_dump;
    claims.what = promised_content::dump;
  } else if (drop(".dump") || drop(".pgdump")) {
    claims.inner = content::plain_dump;
    claims.what = promised_content::dump;
  } else if (drop(".bundle")) {
    claims.inner = content::git_bundle;
  }
  return claims;
}

}  // namespace knowngood
