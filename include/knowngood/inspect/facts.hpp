// What inspecting a backup taught, without judging it; and the sink that takes facts and findings.
//
// Layer: inspect. Facts of a stream that failed are not handed on: bytes are tentative until their stream has proved
// its own end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"

namespace knowngood {

/// A property of the innermost stream at `where`: `format`, `server_version`, `encoding`, `objects`, ….
/// Of an archive whose members are backups of their own.
inline constexpr std::string_view full_backup_property = "full_backup";

struct property_fact {
  location where;
  std::string name;
  std::string value;
};

/// A table of a dump with the rows it holds.
struct table_fact {
  location where;    ///< of the dump; the table's name is not part of it
  std::string name;  ///< as the dump writes it, quoted where needed: `public.incidents`
  std::uint64_t rows = 0;
  std::optional<std::string> fingerprint;  ///< 32 hex digits; none for INSERT-style dumps
};

/// A ref of a git bundle.
struct ref_fact {
  location where;
  std::string name;    ///< `refs/heads/main`
  std::string object;  ///< hex object id
};

enum class member_type : unsigned char { file, directory, symlink, hard_link, other };

/// A member of an archive.
struct member_fact {
  location where;    ///< of the member itself, its name last
  std::string name;  ///< as the archive spells it
  member_type type = member_type::file;
  std::uint64_t size = 0;             ///< bytes of content
  std::optional<double> modified;     ///< seconds since the epoch, with fractions where the archive has them
  unsigned mode = 0;                  ///< permission bits
  std::optional<std::string> sha256;  ///< of regular files
  std::string kind;                   ///< of regular files, outermost first: `gzip > postgres-plain-dump`, `text`
  std::string link_target = {};       ///< of links, as the archive spells it
  bool undigested = false;            ///< a regular file, and its holes are too large to digest
};

/// A checksum list or a list of components that stands at the top of an archive (archive_structure.hpp says where).
struct embedded_text_fact {
  location where;    ///< of the member
  std::string name;  ///< of the member, as the archive spells it
  std::string text;
};

/// A full backup within the artifact, at whose top lists or manifests stand: what these are to be held against.
struct nested_backup_fact {
  location where;                         ///< of the archive
  std::vector<member_fact> members;       ///< all of them, some files without a digest; none where `complete` is false
  std::vector<embedded_text_fact> texts;  ///< those at its top
  bool complete = true;                   ///< false: there are more members than are kept
};

/// Receives what is found and learnt. Safe to call from several threads.
class sink : public finding_sink {
 public:
  virtual void learn(property_fact fact) = 0;
  virtual void learn(table_fact fact) = 0;
  virtual void learn(ref_fact fact) = 0;
  virtual void learn(member_fact fact) = 0;
  virtual void learn(embedded_text_fact fact) = 0;
  virtual void learn(nested_backup_fact fact) = 0;
  /// Something could not be checked: the verdict is at least `unchecked`.
  virtual void unchecked(location where, std::string message, std::string advice) = 0;
};

/// Runs `action` as `guarded` of base does, and hands what it throws to `out`.
template <typename Action>
bool guarded(const location& where, sink& out, Action&& action) {
  return guarded(
      where, [&](const finding& one) { out.report(one); },
      [&](const unchecked_item& item) { out.unchecked(item.where, item.message, item.advice); },
      std::forward<Action>(action));
}

}  // namespace knowngood
