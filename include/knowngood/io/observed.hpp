// observed: passes a source through unchanged and shows every chunk to an observer on the way (a digest, a counter).
//
// Layer: io. Example: observed<digest&>{std::move(file), sha256}.
#pragma once

#include <memory>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

/// `Observer` is called with each chunk, before it is handed out, and never with an empty one. An exception from it
/// fails the source. The observer is held by value; use a reference wrapper or lambda to share state.
template <typename Observer>
class observed final : public source {
 public:
  observed(std::unique_ptr<source> upstream, Observer observer)
      : upstream_{std::move(upstream)}, observer_{std::move(observer)} {}

 private:
  bool grant_retention(std::size_t chunks) override { return upstream_->retain(chunks); }

  byte_view produce() override {
    const byte_view chunk = upstream_->next();
    if (!chunk.empty()) observer_(chunk);
    return chunk;
  }

  std::unique_ptr<source> upstream_;
  Observer observer_;
};

/// `upstream` with `observer` attached.
template <typename Observer>
std::unique_ptr<source> observe(std::unique_ptr<source> upstream, Observer observer) {
  return std::make_unique<observed<Observer>>(std::move(upstream), std::move(observer));
}

}  // namespace knowngood
