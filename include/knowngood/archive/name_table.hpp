// name_table: which names an archive has had so far and what they were, in 16 to 32 bytes of memory for each.
//
// Layer: archive. Open addressing over 62 bits of a hash and a tag of 2 bits, at most half full: two million names take
// 32 MiB (16 more while growing), and the chance that any two of them are confused is below one in a million.
//   table.put(hash_of_name, 3); table.find(hash_of_another) == 0;
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace knowngood {

class name_table {
 public:
  /// The tag that `hash` was last put with, 0 when it never was.
  [[nodiscard]] unsigned find(std::uint64_t hash) const noexcept {
    return slots_.empty() ? 0U : static_cast<unsigned>(slots_[slot_of(hash)] & tag_mask);
  }

  /// Remembers `hash` with `tag`, 1 to 3. Returns the tag it had before, 0 when it is new.
  unsigned put(std::uint64_t hash, unsigned tag) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    auto& slot = slots_[slot_of(hash)];
    const auto before = static_cast<unsigned>(slot & tag_mask);
    if (before == 0) ++size_;
    slot = (hash & ~tag_mask) | (tag & tag_mask);
    return before;
  }

  /// Different names so far.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes held.
  [[nodiscard]] std::size_t memory() const noexcept { return slots_.capacity() * sizeof(std::uint64_t); }

 private:
  static constexpr std::uint64_t tag_mask = 3;

  // The slot that holds `hash`, or the empty one where it belongs. Never full: see put.
  [[nodiscard]] std::size_t slot_of(std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(hash >> 2U) & mask;
    while (slots_[at] != 0 && ((slots_[at] ^ hash) & ~tag_mask) != 0) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    const std::vector<std::uint64_t> old =
        std::exchange(slots_, std::vector<std::uint64_t>(slots_.empty() ? 64 : slots_.size() * 2));
    for (const std::uint64_t value : old) {
      if (value != 0) slots_[slot_of(value)] = value;
    }
  }

  std::vector<std::uint64_t> slots_;  // a power of two; 0 is empty, for no tag is
  std::size_t size_ = 0;
};

}  // namespace knowngood
