// pack_input: a source read in pieces of any size, with its offset and a running digest of what was consumed.
//
// Layer: git, internal to bundle.hpp and pack.hpp. Headers may straddle chunks; compressed data need not be copied.
//   while (in.want(1)) { auto some = in.available(); ...; in.consume(used); }   // here the upstream's end is proved
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "knowngood/git/object_id.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class pack_input {
 public:
  /// `upstream` outlives this object.
  explicit pack_input(source& upstream) : upstream_{upstream} {}

  /// Makes at least `count` bytes available in one piece; false when the upstream proved its end before. Views of
  /// `available` made earlier are no longer valid. Throws what the upstream throws.
  bool want(std::size_t count) {
    while (now_.size() < count) {
      if (rest_.empty()) {
        if (ended_) return false;
        digest_consumed();
        if (!now_.empty()) gather(now_);  // the next call upstream ends the chunk's life
        rest_ = upstream_.next();
        if (rest_.empty()) {
          ended_ = true;
          return now_.size() >= count;
        }
      }
      if (now_.empty()) {
        digest_consumed();
        now_ = rest_;
        rest_ = {};
        mark_ = now_.data();
        continue;
      }
      digest_consumed();
      gather(now_);
      const byte_view piece = rest_.first(std::min(rest_.size(), count - now_.size()));
      rest_ = rest_.subspan(piece.size());
      carry_.insert(carry_.end(), piece.begin(), piece.end());
      now_ = carry_;
      mark_ = now_.data();
    }
    return true;
  }

  /// What can be read without another call upstream; at least what `want` granted.
  [[nodiscard]] byte_view available() const noexcept { return now_; }

  /// `count`: at most what is available.
  void consume(std::size_t count) {
    now_ = now_.subspan(count);
    offset_ += count;
  }

  /// Bytes consumed since the beginning.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  /// From here on, what is consumed goes into `hasher`, which outlives this object; null to stop.
  void digest_into(object_hasher* hasher) {
    digest_consumed();
    hasher_ = hasher;
  }

  /// Brings the hasher up to date.
  void digest_consumed() {
    if (hasher_ != nullptr && mark_ != nullptr && mark_ != now_.data()) {
      hasher_->update(byte_view{mark_, static_cast<std::size_t>(now_.data() - mark_)});
    }
    mark_ = now_.data();
  }

 private:
  /// Moves `bytes`, which may lie in `carry_` already, to the front of `carry_`.
  void gather(byte_view bytes) {
    if (!carry_.empty() && bytes.data() >= carry_.data() && bytes.data() < carry_.data() + carry_.size()) {
      carry_.erase(carry_.begin(), carry_.begin() + (bytes.data() - carry_.data()));
    } else {
      carry_.assign(bytes.begin(), bytes.end());
    }
    now_ = carry_;
    mark_ = now_.data();
  }

  source& upstream_;
  byte_view now_;   // in `carry_` or in the upstream's chunk
  byte_view rest_;  // of the chunk, behind `carry_`
  std::vector<std::byte> carry_;
  const std::byte* mark_ = nullptr;  // consumed bytes from here to `now_` are not digested yet
  object_hasher* hasher_ = nullptr;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

}  // namespace knowngood::detail
