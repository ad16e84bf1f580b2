// load_findings: what loading a dump found, bounded: of each check and severity the first hundred, and how many more
// there were.
//
// Layer: load. Turns refusals of the server into findings and unchecked items, by what they mean (load_failure).
//   load_findings found; found.refused(what, {object, line, words, text}, error); result.findings = found.take(where);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/load/load_failure.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// A statement of a dump, for whoever reads about it.
struct statement_place {
  location where;          ///< the object
  std::uint64_t line = 0;  ///< in the dump
  std::string head;        ///< the statement's beginning, printable
};

class load_findings {
 public:
  void add(finding what) {
    if (++counts_[{what.check, what.severity}] <= shown) findings_.push_back(std::move(what));
  }

  void add(const check& what, const location& where, std::string message, std::string expected = {},
           std::string actual = {}) {
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
    const std::string detail =
        printable(error.detail.empty() ? error.context.substr(0, error.context.find('\n')) : error.detail, 300);
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
        return leave_unchecked(
            at.where, fmt::format("the statement at line {} took too long, and was ended: {}", at.line, at.head),
            "look at it; if it is meant to be in the dump, allow it more time");
      case load_failure::superuser:
        add(checks::load_superuser, at.where, message, {}, actual);
        return leave_unchecked(at.where, unrehearsed, std::string{checks::load_superuser.advice});
      case load_failure::refused:
        return add(checks::load_refused, at.where, fmt::format("line {}: the server refused it: {}", at.line, said), {},
                   actual);
      case load_failure::environment:
      case load_failure::broken: return add(checks::load_sql, at.where, message, {}, actual);
    }
  }

  /// An extension that the dump needs is not there.
  void extension_not_made(const statement_place& at, const std::string& name, const std::string& why) {
    add(checks::load_extension, at.where,
        fmt::format("line {}: extension {} was not created", at.line, printable(name)), "the extension", why);
    leave_unchecked(at.where, fmt::format("extension {} was not created: {}", printable(name), why),
                    std::string{checks::load_extension.advice});
  }

  /// A function of a module that lies loose in the database, in C or, as `module` then says, `internal`.
  void module_left_out(const statement_place& at, const std::string& module) {
    const std::string what = module == "internal"
                                 ? "a function of the server itself"
                                 : fmt::format("a C function of the server's library {}", printable(module));
    add(checks::load_superuser, at.where,
        fmt::format("line {}: {} lies loose in the database; it was not run", at.line, what), "an extension", at.head);
    leave_unchecked(at.where, fmt::format("{}, which only a superuser may create, was not created", what),
                    "wrap it into its extension in the source (CREATE EXTENSION … FROM unpackaged, before PostgreSQL "
                    "13), or rehearse this dump by hand");
  }

  /// Everything, and a summary of what was too much to tell. `where`: the dump.
  std::pair<std::vector<finding>, std::vector<unchecked_item>> take(const location& where) {
    for (const auto& [kind, number] : counts_) {
      const check* const known = checks::find(kind.first);
      if (number <= shown || known == nullptr) continue;
      findings_.push_back(make_finding(*known, where, fmt::format("{} more of these", number - shown)));
      findings_.back().severity = kind.second;
    }
    if (left_ > shown)
      unchecked_.push_back(
          {where, fmt::format("{} more statements were not rehearsed", left_ - shown), "look at the first of them"});
    return {std::move(findings_), std::move(unchecked_)};
  }

 private:
  static constexpr std::size_t shown = 100;

  std::map<std::pair<std::string, severity>, std::size_t> counts_;  // by check and severity
  std::size_t left_ = 0;
  std::vector<finding> findings_;
  std::vector<unchecked_item> unchecked_;
};

}  // namespace knowngood
