// A member of a tar archive as its headers describe it, with every extended header applied.
//
// Layer: archive. Names, link targets and owners are the archive's own bytes: no character set is assumed or converted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace knowngood {

/// What a member is. `other`: nothing that can be restored from this archive alone (the rest of a file that began on
/// another volume).
enum class entry_type : unsigned char {
  file,
  directory,
  symlink,
  hard_link,
  character_device,
  block_device,
  fifo,
  other
};

constexpr std::string_view to_string(entry_type type) noexcept {
  switch (type) {
    case entry_type::file: return "file";
    case entry_type::directory: return "directory";
    case entry_type::symlink: return "symbolic link";
    case entry_type::hard_link: return "hard link";
    case entry_type::character_device: return "character device";
    case entry_type::block_device: return "block device";
    case entry_type::fifo: return "fifo";
    case entry_type::other: return "other";
  }
  return "other";
}

struct tar_member {
  std::string name;  ///< as the archive spells it
  entry_type type = entry_type::file;
  std::string link_target;         ///< of symbolic and hard links, as the archive spells it
  std::uint64_t size = 0;          ///< bytes of content, holes included; 0 unless a file or a hard link with content
  std::optional<double> modified;  ///< seconds since the epoch, with fractions where the archive has them
  unsigned mode = 0;               ///< permission bits, 07777
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string uname;  ///< empty where the archive has none
  std::string gname;
  std::uint64_t device_major = 0;  ///< of devices
  std::uint64_t device_minor = 0;
  std::uint64_t header_offset = 0;  ///< of the member's first header, extended ones included
  bool sparse = false;              ///< stored without its holes
  std::uint64_t holes = 0;          ///< of a sparse member, bytes of `size` that are not stored
  std::string unreadable;           ///< why its content cannot be read although nothing is damaged; usually empty
};

}  // namespace knowngood
