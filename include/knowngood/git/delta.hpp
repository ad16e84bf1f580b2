// delta_reader: a delta's instructions, checked as they stream by and applied where the base is at hand
// (gitformat-pack, "Deltified representation").
//
// Layer: git, internal to pack.hpp. Memory: none of its own; a delta of gigabytes is as good as a small one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class delta_reader {
 public:
  /// `base`: the content the delta applies to, which outlives the reading, or nothing when it is not at hand.
  explicit delta_reader(std::optional<byte_view> base) : base_{base} {}

  /// Takes the next bytes of the delta. `start(target_size)` is called once, when the sizes are known, and `out(bytes)`
  /// with each piece of the result, in order; neither without a base, and none after a defect.
  template <typename Start, typename Out>
  void feed(byte_view bytes, Start&& start, Out&& out) {
    fed_ += bytes.size();
    while (!bytes.empty() && defect_.empty()) {
      if (inserting_ != 0) {
        const byte_view piece = bytes.first(std::min<std::size_t>(inserting_, bytes.size()));
        inserting_ -= static_cast<unsigned>(piece.size());
        bytes = bytes.subspan(piece.size());
        if (produce(piece.size()) && base_) out(piece);
        continue;
      }
      const auto next = std::to_integer<unsigned>(bytes.front());
      bytes = bytes.subspan(1);
      if (state_ != state::instruction) {
        if (size_byte(next) && base_) start(target_size_);
      } else if (wanted_ != 0) {
        argument(next);
        if (wanted_ == 0) copy(out);
      } else {
        instruction(next);
        if (copying_ && wanted_ == 0) copy(out);
      }
    }
  }

  /// To be called when the delta's bytes are all there: empty for a sound delta, otherwise what is wrong with it.
  [[nodiscard]] const std::string& finish() {
    if (!defect_.empty()) return defect_;
    if (fed_ < shortest) {
      defect_ = fmt::format("a delta of {} bytes is none that git applies", fed_);
    } else if (state_ != state::instruction) {
      defect_ = "the delta ends inside its sizes";
    } else if (inserting_ != 0 || wanted_ != 0) {
      defect_ = "the delta ends inside an instruction";
    } else if (produced_ != target_size_) {
      defect_ = fmt::format("the delta makes {} bytes of {}", produced_, target_size_);
    }
    return defect_;
  }

  [[nodiscard]] const std::string& defect() const noexcept { return defect_; }

 private:
  static constexpr std::uint64_t shortest = 4;  // git's patch_delta refuses less, an empty result included

  enum class state : unsigned char { source_size, target_size, instruction };

  /// True when this byte was the last of both sizes and they agree with the base.
  bool size_byte(unsigned next) {
    if (shift_ > 56) {
      defect_ = "a size in the delta is out of bounds";
      return false;
    }
    size_ |= std::uint64_t{next & 0x7FU} << shift_;
    shift_ += 7;
    if ((next & 0x80U) != 0) return false;
    shift_ = 0;
    if (state_ == state::source_size) {
      source_size_ = std::exchange(size_, 0);
      state_ = state::target_size;
      if (base_ && base_->size() != source_size_) {
        defect_ = fmt::format("the delta is for a base of {} bytes, its base has {}", source_size_, base_->size());
      }
      return false;
    }
    target_size_ = std::exchange(size_, 0);
    state_ = state::instruction;
    return true;
  }

  void instruction(unsigned next) {
    copying_ = (next & 0x80U) != 0;
    if (next == 0) {
      defect_ = "the delta holds the reserved instruction";
    } else if (copying_) {
      wanted_ = next & 0x7FU;
      copy_ = {};
    } else {
      inserting_ = next;
    }
  }

  void argument(unsigned next) {
    unsigned which = 0;
    while ((wanted_ >> which & 1U) == 0) ++which;
    wanted_ &= ~(1U << which);
    copy_[which] = static_cast<unsigned char>(next);
  }

  template <typename Out>
  void copy(Out& out) {
    copying_ = false;
    const std::uint64_t from =
        copy_[0] | std::uint64_t{copy_[1]} << 8U | std::uint64_t{copy_[2]} << 16U | std::uint64_t{copy_[3]} << 24U;
    std::uint64_t size = copy_[4] | std::uint64_t{copy_[5]} << 8U | std::uint64_t{copy_[6]} << 16U;
    if (size == 0) size = 0x10000;
    if (from + size > source_size_) {
      defect_ = fmt::format("the delta copies up to byte {} of a base of {} bytes", from + size, source_size_);
    } else if (produce(size) && base_) {
      out(base_->subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(size)));
    }
  }

  bool produce(std::uint64_t size) {
    produced_ += size;
    if (produced_ <= target_size_) return true;
    defect_ = fmt::format("the delta makes more than the {} bytes it says", target_size_);
    return false;
  }

  std::optional<byte_view> base_;
  std::string defect_;
  state state_ = state::source_size;
  unsigned shift_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t source_size_ = 0;
  std::uint64_t target_size_ = 0;
  std::uint64_t produced_ = 0;
  std::uint64_t fed_ = 0;
  unsigned inserting_ = 0;  // bytes still to come of an insert instruction
  bool copying_ = false;
  unsigned wanted_ = 0;                  // bit mask of the copy instruction's arguments still to come
  std::array<unsigned char, 7> copy_{};  // its arguments: four of the offset, three of the size
};

}  // namespace knowngood::detail
