// row_set: the multiset fingerprint of a table: how many rows, and the sum modulo 2^128 of XXH3-128 over each of them.
//
// Layer: hash. Order does not matter, duplicates do; sets of parts add up to the set of the whole. The same value comes
// from a dump, from the database it was taken of, and from the one it was restored into. It detects accident, not
// forgery.
//   row_set rows; rows.add("1\tbolt"); rows.add("2\tnut"); rows.fingerprint() is 32 hex digits.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace knowngood {

class row_set {
 public:
  /// Adds a row: its line in PostgreSQL's COPY text format, without the newline.
  void add(std::string_view row) noexcept { add_hash(XXH3_128bits(row.data(), row.size())); }

  /// Adds a row by its XXH3-128 value (see `long_row`).
  void add_hash(XXH128_hash_t hash) noexcept {
    ++rows_;
    low_ += hash.low64;
    high_ += hash.high64 + (low_ < hash.low64 ? 1U : 0U);
  }

  /// Union of multisets.
  row_set& operator+=(const row_set& other) noexcept {
    rows_ += other.rows_;
    low_ += other.low_;
    high_ += other.high_ + (low_ < other.low_ ? 1U : 0U);
    return *this;
  }

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

  /// 32 lower-case hex digits, most significant first; all zeros for no rows.
  [[nodiscard]] std::string fingerprint() const { return fmt::format("{:016x}{:016x}", high_, low_); }

  friend bool operator==(const row_set&, const row_set&) = default;

 private:
  std::uint64_t rows_ = 0;
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

/// Hashes one row that comes in pieces, for rows too long to hold in memory.
class long_row {
 public:
  long_row() : state_{XXH3_createState()} { XXH3_128bits_reset(state_.get()); }

  void add(std::string_view piece) noexcept { XXH3_128bits_update(state_.get(), piece.data(), piece.size()); }

  /// The same value that hashing the whole row at once gives.
  [[nodiscard]] XXH128_hash_t finish() const noexcept { return XXH3_128bits_digest(state_.get()); }

 private:
  struct free_state {
    void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, free_state> state_;
};

}  // namespace knowngood
