// held_objects: the contents of recent objects, within a budget, for the deltas that come after them.
//
// Layer: git, internal to pack.hpp. The least recently useful one goes first. Commits and tags, which refs point to,
// and whole trees, far from which some packs have the deltas on them, keep their shares of the budget when the rest
// floods it: what a delta made is needed soon or never.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "knowngood/git/object_id.hpp"

namespace knowngood::detail {

class held_objects {
 public:
  struct object {
    std::uint64_t offset = 0;  ///< of its entry in the pack
    object_id id;
    git_type type = git_type::unknown;
    bool delta = false;  ///< it was made by one
    std::string content;
  };

  explicit held_objects(std::size_t budget) : budget_{budget} {}

  /// The largest object worth holding.
  [[nodiscard]] std::size_t largest() const noexcept { return budget_ / 4; }

  /// The object that starts at `offset`, or null; valid until the next `hold`. Being asked for makes it useful.
  [[nodiscard]] const object* at(std::uint64_t offset) {
    const auto found = by_offset_.find(offset);
    return found == by_offset_.end() ? nullptr : &use(found->second);
  }

  /// The object named `id`, or null; as above.
  [[nodiscard]] const object* named(const object_id& id) {
    const auto found = by_prefix_.find(id.prefix());
    return found == by_prefix_.end() || found->second->id != id ? nullptr : &use(found->second);
  }

  void hold(object what) {
    if (what.content.size() > largest()) return;
    const std::size_t which = rank(what);
    auto& ranked = ranks_[which];
    ranked.used += cost(what);
    ranked.recent.push_front(std::move(what));
    by_offset_[ranked.recent.front().offset] = ranked.recent.begin();
    by_prefix_[ranked.recent.front().id.prefix()] = ranked.recent.begin();
    while (ranks_[0].used + ranks_[1].used + ranks_[2].used > budget_) {
      // Whoever is furthest beyond its share; what a rank does not use is the others'.
      const std::array shares{budget_ / 4, budget_ / 2, budget_ / 4};
      std::size_t worst = 0;
      for (const std::size_t other : {std::size_t{1}, std::size_t{2}}) {
        if (ranks_[other].used + shares[worst] > ranks_[worst].used + shares[other]) worst = other;
      }
      drop(ranks_[worst]);
    }
  }

 private:
  using list = std::list<object>;
  struct ranked_objects {
    list recent;  // most recently useful first
    std::size_t used = 0;
  };

  static std::size_t rank(const object& what) noexcept {
    if (what.type == git_type::commit || what.type == git_type::tag) return 0;
    return what.type == git_type::tree && !what.delta ? 1 : 2;
  }

  // What the list, the two indexes and the allocator add to the content, about.
  static std::size_t cost(const object& what) noexcept { return what.content.capacity() + sizeof(object) + 144; }

  const object& use(list::iterator it) {
    auto& recent = ranks_[rank(*it)].recent;
    recent.splice(recent.begin(), recent, it);
    return *it;
  }

  void drop(ranked_objects& from) {
    const auto last = std::prev(from.recent.end());
    from.used -= cost(*last);
    by_offset_.erase(last->offset);
    // The same object may stand in a pack twice: the index then knows the later one.
    if (const auto found = by_prefix_.find(last->id.prefix()); found != by_prefix_.end() && found->second == last) {
      by_prefix_.erase(found);
    }
    from.recent.erase(last);
  }

  std::size_t budget_;
  std::array<ranked_objects, 3> ranks_;  // commits and tags; whole trees; the rest
  std::unordered_map<std::uint64_t, list::iterator> by_offset_;
  std::unordered_map<std::uint64_t, list::iterator> by_prefix_;
};

}  // namespace knowngood::detail
