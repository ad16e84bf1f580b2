// each_earlier_report: the reports that a ledger holds already, newest first, for a run that compares itself with them.
//
// Layer: ledger. A report that is gone, altered or of a newer version is reported and passed over; it stops no run, and
// makes no backup unsound: whether the ledger holds is asked by audit ledger check and by the gate. Example:
//   earlier_problems problems = each_earlier_report(dir, now, is_drill, [&](report one) { keep(one); return kept < 12;
//   });
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/ledger/ledger_reader.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// What stood in the way of reading a ledger.
struct earlier_problems {
  std::vector<finding> findings;          ///< reports that are gone or altered: warnings
  std::vector<unchecked_item> unchecked;  ///< what could not be read
};

namespace detail {

// Neither a directory that is to become a ledger, nor one that was made for it, has anything to compare with.
inline bool holds_ledger(const std::string& path) {
  if (file_descriptor at{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}; at.get() < 0 && errno == ENOENT)
    return false;
  const auto directory = ledger_directory::open(path);
  return directory.open_file(ledger_files::lines).error != ENOENT ||
         directory.open_directory(ledger_files::reports).get() >= 0;
}

}  // namespace detail

/// Hands each report that began before `now`, and whose line `want` (of a `ledger_entry`) asks for, to `use` (of a
/// `report`), newest first, until that returns false. Nothing where there is no ledger yet. Throws nothing about the
/// ledger.
template <typename Want, typename Use>
earlier_problems each_earlier_report(const std::string& ledger, moment now, Want want, Use use) {
  earlier_problems problems;
  const auto leave_unchecked = [&](const environment_error& error) {
    problems.unchecked.push_back({error.where(), error.what(), error.advice()});
  };
  ledger_listing listing;
  try {
    if (!detail::holds_ledger(ledger)) return problems;
    listing = read_ledger(ledger);
  } catch (const environment_error& error) {
    leave_unchecked(error);
    return problems;
  }
  for (auto line = listing.lines.rbegin(); line != listing.lines.rend(); ++line) {
    if (line->entry.about.started >= now || !want(line->entry)) continue;
    try {
      if (!use(load_report(ledger, line->entry))) break;
    } catch (const stream_error& error) {
      problems.findings.push_back(error.as_finding());
      problems.findings.back().severity = severity::warning;
    } catch (const environment_error& error) {
      leave_unchecked(error);
    } catch (const usage_error& error) {
      problems.unchecked.push_back(
          {location{ledger} / line->entry.report, error.what(), "compare with it by a newer version of knowngood"});
    }
  }
  return problems;
}

}  // namespace knowngood
