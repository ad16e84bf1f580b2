// members_found: what is known of an archive only when all of its members were seen: which of them are backups of their
// own, data directories among them and in them, lists at its top.
//
// Layer: inspect. Findings within members are held until then. Example:
//   members_found found{out, full_backup}; ... read each member ...; found.release();
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/inspect/archive_structure.hpp"
#include "knowngood/inspect/backup_part.hpp"
#include "knowngood/inspect/data_directory_watch.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/inspect/held_findings.hpp"

namespace knowngood::detail {

struct members_found {
  /// `out` outlives this object. `full_backup`: the archive's members are backups of their own. `of`: where it is.
  members_found(sink& out, bool full_backup, const limits& bounds, location of)
      : held{out}, structure{full_backup, bounds.list_bytes}, where{std::move(of)} {}

  held_findings held;
  archive_structure structure;
  location where;  ///< of the archive
  data_directory_watch databases;
  dump_files_watch dumps;
  backup_parts_of_members parts;          ///< of data directories in archives among the members
  bool unproven = false;                  ///< a member is more than could be proved
  std::vector<embedded_text_fact> texts;  ///< that may stand at the archive's top
  std::vector<member_fact> members;       ///< of an archive within another, without their places
  bool all_members = true;                ///< `members` are all there are

  /// Keeps a member until it is known whether a list speaks for it; none where there are more than `most`.
  void remember(member_fact fact, std::uint64_t most) {
    if (!all_members) return;
    if (members.size() < most) {
      fact.where = location{};
      members.push_back(std::move(fact));
      return;
    }
    all_members = false;
    members = {};
  }

  /// What stands at the archive's top of what its lists and manifests say; to be asked behind `release`.
  std::vector<embedded_text_fact> take_texts_at_top() {
    std::erase_if(texts, [this](const embedded_text_fact& one) { return !structure.at_top(one.name); });
    return std::move(texts);
  }

  /// Judges by what was seen up to here, and hands on what was held.
  void release() {
    structure.finish();
    held.release([this](std::string_view member) {
      if (structure.owns(member)) return true;
      const std::string contents = dumps.contents_of(member);
      return !contents.empty() && structure.owns(contents);
    });
  }
};

/// Holds a finding for the member that it lies in.
class findings_by_member final : public finding_sink {
 public:
  /// All outlive this object. `where`: of the archive. `foreign`: which members are an application's own; may be none.
  findings_by_member(held_findings& held, const std::function<bool(const location&)>& foreign, const location& where)
      : held_{held}, foreign_{foreign}, depth_{where.chain().size()} {}

  void report(finding what) override {
    const auto& chain = what.where.chain();
    if (chain.size() <= depth_) return;
    const location member{
        std::vector<std::string>(chain.begin(), chain.begin() + static_cast<std::ptrdiff_t>(depth_) + 1), std::nullopt};
    held_.within(chain[depth_], foreign_ && foreign_(member)).report(std::move(what));
  }

 private:
  held_findings& held_;
  const std::function<bool(const location&)>& foreign_;
  std::size_t depth_;
};

}  // namespace knowngood::detail
