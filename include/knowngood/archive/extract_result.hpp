// extract_result: what restoring an archive's members is asked for, and what came of it.
//
// Layer: archive. See extract.hpp for the restoring itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/stop_flag.hpp"

namespace knowngood {

/// A member as it was restored.
struct extracted_member {
  std::string name;  ///< as the archive spells it
  std::string path;  ///< beneath the directory: no `./`, no slash at either end
  entry_type type = entry_type::file;
  std::uint64_t size = 0;          ///< bytes of content
  std::optional<double> modified;  ///< seconds since the epoch
  unsigned mode = 0;               ///< as the archive has it, not as it was restored
  std::string sha256;              ///< of files, of what was written; empty for anything else
};

struct extract_result {
  bool complete = false;                  ///< the archive was read to its proved end
  std::vector<extracted_member> members;  ///< in the archive's order; of duplicates each
  bool members_complete = true;           ///< false: more members than `bounds` lets memory hold
  std::uint64_t files = 0;
  std::uint64_t directories = 0;  ///< that the archive names
  std::uint64_t links = 0;        ///< symbolic and hard
  std::uint64_t skipped = 0;      ///< wanted and not restored; findings say why
  std::uint64_t bytes = 0;        ///< of the files' content, holes included
};

struct extract_options {
  limits bounds = {};
  /// Gives files to the archive's owners and groups, by number; takes root. Otherwise all belongs to the caller.
  bool keep_owner = false;
  bool digests = true;                                     ///< whether `extracted_member::sha256` is computed
  stop_flag stop = {};                                     ///< asked: extraction ends with `interrupted`
  std::function<void(std::uint64_t bytes)> on_bytes = {};  ///< of the tar stream, as they are read
  /// Which members to restore; none: all. A hard link needs its target to be among them.
  std::function<bool(const tar_member&)> wanted = {};
};

}  // namespace knowngood
