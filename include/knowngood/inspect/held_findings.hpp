// held_findings: keeps what was found within an archive's members until all members were seen and it is known which of
// them are backups of their own: damage in those is the backup's, in the others it is content, a note at most.
//
// Layer: inspect. Safe to call from several threads.
//   held_findings held{out}; { auto inside = held.within("old.log.gz", false); ... inspect into `inside` ... }
//   held.release([&](std::string_view member) { return structure.owns(member); });
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/inspect/facts.hpp"

namespace knowngood {

class held_findings {
 public:
  /// `out` outlives this object.
  explicit held_findings(sink& out) : out_{out} {}

  /// Takes what is found within one member; facts go on at once, but those that are to be judged.
  class member_sink final : public sink {
   public:
    member_sink(held_findings& held, std::string member, bool content, bool named_only)
        : held_{held}, member_{std::move(member)}, content_{content}, named_only_{named_only} {}

    void report(finding what) override { held_.hold({member_, content_, named_only_, std::move(what), {}, {}, {}}); }
    void unchecked(location where, std::string message, std::string advice) override {
      held_.hold(
          {member_, content_, named_only_, std::nullopt, std::move(where), std::move(message), std::move(advice)});
    }
    void learn(property_fact fact) override { held_.out_.learn(std::move(fact)); }
    void learn(table_fact fact) override { held_.out_.learn(std::move(fact)); }
    void learn(ref_fact fact) override { held_.out_.learn(std::move(fact)); }
    void learn(member_fact fact) override { held_.out_.learn(std::move(fact)); }
    void learn(embedded_text_fact fact) override { held_.out_.learn(std::move(fact)); }
    void learn(nested_backup_fact fact) override {
      held_.hold({member_, content_, named_only_, std::nullopt, {}, {}, {}, std::move(fact)});
    }

   private:
    held_findings& held_;
    std::string member_;
    bool content_;
    bool named_only_;
  };

  /// `content`: somebody who knows says that the member is content, whatever it looks like. `named_only`: nothing but
  /// its name says what it is, and of content that is no matter at all.
  member_sink within(std::string member, bool content, bool named_only = false) {
    return {*this, std::move(member), content, named_only};
  }

  /// What a name promised and its file does not hold: of content it is no matter at all.
  void broken_promise(std::string member, bool content, finding what) {
    hold({std::move(member), content, true, std::move(what), {}, {}, {}});
  }

  /// Hands everything on, once. `owns`: whether a member is a backup of its own.
  template <typename Owns>
  void release(const Owns& owns) {
    std::vector<one_held> all;
    {
      const std::lock_guard lock{mutex_};
      all.swap(held_);
    }
    for (auto& one : all) {
      const bool content = one.content || !owns(one.member);
      if (content && (one.named_only || !one.what)) continue;  // nothing of the backup is left unchecked
      if (one.backup) {
        out_.learn(std::move(*one.backup));
        continue;
      }
      if (!one.what) {
        out_.unchecked(std::move(one.where), std::move(one.message), std::move(one.advice));
        continue;
      }
      if (content && !of_a_database(*one.what, one.member)) one.what->severity = severity::note;
      out_.report(std::move(*one.what));
    }
    if (overflow_) {
      out_.unchecked(location{}, "more was found within its members than is kept: not all of it was judged",
                     "unpack the archive and verify its members");
    }
  }

 private:
  struct one_held {
    std::string member;
    bool content;
    bool named_only;
    std::optional<finding> what;  // none: it could not be checked, or is a full backup of its own
    location where;
    std::string message;
    std::string advice;
    std::optional<nested_backup_fact> backup = std::nullopt;
  };

  // A database that lies in the archive as a file of its own is what a volume is kept for, as a data directory of
  // PostgreSQL is: that it cannot be opened again is no matter of indifference. What Redis calls temp-….rdb it was
  // still writing.
  static bool of_a_database(const finding& what, std::string_view member) {
    if (!what.check.starts_with("sqlite.") && !what.check.starts_with("redis.")) return false;
    return what.where.chain().size() >= 2 && what.where.chain().back() == member &&
           !file_name_of(member).starts_with("temp-");
  }

  static constexpr std::size_t most = 20'000;

  void hold(one_held one) {
    const std::lock_guard lock{mutex_};
    if (held_.size() < most) {
      held_.push_back(std::move(one));
    } else {
      overflow_ = overflow_ || !one.content;
    }
  }

  sink& out_;
  std::mutex mutex_;
  std::vector<one_held> held_;
  bool overflow_ = false;
};

}  // namespace knowngood
