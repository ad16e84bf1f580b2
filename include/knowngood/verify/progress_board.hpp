// progress_board: where a run stands, for whoever shows it; the library itself prints nothing.
//
// Layer: verify. Safe to call from several threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace knowngood {

class progress_board {
 public:
  struct state {
    std::uint64_t bytes_done = 0;
    std::uint64_t bytes_total = 0;  ///< 0 when not known (standard input)
    std::uint64_t artifacts_done = 0;
    std::uint64_t artifacts_total = 0;
    double bytes_per_second = 0;
    std::optional<std::chrono::seconds> left;
    std::string current;  ///< one of the artifacts being read
  };

  void expect(std::uint64_t artifacts, std::uint64_t bytes) {
    artifacts_total_ = artifacts;
    bytes_total_ = bytes;
    started_ = std::chrono::steady_clock::now();
  }
  void add_bytes(std::uint64_t bytes) noexcept { bytes_done_.fetch_add(bytes, std::memory_order_relaxed); }
  void begin(const std::string& artifact) {
    const std::lock_guard lock{mutex_};
    current_.insert(artifact);
  }
  void end(const std::string& artifact) {
    const std::lock_guard lock{mutex_};
    if (const auto at = current_.find(artifact); at != current_.end()) current_.erase(at);
    ++artifacts_done_;
  }

  [[nodiscard]] state now() const {
    state result;
    result.bytes_done = bytes_done_.load(std::memory_order_relaxed);
    result.bytes_total = bytes_total_;
    result.artifacts_total = artifacts_total_;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    if (seconds > 0.05) result.bytes_per_second = static_cast<double>(result.bytes_done) / seconds;
    if (result.bytes_per_second > 0 && result.bytes_total >= result.bytes_done) {
      const double left = static_cast<double>(result.bytes_total - result.bytes_done) / result.bytes_per_second;
      result.left = std::chrono::seconds{static_cast<std::int64_t>(left)};
    }
    const std::lock_guard lock{mutex_};
    result.artifacts_done = artifacts_done_;
    if (!current_.empty()) result.current = *current_.begin();
    return result;
  }

 private:
  std::atomic<std::uint64_t> bytes_done_{0};
  std::uint64_t bytes_total_ = 0;
  std::uint64_t artifacts_total_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::uint64_t artifacts_done_ = 0;
  std::multiset<std::string> current_;
};

}  // namespace knowngood
