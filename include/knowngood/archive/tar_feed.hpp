// tar_feed: hands an upstream's chunks to libarchive as they are, and remembers enough of what came before the current
// one to look at an archive's last blocks once libarchive has passed them.
//
// Layer: archive; part of tar_reader, of no use alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class tar_feed {
 public:
  tar_feed(std::unique_ptr<source> upstream, location where, std::uint64_t most_header_bytes)
      : upstream_{std::move(upstream)}, where_{std::move(where)}, most_header_bytes_{most_header_bytes} {}

  /// The upstream's next chunk, empty at its proved end; what was put back first. Throws what the upstream throws, and
  /// `environment_error` when one member's headers alone want more than the limit: sparse maps and extended headers are
  /// held in memory by libarchive, which believes the size they claim.
  byte_view pull() {
    if (again_) return *std::exchange(again_, std::nullopt);
    if (counting_ && header_bytes_ > most_header_bytes_) {
      throw_limit_exceeded(where_, "list_bytes", most_header_bytes_, header_bytes_);
    }
    keep_tail();
    chunk_ = {};
    chunk_ = upstream_->next();
    if (chunk_.empty()) ended_ = true;
    if (counting_) header_bytes_ += chunk_.size();
    return chunk_;
  }

  /// The next `pull` hands out once more what follows `offset`, which lies in the current chunk or at its end.
  void resume_at(std::uint64_t offset) {
    const byte_view rest = chunk_.subspan(static_cast<std::size_t>(offset - chunk_start_));
    if (!rest.empty()) again_ = rest;
  }

  /// What is pulled from here on belongs to headers that began at `offset`, and stays to be had with what follows it.
  void begin_headers(std::uint64_t offset) noexcept {
    counting_ = true;
    header_start_ = offset;
    header_bytes_ = 0;
  }
  void end_headers() noexcept { counting_ = false; }

  /// True once the upstream has proved its end.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Offset after everything pulled so far; the stream's length once it has ended.
  [[nodiscard]] std::uint64_t pulled() const noexcept { return chunk_start_ + chunk_.size(); }

  /// The bytes from `from` to `to`, of those pulled: the current chunk and at least `tail_bytes` before it are to be
  /// had.
  [[nodiscard]] std::vector<std::byte> bytes(std::uint64_t from, std::uint64_t to) const {
    std::vector<std::byte> out;
    const auto add = [&](byte_view part, std::uint64_t start) {
      const std::uint64_t first = std::max(from, start);
      const std::uint64_t last = std::min<std::uint64_t>(to, start + part.size());
      if (first >= last) return;
      const byte_view wanted =
          part.subspan(static_cast<std::size_t>(first - start), static_cast<std::size_t>(last - first));
      out.insert(out.end(), wanted.begin(), wanted.end());
    };
    add(tail_, chunk_start_ - tail_.size());
    add(chunk_, chunk_start_);
    return out;
  }

  /// Three blocks: libarchive asks for a further chunk only when the two end blocks and the one after them want it.
  static constexpr std::size_t tail_bytes = 1536;

 private:
  void keep_tail() {
    const std::uint64_t of_headers = counting_ && pulled() > header_start_ ? pulled() - header_start_ : 0;
    const auto kept = static_cast<std::size_t>(std::max<std::uint64_t>(tail_bytes, of_headers));
    if (chunk_.size() >= kept) {
      tail_.assign(chunk_.end() - static_cast<std::ptrdiff_t>(kept), chunk_.end());
    } else {
      tail_.insert(tail_.end(), chunk_.begin(), chunk_.end());
      if (tail_.size() > kept + 8 * tail_bytes)
        tail_.erase(tail_.begin(), tail_.end() - static_cast<std::ptrdiff_t>(kept));
    }
    chunk_start_ += chunk_.size();
  }

  std::unique_ptr<source> upstream_;
  location where_;
  std::uint64_t most_header_bytes_;
  byte_view chunk_;
  std::uint64_t chunk_start_ = 0;
  std::vector<std::byte> tail_;  // what came before chunk_
  std::optional<byte_view> again_;
  bool ended_ = false;
  bool counting_ = false;
  std::uint64_t header_start_ = 0;
  std::uint64_t header_bytes_ = 0;
};

}  // namespace knowngood::detail
