// object_index: where each object of a pack starts and of what type it is, and which objects others need.
//
// Layer: git, internal to pack.hpp. Memory: 4 bytes an object for its place, and a table of names of 16 bytes a
// slot, 1.4 to 2.9 slots a name: 30 to 50 MB for 1,000,000 objects, however often each is named.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "knowngood/git/object_id.hpp"

namespace knowngood::detail {

/// Offsets and types in order of the pack, binary searched. An offset is kept as its distance from its block's first.
class object_places {
 public:
  /// `offset`: beyond all before.
  void add(std::uint64_t offset, git_type type) {
    if (blocks_.empty() || blocks_.back().places.size() == block_size || offset - blocks_.back().first >= reach) {
      blocks_.push_back({offset, {}});
    }
    const auto distance = static_cast<std::uint32_t>(offset - blocks_.back().first);
    blocks_.back().places.push_back(distance << type_bits | static_cast<std::uint32_t>(type));
  }

  /// The type of the object that starts at `offset`; nothing when none does.
  [[nodiscard]] std::optional<git_type> type_at(std::uint64_t offset) const {
    auto after = std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                                  [](std::uint64_t wanted, const block& b) { return wanted < b.first; });
    if (after == blocks_.begin()) return std::nullopt;
    const block& within = *std::prev(after);
    if (offset - within.first >= reach) return std::nullopt;
    const auto distance = static_cast<std::uint32_t>(offset - within.first);
    const auto found =
        std::lower_bound(within.places.begin(), within.places.end(), distance,
                         [](std::uint32_t place, std::uint32_t wanted) { return place >> type_bits < wanted; });
    if (found == within.places.end() || *found >> type_bits != distance) return std::nullopt;
    return static_cast<git_type>(*found & ((1U << type_bits) - 1U));
  }

 private:
  static constexpr unsigned type_bits = 3;
  static constexpr std::uint64_t reach = std::uint64_t{1} << (32 - type_bits);
  static constexpr std::size_t block_size = 1024;

  struct block {
    std::uint64_t first;
    std::vector<std::uint32_t> places;
  };
  std::vector<block> blocks_;
};

/// Names that are there, and where, against names that others need; by their first eight bytes, in one table.
class object_names {
 public:
  object_names() : seed_{std::random_device{}() | 1U}, slots_(1024) {}

  /// `id`, of `type`, starts at `offset`. Standing twice in a pack harms nobody.
  void add(const object_id& id, git_type type, std::uint64_t offset) {
    slot& at = find_or_add(id.prefix());
    at.bits = (at.bits & needed_mask) | static_cast<std::uint64_t>(type) | (offset + 1) << offset_shift;
  }

  /// Another object says that `id`, of `type`, exists. `unknown`: it is a delta's base. More names than a pack of
  /// `most` objects could hold are not kept: that many are missing then.
  void need(git_type type, const object_id& id, std::uint64_t most) { need(type, id.prefix(), most); }

  void need(git_type type, std::uint64_t prefix, std::uint64_t most) {
    std::uint64_t& told = told_[prefix % told_kept];
    const std::uint64_t now = prefix / told_kept << told_shift | told_bit | static_cast<std::uint64_t>(type);
    if (told == now) return;
    if (used_ > most + spare && find(prefix) == nullptr) {
      overflowed_ = true;
      return;
    }
    find_or_add(prefix).bits |= needed_bit(type);
    told = now;
  }

  /// Where the object of that name starts, as far as it was added.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t prefix) {
    const slot* const found = find(prefix);
    if (found == nullptr || found->bits >> offset_shift == 0) return std::nullopt;
    return (found->bits >> offset_shift) - 1;
  }

  struct missing_names {
    std::uint64_t number = 0;
    std::uint64_t first = 0;  ///< the smallest
  };

  /// The names that are needed as objects of `type` and are not there, or are objects of another.
  [[nodiscard]] missing_names missing(git_type type, const std::function<bool(std::uint64_t)>& known) const {
    missing_names result;
    for (const slot& one : slots_) {
      if ((one.bits & needed_bit(type)) == 0) continue;
      const auto found = static_cast<git_type>(one.bits & type_mask);
      const bool there = type == git_type::unknown ? found != git_type::unknown : found == type;
      if (there || known(one.prefix)) continue;
      if (result.number++ == 0 || one.prefix < result.first) result.first = one.prefix;
    }
    return result;
  }

  /// More names were needed than there can be objects.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  struct slot {
    std::uint64_t prefix = 0;
    std::uint64_t bits = 0;  // type, one bit for each type that it is needed as, place and one
  };

  static constexpr std::uint64_t type_mask = 7;
  static constexpr std::uint64_t needed_mask = 0xF8;
  static constexpr unsigned offset_shift = 8;
  static constexpr std::uint64_t spare = 65'536;
  static constexpr std::uint64_t told_kept = 32'768;
  static constexpr unsigned told_shift = 4;
  static constexpr std::uint64_t told_bit = 8;  // so that no entry is 0

  static constexpr std::uint64_t needed_bit(git_type type) noexcept {
    return std::uint64_t{8} << static_cast<unsigned>(type);
  }

  // A name is as good as random, unless somebody chose it.
  [[nodiscard]] std::size_t place_of(std::uint64_t prefix) const noexcept {
    std::uint64_t mixed = (prefix ^ seed_) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 32U;
    return static_cast<std::size_t>(mixed * seed_ >> 16U) & (slots_.size() - 1);
  }

  slot* find(std::uint64_t prefix) {
    for (std::size_t at = place_of(prefix);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].bits == 0) return nullptr;
      if (slots_[at].prefix == prefix) return &slots_[at];
    }
  }

  slot& find_or_add(std::uint64_t prefix) {
    if (slot* const known = find(prefix)) return *known;
    if ((used_ + 1) * 10 > slots_.size() * 7) grow();
    ++used_;
    std::size_t at = place_of(prefix);
    while (slots_[at].bits != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at].prefix = prefix;
    return slots_[at];
  }

  void grow() {
    std::vector<slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const slot& one : old) {
      if (one.bits == 0) continue;
      std::size_t at = place_of(one.prefix);
      while (slots_[at].bits != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = one;
    }
  }

  std::uint64_t seed_;
  // What was needed last, by the low bits of its name: a directory's next tree lists nearly all of it again, and the
  // table is larger than a processor's cache.
  std::vector<std::uint64_t> told_ = std::vector<std::uint64_t>(told_kept);
  std::vector<slot> slots_;
  std::uint64_t used_ = 0;
  bool overflowed_ = false;
};

}  // namespace knowngood::detail
