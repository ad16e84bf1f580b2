// late_dumps: dumps whose table of contents stood behind their data in an archive, and what a second reading of that
// archive, which knows them from its beginning, may say: nothing but of these dumps' rows.
//
// Layer: inspect, internal to inspector.hpp. A tar of a directory has its members in whatever order the directory had.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/inspect/facts.hpp"

namespace knowngood::detail {

struct late_dump {
  location archive;      ///< whose member the table of contents is
  std::string contents;  ///< its name there
  location where;        ///< of the dump
  dump_files_watch::dump dump;
};

/// Whether `where` is `outer`, or lies in it.
inline bool lies_in(const location& where, const location& outer) {
  return where.chain().size() >= outer.chain().size() &&
         std::equal(outer.chain().begin(), outer.chain().end(), where.chain().begin());
}

class rows_of_late_dumps final : public sink {
 public:
  /// Both outlive this object.
  rows_of_late_dumps(const std::vector<late_dump>& dumps, sink& out) : dumps_{dumps}, out_{out} {}

  void report(finding what) override {
    // how the archive itself reads was said the first time
    if (is_within(what.where) && std::string_view{what.check}.starts_with("dump.")) out_.report(std::move(what));
  }
  void unchecked(location where, std::string message, std::string advice) override {
    if (is_within(where)) out_.unchecked(std::move(where), std::move(message), std::move(advice));
  }
  void learn(property_fact fact) override {
    const bool own =
        std::any_of(dumps_.begin(), dumps_.end(), [&](const late_dump& one) { return one.where == fact.where; });
    if (own && fact.name != "incremental") out_.learn(std::move(fact));
  }
  void learn(table_fact fact) override { out_.learn(std::move(fact)); }
  void learn(ref_fact) override {}
  void learn(member_fact) override {}
  void learn(embedded_text_fact) override {}
  void learn(nested_backup_fact) override {}

 private:
  // Of the archive nothing is looked into but these dumps.
  [[nodiscard]] bool is_within(const location& where) const {
    return std::any_of(dumps_.begin(), dumps_.end(), [&](const late_dump& one) {
      return where.chain() == one.where.chain() ||
             (lies_in(where, one.archive) && where.chain().size() > one.archive.chain().size());
    });
  }

  const std::vector<late_dump>& dumps_;
  sink& out_;
};

}  // namespace knowngood::detail
