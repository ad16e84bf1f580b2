// time_limit: an end that a run comes to by itself when nobody stops it.
//
// Layer: drill. Whatever is started with its flag is asked to stop when the caller asks, or when the time is up.
// Example:
//   const time_limit limit{settings.stop, std::chrono::hours{24}};  settings.stop = limit.flag();  …  limit.expired()
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "knowngood/base/background_threads.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"

namespace knowngood {

class time_limit {
 public:
  /// `caller` is looked at several times a second. Zero: no limit but the caller's. Throws `environment_error` where no
  /// thread can be started.
  time_limit(stop_flag caller, std::chrono::seconds most) {
    watch_.require(location{"drill"}, [this, caller, most] { watch(caller, most, done_.get_token()); });
  }
  time_limit(const time_limit&) = delete;
  time_limit& operator=(const time_limit&) = delete;

  /// Outlived by this object.
  [[nodiscard]] stop_flag flag() const noexcept { return asked_; }

  /// Whether it was the time that ended it.
  [[nodiscard]] bool expired() const noexcept { return expired_.load(); }

 private:
  void watch(stop_flag caller, std::chrono::seconds most, const std::stop_token& done) {
    const auto until = std::chrono::steady_clock::now() + most;
    std::unique_lock lock{mutex_};
    while (!done.stop_requested()) {
      if (caller.requested()) {
        asked_ = true;
        return;
      }
      if (most.count() > 0 && std::chrono::steady_clock::now() >= until) {
        expired_ = true;
        asked_ = true;
        return;
      }
      changed_.wait_for(lock, done, std::chrono::milliseconds{50}, [] { return false; });
    }
  }

  std::atomic<bool> asked_{false};
  std::atomic<bool> expired_{false};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::stop_source done_;
  background_threads watch_{[this] { done_.request_stop(); }};  // last: it uses everything above
};

}  // namespace knowngood
