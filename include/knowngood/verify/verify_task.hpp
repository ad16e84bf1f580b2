// verify_task: an artifact verified where it is stored, whatever happens to the run or to the file's name meanwhile.
//
// Layer: verify. What was digested is what the report is about; that something else lies under the name by then is
// said. What breaks off the verification of one artifact is no reason to lose the report of all. Example:
//   const artifact_report report = verify_task(task, options);
#pragma once

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/guarded.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/io/watched_file.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/artifact_task.hpp"
#include "knowngood/verify/artifact_verifier.hpp"

namespace knowngood {

namespace detail {

// The report of an artifact whose verification broke off.
inline artifact_report broken_off(const artifact_task& task, unchecked_item why) {
  artifact_report result;
  result.path = task.path;
  result.component = task.component;
  result.timestamp = task.timestamp;
  result.modified = task.modified;
  result.size = task.size;
  result.unchecked.push_back(std::move(why));
  result.verdict = verdict::unchecked;
  return result;
}

}  // namespace detail

/// Verifies one artifact. Throws `interrupted` only.
inline artifact_report verify_task(const artifact_task& task, const verify_options& options) {
  const location where{task.path};
  try {
    std::vector<watched_file> files;
    if (task.parts.empty()) files.emplace_back(task.path);
    for (const auto& part : task.parts) files.emplace_back(part);
    artifact_report result = verify_artifact(task, options);
    const bool reported = std::any_of(result.findings.begin(), result.findings.end(),
                                      [](const finding& one) { return one.check == checks::file_changed.id; });
    for (const auto& file : files) {
      const auto news = file.change();
      if (news && !reported) {
        result.findings.push_back(
            make_finding(checks::file_replaced, where,
                         fmt::format("what was verified is the file as it was opened: meanwhile {}", *news),
                         "the same file at the end", *news));
      }
    }
    return result;
  } catch (const interrupted&) {
    throw;
  } catch (const std::bad_alloc&) {
    return detail::broken_off(task, out_of_memory(where));
  } catch (const std::exception& error) {
    return detail::broken_off(task, {where, fmt::format("its verification broke off: {}", printable(error.what())),
                                     "run it again; if it stays so, report it with this text"});
  }
}

}  // namespace knowngood
