// inflate_input: a compressed stream as what a DEFLATE engine takes from it and gives back, and the header and trailer
// bytes around.
//
// Layer: codec. An engine may take bytes beyond the data's end into its bit buffer; they come back to the front.
// Example:
//   while (in.refill()) { const inflate_step step = engine.run(in.ahead(), room); in.consume(step.consumed); … }
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class inflate_input {
 public:
  explicit inflate_input(std::unique_ptr<source> upstream) : upstream_{std::move(upstream)} {}

  /// What comes next and is at hand; may be empty before `refill`.
  [[nodiscard]] byte_view ahead() const noexcept { return now_; }

  /// At most as many as are ahead.
  void consume(std::size_t bytes) { now_ = now_.subspan(bytes); }

  /// Makes at least one byte be ahead. False at the upstream's proved end.
  bool refill() {
    if (now_.empty()) now_ = std::exchange(later_, {});
    if (now_.empty()) now_ = upstream_->next();
    return !now_.empty();
  }

  /// What an engine had taken and did not use, at most eight bytes: they come before what is left of the current chunk.
  /// Read the trailer, which has as many, before an engine runs again.
  void give_back(byte_view bytes) {
    if (bytes.empty()) return;
    std::copy(bytes.begin(), bytes.end(), given_back_.begin());
    later_ = now_;
    now_ = byte_view{given_back_}.first(bytes.size());
  }

  /// The offset of what is ahead, in the compressed stream.
  [[nodiscard]] std::uint64_t position() const noexcept { return upstream_->delivered() - now_.size() - later_.size(); }

 private:
  std::unique_ptr<source> upstream_;
  byte_view now_;
  byte_view later_;  // behind that
  std::array<std::byte, 8> given_back_{};
};

}  // namespace knowngood::detail
