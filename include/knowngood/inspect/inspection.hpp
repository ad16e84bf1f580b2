// inspection: what a stream turned out to be, once its end was proved.
//
// Layer: inspect. Example: inspection seen = look.inspect(...); seen.kind is "gzip > postgres-plain-dump".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "knowngood/inspect/backup_part.hpp"
#include "knowngood/inspect/detect_content.hpp"

namespace knowngood {

/// How the kind of a tar ends whose members are the files of a dump.
inline constexpr std::string_view dump_in_tar_kind = "tar > postgres-dump-archive";

struct inspection {
  std::string kind;                    ///< outermost first: `gzip > postgres-plain-dump`
  content innermost = content::empty;  ///< the last of `kind`
  bool carries_checksum = false;       ///< damage anywhere in its bytes would have shown
  bool unproven = false;               ///< something that it promises could neither be shown nor refuted
  bool full_backup = false;            ///< an archive whose members are backups of their own; see archive_structure.hpp
  bool dump_in_tar = false;            ///< a tar as `pg_dump --format=tar` writes it, or of a dump's directory
  std::vector<missing_part> missing;   ///< of data directories in it: to be found beside it, or reported
  held_parts held;                     ///< what it holds of a data directory elsewhere
  std::string beginning;               ///< of the innermost content where that is text: raw, a line at most
};

}  // namespace knowngood
