// checksum_hint: which digest a line of hex digits is, from how many there are and from the name of the list they stand
// in: sha256sum and its kin write neither.
//
// Layer: hash. Example: candidates_for(128, hint_from_name("B2SUMS")) is BLAKE2b alone; with no hint it is SHA512 and
//   BLAKE2b, and whoever checks accepts either.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/hash/digest.hpp"

namespace knowngood {

/// What the name of a checksum list says about its digests.
struct checksum_hint {
  enum class kind : unsigned char { none, named, blake2b, unsupported };
  kind what = kind::none;
  std::size_t hex_length = 0;  ///< of the algorithm that is named, where one is
  std::string word;            ///< the part of the name that says so, lower-case: `sha512`, `b3`
};

/// Reads the hint from the last two words of a file's name, case ignored: `x.sql.gz.sha512`, `SHA512SUMS`, `x.b2`,
/// `checksums-sha1.txt`, `B2SUMS`. Directories do not count.
inline checksum_hint hint_from_name(std::string_view list_name) {
  std::vector<std::string> words(1);
  for (const char c : file_name_of(list_name)) {
    if (is_ascii_letter(c) || is_ascii_digit(c)) {
      words.back() += to_lower(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();

  struct known {
    std::string_view word;
    checksum_hint::kind what;
    std::size_t hex_length;
  };
  using enum checksum_hint::kind;
  static constexpr std::array table{
      known{"md5", named, 32},          known{"sha1", named, 40},         known{"sha224", named, 56},
      known{"sha256", named, 64},       known{"sha384", named, 96},       known{"sha512", named, 128},
      known{"b2", blake2b, 0},          known{"blake2", blake2b, 0},      known{"blake2b", blake2b, 0},
      known{"blake2b512", blake2b, 0},  known{"blake2b256", blake2b, 0},  known{"b3", unsupported, 0},
      known{"blake3", unsupported, 0},  known{"blake2s", unsupported, 0}, known{"sha3", unsupported, 0},
      known{"sm3", unsupported, 0},     known{"rmd160", unsupported, 0},  known{"ripemd160", unsupported, 0},
      known{"sha3224", unsupported, 0}, known{"sha3256", unsupported, 0}, known{"sha3384", unsupported, 0},
      known{"sha3512", unsupported, 0},
  };
  for (std::size_t back = 1; back <= 2 && back <= words.size(); ++back) {
    std::string_view word = words[words.size() - back];
    bool sums = false;
    for (const std::string_view ending : {"sums", "sum"}) {
      if (!sums && word.size() > ending.size() && word.ends_with(ending)) {
        word.remove_suffix(ending.size());
        sums = true;
      }
    }
    for (const auto& entry : table) {
      if (entry.word != word) continue;
      // `b2` is also a storage service: `b2.checksums` says nothing about digests, `x.b2` and `b2sums.txt` do.
      if (word.size() == 2 && back == 2 && !sums) continue;
      return {entry.what, entry.hex_length, std::string{word}};
    }
  }
  return {};
}

/// The algorithms that `hex_length` hex digits may come from, likeliest first; empty where there is none. Only one of
/// them has to agree: two algorithms never agree on one content by accident.
inline std::vector<digest_algorithm> candidates_for(std::size_t hex_length, const checksum_hint& hint) {
  std::vector<digest_algorithm> candidates;
  if (hint.what == checksum_hint::kind::unsupported || hex_length > 128 || hex_length % 2 != 0) return candidates;
  const auto blake = digest_algorithm::blake2b(static_cast<unsigned>(hex_length * 4));
  const bool hinted = hint.what == checksum_hint::kind::blake2b;
  if (hinted && blake) candidates.push_back(*blake);
  switch (hex_length) {
    case 32: candidates.push_back(digest_algorithm::md5()); break;
    case 40: candidates.push_back(digest_algorithm::sha1()); break;
    case 56: candidates.push_back(digest_algorithm::sha224()); break;
    case 64: candidates.push_back(digest_algorithm::sha256()); break;
    case 96: candidates.push_back(digest_algorithm::sha384()); break;
    case 128:
      if (hinted) break;
      candidates.push_back(digest_algorithm::sha512());
      if (hint.hex_length != 128) candidates.push_back(*blake);
      break;
    default: break;
  }
  return candidates;
}

}  // namespace knowngood
