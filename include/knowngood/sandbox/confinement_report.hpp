// describe_confinement: what keeps a drill's own servers from the host, in words for its report.
//
// Layer: sandbox. Found out by trying what this kernel grants to whom the drill runs as.
//   describe_confinement(who.user(), group, bytes).held_by   // `a user of its own; namespaces of mounts, …; Landlock
//   7; seccomp; …`
#pragma once

#include <sched.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/sandbox/control_group.hpp"
#include "knowngood/sandbox/file_confinement.hpp"
#include "knowngood/sandbox/isolation.hpp"
#include "knowngood/sandbox/system_user.hpp"

namespace knowngood {

struct confinement_description {
  std::string held_by;       ///< what is there
  std::string lacking;       ///< what is not, and why; empty: all is there
  bool keeps_files = false;  ///< files outside of what it is given cannot be changed
};

/// `user`: whom the servers run as when root runs the drill. `group`: what bounds them together, if it was made, to
/// `bytes` of memory.
inline confinement_description describe_confinement(const std::optional<system_user>& user, const control_group& group,
                                                    std::uint64_t bytes) {
  const detail::isolation_offer& offer = detail::offered_isolation();
  const long landlock = detail::landlock_version();
  std::vector<std::string> held;
  std::vector<std::string> lacking;
  if (user) {
    held.push_back(user->own ? "a user of its own" : fmt::format("the user {}", user->name));
    if (!user->own) lacking.emplace_back("a user of its own");
  } else {
    held.emplace_back("the user who runs the drill");
  }
  std::vector<std::string> spaces;
  for (const auto& [flag, name] :
       {std::pair{CLONE_NEWUSER, "users"}, std::pair{CLONE_NEWNS, "mounts"}, std::pair{CLONE_NEWPID, "processes"},
        std::pair{CLONE_NEWIPC, "IPC"}, std::pair{CLONE_NEWNET, "network"}}) {
    if ((offer.namespaces & flag) != 0) {
      spaces.emplace_back(name);
    } else if (flag != CLONE_NEWUSER) {
      lacking.push_back(fmt::format("a namespace of {}", name));
    }
  }
  if (!spaces.empty()) held.push_back(fmt::format("namespaces of {}", fmt::join(spaces, ", ")));
  if (landlock > 0) held.push_back(fmt::format("Landlock {}", landlock));
  if (landlock == 0) lacking.emplace_back("Landlock");
  (detail::this_architecture != 0 ? held : lacking).emplace_back("seccomp");
  held.emplace_back("no new privileges");
  const std::string memory = format_byte_size(bytes);
  held.push_back(group.made()
                     ? fmt::format("{} of memory and 512 tasks together, by a control group", memory)
                     : fmt::format("{} of memory for each process, by its limits ({})", memory, group.why_not()));
  confinement_description all;
  all.held_by = fmt::format("{}", fmt::join(held, "; "));
  if (!lacking.empty()) {
    all.lacking = fmt::format("{}", fmt::join(lacking, ", "));
    if (!offer.refused.empty()) all.lacking += fmt::format(" ({})", offer.refused);
  }
  all.keeps_files = detail::this_architecture != 0 && (landlock > 0 || offer.namespaces != 0);
  return all;
}

}  // namespace knowngood
