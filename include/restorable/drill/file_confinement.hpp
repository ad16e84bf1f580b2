// file_confinement: what a process that handles a hostile backup may do to files: write below the directories that it
// is given and nowhere else, and reach no socket of anybody's. A restored cluster's superuser could do both otherwise,
// as the user who runs the real one beside it.
//
// Layer: drill. Linux Landlock (since 5.13) and seccomp, inherited by every process that the confined one forks. Where
// the kernel has no Landlock, what the user may write is all that protects.
//   file_descriptor rules = file_rules({"/tmp/x/data"}); if (fork() == 0) { confine_files(rules.get()); execve(…); }
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "restorable/base/location.hpp"
#include "restorable/drill/confinement.hpp"
#include "restorable/io/file_descriptor.hpp"
#include "restorable/io/system_error.hpp"

namespace restorable::detail {

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

/// Everything that changes a file or directory, as far as the kernel's version `abi` of Landlock knows it.
constexpr std::uint64_t write_accesses(long abi) noexcept {
  constexpr std::uint64_t write_file = 1U << 1U;
  constexpr std::uint64_t remove_and_make = 0x1FF0;  // bits 4 to 12
  constexpr std::uint64_t refer = 1U << 13U;
  constexpr std::uint64_t truncate = 1U << 14U;
  return write_file | remove_and_make | (abi >= 2 ? refer : 0) | (abi >= 3 ? truncate : 0);
}

/// Whether this kernel can keep a process from files outside of some directories, and from programs and connections.
inline bool can_confine() noexcept {
  return this_architecture != 0 && ::syscall(landlock_create_ruleset_call, nullptr, std::size_t{0}, 1U) >= 1;
}

/// Rules that allow to write below `directories` and to /dev/null; none where the kernel has no Landlock. Throws
/// `environment_error` when it has, and cannot be told.
inline file_descriptor file_rules(const std::vector<std::string>& directories) {
  const long abi = ::syscall(landlock_create_ruleset_call, nullptr, std::size_t{0}, 1U);
  if (abi < 1) return file_descriptor{};
  landlock_rules rules;
  rules.files = write_accesses(abi);
  if (abi >= 6) rules.scoped = 3;  // neither sockets without a file nor processes outside are within reach
  file_descriptor ruleset{static_cast<int>(::syscall(landlock_create_ruleset_call, &rules, sizeof rules, 0U))};
  if (ruleset.get() < 0) throw system_error(location{"landlock"}, "confine the server", errno);
  const auto allow = [&](const std::string& path, std::uint64_t what) {
    const file_descriptor at{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    if (at.get() < 0) throw system_error(location{path}, "confine the server to it", errno);
    const landlock_below below{what, at.get()};
    constexpr int path_beneath = 1;
    if (::syscall(landlock_add_rule_call, ruleset.get(), path_beneath, &below, 0U) != 0) {
      throw system_error(location{path}, "confine the server to it", errno);
    }
  };
  for (const auto& one : directories) allow(one, rules.files);
  allow("/dev/null", write_accesses(1) & ~std::uint64_t{0x1FF0});
  return ruleset;
}

/// Puts this process under the rules, for good, and takes from it the means to connect to anything. A negative
/// `ruleset` is none. Async-signal-safe. False when the kernel refuses.
inline bool confine_files(int ruleset) noexcept {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) return false;
  if (ruleset >= 0 && ::syscall(landlock_restrict_self_call, ruleset, 0U) != 0) return false;
  if (this_architecture == 0) return true;
  // other calling conventions are refused by confinement.hpp's filter, which comes with this one
  std::array<sock_filter, 4> filter{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_connect},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EACCES)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  const sock_fprog all{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_SECCOMP, static_cast<unsigned long>(SECCOMP_MODE_FILTER), &all, 0UL, 0UL) == 0;
}

}  // namespace restorable::detail
