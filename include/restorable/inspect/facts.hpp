// What inspecting a backup taught, without judging it; and the sink that takes facts and findings.
//
// Layer: inspect. Facts of a stream that failed are not handed on: bytes are tentative until their stream has proved its
// own end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "restorable/base/finding.hpp"
#include "restorable/base/location.hpp"
#include "restorable/base/time.hpp"

namespace restorable {

/// A property of the innermost stream at `where`: `format`, `server_version`, `encoding`, `objects`, ….
struct property_fact {
  location where;
  std::string name;
  std::string value;
};

/// A table of a dump with the rows it holds.
struct table_fact {
  location where;                           ///< of the dump; the table's name is not part of it
  std::string name;                         ///< as the dump writes it, quoted where needed: `public.incidents`
  std::uint64_t rows = 0;
  std::optional<std::string> fingerprint;   ///< 32 hex digits; none for INSERT-style dumps
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
  location where;                      ///< of the member itself, its name last
  std::string name;                    ///< as the archive spells it
  member_type type = member_type::file;
  std::uint64_t size = 0;              ///< bytes of content
  std::optional<double> modified;      ///< seconds since the epoch, with fractions where the archive has them
  unsigned mode = 0;                   ///< permission bits
  std::optional<std::string> sha256;   ///< of regular files
  std::string kind;                    ///< of regular files, outermost first: `gzip > postgres-plain-dump`, `text`
};

/// A checksum list or manifest that stands inside an archive.
struct embedded_text_fact {
  location where;      ///< of the member
  std::string name;    ///< of the member, as the archive spells it
  std::string text;
};

/// Receives what is found and learnt. Safe to call from several threads.
class sink : public finding_sink {
 public:
  virtual void learn(property_fact fact) = 0;
  virtual void learn(table_fact fact) = 0;
  virtual void learn(ref_fact fact) = 0;
  virtual void learn(member_fact fact) = 0;
  virtual void learn(embedded_text_fact fact) = 0;
  /// Something could not be checked: the verdict is at least `unchecked`.
  virtual void unchecked(location where, std::string message, std::string advice) = 0;
};

}  // namespace restorable
