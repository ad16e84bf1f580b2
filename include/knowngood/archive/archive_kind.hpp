// archive_kind: the archives that knowngood reads beside tar, told from a stream's first bytes.
//
// Layer: archive. Example: if (detect_archive(head) == archive_kind::zip) ...
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

enum class archive_kind : unsigned char { none, zip, seven_zip, cpio, ar, rar, iso9660, cab, xar, lha };

constexpr std::string_view to_string(archive_kind format) noexcept {
  switch (format) {
    case archive_kind::none: return "none";
    case archive_kind::zip: return "zip";
    case archive_kind::seven_zip: return "7z";
    case archive_kind::cpio: return "cpio";
    case archive_kind::ar: return "ar";
    case archive_kind::rar: return "rar";
    case archive_kind::iso9660: return "iso9660";
    case archive_kind::cab: return "cab";
    case archive_kind::xar: return "xar";
    case archive_kind::lha: return "lha";
  }
  return "none";
}

/// Where an ISO 9660 image says what it is: in the first sector behind those that are the system's own.
inline constexpr std::size_t iso9660_head_bytes = 32'768 + 6;

namespace detail {

/// Odc: six octal digits in each of ten fields; newc and crc: eight hexadecimal digits in each of thirteen.
inline bool is_text_cpio(std::string_view text) noexcept {
  const auto digits = [&](std::size_t count, std::string_view known) {
    return text.size() >= 6 + count && text.substr(6, count).find_first_not_of(known) == std::string_view::npos;
  };
  if (text.starts_with("070701") || text.starts_with("070702")) return digits(104, "0123456789abcdefABCDEF");
  return text.starts_with("070707") && digits(70, "01234567");
}

/// The old binary form has but two bytes of magic number: its name must be one, too.
inline bool is_binary_cpio(byte_view head) noexcept {
  if (head.size() < 27) return false;
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(head[i]); };
  const bool little = at(0) == 0xC7 && at(1) == 0x71;
  if (!little && !(at(0) == 0x71 && at(1) == 0xC7)) return false;
  const std::uint32_t name = little ? at(20) | at(21) << 8U : at(20) << 8U | at(21);
  if (name < 2 || name > 4096) return false;
  const std::size_t end = 26 + std::size_t{name} - 1;
  const byte_view shown = head.subspan(26, std::min(end, head.size()) - 26);
  return std::find(shown.begin(), shown.end(), std::byte{0}) == shown.end() &&
         (end >= head.size() || head[end] == std::byte{0});
}

}  // namespace detail

/// The format of an archive that begins with `head`, `none` where there is no known one. An ISO 9660 image shows only
/// with `iso9660_head_bytes` of it; everything else with 512. A tar is none of them: see detect_tar.hpp.
inline archive_kind detect_archive(byte_view head) noexcept {
  using namespace std::string_view_literals;
  constexpr std::array<std::pair<std::string_view, archive_kind>, 9> magics{{
      {"PK\x03\x04"sv, archive_kind::zip},
      {"PK\x05\x06"sv, archive_kind::zip},
      {"PK\x07\x08PK\x03\x04"sv, archive_kind::zip},
      {"PK00PK\x03\x04"sv, archive_kind::zip},
      {"7z\xBC\xAF\x27\x1C"sv, archive_kind::seven_zip},
      {"!<arch>\n"sv, archive_kind::ar},
      {"Rar!\x1A\x07"sv, archive_kind::rar},
      {"MSCF\0\0\0\0"sv, archive_kind::cab},
      {"xar!\x00\x1C"sv, archive_kind::xar},
  }};
  const std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  for (const auto& [magic, format] : magics) {
    if (text.starts_with(magic)) return format;
  }
  if (detail::is_text_cpio(text) || detail::is_binary_cpio(head)) return archive_kind::cpio;
  if (text.size() > 21 && text.substr(2, 2) == "-l" && text[6] == '-' && (text[4] == 'h' || text[4] == 'z')) {
    return archive_kind::lha;
  }
  if (text.size() >= iso9660_head_bytes && text.substr(32'769, 5) == "CD001") return archive_kind::iso9660;
  return archive_kind::none;
}

}  // namespace knowngood
