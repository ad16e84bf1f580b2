// confinement: what the kernel refuses to a process that handles a hostile backup: to run another program, and to open a
// network connection. PostgreSQL's server needs neither; SQL in a backup might try both.
//
// Layer: drill. Linux seccomp, inherited by every process that the confined one forks. Where the processor is not known
// here, nothing is refused, and what privileges and settings forbid has to do.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace restorable::detail {

#if defined(__x86_64__)
inline constexpr std::uint32_t this_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t this_architecture = AUDIT_ARCH_AARCH64;
#else
inline constexpr std::uint32_t this_architecture = 0;
#endif

inline constexpr std::uint32_t io_uring_setup_call = 425;  // older headers do not name it

/// The filter: execve only of the very string at `program` in this process's memory, which is the one call that turns the
/// child into the server and is gone after it; no execveat; no io_uring, whose work no filter sees; no socket of the
/// Internet's families.
inline std::array<sock_filter, 23> confining_filter(const char* program) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(program);
  const auto low = static_cast<std::uint32_t>(address);
  const auto high = static_cast<std::uint32_t>(std::uint64_t{address} >> 32U);
  const auto load = [](std::size_t offset) {
    return sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
  };
  const auto equal = [](std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, then, otherwise, value};
  };
  const auto result = [](std::uint32_t value) { return sock_filter{BPF_RET | BPF_K, 0, 0, value}; };
  constexpr std::size_t argument = offsetof(seccomp_data, args);
  constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EPERM);
  constexpr std::uint32_t no_family = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EAFNOSUPPORT);
  return {{
      /* 0*/ load(offsetof(seccomp_data, arch)),
      /* 1*/ equal(this_architecture, 1, 0),
      /* 2*/ result(refuse),  // another calling convention, whose numbers mean other calls
      /* 3*/ load(offsetof(seccomp_data, nr)),
      /* 4*/ sock_filter{BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000U},  // x32
      /* 5*/ result(refuse),
      /* 6*/ equal(SYS_execveat, 0, 1),
      /* 7*/ result(refuse),
      /* 8*/ equal(io_uring_setup_call, 0, 1),
      /* 9*/ result(refuse),
      /*10*/ equal(SYS_execve, 0, 6),
      /*11*/ load(argument),
      /*12*/ equal(low, 0, 3),
      /*13*/ load(argument + 4),
      /*14*/ equal(high, 0, 1),
      /*15*/ result(SECCOMP_RET_ALLOW),
      /*16*/ result(refuse),
      /*17*/ equal(SYS_socket, 0, 4),
      /*18*/ load(argument),
      /*19*/ equal(AF_INET, 1, 0),
      /*20*/ equal(AF_INET6, 0, 1),
      /*21*/ result(no_family),
      /*22*/ result(SECCOMP_RET_ALLOW),
  }};
}

/// Confines this process for good. Async-signal-safe. False when the kernel cannot.
inline bool confine(const char* program) noexcept {
  if (this_architecture == 0) return true;
  auto filter = confining_filter(program);
  const sock_fprog all{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 &&
         ::prctl(PR_SET_SECCOMP, static_cast<unsigned long>(SECCOMP_MODE_FILTER), &all, 0UL, 0UL) == 0;
}

}  // namespace restorable::detail
