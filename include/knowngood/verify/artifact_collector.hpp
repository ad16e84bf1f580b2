// artifact_collector: the sink that gathers everything about one artifact while it is inspected.
//
// Layer: verify. Safe to call from several threads; memory is bounded whatever the artifact holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

class artifact_collector final : public sink {
 public:
  /// `most_members`: members kept for comparison with manifests and lists; beyond that `members_complete` is false.
  explicit artifact_collector(std::uint64_t most_members) : most_members_{most_members} {}

  /// Tables, refs and properties kept, each; what is beyond is counted in the property `facts_not_kept`.
  static constexpr std::size_t most_facts = 50'000;
  /// Findings kept of one check and severity, so that notes never crowd out an error.
  static constexpr std::size_t most_alike = 50;

  void report(finding what) override {
    const std::lock_guard lock{mutex_};
    std::size_t alike = 0;
    for (const auto& known : findings_) {
      if (known == what) return;
      alike += known.check == what.check && known.severity == what.severity ? 1U : 0U;
    }
    if (alike >= most_alike) {
      if (alike == most_alike) {
        what.message = "and more of the same, not shown";
        what.where = what.where.chain().empty() ? location{} : location{what.where.chain().front()};
        what.expected.clear();
        what.actual.clear();
        findings_.push_back(std::move(what));
      }
      return;
    }
    findings_.push_back(std::move(what));
  }

  void learn(property_fact fact) override { keep(properties_, std::move(fact)); }
  void learn(table_fact fact) override { keep(tables_, std::move(fact)); }
  void learn(ref_fact fact) override { keep(refs_, std::move(fact)); }

  void learn(member_fact fact) override {
    const std::lock_guard lock{mutex_};
    if (members_.size() < most_members_) {
      members_.push_back(std::move(fact));
    } else {
      members_complete_ = false;
    }
  }

  void learn(embedded_text_fact fact) override {
    const std::lock_guard lock{mutex_};
    texts_.push_back(std::move(fact));  // of which archive_structure bounds how many and how long they are
  }

  void learn(nested_backup_fact fact) override {
    const std::lock_guard lock{mutex_};
    nested_.push_back(std::move(fact));
  }

  void unchecked(location where, std::string message, std::string advice) override {
    const std::lock_guard lock{mutex_};
    unchecked_item item{std::move(where), std::move(message), std::move(advice)};
    for (const auto& known : unchecked_) {
      if (known == item) return;
    }
    unchecked_.push_back(std::move(item));
  }

  /// The rest is for the verifier, once nothing calls any more.
  [[nodiscard]] const std::vector<member_fact>& members() const noexcept { return members_; }
  [[nodiscard]] bool members_complete() const noexcept { return members_complete_; }
  [[nodiscard]] const std::vector<embedded_text_fact>& texts() const noexcept { return texts_; }

  [[nodiscard]] const std::vector<nested_backup_fact>& nested() const noexcept { return nested_; }

  [[nodiscard]] bool has_error() const {
    const std::lock_guard lock{mutex_};
    return knowngood::has_error(findings_);
  }

  /// True when `fits` says so of one of the findings.
  template <typename Fits>
  [[nodiscard]] bool any(Fits&& fits) const {
    const std::lock_guard lock{mutex_};
    return std::any_of(findings_.begin(), findings_.end(), fits);
  }

  /// What was reported as `what` turned out to be worth no more than a note.
  void make_notes_of(const check& what) {
    const std::lock_guard lock{mutex_};
    for (auto& one : findings_) {
      if (one.check == what.id) one.severity = severity::note;
    }
  }

  /// What was found in an application's file is a note; that it is not the file which was stored stays what it is.
  void make_notes_of_content() {
    const std::lock_guard lock{mutex_};
    for (auto& one : findings_) {
      const bool stored = one.check.starts_with("checksum.") || one.check == checks::file_changed.id ||
                          one.check == checks::file_unreadable.id;
      if (!stored) one.severity = severity::note;
    }
    unchecked_.clear();
  }

  /// Moves everything into `into`: worst findings first, each kind in order of place.
  void deliver(artifact_report& into) {
    std::stable_sort(findings_.begin(), findings_.end(), [](const finding& a, const finding& b) {
      if (a.severity != b.severity) return a.severity > b.severity;
      if (a.where.chain() != b.where.chain()) return a.where.chain() < b.where.chain();
      return a.where.offset().value_or(0) < b.where.offset().value_or(0);
    });
    into.findings = std::move(findings_);
    into.unchecked = std::move(unchecked_);
    into.properties = std::move(properties_);
    if (facts_not_kept_ > 0) {
      into.properties.push_back({location{into.path}, "facts_not_kept", std::to_string(facts_not_kept_)});
    }
    into.tables = std::move(tables_);
    into.refs = std::move(refs_);
    if (members_.size() > artifact_report::members_reported) members_.resize(artifact_report::members_reported);
    into.members = std::move(members_);
  }

 private:
  template <typename Fact>
  void keep(std::vector<Fact>& facts, Fact fact) {
    const std::lock_guard lock{mutex_};
    if (facts.size() < most_facts) {
      facts.push_back(std::move(fact));
    } else {
      ++facts_not_kept_;
    }
  }

  std::uint64_t most_members_;
  mutable std::mutex mutex_;
  std::vector<finding> findings_;
  std::vector<unchecked_item> unchecked_;
  std::vector<property_fact> properties_;
  std::vector<table_fact> tables_;
  std::vector<ref_fact> refs_;
  std::vector<member_fact> members_;
  std::vector<embedded_text_fact> texts_;
  std::vector<nested_backup_fact> nested_;
  bool members_complete_ = true;
  std::uint64_t facts_not_kept_ = 0;
};

}  // namespace knowngood
