// source: a pull stream that hands out views of its bytes.
//
// Layer: io. Every reader in knowngood is one: a file, a gzip member, a tar member. A source owns its upstream by
// unique_ptr; a run-time stack of them is a path through nested containers, read once and without copies.
//   while (auto chunk = s.next(); !chunk.empty()) consume(chunk);   // here the end is proved
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>

namespace knowngood {

using byte_view = std::span<const std::byte>;

/// Contract, whatever the source:
/// - `next()` returns the next non-empty chunk (64 KiB to 1 MiB where the source may choose), valid until the following
///   call of `next()` or the source's destruction;
/// - an empty view means that the end was reached *and proved*: trailer matched, size met, end marker seen. It stays
/// so;
/// - `stream_error` is thrown when the input is bad, `environment_error` when it cannot be read. A source that failed
///   stays failed: every later call throws the same again.
/// One thread at a time; it may be handed from one thread to another between calls.
class source {
 public:
  source() = default;
  source(const source&) = delete;
  source& operator=(const source&) = delete;
  virtual ~source() = default;

  /// See the class contract. One virtual call per chunk.
  byte_view next() {
    if (failure_) std::rethrow_exception(failure_);
    if (ended_) return {};
    try {
      const byte_view chunk = produce();
      delivered_ += chunk.size();
      ended_ = chunk.empty();
      return chunk;
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
  }

  /// Asks, before the first `next()`, that every view stay valid for `chunks` further calls rather than one. True when
  /// granted; a source that cannot says false, and whoever needs the bytes longer copies them.
  [[nodiscard]] bool retain(std::size_t chunks) { return grant_retention(chunks); }

  /// Bytes handed out so far; the offset of the next chunk in this source.
  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }

  /// True once `next()` has returned the empty view.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 protected:
  /// The one function that a source implements; called neither after the end nor after a failure.
  virtual byte_view produce() = 0;

  /// See `retain`. A source that passes its upstream's views on unchanged forwards the question.
  virtual bool grant_retention(std::size_t /*chunks*/) { return false; }

 private:
  std::uint64_t delivered_ = 0;
  std::exception_ptr failure_;
  bool ended_ = false;
};

}  // namespace knowngood
