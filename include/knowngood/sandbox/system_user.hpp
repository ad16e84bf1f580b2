// system_user: as whom a program is run.
//
// Layer: sandbox. Example: const std::optional<system_user> user = unprivileged_user();  // nothing unless we are root
#pragma once

#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace knowngood {

struct system_user {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
  bool own = false;  ///< made up for a drill: nothing else belongs to it
};

/// Who runs what root must not, PostgreSQL above all: `knowngood` where there is such a user, whom nothing else belongs
/// to; `postgres`, else `nobody`. Nothing unless this process is root's.
inline std::optional<system_user> unprivileged_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"knowngood", "postgres", "nobody"}) {
    const passwd* entry = ::getpwnam(name);
    if (entry != nullptr && entry->pw_uid != 0) return system_user{entry->pw_uid, entry->pw_gid, name};
  }
  return system_user{65534, 65534, "65534"};
}

}  // namespace knowngood
