// file_confinement: what a process that handles a hostile backup may do to files: write below the directories that it
// is given and nowhere else, and read no more than it has to. A restored cluster's superuser could do both otherwise,
// as the user who runs the real one beside it.
//
// Layer: sandbox. Linux Landlock (since 5.13), inherited by every process that the confined one forks.
// Where the kernel has no Landlock, what the user may write is all that protects.
//   file_descriptor rules = file_rules({.written = {"/tmp/x/data"}}); if (fork() == 0) { confine_files(rules.get());
//   execve(…); }
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/system_call_filter.hpp"

namespace knowngood::detail {

// Spelt out here, since a system's headers may be older than its kernel. Linux, include/uapi/linux/landlock.h.
struct landlock_rules {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};
struct [[gnu::packed]] landlock_below {
  std::uint64_t allowed = 0;
  std::int32_t directory = -1;
};
inline constexpr long landlock_create_ruleset_call = 444;
inline constexpr long landlock_add_rule_call = 445;
inline constexpr long landlock_restrict_self_call = 446;

inline constexpr std::uint64_t landlock_execute = 1U << 0U;
inline constexpr std::uint64_t landlock_read = (1U << 2U) | (1U << 3U);  // files and directories

/// Everything that changes a file or directory, as far as the kernel's version `abi` of Landlock knows it.
constexpr std::uint64_t write_accesses(long abi) noexcept {
  constexpr std::uint64_t write_file = 1U << 1U;
  constexpr std::uint64_t remove_and_make = 0x1FF0;  // bits 4 to 12
  constexpr std::uint64_t refer = 1U << 13U;
  constexpr std::uint64_t truncate = 1U << 14U;
  constexpr std::uint64_t control_device = 1U << 15U;
  return write_file | remove_and_make | (abi >= 2 ? refer : 0) | (abi >= 3 ? truncate : 0) |
         (abi >= 5 ? control_device : 0);
}

/// The version of Landlock that this kernel has; 0: none.
inline long landlock_version() noexcept {
  const long abi = ::syscall(landlock_create_ruleset_call, nullptr, std::size_t{0}, 1U);
  return abi < 1 ? 0 : abi;
}

/// Whether this kernel can keep a process from files outside of some directories, and from programs and connections.
inline bool can_confine() noexcept { return this_architecture != 0 && landlock_version() > 0; }

/// What a process may do to files.
struct file_access {
  std::vector<std::string> written = {};  ///< directories below which it may write
  std::vector<std::string> read = {};     ///< what it may read beside those
  std::vector<std::string> run = {};      ///< what it may read and run
  bool reads_all = true;                  ///< it may read whatever its user may, and run it
};

/// Rules for that; /dev/null may be written as well. None where the kernel has no Landlock. Throws `environment_error`
/// when it has, and cannot be told.
inline file_descriptor file_rules(const file_access& access) {
  const long abi = landlock_version();
  if (abi < 1) return file_descriptor{};
  const std::uint64_t write = write_accesses(abi);
  landlock_rules rules;
  rules.files = write | (access.reads_all ? 0 : landlock_read | landlock_execute);
  if (abi >= 4) rules.network = 3;  // no TCP, neither out nor in
  if (abi >= 6) rules.scoped = 3;   // neither sockets without a file nor processes outside are within reach
  const std::size_t size = abi >= 6 ? sizeof rules : abi >= 4 ? 2 * sizeof rules.files : sizeof rules.files;
  file_descriptor ruleset{static_cast<int>(::syscall(landlock_create_ruleset_call, &rules, size, 0U))};
  if (ruleset.get() < 0) throw system_error(location{"landlock"}, "confine the server", errno);
  const auto allow = [&](const std::string& path, std::uint64_t what, bool must) {
    const file_descriptor at{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    struct stat about {};
    if (at.get() < 0 || ::fstat(at.get(), &about) != 0) {
      if (must) throw system_error(location{path}, "confine the server to it", errno);
      return;
    }
    constexpr std::uint64_t of_files = 1U | (1U << 1U) | (1U << 2U) | (1U << 14U) | (1U << 15U);
    what &= rules.files;
    const landlock_below below{S_ISDIR(about.st_mode) ? what : what & of_files, at.get()};
    constexpr int path_beneath = 1;
    if (below.allowed == 0) return;
    if (::syscall(landlock_add_rule_call, ruleset.get(), path_beneath, &below, 0U) != 0) {
      throw system_error(location{path}, "confine the server to it", errno);
    }
  };
  for (const auto& one : access.written) allow(one, write | landlock_read, true);
  for (const auto& one : access.read) allow(one, landlock_read, false);
  for (const auto& one : access.run) allow(one, landlock_read | landlock_execute, false);
  allow("/dev/null", write | landlock_read, true);
  return ruleset;
}

/// Puts this process under the rules, for good. A negative `ruleset` is none. Async-signal-safe. False when the kernel
/// refuses.
inline bool confine_files(int ruleset) noexcept {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) return false;
  return ruleset < 0 || ::syscall(landlock_restrict_self_call, ruleset, 0U) == 0;
}

}  // namespace knowngood::detail
