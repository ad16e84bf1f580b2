// drill_user: whom the servers of one drill run as when root runs it: a user who is nobody else's, made up for the
// drill, to whom no file and no process belongs.
//
// Layer: sandbox. The number is reserved for as long as this object lives: two drills never share one. Where the kernel
// grants no namespaces, in which a user needs no entry in /etc/passwd, it is `unprivileged_user`.
//   const drill_user who; request.user = who.user();
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/sandbox/isolation.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

class drill_user {
 public:
  drill_user() : user_{unprivileged_user()} {
    if (user_ && detail::offered_isolation().namespaces != 0) make_up();
  }

  /// Nothing unless this process is root's.
  [[nodiscard]] const std::optional<system_user>& user() const noexcept { return user_; }

 private:
  // Of the numbers that Linux distributions leave to users who come and go (systemd's DynamicUser).
  static constexpr uid_t first = 61'184;
  static constexpr uid_t last = 65'519;

  void make_up() {
    const std::set<uid_t> busy = users_of_processes();
    std::uint32_t start = 0;
    if (::getrandom(&start, sizeof start, 0) != static_cast<ssize_t>(sizeof start)) return;
    constexpr uid_t number = last - first + 1;
    for (uid_t i = 0; i < number; ++i) {
      const uid_t uid = first + (start + i) % number;
      if (!is_mapped(uid)) return;
      if (busy.contains(uid) || ::getpwuid(uid) != nullptr || ::getgrgid(uid) != nullptr || !reserve(uid)) continue;
      user_ = system_user{uid, uid, "knowngood-drill", true};
      return;
    }
  }

  // An address in the kernel, which goes with us however we end.
  bool reserve(uid_t uid) {
    file_descriptor held{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = fmt::format("knowngood drill user {}", uid);
    std::copy(name.begin(), name.end(), address.sun_path + 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (held.get() < 0 || ::bind(held.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return false;
    reserved_ = std::move(held);
    return true;
  }

  // A container may know fewer users.
  static bool is_mapped(uid_t uid) {
    std::ifstream map{"/proc/self/uid_map"};
    for (std::uint64_t inside = 0, outside = 0, size = 0; map >> inside >> outside >> size;) {
      if (uid >= inside && uid - inside < size) return true;
    }
    return false;
  }

  static std::set<uid_t> users_of_processes() {
    std::set<uid_t> users;
    std::error_code error;
    for (auto one = std::filesystem::directory_iterator{"/proc", error};
         !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
      struct stat about {};
      if (::stat(one->path().c_str(), &about) == 0) users.insert(about.st_uid);
    }
    return users;
  }

  std::optional<system_user> user_;
  file_descriptor reserved_;
};

}  // namespace knowngood
