#include "knowngood/sandbox/process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "sandbox/shell_process.hpp"

namespace knowngood {
namespace process_test {

using std::chrono::seconds;
using testing::HasSubstr;

/// Runs `body` in a process of its own and returns its exit code.
template <typename Body>
int in_a_child(Body&& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    int code = 100;
    try {
      code = body();
    } catch (...) {
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(run_process, returns_the_exit_code_and_both_streams) {
  const auto ran = run_process(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.output, "out\nerr\n");
  EXPECT_FALSE(ran.timed_out);
}

TEST(run_process, tells_which_signal_ended_it) {
  EXPECT_EQ(run_process(shell("kill -SEGV $$")).exit_code, 128 + SIGSEGV);
}

TEST(run_process, does_not_wait_when_there_is_nothing_to_wait_for) {
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) run_process({.arguments = {"true"}});
  EXPECT_LT(std::chrono::steady_clock::now() - started, seconds{1});
}

TEST(run_process, says_which_program_is_missing) {
  try {
    run_process({.arguments = {"no-such-program-of-knowngood"}});
    FAIL();
  } catch (const environment_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no-such-program-of-knowngood"));
    EXPECT_FALSE(error.advice().empty());
  }
}

TEST(run_process, refuses_what_cannot_be_executed) {
  const scratch_directory here;
  here.write("not-a-program",
             "\x7f"
             "ELF but no more");
  ASSERT_EQ(here.run("chmod 755 not-a-program && mkdir tool").status, 0);
  EXPECT_THROW(run_process({.arguments = {(here.path() / "not-a-program").string()}}), environment_error);
  EXPECT_THROW(run_process({.arguments = {"/nonexistent/program"}}), environment_error);
  EXPECT_THROW(run_process({.arguments = {"true"}, .directory = "/nonexistent"}), environment_error);
  // a directory in PATH is no program
  EXPECT_THROW(run_process({.arguments = {"tool"}, .environment = {"PATH=" + here.path().string()}}),
               environment_error);
}

TEST(run_process, inherits_nothing_of_the_environment) {
  ::setenv("KNOWNGOOD_TEST_SECRET", "s3cret", 1);
  const auto ran = run_process({.arguments = {"env"}});
  ::unsetenv("KNOWNGOOD_TEST_SECRET");
  EXPECT_THAT(ran.output, HasSubstr("TZ=UTC\n"));
  EXPECT_THAT(ran.output, HasSubstr("LC_ALL=C\n"));
  EXPECT_THAT(ran.output, HasSubstr("HOME=/nonexistent\n"));
  EXPECT_THAT(ran.output, testing::Not(HasSubstr("s3cret")));
}

TEST(run_process, inherits_no_descriptor_whoever_opened_it) {
  const int inherited = ::open("/dev/zero", O_RDONLY);  // without O_CLOEXEC
  const int high = ::fcntl(inherited, F_DUPFD, 500);
  const auto ran = run_process(shell("ls /proc/$$/fd"));
  ::close(inherited);
  ::close(high);
  EXPECT_EQ(ran.output, "0\n1\n2\n");
}

TEST(run_process, inherits_no_blocked_and_no_ignored_signal) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto ran = run_process({.arguments = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}});
  ::signal(SIGPIPE, old);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(ran.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(run_process, keeps_the_streams_apart_though_ours_are_closed) {
  const int code = in_a_child([] {
    for (const int standard : {0, 1, 2}) ::close(standard);
    const auto ran = run_process(shell("cat; echo out; echo err >&2"));
    return ran.output == "out\nerr\n" && ran.exit_code == 0 ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

// With SIGCHLD ignored the kernel forgets exit codes, and a failure would look like a success.
TEST(run_process, refuses_to_run_where_exit_codes_are_thrown_away) {
  const int code = in_a_child([] {
    ::signal(SIGCHLD, SIG_IGN);
    try {
      run_process(shell("exit 3"));
      return 1;
    } catch (const environment_error& error) {
      return std::string{error.what()}.find("SIGCHLD") == std::string::npos ? 2 : 0;
    }
  });
  EXPECT_EQ(code, 0);
}

TEST(run_process, ends_what_takes_too_long_with_all_its_children) {
  const scratch_directory here;
  auto request = shell("sleep 100 & echo $! > child; wait");
  request.directory = here.path().string();
  request.time_limit = seconds{1};
  const auto ran = run_process(request);
  EXPECT_TRUE(ran.timed_out);
  EXPECT_EQ(ran.exit_code, 128 + SIGTERM);
  EXPECT_LT(ran.seconds, 2.0);
  EXPECT_TRUE(ends_soon(std::stoi(here.read("child"))));
}

TEST(run_process, ends_what_will_not_end) {
  auto request = shell("trap '' TERM; while :; do sleep 0.05; done");
  request.time_limit = seconds{1};
  const auto ran = run_process(request);
  EXPECT_TRUE(ran.timed_out);
  EXPECT_EQ(ran.exit_code, 128 + SIGKILL);
  EXPECT_LT(ran.seconds, 4.5);
}

TEST(run_process, has_a_time_limit_for_what_never_stops_writing) {
  process_request request{.arguments = {"yes"}};
  request.time_limit = seconds{1};
  request.output_bytes = 1000;
  const auto ran = run_process(request);
  EXPECT_TRUE(ran.timed_out);
  EXPECT_LT(ran.seconds, 2.0);
  EXPECT_LT(ran.output.size(), 1100U);
}

TEST(run_process, is_stopped_by_its_flag) {
  std::atomic<bool> stop{false};
  auto request = shell("sleep 100");
  request.stop = stop;
  std::thread later{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    stop = true;
  }};
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THROW(static_cast<void>(run_process(request)), interrupted);
  later.join();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{1});
}

TEST(run_process, is_not_held_up_by_a_grandchild_that_keeps_the_pipe_open) {
  const auto ran = run_process(shell("sleep 100 & echo done"));
  EXPECT_EQ(ran.output, "done\n");
  EXPECT_LT(ran.seconds, 1.0);
}

TEST(run_process, is_not_held_up_by_one_that_left_its_group_and_writes_on) {
  const scratch_directory here;
  auto request =
      shell("setsid sh -c 'echo $$ > pid; exec yes' & while ! test -s pid; do sleep 0.01; done; echo done >&2");
  request.directory = here.path().string();
  std::size_t bytes = 0;
  request.on_output = [&](std::string_view text) { bytes += text.size(); };
  const auto ran = run_process(request);
  EXPECT_LT(ran.seconds, 2.0);
  EXPECT_THAT(ran.output, HasSubstr("done\n"));
  ASSERT_TRUE(ends_soon(std::stoi(here.read("pid"))));  // of SIGPIPE: nobody reads it any more
}

TEST(run_process, keeps_the_beginning_and_the_end_of_long_output) {
  auto request = shell("echo begin; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end");
  request.output_bytes = 1000;
  const auto ran = run_process(request);
  EXPECT_LT(ran.output.size(), 1100U);
  EXPECT_EQ(ran.output.substr(0, 6), "begin\n");
  EXPECT_EQ(ran.output.substr(ran.output.size() - 5), "\nend\n");
  EXPECT_THAT(ran.output, HasSubstr("[… 2999011 bytes left out …]"));
}

TEST(run_process, loses_nothing_of_what_was_written_last) {
  for (const int size : {0, 1, 65'536, 65'537, 1'000'000}) {
    auto request = shell("head -c " + std::to_string(size) + " /dev/zero");
    std::size_t bytes = 0;
    request.on_output = [&](std::string_view text) { bytes += text.size(); };
    EXPECT_EQ(run_process(request).exit_code, 0);
    EXPECT_EQ(bytes, static_cast<std::size_t>(size));
  }
}

TEST(run_process, leaves_no_child_when_its_listener_throws) {
  const scratch_directory here;
  auto request = shell("echo $$ > pid; echo out; sleep 100");
  request.directory = here.path().string();
  request.on_output = [](std::string_view) { throw std::runtime_error{"enough"}; };
  EXPECT_THROW(run_process(request), std::runtime_error);
  EXPECT_TRUE(ends_soon(std::stoi(here.read("pid"))));
}

TEST(run_process, gives_input_of_any_size) {
  process_request request{.arguments = {"wc", "-c"}};
  request.input = std::string(300'000, 'x');
  EXPECT_EQ(run_process(request).output, "300000\n");
  EXPECT_EQ(run_process({.arguments = {"wc", "-c"}}).output, "0\n");
}

TEST(run_process, runs_as_another_user_without_groups_of_ours) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto user = unprivileged_user();
  ASSERT_TRUE(user);
  const auto ran = run_process({.arguments = {"sh", "-c", "id -u; id -g; id -G"}, .directory = "/", .user = user});
  const std::string gid = std::to_string(user->gid);
  EXPECT_EQ(ran.output, std::to_string(user->uid) + "\n" + gid + "\n" + gid + "\n");
  // and cannot become root again
  EXPECT_NE(run_process({.arguments = {"cat", "/etc/shadow"}, .directory = "/", .user = user}).exit_code, 0);
}

// The library's own change of user waits for threads, of which the new process has none, and for a lock that one of
// ours may hold at that moment.
TEST(run_process, starts_as_another_user_beside_threads_that_come_and_go) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  std::atomic<bool> enough{false};
  std::vector<std::thread> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back([&] {
      while (!enough) std::thread{[] {}}.join();
    });
  }
  for (int i = 0; i < 60; ++i) {
    process_request request = shell("exit 7");
    request.isolated = true;
    request.user = system_user{54'321, 54'321, "somebody"};
    request.time_limit = seconds{20};
    EXPECT_EQ(run_process(request).exit_code, 7);
  }
  enough = true;
  for (auto& one : busy) one.join();
}

TEST(run_process, confined_runs_no_other_program) {
  auto request = shell("/bin/echo ran; echo $?");
  EXPECT_THAT(run_process(request).output, HasSubstr("ran"));
  request.confined = true;
  const auto ran = run_process(request);
  EXPECT_THAT(ran.output, testing::Not(HasSubstr("ran\n")));
  EXPECT_THAT(ran.output, HasSubstr("126"));
}

// The same calls before and after, in a process of their own: a program to run them would need to be a confined one.
TEST(run_process, confined_connects_to_nothing) {
  const scratch_directory here;
  const int code = in_a_child([&] {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (here.path() / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* at = reinterpret_cast<const sockaddr*>(&address);
    const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::bind(listener, at, sizeof address) != 0 || ::listen(listener, 5) != 0) return 1;
    if (::connect(::socket(AF_UNIX, SOCK_STREAM, 0), at, sizeof address) != 0 || ::socket(AF_INET, SOCK_STREAM, 0) < 0)
      return 2;
    if (!detail::confine_files(-1) || !detail::confine(detail::confining_filter("/bin/true"))) return 3;
    if (::connect(::socket(AF_UNIX, SOCK_STREAM, 0), at, sizeof address) == 0 || errno != EACCES) return 4;
    if (::socket(AF_INET, SOCK_STREAM, 0) >= 0 || ::socket(AF_INET6, SOCK_DGRAM, 0) >= 0) return 5;
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(run_process, confined_writes_only_where_it_may) {
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir mine others; echo old > others/file; ln -s ../others mine/link; chmod -R a+rwX .").status,
            0);
  auto request = shell(
      "echo new > others/file; echo new > others/new; echo new > mine/link/other; : > /dev/null && echo null;"
      "echo new > mine/file && read line < others/file && echo \"$line\"; kill -0 $PPID && echo killable");
  request.directory = here.path().string();
  EXPECT_THAT(run_process(request).output, HasSubstr("new\n"));
  ASSERT_EQ(here.run("rm -f mine/file others/*; echo old > others/file; chmod a+rw others/file").status, 0);
  if (detail::file_rules({.written = {here.path().string()}}).get() < 0) GTEST_SKIP() << "this kernel has no Landlock";
  request.confined = true;
  request.writable = {(here.path() / "mine").string()};
  const auto ran = run_process(request);
  EXPECT_THAT(ran.output, HasSubstr("null\nold\n"));
  EXPECT_EQ(here.read("others/file"), "old\n");
  EXPECT_EQ(here.read("mine/file"), "new\n");
  EXPECT_FALSE(std::filesystem::exists(here.path() / "others/new"));
  EXPECT_FALSE(std::filesystem::exists(here.path() / "others/other"));
}

// Each call succeeds before and is refused after; those that a server needs still work.
TEST(run_process, confined_changes_nothing_of_others) {
  const scratch_directory here;
  here.write("file", "x");
  const std::string file = (here.path() / "file").string();
  const int code = in_a_child([&] {
    const auto refused = [](long result) { return result < 0 && errno == EPERM; };
    const timeval times[2]{{1, 0}, {1, 0}};
    if (::chmod(file.c_str(), 0640) != 0 || ::chown(file.c_str(), ::geteuid(), ::getegid()) != 0 ||
        ::utimes(file.c_str(), times) != 0 || ::setpriority(PRIO_PROCESS, 0, 0) != 0)
      return 1;
    if (!detail::confine(detail::confining_filter("/bin/true"))) return 2;
    struct stat about {};
    ::chmod(file.c_str(), 04777);
    ::fchmodat(AT_FDCWD, file.c_str(), 04777, 0);
    if (::stat(file.c_str(), &about) != 0 || (about.st_mode & 07777U) != 0640) return 3;
    if (!refused(::chown(file.c_str(), ::geteuid(), ::getegid())) || !refused(::lchown(file.c_str(), 0, 0))) return 4;
    if (!refused(::utimes(file.c_str(), times)) || !refused(::utimensat(AT_FDCWD, file.c_str(), nullptr, 0))) return 5;
    if (!refused(::setxattr(file.c_str(), "user.x", "x", 1, 0))) return 6;
    if (!refused(::setpriority(PRIO_PROCESS, 0, 0)) ||
        !refused(::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, nullptr)))
      return 7;
    if (!refused(::unshare(CLONE_NEWUSER)) || !refused(::msgget(IPC_PRIVATE, 0600))) return 8;
    if (!refused(::open((file + "-s").c_str(), O_CREAT | O_WRONLY, 04755)) ||
        !refused(::mkfifo((file + "-f").c_str(), 0600)))
      return 9;
    if (::socket(AF_UNIX, SOCK_DGRAM, 0) >= 0 || ::socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ||
        ::socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0)
      return 10;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!refused(::sendto(0, "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address))) return 11;
    if (!refused(::syscall(SYS_ptrace, 0, 0, 0, 0)) || !refused(::syscall(SYS_pidfd_open, ::getppid(), 0))) return 12;
    rlimit files{};
    const int made = ::open((file + "-new").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (made < 0 || ::getrlimit(RLIMIT_NOFILE, &files) != 0 || ::socket(AF_UNIX, SOCK_STREAM, 0) < 0) return 13;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    return child > 0 && ::waitpid(child, nullptr, 0) == child ? 0 : 14;
  });
  EXPECT_EQ(code, 0);
}

TEST(run_process, isolated_sees_what_it_is_given_and_nothing_else) {
  if (detail::offered_isolation().namespaces == 0)
    GTEST_SKIP() << "this kernel grants no namespaces here: " << detail::offered_isolation().refused;
  const scratch_directory here;
  ASSERT_EQ(here.run("chmod 711 . && mkdir mine read others && echo precious > others/file && echo told > read/file && "
                     "cp /bin/true mine/true && chmod -R a+rwX .")
                .status,
            0);
  const std::string looks = "cd '" + here.path().string() +
                            "' || exit; cat others/file; cat read/file; ls -d /home /var /proc /old-root; kill -0 " +
                            std::to_string(::getpid()) + " && echo reachable; mine/true && echo ran; ";
  const std::string before = run_process({.arguments = {"sh", "-c", looks}}).output;
  for (const char* seen : {"precious\n", "told\n", "/var\n", "/proc\n", "reachable\n", "ran\n"})
    EXPECT_THAT(before, HasSubstr(seen));
  process_request request{.arguments = {"sh", "-c",
                                        looks + "echo new > read/new; echo new > mine/new && cat mine/new; echo $$; ls "
                                                "/dev; echo > /written && echo written; id -un; ls /tmp; echo > "
                                                "/tmp/x && echo temporary"}};
  request.user = unprivileged_user();
  request.isolated = true;
  request.writable = {(here.path() / "mine").string()};
  request.readable = {(here.path() / "read").string()};
  request.directory = "/";
  const std::string said = run_process(request).output;
  for (const char* hidden :
       {"precious", "/var\n", "/proc\n", "/home\n", "/old-root\n", "reachable", "ran\n", "written\n", "vda\n", "tty\n"})
    EXPECT_THAT(said, testing::Not(HasSubstr(hidden)));
  for (const char* seen : {"told\n", "new\n1\n", "urandom\n", "temporary\n"}) EXPECT_THAT(said, HasSubstr(seen));
  EXPECT_FALSE(std::filesystem::exists(here.path() / "read/new"));
  EXPECT_TRUE(std::filesystem::exists(here.path() / "mine/new"));
}

// PostgreSQL of other sources than the system's has its libraries beside it.
TEST(run_process, tells_the_loader_where_a_program_outside_of_the_system_lies) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const scratch_directory here;
  ASSERT_EQ(here.run("mkdir bin; cp /usr/bin/env bin/; chmod 755 . bin").status, 0);
  process_request request{.arguments = {(here.path() / "bin/env").string()}};
  const std::string told = "LD_ORIGIN_PATH=" + (here.path() / "bin").string() + "\n";
  EXPECT_THAT(run_process(request).output, testing::Not(HasSubstr(told)));
  request.isolated = true;
  request.user = unprivileged_user();
  EXPECT_THAT(run_process(request).output, HasSubstr(told));
  request.arguments = {"env"};
  EXPECT_THAT(run_process(request).output, testing::Not(HasSubstr("LD_ORIGIN_PATH")));
}

TEST(run_process, does_not_outlive_a_parent_that_is_killed) {
  const scratch_directory here;
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto request = shell("echo $$ > pid; exec sleep 100");
    request.directory = here.path().string();
    run_process(request);
    ::_exit(0);
  }
  const auto written = [&] { return std::filesystem::exists(here.path() / "pid") && !here.read("pid").empty(); };
  for (int i = 0; i < 500 && !written(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  ASSERT_TRUE(written());
  const pid_t child = std::stoi(here.read("pid"));
  ASSERT_TRUE(is_alive(child));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends_soon(child));
}

}  // namespace process_test
}  // namespace knowngood
