// expansion: counts the bytes that an artifact expands to, through all of its layers, and stops what expands too far.
//
// Layer: base. Safe to call from several threads: the stages of one stream overlap.
//   expansion grown{bounds, stop}; grown.begin(stored_bytes); grown.count(chunk.size(), where);
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "knowngood/base/error.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"

namespace knowngood {

class expansion {
 public:
  explicit expansion(const limits& bounds, stop_flag stop = {}) : bounds_{bounds}, stop_{stop} {}

  /// `stored`: the artifact's bytes as stored, where known; what the ratio is of.
  void begin(std::optional<std::uint64_t> stored) noexcept { stored_ = stored; }

  /// Throws `environment_error` beyond `expanded_bytes` and, from a gibibyte on, beyond `expansion_ratio`;
  /// `interrupted` when asked to stop.
  void count(std::uint64_t bytes, const location& where) {
    stop_.throw_if_requested();
    const std::uint64_t total = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (total > bounds_.expanded_bytes) throw_limit_exceeded(where, "expanded_bytes", bounds_.expanded_bytes, total);
    constexpr std::uint64_t first_gibibyte = std::uint64_t{1} << 30;
    if (stored_ && total > first_gibibyte && total / bounds_.expansion_ratio > *stored_) {
      throw_limit_exceeded(where, "expansion_ratio", bounds_.expansion_ratio,
                           total / std::max<std::uint64_t>(*stored_, 1));
    }
  }

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  limits bounds_;
  stop_flag stop_;
  std::optional<std::uint64_t> stored_;
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace knowngood
