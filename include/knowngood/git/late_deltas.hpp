// late_deltas: the deltas of a pack whose base was not at hand when they passed: those that are read again, in an order
// in which each base is made once; and those that wait in memory where the stream is read but once.
//
// Layer: git, internal to pack_reader.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "knowngood/git/object_id.hpp"

namespace knowngood::detail {

/// A delta that was put off.
struct late_delta {
  std::uint64_t offset = 0;  ///< in the pack
  std::uint64_t base = 0;    ///< where it starts, or the first bytes of its name
  bool by_name = false;
  git_type type = git_type::unknown;
};

/// Those that can be read again.
class late_deltas {
 public:
  /// In order of the pack.
  void add(const late_delta& one) { list_.push_back(one); }
  [[nodiscard]] std::size_t size() const noexcept { return list_.size(); }
  /// Forgets those that were added after there were `size`.
  void shrink(std::size_t size) { list_.resize(size); }

  /// Depth first, so that what was made last is what is built on next: `make(delta, place of its base)` makes the
  /// object and returns the prefix of its name, nothing where that cannot be. `place_of(prefix)`: where the object of a
  /// name starts, if it is known. How many could not be made.
  template <typename PlaceOf, typename Make>
  std::uint64_t make_all(const PlaceOf& place_of, const Make& make) const {
    std::uint64_t not_made = 0;
    const std::vector<std::size_t> by_base = indices_by_base();
    std::vector<bool> taken(list_.size(), false);
    std::vector<std::pair<std::size_t, std::uint64_t>> ready;  // with where the base starts
    const auto take = [&](bool by_name, std::uint64_t base, std::uint64_t offset) {
      const std::pair wanted{by_name, base};
      for (auto one = std::lower_bound(by_base.begin(), by_base.end(), wanted,
                                       [this](std::size_t i, const auto&value) { return key(i) < value; });
           one != by_base.end() && key(*one) == wanted; ++one) {
        if (taken[*one]) continue;
        taken[*one] = true;
        ready.emplace_back(*one, offset);
      }
    };
    for (std::size_t i = 0; i < list_.size(); ++i) {
      if (taken[i]) continue;
      const auto base = list_[i].by_name ? place_of(list_[i].base) : std::optional{list_[i].base};
      if (!base || holds(*base)) continue;
      take(list_[i].by_name, list_[i].base, *base);
      while (!ready.empty()) {
        const auto [which, at] = ready.back();
        ready.pop_back();
        const std::optional<std::uint64_t> prefix = make(list_[which], at);
        if (!prefix) {
          ++not_made;
          continue;
        }
        take(false, list_[which].offset, list_[which].offset);
        take(true, *prefix, list_[which].offset);
      }
    }
    return not_made;
  }

 private:
  [[nodiscard]] std::pair<bool, std::uint64_t> key(std::size_t i) const { return {list_[i].by_name, list_[i].base}; }

  [[nodiscard]] std::vector<std::size_t> indices_by_base() const {
    std::vector<std::size_t> indices(list_.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    std::sort(indices.begin(), indices.end(), [this](std::size_t a, std::size_t b) { return key(a) < key(b); });
    return indices;
  }

  [[nodiscard]] bool holds(std::uint64_t offset) const {
    const auto found = std::lower_bound(list_.begin(), list_.end(), offset,
                                        [](const late_delta& one, std::uint64_t at) { return one.offset < at; });
    return found != list_.end() && found->offset == offset;
  }

  std::vector<late_delta> list_;
};

/// Those that wait for their base, with what they are, within bounds.
class waiting_deltas {
 public:
  struct ready_delta {
    late_delta late;
    std::string delta;
    std::uint64_t base = 0;  ///< where its base starts
  };

  [[nodiscard]] bool empty() const noexcept { return by_base_.empty(); }
  [[nodiscard]] bool has_room_for(std::uint64_t bytes) const noexcept { return bytes <= bytes_at_most - bytes_; }
  /// Whether one of them starts at `offset` in the pack.
  [[nodiscard]] bool holds(std::uint64_t offset) const { return offsets_.contains(offset); }

  /// `delta` fits.
  void add(const late_delta& late, std::string delta) {
    bytes_ += delta.size();
    offsets_.insert(late.offset);
    by_base_.emplace(late.base, std::pair{late, std::move(delta)});
  }

  /// Those that build on the object of this prefix that starts at `offset`, to the end of `into`.
  void take(std::uint64_t prefix, std::uint64_t offset, std::vector<ready_delta>& into) {
    take_where(prefix, true, offset, into);
    take_where(offset, false, offset, into);
  }

  /// Whether one is left whose base `is_known` by the prefix of its name.
  template <typename IsKnown>
  [[nodiscard]] bool any_by_name(const IsKnown& is_known) const {
    return std::any_of(by_base_.begin(), by_base_.end(),
                       [&](const auto& one) { return one.second.first.by_name && is_known(one.first); });
  }

 private:
  static constexpr std::size_t bytes_at_most = std::size_t{32} << 20U;

  void take_where(std::uint64_t key, bool by_name, std::uint64_t base, std::vector<ready_delta>& into) {
    for (auto [one, end] = by_base_.equal_range(key); one != end;) {
      if (one->second.first.by_name != by_name) {
        ++one;
        continue;
      }
      into.push_back({one->second.first, std::move(one->second.second), base});
      bytes_ -= into.back().delta.size();
      offsets_.erase(into.back().late.offset);
      one = by_base_.erase(one);
    }
  }

  std::unordered_multimap<std::uint64_t, std::pair<late_delta, std::string>> by_base_;
  std::unordered_set<std::uint64_t> offsets_;
  std::size_t bytes_ = 0;
};

}  // namespace knowngood::detail
