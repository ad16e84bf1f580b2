// soften_unfinished: what looks cut short and may still be being written is not unsound yet: it could not be checked.
//
// Layer: verify. Example: soften_unfinished(artifact, deadline) turns gzip.truncated of a dump that pg_dump still
// writes into an unchecked item that says when to look again.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

namespace detail {

// What the first part of an artifact shows that would not show in the whole.
inline bool shows_a_part(const finding& one) {
  constexpr std::array parts{&checks::archive_truncated,
                             &checks::sqlite_truncated,
                             &checks::redis_truncated,
                             &checks::file_empty,
                             &checks::file_changed,
                             &checks::gzip_truncated,
                             &checks::compression_truncated,
                             &checks::tar_truncated,
                             &checks::tar_end_missing,
                             &checks::dump_truncated,
                             &checks::dump_unterminated_copy,
                             &checks::bundle_truncated,
                             &checks::dump_unterminated_statement};
  return std::any_of(parts.begin(), parts.end(), [&](const check* part) { return part->id == one.check; });
}

}  // namespace detail

/// `deadline`: until when the job that writes `artifact` has time. Does nothing for an artifact with any other error.
inline void soften_unfinished(artifact_report& artifact, moment deadline) {
  bool cut = false;  // the artifact itself, and not merely a member of one that is whole
  for (const auto& one : artifact.findings) {
    if (one.severity != severity::error) continue;
    if (!detail::shows_a_part(one)) return;
    cut |= one.where.chain().size() <= 1;
  }
  if (!cut) return;
  for (auto& one : artifact.findings) {
    if (is_error(one)) one.severity = severity::note;
  }
  artifact.unchecked.push_back(
      {location{artifact.path},
       fmt::format("it is not whole yet, and may still be being written until {}", to_rfc3339(deadline)),
       "verify it again then"});
  artifact.verdict = verdict::unchecked;
}

}  // namespace knowngood
