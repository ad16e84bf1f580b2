// lookahead: lets its owner see a stream's first bytes before anyone reads them, to decide what the stream is.
//
// Layer: io. Example: lookahead in{std::move(file)}; if (is_gzip(in.peek(4))) ...; then read `in` from its beginning.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

class lookahead final : public source {
 public:
  explicit lookahead(std::unique_ptr<source> upstream) : upstream_{std::move(upstream)} {}

  /// The first bytes, at most `count` of them, without consuming any; fewer only when the stream is shorter or fails
  /// there (the failure comes when reading reaches it). Before the first `next()` only. Valid until the next call of
  /// anything.
  byte_view peek(std::size_t count) {
    while (available().size() < count && !stopped_) {
      head_.append(as_chars(held_));  // the next call upstream ends this view's life
      held_ = {};
      try {
        const byte_view chunk = upstream_->next();
        if (chunk.empty()) {
          stopped_ = true;
        } else if (head_.empty()) {
          held_ = chunk;
        } else {
          head_.append(as_chars(chunk));
        }
      } catch (...) {
        stopped_ = true;
        failure_ = std::current_exception();
      }
    }
    return available().first(std::min(count, available().size()));
  }

 private:
  static std::string_view as_chars(byte_view bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  [[nodiscard]] byte_view available() const noexcept { return held_.empty() ? std::as_bytes(std::span{head_}) : held_; }

  bool grant_retention(std::size_t chunks) override { return upstream_->retain(chunks); }

  byte_view produce() override {
    if (!replayed_) {
      replayed_ = true;
      if (const byte_view first = available(); !first.empty()) return first;
    }
    if (failure_) std::rethrow_exception(failure_);
    if (stopped_) return {};
    return upstream_->next();
  }

  std::unique_ptr<source> upstream_;
  std::string head_;  // what was peeked when it spans several chunks
  byte_view held_;    // or the one chunk that was enough
  std::exception_ptr failure_;
  bool stopped_ = false;  // upstream ended or failed while peeking
  bool replayed_ = false;
};

}  // namespace knowngood
