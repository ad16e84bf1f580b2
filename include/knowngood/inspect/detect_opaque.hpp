// detect_opaque: content that can be recognised and, by intention, not be looked into: encrypted by OpenPGP, age,
// OpenSSL and their like.
//
// Layer: inspect. Example: if (const auto by = detect_opaque(head)) ...   // "openpgp"
// Decided by the beginning alone. OpenPGP has no magic number: its first packets are taken apart (RFC 9580,
// sections 4.2 and 5), so that a binary file that merely begins with the same byte is no encrypted one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "knowngood/io/source.hpp"

namespace knowngood {

namespace detail {

/// The header of an OpenPGP packet.
struct openpgp_packet {
  unsigned tag = 0;
  std::size_t body = 0;               ///< where its body begins
  std::optional<std::uint64_t> size;  ///< of the body; nothing where it comes in parts or has no end of its own
};

inline std::optional<openpgp_packet> openpgp_packet_at(byte_view bytes, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint64_t>(bytes[i]); };
  if (at + 6 > bytes.size() || (byte(at) & 0x80U) == 0) return std::nullopt;
  openpgp_packet packet;
  const auto big_endian = [&](std::size_t from, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8U | byte(from + i);
    return value;
  };
  if ((byte(at) & 0x40U) != 0) {
    packet.tag = static_cast<unsigned>(byte(at) & 0x3FU);
    const std::uint64_t first = byte(at + 1);
    if (first < 192) {
      packet.body = at + 2;
      packet.size = first;
    } else if (first < 224) {
      packet.body = at + 3;
      packet.size = ((first - 192) << 8U) + byte(at + 2) + 192;
    } else if (first < 255) {
      packet.body = at + 2;
    } else {
      packet.body = at + 6;
      packet.size = big_endian(at + 2, 4);
    }
    return packet;
  }
  packet.tag = static_cast<unsigned>(byte(at) >> 2U & 0x0FU);
  const std::size_t length_bytes = (byte(at) & 3U) == 3 ? 0 : std::size_t{1} << (byte(at) & 3U);
  packet.body = at + 1 + length_bytes;
  if (length_bytes != 0) packet.size = big_endian(at + 1, length_bytes);
  return packet;
}

/// A message encrypted to keys or passphrases: packets that hold its session key, then the encrypted data. The first
/// packet has to be whole in `head`, and whatever follows it there one of the same kind.
inline bool is_openpgp_message(byte_view head) noexcept {
  constexpr unsigned key_by_public_key = 1;
  constexpr unsigned key_by_passphrase = 3;
  constexpr unsigned encrypted = 9;
  constexpr unsigned encrypted_and_protected = 18;
  constexpr unsigned encrypted_by_aead = 20;
  const auto at = [&](std::size_t i) { return i < head.size() ? std::to_integer<unsigned>(head[i]) : 0U; };
  std::size_t offset = 0;
  bool key_seen = false;
  for (unsigned packets = 0; packets < 64; ++packets) {
    const auto packet = openpgp_packet_at(head, offset);
    if (!packet) return key_seen && offset >= head.size();
    const unsigned version = at(packet->body);
    if (packet->tag == key_by_public_key) {
      const unsigned algorithm = at(packet->body + (version == 3 ? 9U : 1U));
      const bool known = version == 6 ||
                         (version == 3 && ((algorithm >= 1 && algorithm <= 3) || (algorithm >= 16 && algorithm <= 30)));
      if (!known || !packet->size || *packet->size < 10 || *packet->size > 8192) return false;
    } else if (packet->tag == key_by_passphrase) {
      if (version < 4 || version > 6 || !packet->size || *packet->size < 4 || *packet->size > 256) return false;
      const unsigned cipher = at(packet->body + (version == 6 ? 2U : 1U));
      if (cipher == 0 || cipher > 13) return false;
    } else if (packet->tag == encrypted_and_protected) {
      return key_seen ? version == 1 || version == 2 : version == 1 && !packet->size;
    } else {
      return key_seen && (packet->tag == encrypted || packet->tag == encrypted_by_aead);
    }
    key_seen = true;
    offset = packet->body + static_cast<std::size_t>(*packet->size);
  }
  return key_seen;
}

using std::string_view_literals::operator""sv;

// Beginnings of what hides content, and by what.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 17> opaque_beginnings{{
    {"age-encryption.org/v"sv, "age"},
    {"-----BEGIN AGE ENCRYPTED FILE-----"sv, "age"},
    {"-----BEGIN PGP MESSAGE"sv, "openpgp"},
    {"Salted__"sv, "openssl-enc"},
    {"U2FsdGVkX1"sv, "openssl-enc"},  // the same in Base64
    {"SecureTar\x02"sv, "securetar"},
    {"SecureTar\x03"sv, "securetar"},
    {"LUKS\xBA\xBE"sv, "luks"},
    {"-----BEGIN PKCS7-----"sv, "cms"},
    {"-----BEGIN CMS-----"sv, "cms"},
    {"AES\x02\x00"sv, "aes-crypt"},
    {"AES\x03\x00"sv, "aes-crypt"},
    {"$ANSIBLE_VAULT;"sv, "ansible-vault"},
    {"scrypt\x00"sv, "scrypt"},
    {"RCLONE\x00\x00"sv, "rclone-crypt"},
    {"-FVE-FS-"sv, "bitlocker"},
    {"\xEB\x58\x90-FVE-FS-"sv, "bitlocker"},
}};

}  // namespace detail

/// What hides the content that begins with `head`, as reports call it: `openpgp`, `age`, `openssl-enc`, …; nothing
/// where nothing known does.
inline std::optional<std::string_view> detect_opaque(byte_view head) noexcept {
  const std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  std::string_view shown = text;
  while (!shown.empty() && (shown.front() == '\n' || shown.front() == '\r')) shown.remove_prefix(1);
  for (const auto& [beginning, name] : detail::opaque_beginnings) {
    if (text.starts_with(beginning) || (beginning.front() == '-' && shown.starts_with(beginning))) return name;
  }
  if (detail::is_openpgp_message(head)) return "openpgp";
  return std::nullopt;
}

/// Whether reports call content that something hides `kind`.
inline bool is_opaque_kind(std::string_view kind) noexcept {
  return kind == "openpgp" || kind == "opaque" ||
         std::any_of(detail::opaque_beginnings.begin(), detail::opaque_beginnings.end(),
                     [&](const auto& one) { return one.second == kind; });
}

}  // namespace knowngood
