// text_pieces: checks the characters of a text that comes in pieces, cut within characters too.
//
// Layer: base. Which bytes make a character is an encoding's to say: see base/utf8.hpp and postgres/text_encoding.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace knowngood {

/// Offset of the first byte of `text` that begins no character; nothing when all of it is well-formed. `length(text)`:
/// of the character at the front, 0 where its bytes make none or are cut short. ASCII runs at memory speed.
template <typename Length>
std::optional<std::size_t> find_ill_formed_text(std::string_view text, const Length& length) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (text.size() - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + at, sizeof word);
      if ((word & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    const std::size_t size = length(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return std::nullopt;
}

class text_pieces {
 public:
  /// Takes the next piece. False from the first ill-formed byte on, until `finish`. `length` as above;
  /// `wanted(text)`: how many bytes, at most four, the character at the front has if it is one, as far as that is seen.
  template <typename Length, typename Wanted>
  bool feed(std::string_view piece, const Length& length, const Wanted& wanted) noexcept {
    while (size_ > 0 && !piece.empty()) {  // finish the character that the last piece began
      begun_[size_++] = piece.front();
      piece.remove_prefix(1);
      const std::string_view begun{begun_.data(), size_};
      if (length(begun) == size_) {
        size_ = 0;
      } else if (size_ >= wanted(begun)) {
        valid_ = false;
        size_ = 0;
      }
    }
    const std::optional<std::size_t> bad = find_ill_formed_text(piece, length);
    if (!bad) return valid_;
    const std::string_view rest = piece.substr(*bad);
    if (rest.size() < wanted(rest)) {
      size_ = rest.size();
      std::memcpy(begun_.data(), rest.data(), rest.size());
    } else {
      valid_ = false;
    }
    return valid_;
  }

  /// True when everything was well-formed and nothing is left unfinished. Starts anew.
  bool finish() noexcept {
    const bool good = valid_ && size_ == 0;
    valid_ = true;
    size_ = 0;
    return good;
  }

 private:
  std::array<char, 4> begun_{};
  std::size_t size_ = 0;
  bool valid_ = true;
};

}  // namespace knowngood
