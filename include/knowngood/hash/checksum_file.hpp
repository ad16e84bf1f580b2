// checksum_file: reads checksum lists: what sha256sum and its kin, cksum --tag, BSD's sha256 and openssl dgst write.
//
// Layer: hash. Coreutils 9.1 (`sha256sum -c`, `b2sum -c`, `cksum -c`) is the reference: what it accepts is accepted
// with the same name and digest, what it calls improperly formatted is malformed. It differs on purpose in these:
//   taken though coreutils does not: a list in UTF-16 or that begins with a UTF-8 byte order mark (which is reported),
//   lines of blanks only, OpenSSL 3's `SHA2-256(name)=`, lists that mix algorithms, a bare digest that is all of the
//   list,
//   `(stdin)= HEX` of older OpenSSL, the armour of PGP's clear-signed messages;
//   refused though some of them take it: NUL bytes (they cut the name there), empty names, lengths in octal, more
//   than one blank between tag and parenthesis (cksum).
//   parse_checksum_list("<64 hex digits>  db.sql.gz\n", "db.sql.gz.sha256").entries[0].name == "db.sql.gz"
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/ascii.hpp"
#include "knowngood/hash/checksum_hint.hpp"
#include "knowngood/hash/checksum_text.hpp"
#include "knowngood/hash/digest.hpp"

namespace knowngood {

/// One line that vouches for a file.
struct checksum_entry {
  std::vector<digest_algorithm> candidates;  ///< any one of them has to agree; none: this build cannot compute it
  std::string digest;                        ///< lower-case hex
  std::string name;                          ///< unescaped, otherwise as written; `-` is standard input; may be empty:
                                             ///< a bare digest
  std::uint64_t line = 0;                    ///< from 1
  bool binary = false;                       ///< marked `*`; on Linux that makes no difference
  std::string tag;                           ///< the algorithm as the line, or the list's name, spells it; may be empty
};

struct checksum_list {
  struct malformed {
    std::uint64_t line = 0;  ///< from 1
    std::string text;        ///< the line's first bytes, raw
  };

  std::vector<checksum_entry> entries;
  std::vector<malformed> malformed_lines;
  bool byte_order_mark = false;  ///< `sha256sum -c` would not check the first line
  bool utf16 = false;            ///< `sha256sum -c` cannot read it
  bool signed_message = false;   ///< PGP's clear-signed form; the signature itself is not judged
};

/// Whether `entry` vouches for no bytes at all.
inline bool is_digest_of_nothing(const checksum_entry& entry) {
  return std::any_of(entry.candidates.begin(), entry.candidates.end(), [&](const digest_algorithm& algorithm) {
    return digest::supports(algorithm) && digest{algorithm}.finish() == entry.digest;
  });
}

namespace detail {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr bool is_hex_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

inline std::size_t leading_hex_digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_hex_digit(text[count])) ++count;
  return count;
}

/// Undoes `\n`, `\r` and `\\`; nothing where a backslash is followed by something else.
inline std::optional<std::string> unescape_checksum_name(std::string_view text) {
  std::string name;
  name.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'n': name += '\n'; break;
      case 'r': name += '\r'; break;
      case '\\': name += '\\'; break;
      default: return std::nullopt;
    }
  }
  return name;
}

/// The algorithm that a tag of coreutils, BSD or OpenSSL (1.1: `SHA256`; 3: `SHA2-256`, `BLAKE2B-512`) names.
inline std::optional<digest_algorithm> algorithm_of_tag(std::string_view tag) {
  if (tag == "MD5") return digest_algorithm::md5();
  if (tag == "SHA1") return digest_algorithm::sha1();
  if (tag == "SHA224" || tag == "SHA2-224") return digest_algorithm::sha224();
  if (tag == "SHA256" || tag == "SHA2-256") return digest_algorithm::sha256();
  if (tag == "SHA384" || tag == "SHA2-384") return digest_algorithm::sha384();
  if (tag == "SHA512" || tag == "SHA2-512") return digest_algorithm::sha512();
  if (tag == "BLAKE2b" || tag == "BLAKE2b512" || tag == "BLAKE2B-512") return digest_algorithm::blake2b(512);
  constexpr std::string_view sized = "BLAKE2b-";
  if (!tag.starts_with(sized)) return std::nullopt;
  tag.remove_prefix(sized.size());
  if (tag.empty() || tag.size() > 3 || tag.front() == '0') return std::nullopt;
  unsigned bits = 0;
  for (const char c : tag) {
    if (c < '0' || c > '9') return std::nullopt;
    bits = bits * 10 + static_cast<unsigned>(c - '0');
  }
  return digest_algorithm::blake2b(bits);
}

