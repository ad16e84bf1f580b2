// recording_sink: a sink that keeps what is reported to it, for tests of what watches an archive.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/severity.hpp"
#include "knowngood/inspect/facts.hpp"

namespace knowngood {

class recording_sink final : public sink {
 public:
  void report(finding what) override { findings.push_back(std::move(what)); }
  void learn(property_fact fact) override { properties.push_back(std::move(fact)); }
  void learn(table_fact) override {}
  void learn(ref_fact) override {}
  void learn(member_fact) override {}
  void learn(embedded_text_fact) override {}
  void learn(nested_backup_fact) override {}
  void unchecked(location where, std::string message, std::string) override {
    not_checked.push_back(where.to_string() + ": " + message);
  }

  /// `check: expected | actual` of each finding.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& one : findings) all.push_back(fmt::format("{}: {} | {}", one.check, one.expected, one.actual));
    return all;
  }

  std::vector<finding> findings;
  std::vector<property_fact> properties;
  std::vector<std::string> not_checked;
};

}  // namespace knowngood
