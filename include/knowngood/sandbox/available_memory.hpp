// available_memory: how much memory a server of the drill's own may plan with.
//
// Layer: sandbox. What the kernel calls available, or less where a control group (a container, a systemd unit) sets a
// limit.
//   const std::uint64_t mib = available_memory() >> 20;
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace knowngood {

namespace detail {

/// The number that follows `key` at the beginning of a line of a file of the kernel's.
inline std::optional<std::uint64_t> number_in(const std::string& path, std::string_view key) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t at = line.find_first_not_of(" \t", key.size());
    std::uint64_t value = 0;
    if (at == std::string::npos ||
        std::from_chars(line.data() + at, line.data() + line.size(), value).ec != std::errc{})
      return std::nullopt;
    return value;
  }
  return std::nullopt;
}

}  // namespace detail

/// Bytes; one GiB where nothing tells.
inline std::uint64_t available_memory() {
  const auto kib = detail::number_in("/proc/meminfo", "MemAvailable:");
  std::uint64_t bytes = kib ? *kib << 10U : std::uint64_t{1} << 30U;
  for (const char* limit : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const auto most = detail::number_in(limit, "")) bytes = std::min(bytes, *most);
  }
  return bytes;
}

}  // namespace knowngood
