// Keys of RFC 8032, section 7.1, as PEM: public for decades, so that nobody mistakes them for secrets.
#pragma once

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "knowngood/ledger/base64.hpp"
#include "knowngood/ledger/signing_key.hpp"

namespace knowngood::samples {

struct ed25519_vector {
  std::string_view seed;
  std::string_view point;
  std::string_view message;
  std::string_view signature;
};

inline constexpr std::array ed25519_vectors{
    ed25519_vector{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                   "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                   "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                   "d25bf5f0595bbe24655141438e7a100b"},
    ed25519_vector{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                   "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                   "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                   "387b2eaeb4302aeeb00d291612bb0c00"},
    ed25519_vector{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                   "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                   "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                   "4a7c15e9716ed28dc027beceea1ec40a"},
};

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

inline std::string pem(std::string_view label, std::string_view der) {
  const std::string name{label};
  return "-----BEGIN " + name + "-----\n" + encode_base64(der) + "\n-----END " + name + "-----\n";
}

inline std::string private_pem(std::string_view seed) {
  return pem("PRIVATE KEY", from_hex("302e020100300506032b657004220420") + from_hex(seed));
}

inline std::string public_pem(std::string_view point) {
  return pem("PUBLIC KEY", from_hex("302a300506032b6570032100") + from_hex(point));
}

/// The key of the vector `number`, from 0.
inline signing_key key(std::size_t number = 0) {
  return signing_key::parse(private_pem(ed25519_vectors.at(number).seed), "sample.key");
}

}  // namespace knowngood::samples
