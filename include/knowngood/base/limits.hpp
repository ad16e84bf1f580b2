// Bounds on what a backup may make the reader do. A backup is hostile input: no size in it is believed before it is
// bounded. A required argument wherever it is used, never a global.
//
// Layer: base. Exceeding a limit is not damage: it throws `environment_error`, the verdict is `unchecked`, and the
// message names the limit to raise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

struct limits {
  std::uint32_t nesting_depth = 8;                         ///< containers within containers
  std::uint64_t entries = 2'000'000;                       ///< members of one archive
  std::uint64_t expanded_bytes = std::uint64_t{1} << 46;   ///< of all layers of one artifact together; 64 TiB
  std::uint64_t expansion_ratio = 20'000;                  ///< expanded to stored bytes, beyond the first GiB
  std::uint64_t name_bytes = 65'536;                       ///< of one member's name or link target
  std::uint64_t compared_members = 32'768;                 ///< of one archive, held in memory for lists and manifests
  std::uint64_t list_bytes = std::uint64_t{8} << 20;       ///< of a checksum list or manifest held in memory
  std::uint64_t capture_bytes = std::uint64_t{256} << 20;  ///< of a capture held in memory
  std::uint64_t toc_bytes = std::uint64_t{512} << 20;      ///< of a dump archive's table of contents, held in memory
};

/// Throws `environment_error` that names the limit, the value met, and the option that raises it.
[[noreturn]] inline void throw_limit_exceeded(const location& where, std::string_view limit, std::uint64_t allowed,
                                              std::uint64_t met) {
  throw environment_error{where, fmt::format("limit {} of {} exceeded: met {}", limit, allowed, met),
                          fmt::format("if this backup is trusted, raise the limit: --limit {}=N", limit)};
}

}  // namespace knowngood
