// object_index: where each object of a pack starts and of what type it is, and which objects others need.
//
// Layer: git, internal to pack.hpp. Memory: 4 bytes an object for its place, 8 for its name, 16 a commit for what it
// needs; 1,000,000 objects, a quarter of them commits, take 16 MB.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "restorable/git/object_id.hpp"

namespace restorable::detail {

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

/// Names that are there against names that are needed, by their first eight bytes.
class object_names {
 public:
  void add(const object_id& id) { there_.push_back(id.prefix()); }

  /// Another object says that `id`, of `type`, exists. `unknown`: it is a delta's base.
  void need(git_type type, const object_id& id) { needed_[static_cast<std::size_t>(type)].push_back(id.prefix()); }

  /// To be called once, after the last `add`: leaves, per type, only the needed names that are not there, each once.
  void settle() {
    std::sort(there_.begin(), there_.end());
    for (auto& names : needed_) {
      std::sort(names.begin(), names.end());
      names.erase(std::unique(names.begin(), names.end()), names.end());
      met_[static_cast<std::size_t>(&names - needed_.data())] =
          static_cast<std::size_t>(std::erase_if(names, [this](std::uint64_t name) { return has(name); }));
    }
  }

  /// After `settle`.
  [[nodiscard]] const std::deque<std::uint64_t>& missing(git_type type) const {
    return needed_[static_cast<std::size_t>(type)];
  }

  /// After `settle`: how many needed names of `type` are there.
  [[nodiscard]] std::size_t met(git_type type) const { return met_[static_cast<std::size_t>(type)]; }

 private:
  [[nodiscard]] bool has(std::uint64_t name) const { return std::binary_search(there_.begin(), there_.end(), name); }

  std::deque<std::uint64_t> there_;  // grows without moving what is there
  std::array<std::deque<std::uint64_t>, 5> needed_;
  std::array<std::size_t, 5> met_{};
};

}  // namespace restorable::detail
