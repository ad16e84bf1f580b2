// verify_checksum_list: a checksum list as an artifact of its own: its form, and whether everything it lists is there.
//
// Layer: verify. What the listed files hold is their own verification's business (artifact_verifier.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/verify/artifact_collector.hpp"
#include "knowngood/verify/vouching.hpp"

namespace knowngood {

namespace detail {

// Whether what a line stands for is there. What is the list's own artifact is judged in that artifact's report.
inline void check_listed(const checksum_file& file, const checksum_entry& entry, const listed_file& place,
                         artifact_collector& found) {
  const location where{file.path()};
  switch (place.how) {
    case listed_as::itself: found.report(line_about_itself(entry, where)); return;
    case listed_as::own: return;
    case listed_as::moved:
    case listed_as::exact:
    case listed_as::missing: break;
  }
  if (names_no_file(entry)) {
    found.report(make_finding(checks::checksum_missing_file, where,
                              fmt::format("line {} names no file, and there is none beside it after which the list is "
                                          "named",
                                          entry.line),
                              "a file's name", entry.name.empty() ? "a digest alone" : printable(entry.name)));
    return;
  }
  std::error_code error;
  const auto status = std::filesystem::status(place.path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    found.report(make_finding(checks::checksum_missing_file, where,
                              fmt::format("line {} lists a file that is not there", entry.line), printable(entry.name),
                              "no such file"));
  } else if (status.type() == std::filesystem::file_type::directory) {
    found.report(make_finding(checks::checksum_missing_file, where,
                              fmt::format("line {} lists a directory", entry.line), printable(entry.name),
                              "a directory"));
  } else if (status.type() == std::filesystem::file_type::none) {
    found.unchecked(where, fmt::format("cannot look at {}: {}", printable(place.path), error.message()),
                    "run as a user who may read it");
  }
}

}  // namespace detail

/// Whether a line stands for what was removed on purpose: an artifact older than what is kept.
using was_removed = std::function<bool(const checksum_entry&)>;

/// `form`: whether malformed and contradicting lines are to be reported; false where the artifact's own report says it.
/// `joined`: what is there in parts only, as places have it.
inline artifact_report verify_checksum_list(const checksum_file& file, bool form,
                                            const std::set<std::string>& joined = {}, const was_removed& removed = {}) {
  artifact_report result;
  artifact_collector found{0};
  const location where{file.path()};
  if (form) check_list_form(file.list(), file.name(), where, found);
  std::uint64_t gone_by_plan = 0;
  std::string one_of_them;
  for (std::size_t i = 0; i < file.list().entries.size(); ++i) {
    const listed_file& place = file.places()[i];
    const checksum_entry& entry = file.list().entries[i];
    if (place.how == listed_as::missing && removed && removed(entry)) {
      if (gone_by_plan++ == 0) one_of_them = entry.name;
      continue;
    }
    if (joined.contains(place.path) || (!form && place.path.empty())) continue;
    detail::check_listed(file, file.list().entries[i], place, found);
  }
  if (gone_by_plan > 0) {
    finding older = make_finding(
        checks::checksum_missing_file, where,
        fmt::format("it still lists {} that newer ones have taken the place of", counted(gone_by_plan, "file")),
        printable(one_of_them), "no such file");
    older.severity = severity::note;  // what is to be kept, the policy says
    found.report(std::move(older));
  }
  result.path = file.path();
  result.kind = "checksum-list";
  std::error_code gone;
  if (const auto size = std::filesystem::file_size(file.path(), gone); !gone) result.size = size;
  found.deliver(result);
  result.verdict = verdict_of(result.findings, result.unchecked);
  return result;
}

}  // namespace knowngood
