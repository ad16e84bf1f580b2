// confine: keeps a process that handles a hostile backup from the kernel's calls that it has no use for, for good.
//
// Layer: sandbox. Linux seccomp. Where the processor is not known here, nothing is refused, and what privileges and
// settings forbid has to do.
//   const auto filter = confining_filter(program); if (fork() == 0) { confine(filter); execve(program, …); }
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <vector>

#include "knowngood/sandbox/system_call_filter.hpp"

namespace knowngood::detail {

/// Confines this process for good. Async-signal-safe. False when the kernel cannot.
inline bool confine(const std::vector<sock_filter>& filter) noexcept {
  if (this_architecture == 0) return true;
  const sock_fprog all{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 &&
         ::prctl(PR_SET_SECCOMP, static_cast<unsigned long>(SECCOMP_MODE_FILTER), &all, 0UL, 0UL) == 0;
}

}  // namespace knowngood::detail
