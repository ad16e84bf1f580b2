// load_findings: what loading a dump found, bounded: of each kind the first hundred, and how many more there were.
//
// Layer: drill. Turns refusals of the server into findings and unchecked items, by what they mean (load_failure).
//   load_findings found; found.refused(what, {object, line, words, text}, error); outcome.findings = found.take(where);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/audit/drill_report.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/finding.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/drill/load_failure.hpp"
#include "restorable/drill/sql_error.hpp"

namespace restorable {

/// A statement of a dump, for whoever reads about it.
struct statement_place {
  location where;          ///< the object
  std::uint64_t line = 0;  ///< in the dump
  std::string head;        ///< the statement's beginning, printable
};

class load_findings {
 public:
  void add(finding what) {
    if (++told_[what.check] <= shown) findings_.push_back(std::move(what));
  }

  void add(const check& what, const location& where, std::string message, std::string expected = {}, std::string actual = {}) {
    add(make_finding(what, where, std::move(message), std::move(expected), std::move(actual)));
  }

  /// Something that was not rehearsed.
  void leave_unchecked(const location& where, std::string message, std::string advice) {
    if (++left_ <= shown) unchecked_.push_back({where, std::move(message), std::move(advice)});
  }

  /// A statement that the server refused, where that is neither expected nor the environment's failure.
  void refused(load_failure what, const statement_place& at, const sql_error& error) {
    const std::string said = fmt::format("{} ({})", printable(error.message, 500), error.sqlstate);
    const std::string message = fmt::format("line {} fails: {}", at.line, said);
    const std::string detail = printable(error.detail.empty() ? error.context.substr(0, error.context.find('\n')) : error.detail, 300);
    const std::string actual = detail.empty() ? at.head : at.head + ": " + detail;
    const std::string unrehearsed = fmt::format("the statement at line {} was not rehearsed: {}", at.line, said);
    switch (what) {
      case load_failure::none: return;
      case load_failure::remark: {
        finding remark = make_finding(checks::load_sql, at.where, message, {}, actual);
        remark.severity = severity::note;
        return add(std::move(remark));
      }
      case load_failure::roles: return add(checks::load_role, at.where, message, {}, actual);
      case load_failure::extension:
        add(checks::load_extension, at.where, message, {}, actual);
        return leave_unchecked(at.where, unrehearsed, std::string{checks::load_extension.advice});
      case load_failure::newer_server:
        add(checks::load_server_version, at.where, message, {}, actual);
        return leave_unchecked(at.where, unrehearsed, std::string{checks::load_server_version.advice});
      case load_failure::too_long:
        return leave_unchecked(at.where, fmt::format("the statement at line {} took too long, and was ended: {}", at.line, at.head),
                               "look at it; if it is meant to be in the dump, allow it more time");
      case load_failure::superuser:
        add(checks::load_superuser, at.where, message, {}, actual);
        return leave_unchecked(at.where, unrehearsed, std::string{checks::load_superuser.advice});
      case load_failure::refused: return add(checks::load_refused, at.where, fmt::format("line {}: the server refused it: {}", at.line, said), {}, actual);
      case load_failure::environment:
      case load_failure::broken: return add(checks::load_sql, at.where, message, {}, actual);
    }
  }

  /// Everything, and a summary of what was too much to tell. `where`: the dump.
  std::pair<std::vector<finding>, std::vector<unchecked_item>> take(const location& where) {
    for (const auto& [id, number] : told_) {
      const check* const known = checks::find(id);
      if (number <= shown || known == nullptr) continue;
      findings_.push_back(make_finding(*known, where, fmt::format("{} more of these", number - shown)));
    }
    if (left_ > shown) unchecked_.push_back({where, fmt::format("{} more statements were not rehearsed", left_ - shown), "look at the first of them"});
    return {std::move(findings_), std::move(unchecked_)};
  }

 private:
  static constexpr std::size_t shown = 100;

  std::map<std::string, std::size_t> told_;  // by check
  std::size_t left_ = 0;
  std::vector<finding> findings_;
  std::vector<unchecked_item> unchecked_;
};

}  // namespace restorable
