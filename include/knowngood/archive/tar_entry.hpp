// What libarchive understood of a member's headers, as a tar_member; and the locale in which it must understand them.
//
// Layer: archive; part of tar_reader, of no use alone.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>

#include "knowngood/archive/tar_member.hpp"

namespace knowngood::detail {

/// A locale for this thread, while it lives; the C one where the host lacks it. libarchive converts names to the
/// thread's locale: PAX names it composes in a UTF-8 one and rewrites in a Latin one, and they stay the bytes that they
/// are only in the C one. The names of 7z, which are UTF-16, become bytes only in a UTF-8 one.
class archive_locale {
 public:
  explicit archive_locale(const char* name) : locale_{::newlocale(LC_ALL_MASK, name, nullptr)} {
    if (locale_ == nullptr) locale_ = ::newlocale(LC_ALL_MASK, "C", nullptr);
    if (locale_ == nullptr) throw std::bad_alloc{};
    before_ = ::uselocale(locale_);
  }
  archive_locale(const archive_locale&) = delete;
  archive_locale& operator=(const archive_locale&) = delete;
  ~archive_locale() {
    ::uselocale(before_);
    ::freelocale(locale_);
  }

 private:
  ::locale_t locale_;
  ::locale_t before_ = nullptr;
};

inline std::string text_of(const char* text) { return text != nullptr ? std::string{text} : std::string{}; }

/// Everything but `header_offset`. Inside the C locale.
inline tar_member describe_entry(::archive_entry* entry) {
  tar_member member;
  member.name = text_of(::archive_entry_pathname(entry));
  member.mode = ::archive_entry_perm(entry);
  member.uid = ::archive_entry_uid(entry);
  member.gid = ::archive_entry_gid(entry);
  member.uname = text_of(::archive_entry_uname(entry));
  member.gname = text_of(::archive_entry_gname(entry));
  if (::archive_entry_mtime_is_set(entry) != 0) {
    member.modified = static_cast<double>(::archive_entry_mtime(entry)) +
                      static_cast<double>(::archive_entry_mtime_nsec(entry)) / 1e9;
  }
  const auto kind = ::archive_entry_filetype(entry);
  if (const char* const target = ::archive_entry_hardlink(entry); target != nullptr) {
    member.type = entry_type::hard_link;
    member.link_target = target;
  } else if (kind == AE_IFREG) {
    member.type = entry_type::file;
  } else if (kind == AE_IFDIR) {
    member.type = entry_type::directory;
  } else if (kind == AE_IFLNK) {
    member.type = entry_type::symlink;
    member.link_target = text_of(::archive_entry_symlink(entry));
  } else if (kind == AE_IFCHR || kind == AE_IFBLK) {
    member.type = kind == AE_IFCHR ? entry_type::character_device : entry_type::block_device;
    member.device_major = ::archive_entry_rdevmajor(entry);
    member.device_minor = ::archive_entry_rdevminor(entry);
  } else {
    member.type = kind == AE_IFIFO ? entry_type::fifo : entry_type::other;
  }
  if (member.type == entry_type::file || member.type == entry_type::hard_link) {
    member.size = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
  }
  member.sparse = ::archive_entry_sparse_count(entry) > 0;
  return member;
}

/// Bytes that the entry's sparse map says are stored; 0 where it has none.
inline std::uint64_t mapped_bytes(::archive_entry* entry) {
  std::uint64_t sum = 0;
  la_int64_t offset = 0;
  la_int64_t length = 0;
  ::archive_entry_sparse_reset(entry);
  while (::archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) sum += static_cast<std::uint64_t>(length);
  return sum;
}

}  // namespace knowngood::detail
