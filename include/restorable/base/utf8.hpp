// utf8_validator: checks that a stream of bytes is UTF-8 (RFC 3629), wherever it is cut into pieces.
//
// Layer: base. Pure ASCII runs at memory speed.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "restorable/base/printable.hpp"

namespace restorable {

/// Offset of the first byte of `text` that starts no well-formed sequence; nothing when all of it is well-formed.
inline std::optional<std::size_t> find_ill_formed_utf8(std::string_view text) noexcept {
  std::size_t position = 0;
  const std::size_t size = text.size();
  while (position < size) {
    if (size - position >= 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + position, sizeof word);
      if ((word & 0x8080808080808080U) == 0) {
        position += 8;
        continue;
      }
    }
    const std::size_t length = utf8_sequence_length(text.substr(position));
    if (length == 0) return position;
    position += length;
  }
  return std::nullopt;
}

class utf8_validator {
 public:
  /// Takes the next piece. False from the first ill-formed byte on, for good.
  bool feed(std::string_view piece) noexcept {
    while (pending_size_ > 0 && !piece.empty()) {  // finish the sequence that the last piece began
      pending_[pending_size_++] = piece.front();
      piece.remove_prefix(1);
      const std::string_view pending{pending_, pending_size_};
      if (utf8_sequence_length(pending) == pending_size_) {
        pending_size_ = 0;
      } else if (pending_size_ >= wanted(pending.front())) {
        valid_ = false;
        pending_size_ = 0;
      }
    }
    const std::optional<std::size_t> bad = find_ill_formed_utf8(piece);
    if (!bad) return valid_;
    const std::string_view rest = piece.substr(*bad);
    if (rest.size() < wanted(rest.front())) {
      pending_size_ = rest.size();
      std::memcpy(pending_, rest.data(), rest.size());
    } else {
      valid_ = false;
    }
    return valid_;
  }

  /// True when everything was well-formed and nothing is left unfinished. Starts anew.
  bool finish() noexcept {
    const bool good = valid_ && pending_size_ == 0;
    valid_ = true;
    pending_size_ = 0;
    return good;
  }

 private:
  static constexpr std::size_t wanted(char lead) noexcept {
    const auto byte = static_cast<unsigned char>(lead);
    return byte >= 0xF0 && byte <= 0xF4 ? 4 : byte >= 0xE0 ? (byte <= 0xEF ? 3 : 1) : byte >= 0xC2 ? 2 : 1;
  }

  char pending_[4]{};
  std::size_t pending_size_ = 0;
  bool valid_ = true;
};

}  // namespace restorable
