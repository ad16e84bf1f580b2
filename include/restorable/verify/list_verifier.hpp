// verify_checksum_list: a checksum list as an artifact of its own: its form, and whether everything it lists is there.
//
// Layer: verify. What the listed files hold is their own verification's business (artifact_verifier.hpp).
#pragma once

#include <filesystem>
#include <system_error>
#include <string>

#include <fmt/format.h>

#include "restorable/audit/report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/verify/artifact_collector.hpp"
#include "restorable/verify/vouching.hpp"

namespace restorable {

/// `form`: whether malformed and contradicting lines are to be reported; false where the artifact's own report says it.
inline artifact_report verify_checksum_list(const checksum_file& file, bool form) {
  artifact_report result;
  artifact_collector found{0};
  const location where{file.path()};
  if (form) check_list_form(file.list(), file.name(), where, found);
  for (const auto& entry : file.list().entries) {
    std::error_code error;
    const std::string listed = file.file_of(entry);
    const auto status = std::filesystem::status(listed, error);
    if (status.type() == std::filesystem::file_type::not_found) {
      found.report(make_finding(checks::checksum_missing_file, where,
                                fmt::format("line {} lists a file that is not there", entry.line), printable(entry.name),
                                "no such file"));
    } else if (status.type() == std::filesystem::file_type::directory) {
      found.report(make_finding(checks::checksum_missing_file, where,
                                fmt::format("line {} lists a directory", entry.line), printable(entry.name),
                                "a directory"));
    } else if (status.type() == std::filesystem::file_type::none) {
      found.unchecked(where, fmt::format("cannot look at {}: {}", printable(listed), error.message()),
                      "run as a user who may read it");
    }
  }
  result.path = file.path();
  result.kind = "checksum-list";
  std::error_code gone;
  if (const auto size = std::filesystem::file_size(file.path(), gone); !gone) result.size = size;
  found.deliver(result);
  result.verdict = verdict::sound;
  if (!result.unchecked.empty()) result.verdict = verdict::unchecked;
  for (const auto& one : result.findings) {
    if (one.severity == severity::error) result.verdict = verdict::unsound;
  }
  return result;
}

}  // namespace restorable
