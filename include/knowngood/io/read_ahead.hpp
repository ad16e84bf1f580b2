// read_ahead: runs any source on a thread of its own, a bounded number of chunks ahead of its reader, so that hashing,
// inflating and parsing overlap without any of those layers knowing.
//
// Layer: io. Where the upstream can retain its chunks they are passed on as they are; otherwise they are copied into a
// ring of reusable buffers, small ones together. Where the system gives no thread it reads in its reader's own.
//   auto s = std::make_unique<read_ahead>(std::make_unique<gunzip>(...));
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "knowngood/io/source.hpp"

namespace knowngood {

class read_ahead final : public source {
 public:
  /// `depth`: chunks in flight, at least 2. `buffer_bytes`: capacity of each buffer of the ring when copying.
  /// The thread starts with the first `next()` and ends with the stream or this object, which waits for the upstream's
  /// current call.
  explicit read_ahead(std::unique_ptr<source> upstream, std::size_t depth = 4,
                      std::size_t buffer_bytes = std::size_t{256} << 10)
      : upstream_{std::move(upstream)}, slots_(std::max<std::size_t>(depth, 2)), buffer_bytes_{buffer_bytes} {
    copying_ = !upstream_->retain(slots_.size());
  }

  ~read_ahead() override {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    changed_.notify_all();
    if (worker_.joinable()) worker_.join();
  }

 private:
  struct slot {
    std::vector<std::byte> buffer;
    byte_view view;
  };

  byte_view produce() override {
    if (alone_ || !start()) return upstream_->next();
    std::unique_lock lock{mutex_};
    if (holding_) {
      holding_ = false;
      ++head_;
      changed_.notify_all();
    }
    changed_.wait(lock, [this] { return filled_ > head_ || done_; });
    if (filled_ > head_) {
      holding_ = true;
      return slots_[head_ % slots_.size()].view;
    }
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }

  // False where the system refuses the thread; nothing was read ahead by then.
  bool start() {
    if (worker_.joinable()) return true;
    try {
      worker_ = std::thread{[this] { run(); }};
    } catch (const std::system_error&) {
      alone_ = true;
    }
    return !alone_;
  }

  // The worker: fills slot `filled_`, which nobody else touches until the count says so.
  void run() {
    try {
      for (;;) {
        slot* free = nullptr;
        {
          std::unique_lock lock{mutex_};
          changed_.wait(lock, [this] { return stopping_ || filled_ - head_ < slots_.size(); });
          if (stopping_) return;
          free = &slots_[filled_ % slots_.size()];
        }
        const bool more = copying_ ? copy_into(*free) : pass_into(*free);
        const std::lock_guard lock{mutex_};
        if (!free->view.empty()) ++filled_;
        if (!more) done_ = true;
        changed_.notify_all();
        if (!more) return;
      }
    } catch (...) {
      const std::lock_guard lock{mutex_};
      failure_ = std::current_exception();
      done_ = true;
      changed_.notify_all();
    }
  }

  bool pass_into(slot& free) {
    free.view = upstream_->next();
    return !free.view.empty();
  }

  // Gathers chunks until the buffer is full. What came before a failure is delivered before the failure is.
  bool copy_into(slot& free) {
    free.buffer.resize(buffer_bytes_);
    std::size_t used = 0;
    const auto publish = [&] { free.view = byte_view{free.buffer}.first(used); };
    publish();
    while (used < buffer_bytes_) {
      if (pending_.empty()) {
        try {
          pending_ = upstream_->next();
        } catch (...) {
          const std::lock_guard lock{mutex_};
          failure_ = std::current_exception();
          publish();
          return false;
        }
        if (pending_.empty()) {
          publish();
          return false;
        }
      }
      const std::size_t take = std::min(pending_.size(), buffer_bytes_ - used);
      std::memcpy(free.buffer.data() + used, pending_.data(), take);
      pending_ = pending_.subspan(take);
      used += take;
    }
    publish();
    return true;
  }

  std::unique_ptr<source> upstream_;
  std::vector<slot> slots_;
  std::size_t buffer_bytes_;
  bool copying_ = false;
  bool alone_ = false;  // without a thread
  byte_view pending_;   // worker only: what did not fit into the last buffer

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t head_ = 0;    // the slot the reader holds or takes next
  std::size_t filled_ = 0;  // slots published, ever
  bool holding_ = false;    // the reader holds slot head_
  bool stopping_ = false;
  bool done_ = false;
  std::exception_ptr failure_;
  std::thread worker_;  // last: it uses everything above
};

}  // namespace knowngood