/// The lines of one list. The single-space form of BSD's `md5 -r` (`HEX name`) and the usual one are never mixed, as in
/// coreutils: otherwise a name that begins with a blank could pass for another.
class checksum_line_parser {
 public:
  explicit checksum_line_parser(std::string_view list_name) : hint_{hint_from_name(list_name)} {}

  /// Nothing for a malformed line.
  std::optional<checksum_entry> parse(std::string_view line) {
    if (line.find('\0') != std::string_view::npos) return std::nullopt;
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);
    const std::size_t digits = leading_hex_digits(line);
    if (digits >= 2 && digits < line.size() && is_blank(line[digits])) {
      if (auto entry = untagged(line, digits, escaped)) return entry;
    }
    return tagged(line, escaped);
  }

  /// A line that is a digest and nothing else, of the length that the list's name asks for.
  [[nodiscard]] std::optional<checksum_entry> parse_bare(std::string_view line) const {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    const std::size_t digits = leading_hex_digits(line);
    if (digits < 32 || digits != line.size()) return std::nullopt;
    if (hint_.what == checksum_hint::kind::named && hint_.hex_length != digits) return std::nullopt;
    checksum_entry entry;
    entry.candidates = candidates_for(digits, hint_);
    if (entry.candidates.empty()) return std::nullopt;
    entry.digest = to_lower(line);
    return entry;
  }

  [[nodiscard]] bool reversed() const noexcept { return form_ == form::reversed; }

 private:
  enum class form : unsigned char { unknown, usual, reversed };

  std::optional<checksum_entry> untagged(std::string_view line, std::size_t digits, bool escaped) {
    checksum_entry entry;
    entry.candidates = candidates_for(digits, hint_);
    if (hint_.what == checksum_hint::kind::unsupported) {
      entry.tag = hint_.word;
    } else if (entry.candidates.empty()) {
      return std::nullopt;
    }
    entry.digest = to_lower(line.substr(0, digits));
    std::string_view rest = line.substr(digits + 1);
    if (rest.empty()) return std::nullopt;
    if (rest.size() == 1 || (rest.front() != ' ' && rest.front() != '*')) {
      if (form_ == form::usual) return std::nullopt;
      form_ = form::reversed;
    } else if (form_ != form::reversed) {
      form_ = form::usual;
      entry.binary = rest.front() == '*';
      rest.remove_prefix(1);
    }
    return named(std::move(entry), rest, escaped);
  }

  static std::optional<checksum_entry> tagged(std::string_view line, bool escaped) {
    const auto open = line.find('(');
    const auto close = line.rfind(')');  // names may hold either
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
    std::string_view tag = line.substr(0, open);
    if (tag.ends_with(' ')) tag.remove_suffix(1);
    std::string_view rest = line.substr(close + 1);
    const auto skip_blanks = [&rest] {
      while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
    };
    skip_blanks();
    if (!rest.starts_with('=')) return std::nullopt;
    rest.remove_prefix(1);
    skip_blanks();
    if (rest.empty() || leading_hex_digits(rest) != rest.size()) return std::nullopt;

    checksum_entry entry;
    const std::string_view name = line.substr(open + 1, close - open - 1);
    if (tag.empty()) {
      if (name != "stdin") return std::nullopt;
      entry.candidates = candidates_for(rest.size(), {});
      if (entry.candidates.empty()) return std::nullopt;
    } else if (const auto algorithm = algorithm_of_tag(tag)) {
      if (rest.size() != algorithm->hex_length()) return std::nullopt;
      entry.candidates.push_back(*algorithm);
    } else if (!names_an_algorithm(tag) || rest.size() < 16 || rest.size() % 2 != 0) {
      return std::nullopt;
    }
    entry.tag = tag;
    entry.digest = to_lower(rest);
    return named(std::move(entry), name, escaped);
  }

  /// A tag that might be an algorithm's: `SM3`, `SHA3-256`, `SHA512/256`, `HMAC-SHA256`; not a word of prose.
  static bool names_an_algorithm(std::string_view tag) {
    bool digit = false;
    for (const char c : tag) {
      const bool is_digit = c >= '0' && c <= '9';
      if (!is_digit && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '-' && c != '/') return false;
      digit = digit || is_digit;
    }
    return digit && tag.size() <= 24 && tag.front() >= 'A' && tag.front() <= 'Z' && !tag.starts_with("BLAKE2b-");
  }

  static std::optional<checksum_entry> named(checksum_entry entry, std::string_view name, bool escaped) {
    if (name.empty()) return std::nullopt;
    if (!escaped) {
      entry.name = name;
    } else if (auto plain = unescape_checksum_name(name)) {
      entry.name = *std::move(plain);
    } else {
      return std::nullopt;
    }
    return entry;
  }

  checksum_hint hint_;
  form form_ = form::unknown;
};

