// system_call_filter: which calls of the kernel's are refused to a process that handles a hostile backup.
//
// Layer: sandbox; part of confinement.hpp. A program for seccomp, which every process inherits that the confined one
// forks. What is not named here is allowed; PostgreSQL's server calls nothing of what is.
//   const std::vector<sock_filter> filter = confining_filter(program);
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace knowngood::detail {

#if defined(__x86_64__)
inline constexpr std::uint32_t this_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t this_architecture = AUDIT_ARCH_AARCH64;
#else
inline constexpr std::uint32_t this_architecture = 0;  // nothing is refused, and the report says so
#endif

class system_call_filter {
 public:
  system_call_filter() {
    load(offsetof(seccomp_data, arch));
    equal(this_architecture, 1, 0);
    fail(EPERM);  // another calling convention, whose numbers mean other calls
    load(offsetof(seccomp_data, nr));
    add(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1);  // x32
    fail(EPERM);
  }

  /// The call fails with `error`; 0: it does nothing and succeeds.
  void refuse(long call, int error = EPERM) {
    equal(static_cast<std::uint32_t>(call), 0, 1);
    fail(error);
  }
  /// Refuses the call unless its argument is `value`.
  void refuse_unless(long call, unsigned argument, std::uint64_t value, int error = EPERM) {
    equal(static_cast<std::uint32_t>(call), 0, 6);
    load(low_half(argument));
    equal(static_cast<std::uint32_t>(value), 0, 3);
    load(low_half(argument) + 4);
    equal(static_cast<std::uint32_t>(value >> 32U), 0, 1);
    allow();
    fail(error);
  }
  /// Refuses the call when its argument, a number of 32 bits, has one of `bits`.
  void refuse_bits(long call, unsigned argument, std::uint32_t bits, int error = EPERM) {
    equal(static_cast<std::uint32_t>(call), 0, 4);
    load(low_half(argument));
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    fail(error);
    allow();
  }
  /// Sockets of one family and one type only.
  void allow_sockets(int family, int type) {
    equal(static_cast<std::uint32_t>(SYS_socket), 0, 7);
    load(low_half(0));
    equal(static_cast<std::uint32_t>(family), 0, 4);
    load(low_half(1));
    add(BPF_ALU | BPF_AND | BPF_K, 0xFU, 0, 0);
    equal(static_cast<std::uint32_t>(type), 0, 1);
    allow();
    fail(EAFNOSUPPORT);
  }
  [[nodiscard]] std::vector<sock_filter> take() {
    allow();
    return std::move(code_);
  }

 private:
  static std::uint32_t low_half(unsigned argument) {  // of a little-endian machine, as are both that are known here
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8U * argument);
  }
  void add(unsigned code, std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
    code_.push_back({static_cast<std::uint16_t>(code), then, otherwise, value});
  }
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset), 0, 0); }
  void equal(std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise);
  }
  void fail(int error) {
    add(BPF_RET | BPF_K, static_cast<std::uint32_t>(SECCOMP_RET_ERRNO) | static_cast<std::uint32_t>(error), 0, 0);
  }
  void allow() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0); }

  std::vector<sock_filter> code_;
};

/// Numbers of calls that are the same on every architecture, spelt out since a system's headers may be older than its
/// kernel.
inline constexpr long later_calls[] = {
    424,  // pidfd_send_signal
    425,  // io_uring_setup, whose work no filter sees
    426,  // io_uring_enter
    427,  // io_uring_register
    428,  // open_tree
    429,  // move_mount
    430,  // fsopen
    432,  // fsmount
    433,  // fspick
    434,  // pidfd_open
    438,  // pidfd_getfd
    440,  // process_madvise
    442,  // mount_setattr
    443,  // quotactl_fd
    452,  // fchmodat2
    463,  // setxattrat
    466,  // removexattrat
    469,  // file_setattr
};

