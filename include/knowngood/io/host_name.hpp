// host_name: what this machine calls itself.
//
// Layer: io. For reports and marks that people read; nothing is looked up in the network. Example: "db1".
#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace knowngood {

/// Empty where the system does not say.
inline std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : std::string{};
}

}  // namespace knowngood
