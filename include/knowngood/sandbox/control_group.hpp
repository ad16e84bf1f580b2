// control_group: bounds what all processes of a drill's servers take together, of memory and in number, so that a dump
// or a data directory cannot take the host down; and ends them all at once.
//
// Layer: sandbox. Linux cgroup v2, where it is delegated to us: to root, to a service with systemd's Delegate=, to a
// user's own services. In most containers it is mounted read-only, and there is none; then resource limits of each
// process have to do (start_process.hpp). Nothing stays behind; what a killed drill left, the next one removes.
//   control_group group{own_control_group(), server_limits(bytes)};  if (group.made()) request.group =
//   group.entrance();
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/sandbox/available_memory.hpp"

namespace knowngood {

/// What is written into a file of the group's.
struct control_limit {
  std::string controller;  ///< that has to be there: `memory`
  std::string file;        ///< `memory.max`
  std::string value;
  bool needed = true;  ///< false: a kernel may do without this file
};

/// For the servers of a drill: `memory` bytes, half of what is free of the swap besides, 512 processes.
inline std::vector<control_limit> server_limits(std::uint64_t memory) {
  const std::uint64_t swap = detail::number_in("/proc/meminfo", "SwapFree:").value_or(0) << 9U;
  return {{"memory", "memory.max", fmt::format("{}", memory), true},
          {"memory", "memory.swap.max", fmt::format("{}", swap), false},
          {"pids", "pids.max", "512", true}};
}

/// Memory that the servers of a drill may take: three quarters of what is available, and at least what one needs.
inline std::uint64_t memory_for_servers() { return std::max(available_memory() / 4 * 3, std::uint64_t{256} << 20U); }

/// What bounds a server.
struct server_bounds {
  std::uint64_t memory = memory_for_servers();  ///< bytes: of all servers together, or of each process
  int group = -1;  ///< entrance of the control group that they are put into; negative: none, each process is bounded
};

namespace detail {

inline std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Whether a list of words between blanks has one of them.
inline bool has_word(const std::string& list, std::string_view word) {
  std::istringstream words{list};
  for (std::string one; words >> one;) {
    if (one == word) return true;
  }
  return false;
}

/// Where a process's group lies, from the kernel's own words: `0::/system.slice/x.service` of /proc/self/cgroup, and
/// the line of /proc/self/mountinfo on which cgroup2 is mounted. Empty where it cannot be seen.
inline std::filesystem::path control_group_of(const std::string& groups, const std::string& mounts) {
  std::string path;
  std::istringstream lines{groups};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) path = line.substr(3);
  }
  if (path.empty() || path.find("/..") != std::string::npos) return {};
  std::istringstream all{mounts};
  for (std::string line; std::getline(all, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream words{line};
    std::string ignored;
    std::string root;
    std::string point;
    words >> ignored >> ignored >> ignored >> root >> point;
    if (root == "/") return std::filesystem::path{point} / path.substr(1);
    if (path == root || path.starts_with(root + "/"))
      return std::filesystem::path{point} / std::filesystem::path{path}.lexically_relative(root);
  }
  return {};
}

}  // namespace detail

/// The directory of this process's own group; empty where there is none.
inline std::filesystem::path own_control_group() {
  return detail::control_group_of(detail::text_of_file("/proc/self/cgroup"),
                                  detail::text_of_file("/proc/self/mountinfo"));
}

class control_group {
 public:
  /// Makes a group in `own`, the directory of this process's group, or beside that, with `limits`. Where this process
  /// is alone in its group, as in a service with Delegate=yes, it moves into one of its own to make room for limits,
  /// and back in the end. Not made: `why_not` says why.
  control_group(const std::filesystem::path& own, const std::vector<control_limit>& limits) {
    if (own.empty()) {
      why_not_ = "no cgroup v2 here";
      return;
    }
    for (const auto& parent : {own, own.parent_path()}) {
      if (!gives(parent / "cgroup.subtree_control", limits)) continue;
      if (make(parent, limits)) return;
    }
    if (!gives(own / "cgroup.controllers", limits)) {
      note("cgroup v2 has no controllers of memory and pids here");
    } else if (make_room(own, limits) && !make(own, limits)) {
      give_room_back();
    }
  }
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;
  ~control_group() { static_cast<void>(remove()); }

