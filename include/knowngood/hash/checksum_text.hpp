// checksum_text: the lines of a checksum file as its author meant them: decoded from UTF-16 (PowerShell's redirection
// writes it), without a byte order mark, without the armour of a PGP clear-signed message.
//
// Layer: hash, internal to checksum_file.hpp. The signature is not judged here: what it signs is.
//   checksum_text lines{bytes}; while (const auto line = lines.next()) ... *line, lines.number() ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace knowngood {

/// `text` in UTF-8 where it is UTF-16 with a byte order mark, or without one and of ASCII at its beginning; nothing
/// otherwise. A lone surrogate becomes U+FFFD, half a unit at the end is dropped.
inline std::optional<std::string> utf8_from_utf16(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (text.size() < 2) return std::nullopt;
  bool big = false;
  std::size_t at = 2;
  if (byte(0) == 0xFE && byte(1) == 0xFF) {
    big = true;
  } else if (byte(0) != 0xFF || byte(1) != 0xFE) {
    if (text.size() < 4) return std::nullopt;
    const bool low = byte(0) != 0 && byte(1) == 0 && byte(2) != 0 && byte(3) == 0;
    big = byte(0) == 0 && byte(1) != 0 && byte(2) == 0 && byte(3) != 0;
    if (!low && !big) return std::nullopt;
    at = 0;
  }
  const auto unit = [&](std::size_t i) -> std::uint32_t {
    const std::uint32_t first = byte(i);
    const std::uint32_t second = byte(i + 1);
    return big ? first << 8U | second : second << 8U | first;
  };
  std::string out;
  out.reserve(text.size() / 2);
  for (; at + 1 < text.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xD800 && code < 0xDC00 && at + 3 < text.size() && unit(at + 2) >= 0xDC00 && unit(at + 2) < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (unit(at + 2) - 0xDC00);
      at += 2;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0U | code >> 6U);
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0U | code >> 12U);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0U | code >> 18U);
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return out;
}

class checksum_text {
 public:
  explicit checksum_text(std::string_view text) : rest_{text} {
    if (auto decoded = utf8_from_utf16(text)) {
      decoded_ = *std::move(decoded);
      rest_ = decoded_;
      utf16_ = true;
    }
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    byte_order_mark_ = rest_.starts_with(mark);
    if (byte_order_mark_) rest_.remove_prefix(mark.size());
  }
  checksum_text(const checksum_text&) = delete;
  checksum_text& operator=(const checksum_text&) = delete;

  /// The next line that is meant, without its line feed and one carriage return before it; nothing at the end. Valid
  /// while this object and the text live.
  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      ++number_;
      const auto feed = rest_.find('\n');
      std::string_view line = rest_.substr(0, feed);
      rest_.remove_prefix(feed == std::string_view::npos ? rest_.size() : feed + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (takes(line)) return line;
    }
    return std::nullopt;
  }

  /// Of the line that `next` gave, from 1.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  /// Whether the last line given was also the last of the text, and may be cut where only a beginning is at hand.
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool utf16() const noexcept { return utf16_; }
  [[nodiscard]] bool byte_order_mark() const noexcept { return byte_order_mark_; }
  [[nodiscard]] bool signed_message() const noexcept { return signed_; }
  /// At the end: a signed message whose signature did not come was cut short.
  [[nodiscard]] bool breaks_off() const noexcept { return part_ == part::header || part_ == part::message; }

 private:
  enum class part : unsigned char { plain, header, message, signature };

  bool takes(std::string_view& line) {
    switch (part_) {
      case part::plain:
        if (line != "-----BEGIN PGP SIGNED MESSAGE-----") return true;
        part_ = part::header;
        signed_ = true;
        return false;
      case part::header:
        if (line.find_first_not_of(" \t") == std::string_view::npos) part_ = part::message;
        return false;
      case part::message:
        if (line == "-----BEGIN PGP SIGNATURE-----") {
          part_ = part::signature;
          return false;
        }
        if (line.starts_with("- ")) line.remove_prefix(2);  // dash-escaped
        return true;
      case part::signature:
        if (line == "-----END PGP SIGNATURE-----") part_ = part::plain;
        return false;
    }
    return true;
  }

  std::string decoded_;
  std::string_view rest_;
  std::uint64_t number_ = 0;
  part part_ = part::plain;
  bool utf16_ = false;
  bool byte_order_mark_ = false;
  bool signed_ = false;
};

}  // namespace knowngood
