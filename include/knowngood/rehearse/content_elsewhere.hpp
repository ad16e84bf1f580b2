// report_content_elsewhere: what a commit only points to, and no bundle holds: submodules, files of Git LFS.
//
// Layer: rehearse; part of bundle_rehearsal.hpp.
//   report_content_elsewhere(git, checkout, submodules, where, findings);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/archive/confined_directory.hpp"
#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/rehearse/hermetic_git.hpp"

namespace knowngood::detail {

/// A small file that begins as such pointers do; others only speak of them.
inline bool is_lfs_pointer(const std::filesystem::path& tree, const std::string& name) {
  constexpr std::uint64_t most = 1024;
  try {
    const auto text = confined_directory{tree}.read_file(name, location{name}, most);
    return text && text->starts_with("version https://git-lfs.github.com/spec/v1\n") &&
           text->find("\noid sha256:") != std::string::npos;
  } catch (const environment_error&) {
    return false;  // larger than any pointer
  }
}

/// `tree`: a checkout; `submodules`: how many its commit has. Reports `clone.checkout` as a note and a warning.
inline void report_content_elsewhere(const hermetic_git& git, const std::filesystem::path& tree,
                                     std::uint64_t submodules, const location& where, finding_sink& findings) {
  const auto report = [&](severity how, std::string message, std::string actual) {
    finding elsewhere =
        make_finding(checks::clone_checkout, where, std::move(message), "in the bundle", std::move(actual));
    elsewhere.severity = how;
    findings.report(std::move(elsewhere));
  };
  if (submodules > 0)
    report(severity::note, "submodules are not in the bundle: back up their repositories too",
           fmt::format("{} submodules", submodules));
  std::uint64_t pointers = 0;
  std::string first;
  git.lines({"grep", "--cached", "-I", "-l", "-F", "version https://git-lfs.github.com/spec/v1"}, tree,
            [&](std::string_view line) {
              if (!is_lfs_pointer(tree, std::string{line})) return;
              if (++pointers == 1) first = line;
            });
  if (pointers == 0) return;
  report(severity::warning,
         "files are kept by Git LFS, and their content is not in the bundle: back up the LFS store too",
         fmt::format("{} files, first {}", pointers, printable(first, 200)));
}

}  // namespace knowngood::detail