  [[nodiscard]] bool made() const noexcept { return entrance_.get() >= 0; }
  /// Empty when it was made.
  [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// A descriptor: a process that writes `0` to it is in the group. Negative when there is none.
  [[nodiscard]] int entrance() const noexcept { return entrance_.get(); }

  /// How many of its processes the kernel has killed for want of memory.
  [[nodiscard]] std::uint64_t killed_for_memory() const {
    return made() ? detail::number_in((path_ / "memory.events").string(), "oom_kill ").value_or(0) : 0;
  }

  /// Ends all that runs in it, and removes it. Returns what stays and why; empty when nothing does.
  std::string remove() {
    if (!made()) return {};
    put(path_ / "cgroup.kill", "1");  // Linux 5.14; before, whoever started them has ended them
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (::rmdir(path_.c_str()) != 0 && errno != ENOENT) {
      const int why = errno;
      if (why != EBUSY || std::chrono::steady_clock::now() > until)
        return fmt::format("{}: {}", path_.string(), std::strerror(why));
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    entrance_ = file_descriptor{};
    held_ = file_descriptor{};
    give_room_back();
    return {};
  }

 private:
  static constexpr std::string_view prefix = "knowngood-drill-";

  static bool put(const std::filesystem::path& file, std::string_view text) {
    const file_descriptor to{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
    return to.get() >= 0 && ::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

  static bool gives(const std::filesystem::path& list, const std::vector<control_limit>& limits) {
    const std::string controllers = detail::text_of_file(list);
    struct stat about {};
    return ::stat(list.c_str(), &about) == 0 &&
           std::all_of(limits.begin(), limits.end(),
                       [&](const control_limit& one) { return detail::has_word(controllers, one.controller); });
  }

  void note(const std::string& why) {
    if (why_not_.empty()) why_not_ = why;
  }
  bool failed(const std::filesystem::path& what) {
    note(fmt::format("{}: {}", what.string(), std::strerror(errno)));
    return false;
  }

  bool make(const std::filesystem::path& parent, const std::vector<control_limit>& limits) {
    std::string name = (parent / (std::string{prefix} + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) return failed(parent);
    path_ = name;
    // held as long as this object lives: whoever can lock it knows that its drill is gone
    held_ = file_descriptor{::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    bool done = held_.get() >= 0 && ::flock(held_.get(), LOCK_EX | LOCK_NB) == 0;
    for (const auto& one : limits) {
      done = done && (put(path_ / one.file, one.value) || (!one.needed && errno == ENOENT) || failed(path_ / one.file));
    }
    entrance_ = file_descriptor{done ? ::open((path_ / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC) : -1};
    if (entrance_.get() >= 0) {
      why_not_.clear();
      sweep(parent);
      return true;
    }
    failed(path_);
    ::rmdir(name.c_str());
    held_ = file_descriptor{};
    return false;
  }

  // Groups of drills that were killed: nobody holds them, and what runs in one keeps it from being removed.
  static void sweep(const std::filesystem::path& parent) {
    std::error_code error;
    for (auto one = std::filesystem::directory_iterator{parent, error};
         !error && one != std::filesystem::directory_iterator{}; one.increment(error)) {
      const std::string name = one->path().filename().string();
      if (!name.starts_with(prefix)) continue;
      const file_descriptor found{::open(one->path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
      if (found.get() >= 0 && ::flock(found.get(), LOCK_EX | LOCK_NB) == 0) ::rmdir(one->path().c_str());
    }
  }

  // A group that has processes cannot limit the groups in it.
  bool make_room(const std::filesystem::path& own, const std::vector<control_limit>& limits) {
    std::istringstream processes{detail::text_of_file(own / "cgroup.procs")};
    pid_t pid = 0;
    while (processes >> pid) {
      if (pid == ::getpid()) continue;
      note("this process is not alone in its control group, which keeps that from having limited ones in it");
      return false;
    }
    std::string name = (own / "knowngood-self-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return failed(own);
    room_ = name;
    above_ = own;
    std::string wanted;
    for (const auto& one : limits) {
      if (!detail::has_word(wanted, "+" + one.controller)) wanted += (wanted.empty() ? "+" : " +") + one.controller;
    }
    if (put(room_ / "cgroup.procs", "0") && put(own / "cgroup.subtree_control", wanted)) {
      given_ = wanted;
      return true;
    }
    failed(own / "cgroup.subtree_control");
    give_room_back();
    return false;
  }

  void give_room_back() {
    if (room_.empty()) return;
    std::replace(given_.begin(), given_.end(), '+', '-');
    if (!given_.empty()) put(above_ / "cgroup.subtree_control", given_);
    put(above_ / "cgroup.procs", "0");
    ::rmdir(room_.c_str());
    room_.clear();
    given_.clear();
  }

  std::filesystem::path path_;
  file_descriptor held_;
  file_descriptor entrance_;
  std::string why_not_;
  std::filesystem::path room_;   // where this process has moved to; empty: nowhere
  std::filesystem::path above_;  // where it was
  std::string given_;            // controllers that were turned on there
};

}  // namespace knowngood
