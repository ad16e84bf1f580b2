// byte_window: a source as bytes that can be looked at before they are taken, for formats with headers of any length at
// any offset.
//
// Layer: archive; part of zip_reader, of no use alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class byte_window {
 public:
  explicit byte_window(std::unique_ptr<source> upstream) : upstream_{std::move(upstream)} {}

  /// What comes next: at least `count` bytes, fewer only where the upstream's proved end comes before. Valid until the
  /// next call of anything. Throws what the upstream throws.
  byte_view ahead(std::size_t count) {
    while (view_.size() < count && !ended_) {
      if (!view_.empty() && !joined_now_) {
        joined_.assign(view_.begin(), view_.end());
        joined_now_ = true;
      } else if (joined_now_) {
        joined_.erase(joined_.begin(), joined_.end() - static_cast<std::ptrdiff_t>(view_.size()));
      }
      const byte_view chunk = upstream_->next();
      ended_ = chunk.empty();
      if (joined_now_) {
        joined_.insert(joined_.end(), chunk.begin(), chunk.end());
        view_ = joined_;
      } else {
        view_ = chunk;
      }
    }
    return view_;
  }

  /// At most as many as `ahead` returned.
  void take(std::size_t count) {
    view_ = view_.subspan(count);
    offset_ += count;
    if (view_.empty()) joined_now_ = false;
  }

  /// Undoes the last part of what was taken, which held `bytes`.
  void give_back(byte_view bytes) {
    if (bytes.empty()) return;
    std::vector<std::byte> whole(bytes.begin(), bytes.end());
    whole.insert(whole.end(), view_.begin(), view_.end());
    joined_ = std::move(whole);
    view_ = joined_;
    joined_now_ = true;
    offset_ -= bytes.size();
  }

  /// Of what comes next, in the upstream.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

 private:
  std::unique_ptr<source> upstream_;
  byte_view view_;
  std::vector<std::byte> joined_;  // holds what `view_` shows, while `joined_now_`
  bool joined_now_ = false;
  bool ended_ = false;
  std::uint64_t offset_ = 0;
};

}  // namespace knowngood::detail
