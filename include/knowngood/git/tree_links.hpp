// tree_links: what a tree object lists, read as its bytes pass: an entry is its mode in octal, a blank, a name, a NUL
// and the object's raw id (gitformat-pack does not say it; git's tree-walk.c does).
//
// Layer: git, internal to pack_reader.hpp. A submodule's entry names a commit of another repository, which is not
// there.
//   tree_links entries{20}; entries.feed(piece, [&](git_type type, byte_view id) {…}); entries.ended();
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "knowngood/git/object_id.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

class tree_links {
 public:
  /// `id_bytes`: 20 or 32.
  explicit tree_links(std::size_t id_bytes) : id_bytes_{id_bytes} {}

  void begin() noexcept {
    state_ = state::mode;
    mode_ = 0;
    digits_ = 0;
    filled_ = 0;
    bad_ = false;
  }

  /// Takes the next bytes of the tree; `need(type, id)` is called for each entry but submodules.
  template <typename Need>
  void feed(byte_view bytes, Need&& need) {
    while (!bytes.empty() && !bad_) {
      if (state_ == state::mode && digits_ == 0) {
        if (const std::size_t whole = whole_entry(bytes, need); whole > 0) {
          bytes = bytes.subspan(whole);
          continue;
        }
      }
      if (state_ == state::mode) {
        const auto next = std::to_integer<unsigned char>(bytes.front());
        bytes = bytes.subspan(1);
        if (next == ' ' && digits_ > 0) {
          state_ = state::name;
        } else if (next >= '0' && next <= '7' && digits_ < longest_mode) {
          mode_ = mode_ * 8 + (next - '0');
          ++digits_;
        } else {
          bad_ = true;
        }
      } else if (state_ == state::name) {
        const void* const end = std::memchr(bytes.data(), 0, bytes.size());
        if (end == nullptr) return;
        bytes = bytes.subspan(static_cast<std::size_t>(static_cast<const std::byte*>(end) - bytes.data()) + 1);
        state_ = state::id;
        filled_ = 0;
      } else if (filled_ == 0 && bytes.size() >= id_bytes_) {
        entry(bytes.first(id_bytes_), need);
        bytes = bytes.subspan(id_bytes_);
      } else {
        const std::size_t some = std::min(bytes.size(), id_bytes_ - filled_);
        std::copy_n(bytes.begin(), some, id_.begin() + static_cast<std::ptrdiff_t>(filled_));
        filled_ += some;
        bytes = bytes.subspan(some);
        if (filled_ == id_bytes_) entry(byte_view{id_}.first(id_bytes_), need);
      }
    }
  }

  /// At the tree's end: whether it was one.
  [[nodiscard]] bool ended() const noexcept { return !bad_ && state_ == state::mode && digits_ == 0; }

 private:
  enum class state : unsigned char { mode, name, id };

  static constexpr std::size_t longest_mode = 7;

  // The length of the entry at the front of `bytes`, which is told of, where all of it is there and good; 0 otherwise.
  template <typename Need>
  [[nodiscard]] std::size_t whole_entry(byte_view bytes, Need& need) const {
    unsigned mode = 0;
    std::size_t digits = 0;
    for (; digits < bytes.size() && digits < longest_mode; ++digits) {
      const unsigned digit = std::to_integer<unsigned>(bytes[digits]) - '0';
      if (digit > 7) break;
      mode = mode * 8 + digit;
    }
    if (digits == 0 || digits == bytes.size() || bytes[digits] != std::byte{' '}) return 0;
    const void* const end = std::memchr(bytes.data() + digits, 0, bytes.size() - digits);
    if (end == nullptr) return 0;
    const auto id = static_cast<std::size_t>(static_cast<const std::byte*>(end) - bytes.data()) + 1;
    if (bytes.size() - id < id_bytes_) return 0;
    tell(mode, bytes.subspan(id, id_bytes_), need);
    return id + id_bytes_;
  }

  template <typename Need>
  static void tell(unsigned mode, byte_view id, Need& need) {
    constexpr unsigned kind = 0170000;
    constexpr unsigned directory = 0040000;
    constexpr unsigned submodule = 0160000;
    if ((mode & kind) != submodule) need((mode & kind) == directory ? git_type::tree : git_type::blob, id);
  }

  template <typename Need>
  void entry(byte_view id, Need& need) {
    tell(mode_, id, need);
    begin();
  }

  std::size_t id_bytes_;
  state state_ = state::mode;
  unsigned mode_ = 0;
  unsigned digits_ = 0;
  std::size_t filled_ = 0;
  bool bad_ = false;
  std::array<std::byte, 32> id_{};
};

}  // namespace knowngood::detail
