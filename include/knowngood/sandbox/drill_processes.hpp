// end_processes_inside: ends what a drill that was killed, or a server that does not listen, has left running in a
// scratch directory, and nobody else's processes.
//
// Layer: sandbox. Linux: told from /proc. Example: end_processes_inside("/tmp/knowngood-drill-x") == 3
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "knowngood/io/file_descriptor.hpp"

namespace knowngood::detail {

inline std::string read_of_process(pid_t pid, const char* what) {
  const file_descriptor file{::open(fmt::format("/proc/{}/{}", pid, what).c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text(std::size_t{256} << 10, '\0');
  std::size_t size = 0;
  while (file.get() >= 0 && size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

/// Whether it is a drill's own: PostgreSQL that stands in `root`, or what stands there and was given `root` as its
/// scratch directory or its home. A person's shell that looks at a leftover stands there too.
inline bool is_of_drill(pid_t pid, const std::string& root) {
  std::error_code gone;
  const std::filesystem::path process = fmt::format("/proc/{}", pid);
  const auto within = [&](std::string_view path) { return path == root || path.starts_with(root + "/"); };
  if (!within(std::filesystem::read_symlink(process / "cwd", gone).string()) || gone) return false;
  std::string program = std::filesystem::read_symlink(process / "exe", gone).filename().string();
  program = program.substr(0, program.find(' '));  // `postgres (deleted)`
  if (!gone && (program == "postgres" || program == "initdb")) return true;
  std::string_view rest;
  const std::string environment = read_of_process(pid, "environ");
  for (rest = environment; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    for (const std::string_view name : {"KNOWNGOOD_SCRATCH=", "HOME="}) {
      if (one.starts_with(name) && within(one.substr(name.size()))) return true;
    }
  }
  return false;
}

/// Processes of a drill that work in `root`, a real path.
inline std::vector<pid_t> processes_inside(const std::string& root) {
  std::vector<pid_t> found;
  std::error_code error;
  for (auto one = std::filesystem::directory_iterator{"/proc", error};
       !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
    const std::string name = one->path().filename().string();
    pid_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad == std::errc{} && end == name.data() + name.size() && pid != ::getpid() && is_of_drill(pid, root))
      found.push_back(pid);
  }
  return found;
}

/// Ends them: SIGQUIT first, which PostgreSQL takes as "at once"; a second later SIGKILL. Returns how many there were.
inline std::size_t end_processes_inside(const std::string& root) {
  std::set<pid_t> ended;
  for (int round = 0; round < 60; ++round) {
    const std::vector<pid_t> inside = processes_inside(root);
    if (inside.empty()) break;
    for (const pid_t pid : inside) {
      if (ended.insert(pid).second) {
        ::kill(pid, SIGQUIT);
      } else if (round >= 20) {
        ::kill(pid, SIGKILL);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return ended.size();
}

}  // namespace knowngood::detail
