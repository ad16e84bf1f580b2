// repeated_defect: a defect that may stand in every line of a dump: the first is shown with its line, the others are
// counted.
//
// Layer: postgres; part of dump_check, of no use alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/check.hpp"
#include "knowngood/base/counted.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/postgres/dump_event.hpp"

namespace knowngood::detail {

struct repeated_defect {
  std::uint64_t times = 0;
  std::uint64_t line = 0;
  std::uint64_t offset = 0;
  std::string text;

  void add(const dump_event& event, std::string said) {
    if (times++ > 0) return;
    line = event.line;
    offset = event.offset;
    text = std::move(said);
  }

  /// "3 lines <message>, the first at line 7<outcome>", at most as severe as `most`; nothing where none was added.
  void report(const check& what, const location& where, finding_sink& findings, std::string_view noun,
              std::string_view message, std::string_view outcome = {}, std::string expected = {},
              severity most = severity::error) const {
    if (times == 0) return;
    finding found =
        make_finding(what, where.at(offset),
                     fmt::format("{} {}, the first at line {}{}", counted(times, noun), message, line, outcome),
                     std::move(expected), text);
    found.severity = std::min(most, found.severity);
    findings.report(std::move(found));
  }
};

}  // namespace knowngood::detail
