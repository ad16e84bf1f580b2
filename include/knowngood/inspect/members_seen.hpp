// members_seen: how much of what an archive was seen to hold, and whether that is anything.
//
// Layer: inspect. Example:  judge_emptiness(seen, checks::tar_empty, where, out);
#pragma once

#include <cstdint>

#include <fmt/format.h>

#include "knowngood/base/check.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood::detail {

struct members_seen {
  std::uint64_t all = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unreadable = 0;
};

/// Of an archive that a backup has to be in: directories, links and devices restore no byte of what was to be kept.
/// `empty`: the check that says so.
inline void judge_emptiness(const members_seen& seen, const check& empty, const location& where, finding_sink& out) {
  if (seen.all == 0 && &empty == &checks::tar_empty) return;  // tar_reader says it
  if (seen.files == 0) {
    out.report(make_finding(empty, where, seen.all == 0 ? "archive has no member" : "archive holds no file",
                            "at least one file", seen.all == 0 ? "none" : "directories and links only"));
  } else if (seen.bytes == 0 && seen.unreadable == 0) {
    out.report(make_finding(checks::tar_no_bytes, where, "all files of the archive are empty", "at least one byte",
                            fmt::format("{} files", seen.files)));
  }
}

}  // namespace knowngood::detail
