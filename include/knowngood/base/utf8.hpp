// utf8_validator: checks that a stream of bytes is UTF-8 (RFC 3629), wherever it is cut into pieces.
//
// Layer: base. Pure ASCII runs at memory speed.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "knowngood/base/printable.hpp"
#include "knowngood/base/text_pieces.hpp"

namespace knowngood {

/// Offset of the first byte of `text` that starts no well-formed sequence; nothing when all of it is well-formed.
inline std::optional<std::size_t> find_ill_formed_utf8(std::string_view text) noexcept {
  return find_ill_formed_text(text, [](std::string_view rest) { return utf8_sequence_length(rest); });
}

class utf8_validator {
 public:
  /// Takes the next piece. False from the first ill-formed byte on, until `finish`.
  bool feed(std::string_view piece) noexcept {
    return pieces_.feed(
        piece, [](std::string_view text) { return utf8_sequence_length(text); }, wanted);
  }

  /// True when everything was well-formed and nothing is left unfinished. Starts anew.
  bool finish() noexcept { return pieces_.finish(); }

 private:
  static constexpr std::size_t wanted(std::string_view text) noexcept {
    const auto byte = static_cast<unsigned char>(text.front());
    return byte >= 0xF0 && byte <= 0xF4 ? 4 : byte >= 0xE0 ? (byte <= 0xEF ? 3 : 1) : byte >= 0xC2 ? 2 : 1;
  }

  text_pieces pieces_;
};

}  // namespace knowngood
