#include "knowngood/sandbox/system_call_filter.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

#include <gtest/gtest.h>

namespace system_call_filter_test {

using namespace knowngood;

/// What the kernel makes of a call: 0 where it is allowed, or else -1 - errno, so that a call which does nothing and
/// succeeds is -1. Runs the program as the kernel's documentation of classic BPF has it.
int verdict(const std::vector<sock_filter>& program, long call, std::initializer_list<std::uint64_t> arguments = {},
            std::uint32_t architecture = detail::this_architecture) {
  seccomp_data data{};
  data.nr = static_cast<int>(call);
  data.arch = architecture;
  std::copy(arguments.begin(), arguments.end(), data.args);
  std::uint32_t value = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& one = program[at];
    const auto jump = [&](bool then) { at += then ? one.jt : one.jf; };
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (one.k + sizeof value > sizeof data) return -1000;
        std::memcpy(&value, reinterpret_cast<const char*>(&data) + one.k, sizeof value);
        break;
      case BPF_ALU | BPF_AND | BPF_K: value &= one.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(value == one.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(value >= one.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: jump((value & one.k) != 0); break;
      case BPF_RET | BPF_K:
        if (one.k == SECCOMP_RET_ALLOW) return 0;
        return (one.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? -1 - static_cast<int>(one.k & SECCOMP_RET_DATA)
                                                                      : -2000;
      default: return -3000;
    }
  }
  return -4000;
}
constexpr int refused(int error = EPERM) { return -1 - error; }

TEST(system_call_filter, allows_what_it_does_not_name) {
  const auto program = detail::system_call_filter{}.take();
  EXPECT_EQ(verdict(program, SYS_read), 0);
  EXPECT_EQ(verdict(program, SYS_connect), 0);
}

TEST(system_call_filter, refuses_what_other_conventions_would_call) {
  const auto program = detail::system_call_filter{}.take();
  EXPECT_EQ(verdict(program, SYS_read, {}, AUDIT_ARCH_I386), refused());
  EXPECT_EQ(verdict(program, SYS_read | 0x40000000L), refused()) << "x32";
}

TEST(system_call_filter, refuses_a_call_unless_its_argument_is_the_very_one) {
  detail::system_call_filter filter;
  filter.refuse_unless(SYS_read, 1, 0x1'2345'6789ULL, EACCES);
  filter.refuse(SYS_write, 0);
  const auto program = filter.take();
  EXPECT_EQ(verdict(program, SYS_read, {0, 0x1'2345'6789ULL}), 0);
  for (const std::uint64_t other : {0x1'2345'6788ULL, 0x2345'6789ULL, 0x2'2345'6789ULL, 0ULL})
    EXPECT_EQ(verdict(program, SYS_read, {0x1'2345'6789ULL, other}), refused(EACCES)) << other;
  EXPECT_EQ(verdict(program, SYS_write), refused(0)) << "does nothing, and succeeds";
  EXPECT_EQ(verdict(program, SYS_close), 0) << "what follows a test of arguments is still reached";
}

TEST(system_call_filter, refuses_a_call_by_any_of_its_bits) {
  detail::system_call_filter filter;
  filter.refuse_bits(SYS_read, 2, 06000);
  filter.refuse(SYS_write);
  const auto program = filter.take();
  EXPECT_EQ(verdict(program, SYS_read, {~0ULL, ~0ULL, 0777}), 0);
  for (const std::uint64_t mode : {04000U, 02000U, 06777U})
    EXPECT_EQ(verdict(program, SYS_read, {0, 0, mode}), refused());
  EXPECT_EQ(verdict(program, SYS_write), refused());
}

TEST(confining_filter, lets_a_server_work) {
  if (detail::this_architecture == 0) return;
  const char* const program = "/usr/lib/postgresql/15/bin/postgres";
  const auto filter = detail::confining_filter(program);
  const auto at = reinterpret_cast<std::uintptr_t>(program);
  EXPECT_EQ(verdict(filter, SYS_execve, {at}), 0);
  EXPECT_EQ(verdict(filter, SYS_openat, {0, 0, O_CREAT | O_RDWR, 0600}), 0);
  EXPECT_EQ(verdict(filter, SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK}), 0);
  EXPECT_EQ(verdict(filter, SYS_sendto, {5, at, 1, 0, 0}), 0) << "send: to whom it is connected";
  EXPECT_EQ(verdict(filter, SYS_clone, {SIGCHLD | CLONE_CHILD_SETTID}), 0);
  EXPECT_EQ(verdict(filter, SYS_prlimit64, {0, RLIMIT_NOFILE}), 0);
  for (const long call : {SYS_read, SYS_accept4, SYS_bind, SYS_listen, SYS_shmget, SYS_mmap, SYS_unlinkat, SYS_renameat,
                          SYS_fsync, SYS_kill, SYS_setitimer, SYS_epoll_ctl})
    EXPECT_EQ(verdict(filter, call), 0) << call;
  EXPECT_EQ(verdict(filter, SYS_fchmodat), refused(0)) << "a server ends where it cannot set its socket's mode";
}

TEST(confining_filter, refuses_what_reaches_beyond_the_process) {
  if (detail::this_architecture == 0) return;
  const char* const program = "/usr/lib/postgresql/15/bin/postgres";
  const auto filter = detail::confining_filter(program);
  const auto at = reinterpret_cast<std::uintptr_t>(program);
  EXPECT_EQ(verdict(filter, SYS_execve, {at + 1}), refused()) << "another string";
  EXPECT_EQ(verdict(filter, SYS_execve, {at + (1ULL << 32U)}), refused());
  EXPECT_EQ(verdict(filter, SYS_connect), refused(EACCES));
  for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_ALG, AF_VSOCK})
    EXPECT_EQ(verdict(filter, SYS_socket, {static_cast<std::uint64_t>(family), SOCK_STREAM}), refused(EAFNOSUPPORT));
  EXPECT_EQ(verdict(filter, SYS_socket, {AF_UNIX, SOCK_DGRAM}), refused(EAFNOSUPPORT));
  EXPECT_EQ(verdict(filter, SYS_sendto, {5, at, 1, 0, at}), refused()) << "to an address";
  EXPECT_EQ(verdict(filter, SYS_openat, {0, 0, O_CREAT, 04755}), refused());
  for (const int space :
       {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP})
    EXPECT_EQ(verdict(filter, SYS_clone, {static_cast<std::uint64_t>(SIGCHLD | space)}), refused()) << space;
  EXPECT_EQ(verdict(filter, SYS_prlimit64, {1}), refused()) << "of another process";
  EXPECT_EQ(verdict(filter, 435), refused(ENOSYS)) << "clone3 hides its flags: clone is used instead";
  for (const long call : std::initializer_list<long>{SYS_ptrace, SYS_mount, SYS_unshare, SYS_setns, SYS_bpf, SYS_keyctl,
                                                     SYS_process_vm_writev, SYS_fchown, SYS_utimensat, SYS_execveat,
                                                     SYS_sendmsg, SYS_init_module, 425, 434, 452})
    EXPECT_EQ(verdict(filter, call), refused()) << call;
}

}  // namespace system_call_filter_test
