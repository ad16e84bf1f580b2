// junit_document: suites of cases, each passed or with one reason why not, as JUnit XML.
//
// Layer: audit. What the cases are is for whoever makes them: audit/junit_xml.hpp of reports, audit/gate_output.hpp of
// the gate's rules. Example: junit_document out; out.suite("gate", cases, now, "ci07"); out.text()
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "knowngood/audit/markup_text.hpp"
#include "knowngood/audit/quantity_text.hpp"
#include "knowngood/base/time.hpp"

namespace knowngood {

/// A case: passed, or with one reason why not.
struct junit_case {
  enum class result : unsigned char { passed, failure, error, skipped };

  std::string classname;
  std::string name;
  double seconds = 0;
  result came_to = result::passed;
  std::string type;  ///< id of the first check that failed
  std::string message;
  std::string details;  ///< already escaped, of several lines
  std::string output;   ///< the same: warnings, notes, what a probe printed

  /// A failure outweighs an error, and that anything else; the first of each kind stays.
  void fail(result how, std::string_view with_type, std::string_view with_message) {
    const bool graver =
        came_to == result::passed || came_to == result::skipped || (came_to == result::error && how == result::failure);
    if (!graver) return;
    came_to = how;
    type = with_type;
    message = with_message;
  }
};

class junit_document {
 public:
  /// A suite; none where there are no cases, for a suite of nothing would pass. No two may have one name. `estate`: a
  /// property of it, unless empty.
  void suite(std::string_view name, const std::vector<junit_case>& cases, moment begun, std::string_view host,
             std::string_view estate = {}) {
    using result = junit_case::result;
    if (cases.empty()) return;
    std::uint64_t counts[4] = {};
    double seconds = 0;
    std::string text;
    if (!estate.empty()) {
      text = fmt::format("    <properties>\n      <property name=\"estate\" value=\"{}\"/>\n    </properties>\n",
                         escape_markup(estate));
    }
    for (const auto& one : cases) {
      ++counts[static_cast<std::size_t>(one.came_to)];
      seconds += one.seconds;
      text += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", escape_markup(one.classname),
                          escape_markup(one.name), one.seconds);
      std::string inner;
      if (one.came_to == result::skipped) {
        inner += fmt::format("      <skipped message=\"{}\"/>\n", escape_markup(one.message));
      } else if (one.came_to != result::passed) {
        const std::string_view element = one.came_to == result::failure ? "failure" : "error";
        inner += fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element, escape_markup(one.type),
                             escape_markup(one.message), one.details);
      }
      if (!one.output.empty()) inner += fmt::format("      <system-out>{}</system-out>\n", one.output);
      text += inner.empty() ? "/>\n" : ">\n" + inner + "    </testcase>\n";
    }
    suites_ += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\" "
        "timestamp=\"{}\" hostname=\"{}\">\n{}  </testsuite>\n",
        escape_markup(name), cases.size(), counts[1], counts[2], counts[3], seconds,
        to_rfc3339(within_reason(begun)).substr(0, 19), escape_markup(host), text);
    tests_ += cases.size();
    failures_ += counts[1];
    errors_ += counts[2];
    seconds_ += seconds;
  }

  [[nodiscard]] std::string text() const {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"knowngood\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}</testsuites>\n",
        tests_, failures_, errors_, seconds_, suites_);
  }

 private:
  std::string suites_;
  std::uint64_t tests_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t errors_ = 0;
  double seconds_ = 0;
};

}  // namespace knowngood