inline bool is_passed_over(std::string_view line) {
  return line.starts_with('#') || line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace detail

/// All of a list's lines, in order; duplicates and names that lead elsewhere are the caller's to judge. An end without
/// a line feed is as good as one with it. `list_name`: the list's own file name, which may say which digests stand in
/// it. A list is held in memory: bound its size before (`limits::list_bytes`). Throws nothing about its input.
inline checksum_list parse_checksum_list(std::string_view text, std::string_view list_name) {
  constexpr std::size_t shown = 256;
  checksum_list list;
  checksum_text lines{text};
  detail::checksum_line_parser parser{list_name};
  std::optional<checksum_entry> bare;
  while (const auto line = lines.next()) {
    if (detail::is_passed_over(*line)) continue;
    if (auto entry = parser.parse(*line)) {
      entry->line = lines.number();
      list.entries.push_back(*std::move(entry));
      continue;
    }
    if (auto digest_alone = parser.parse_bare(*line)) {
      digest_alone->line = lines.number();
      bare = std::move(digest_alone);
    }
    list.malformed_lines.push_back({lines.number(), std::string{line->substr(0, shown)}});
  }
  // A digest without a name is one only where it is all there is.
  if (bare && list.entries.empty() && list.malformed_lines.size() == 1) {
    list.entries.push_back(*std::move(bare));
    list.malformed_lines.clear();
  }
  if (lines.breaks_off())
    list.malformed_lines.push_back({lines.number(), "(the signature that should follow is not there)"});
  list.byte_order_mark = lines.byte_order_mark();
  list.utf16 = lines.utf16();
  list.signed_message = lines.signed_message();
  return list;
}

/// Whether content that begins with `head` is a checksum list: most of its lines are checksum lines. The last line may
/// be cut. Lists of git refs (`HEX refs/heads/main`), which have the single-space form too, are none, nor are lines
/// with a tab after the digits, which is how a table of digests is dumped.
inline bool looks_like_checksum_list(std::string_view head, std::string_view list_name = {}) {
  checksum_text lines{head};
  if (!lines.utf16() && head.find('\0') != std::string_view::npos) return false;
  detail::checksum_line_parser parser{list_name};
  std::uint64_t good = 0;
  std::uint64_t bad = 0;
  while (const auto next = lines.next()) {
    const std::string_view line = *next;
    const bool maybe_cut = lines.at_end();
    if (detail::is_passed_over(line)) continue;
    const auto entry = parser.parse(line);
    const bool tab = entry && entry->tag.empty() && line.find('\t') < line.find_first_of(" *");
    const bool weak = entry && parser.reversed() && entry->tag.empty() &&
                      (entry->digest.size() < 64 || entry->name.starts_with("refs/") || entry->name == "HEAD");
    if (entry && !tab && !weak) {
      ++good;
    } else if (!maybe_cut || good == 0) {
      ++bad;
    }
  }
  return good > bad;
}

}  // namespace knowngood