/// execve only of the very string at `program` in this process's memory, which is the one call that turns the child
/// into the program and is gone after it; no connection to anything; nothing that changes whose a file is, what it
/// allows or when it was written; nothing about other processes but signals; no messages to addresses; no namespaces,
/// mounts, keys, or programs of the kernel's.
inline std::vector<sock_filter> confining_filter(const char* program) {
  system_call_filter filter;
  filter.refuse_unless(SYS_execve, 0, reinterpret_cast<std::uintptr_t>(program));
  filter.refuse(SYS_connect, EACCES);
  filter.allow_sockets(AF_UNIX, SOCK_STREAM);
  filter.refuse_unless(SYS_sendto, 4, 0);  // with an address
  // a server sets the mode of its socket, and ends where it cannot: the mode that its umask gave stays
  for (const long call : {SYS_fchmod, SYS_fchmodat}) filter.refuse(call, 0);
  filter.refuse_bits(SYS_openat, 3, S_ISUID | S_ISGID);
  filter.refuse_bits(SYS_mkdirat, 2, S_ISUID | S_ISGID);
  filter.refuse_bits(SYS_clone, 0, 0x7E020000U);  // namespaces
  filter.refuse(435, ENOSYS);                     // clone3, whose flags no filter sees: clone is used then
  filter.refuse(437, ENOSYS);                     // openat2 likewise
  filter.refuse(SYS_memfd_create, ENOSYS);
  filter.refuse_unless(SYS_prlimit64, 0, 0);  // of others
#ifdef SYS_chmod
  filter.refuse(SYS_chmod, 0);
  for (const long call :
       {SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_mknod, SYS_iopl, SYS_ioperm, SYS_modify_ldt})
    filter.refuse(call);
  filter.refuse_bits(SYS_open, 2, S_ISUID | S_ISGID);
  filter.refuse_bits(SYS_creat, 1, S_ISUID | S_ISGID);
  filter.refuse_bits(SYS_mkdir, 1, S_ISUID | S_ISGID);
#endif
  for (const long call : {SYS_execveat,
                          SYS_sendmsg,
                          SYS_sendmmsg,
                          SYS_socketpair,
                          SYS_fchown,
                          SYS_fchownat,
                          SYS_utimensat,
                          SYS_mknodat,
                          SYS_setxattr,
                          SYS_lsetxattr,
                          SYS_fsetxattr,
                          SYS_removexattr,
                          SYS_lremovexattr,
                          SYS_fremovexattr,
                          SYS_name_to_handle_at,
                          SYS_open_by_handle_at,
                          SYS_setpriority,
                          SYS_sched_setaffinity,
                          SYS_sched_setscheduler,
                          SYS_sched_setparam,
                          SYS_sched_setattr,
                          SYS_ioprio_set,
                          SYS_ptrace,
                          SYS_process_vm_readv,
                          SYS_process_vm_writev,
                          SYS_kcmp,
                          SYS_migrate_pages,
                          SYS_move_pages,
                          SYS_perf_event_open,
                          SYS_bpf,
                          SYS_userfaultfd,
                          SYS_keyctl,
                          SYS_add_key,
                          SYS_request_key,
                          SYS_mount,
                          SYS_umount2,
                          SYS_pivot_root,
                          SYS_chroot,
                          SYS_unshare,
                          SYS_setns,
                          SYS_msgget,
                          SYS_msgsnd,
                          SYS_msgrcv,
                          SYS_msgctl,
                          SYS_mq_open,
                          SYS_mq_unlink,
                          SYS_fanotify_init,
                          SYS_swapon,
                          SYS_swapoff,
                          SYS_reboot,
                          SYS_kexec_load,
                          SYS_init_module,
                          SYS_finit_module,
                          SYS_delete_module,
                          SYS_acct,
                          SYS_settimeofday,
                          SYS_clock_settime,
                          SYS_clock_adjtime,
                          SYS_adjtimex,
                          SYS_sethostname,
                          SYS_setdomainname,
                          SYS_syslog,
                          SYS_quotactl,
                          SYS_vhangup,
                          SYS_personality})
    filter.refuse(call);
  for (const long call : later_calls) filter.refuse(call);
  return filter.take();
}

}  // namespace knowngood::detail
