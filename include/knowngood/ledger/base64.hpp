// encode_base64, decode_base64: RFC 4648, one spelling per byte string, so that no edit of the text goes unseen.
//
// Layer: ledger. DSSE writes the standard alphabet and lets readers take the URL-safe one as well.
// Example: encode_base64("hello world") == "aGVsbG8gd29ybGQ=".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace knowngood {

namespace detail {

inline constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::optional<std::uint32_t> base64_digit(char c, bool url_safe) noexcept {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
  if (c == (url_safe ? '-' : '+')) return 62;
  if (c == (url_safe ? '_' : '/')) return 63;
  return std::nullopt;
}

}  // namespace detail

/// Standard alphabet, padded (RFC 4648, section 4).
inline std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    const std::size_t digits = bytes.size() - at >= 3 ? 4 : bytes.size() - at + 1;
    for (std::size_t i = 0; i < 4; ++i) {
      text += i < digits ? detail::base64_alphabet[(group >> (18 - 6 * i)) & 63U] : '=';
    }
  }
  return text;
}

/// The bytes of standard or URL-safe base64 (RFC 4648, sections 4 and 5), the latter with or without padding. Nothing
/// for anything else: both alphabets in one text, blanks, missing padding, bits in the last digit that mean nothing.
inline std::optional<std::string> decode_base64(std::string_view text) {
  const bool url_safe = text.find_first_of("-_") != std::string_view::npos;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (digits.size() % 4 == 1) return std::nullopt;
  // Whether unpadded text without `-` and `_` is URL-safe cannot be known; it means the same in both.
  if (padding != 0 && text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : digits) {
    const auto digit = detail::base64_digit(c, url_safe);
    if (!digit) return std::nullopt;
    group = (group << 6U) | *digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((group >> bits) & 0xFFU);
    group &= (1U << bits) - 1;
  }
  if (group != 0) return std::nullopt;
  return bytes;
}

}  // namespace knowngood
