// compose_events: what of a compose file is better seen in the stream of YAML's events than in its tree: depth, keys
// that are there twice, the variables that it asks for; and the findings about one file, bounded.
//
// Layer: rehearse; part of compose_file.hpp, of no use alone.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/rehearse/compose_variables.hpp"

namespace knowngood::detail {

inline std::string place_of(const YAML::Mark& mark) {
  return mark.is_null() ? std::string{"somewhere"} : fmt::format("line {}, column {}", mark.line + 1, mark.column + 1);
}

/// Findings about one compose file, of which only the first are listed.
class compose_findings {
 public:
  compose_findings(const location& where, finding_sink& out) : where_{where}, out_{out} {}

  void report(const check& what, severity how, const YAML::Mark& mark, std::string_view message,
              std::string expected = {}, std::string actual = {}) {
    constexpr std::size_t listed = 40;
    if (++count_ > listed + 1) return;
    finding found = make_finding(what, where_, fmt::format("{}: {}", place_of(mark), message), std::move(expected),
                                 std::move(actual));
    found.severity = how;
    if (count_ == listed + 1) found.message = "and more, not listed";
    out_.report(std::move(found));
  }
  void wrong(const YAML::Mark& mark, std::string_view message, std::string expected = {}, std::string actual = {}) {
    report(checks::restore_syntax, severity::error, mark, message, std::move(expected), std::move(actual));
  }

 private:
  const location& where_;
  finding_sink& out_;
  std::size_t count_ = 0;
};

/// What is better seen in the stream of YAML's events than in its tree: depth, keys that are there twice, each value
/// once however often it is referred to.
class compose_events final : public YAML::EventHandler {
 public:
  struct too_deep {
    YAML::Mark mark;
  };
  struct asked {
    YAML::Mark mark;
    variable_use use = variable_use::plain;
  };

  explicit compose_events(compose_findings& findings) : findings_{findings} {}

  /// What is parsed from here on; it outlives the parsing.
  void begin(std::string_view text) {
    for (lines_.clear(); !text.empty();) {
      const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
      lines_.push_back(text.substr(0, size));
      text.remove_prefix(size);
    }
  }

  /// The variables that the file asks for; of each the strictest use.
  [[nodiscard]] const std::map<std::string, asked, std::less<>>& variables() const noexcept { return variables_; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override { levels_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {
    if (begin_node() || levels_.empty() || !levels_.back().map || !levels_.back().block) return;
    if (!has_colon(levels_.back().last_key)) lone(levels_.back().last_key);
  }
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { begin_node(); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    if (begin_node()) return take_key(mark, value);
    // The library takes a lone word beneath a key without a value for that value.
    if (!levels_.empty() && levels_.back().map && levels_.back().block && mark.line > levels_.back().last_key.line &&
        mark.column <= levels_.back().last_key.column) {
      lone(mark);
    }
    if (!in_section_) return;
    const auto hear = [&](std::string_view name, variable_use use) {
      auto known = variables_.find(name);
      if (known == variables_.end()) {
        variables_.emplace(std::string{name}, asked{mark, use});
      } else if (rank(use) > rank(known->second.use)) {
        known->second = {mark, use};
      }
    };
    if (!for_each_variable(value, hear)) {
      findings_.wrong(mark, "a value with a dollar that docker compose does not understand",
                      "$NAME, ${NAME…}, or $$ for a dollar", "not shown");
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value style) override {
    begin_node();
    enter(mark, false, style);
  }
  void OnSequenceEnd() override { leave(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value style) override {
    begin_node();
    enter(mark, true, style);
  }
  void OnMapEnd() override { leave(); }

 private:
  struct level {
    bool map = false;
    bool key_next = false;
    bool block = false;
    YAML::Mark last_key = {};
    std::set<std::string, std::less<>> keys = {};
  };

  void lone(const YAML::Mark& mark) {
    findings_.wrong(mark, "a key without its colon: is the file cut short?", "a colon", "none");
  }

  // The library takes a last line without a colon for a key. `? key` needs none.
  [[nodiscard]] bool has_colon(const YAML::Mark& key) const {
    if (key.line < 0 || static_cast<std::size_t>(key.line) >= lines_.size()) return true;
    const std::string_view line = lines_[static_cast<std::size_t>(key.line)];
    const std::size_t column = std::min(static_cast<std::size_t>(std::max(key.column, 0)), line.size());
    return line.find(':', column) != std::string_view::npos ||
           line.substr(0, column).find('?') != std::string_view::npos;
  }

  static int rank(variable_use use) noexcept {
    return use == variable_use::required ? 2 : use == variable_use::plain ? 1 : 0;
  }

  // True when the node that begins is a mapping's key.
  bool begin_node() {
    if (levels_.empty() || !levels_.back().map) return false;
    const bool key = levels_.back().key_next;
    levels_.back().key_next = !key;
    return key;
  }

  void enter(const YAML::Mark& mark, bool map, YAML::EmitterStyle::value style) {
    constexpr std::size_t most_depth = 100;
    if (levels_.size() == most_depth) throw too_deep{mark};
    levels_.push_back({map, map, style == YAML::EmitterStyle::Block});
  }
  void leave() { levels_.pop_back(); }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    levels_.back().last_key = mark;
    if (levels_.size() == 1) {  // docker compose puts variables in only here
      in_section_ = key == "services" || key == "volumes" || key == "networks" || key == "secrets" || key == "configs";
    }
    if (key != "<<" && !levels_.back().keys.insert(key).second) {
      findings_.report(checks::restore_syntax, severity::warning, mark,
                       "a key stands twice in one mapping, which docker compose refuses", "once", printable(key, 80));
    }
  }

  compose_findings& findings_;
  std::vector<std::string_view> lines_;
  std::vector<level> levels_;
  bool in_section_ = false;
  std::map<std::string, asked, std::less<>> variables_;
};

}  // namespace knowngood::detail
