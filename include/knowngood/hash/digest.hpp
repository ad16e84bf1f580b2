// digest: message digests by name, over OpenSSL's EVP (and libb2 for the BLAKE2b lengths that EVP lacks).
//
// Layer: hash. Example: digest d{digest_algorithm::sha256()}; d.update(bytes); d.finish() is lower-case hex;
//   sha256_of(text).
#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/io/source.hpp"

#if __has_include(<blake2.h>)
#include <blake2.h>
#endif

namespace knowngood {

/// A digest algorithm: its family and its length. Names are those of coreutils' tags: `MD5`, `SHA1`, `SHA224`,
/// `SHA256`, `SHA384`, `SHA512`, `BLAKE2b` (512 bits) and `BLAKE2b-N`.
class digest_algorithm {
 public:
  static digest_algorithm md5() { return {"MD5", "md5", 128}; }
  static digest_algorithm sha1() { return {"SHA1", "sha1", 160}; }
  static digest_algorithm sha224() { return {"SHA224", "sha224", 224}; }
  static digest_algorithm sha256() { return {"SHA256", "sha256", 256}; }
  static digest_algorithm sha384() { return {"SHA384", "sha384", 384}; }
  static digest_algorithm sha512() { return {"SHA512", "sha512", 512}; }

  /// BLAKE2b of `bits`, a multiple of 8 from 8 to 512; nothing for another number.
  static std::optional<digest_algorithm> blake2b(unsigned bits) {
    if (bits == 0 || bits > 512 || bits % 8 != 0) return std::nullopt;
    if (bits == 512) return digest_algorithm{"BLAKE2b", "blake2b512", 512};
    return digest_algorithm{"BLAKE2b-" + std::to_string(bits), "", bits};
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& evp_name() const noexcept { return evp_name_; }
  [[nodiscard]] unsigned bits() const noexcept { return bits_; }
  [[nodiscard]] std::size_t hex_length() const noexcept { return bits_ / 4; }

  friend bool operator==(const digest_algorithm&, const digest_algorithm&) = default;
  friend auto operator<=>(const digest_algorithm&, const digest_algorithm&) = default;

 private:
  digest_algorithm(std::string name, std::string evp_name, unsigned bits)
      : name_{std::move(name)}, evp_name_{std::move(evp_name)}, bits_{bits} {}

  std::string name_;
  std::string evp_name_;  // empty: not in EVP, libb2 does it
  unsigned bits_;
};

/// Lower-case hexadecimal.
inline std::string to_hex(byte_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4U];
    text += digits[std::to_integer<unsigned>(b) & 15U];
  }
  return text;
}

class digest {
 public:
  /// True when this build can compute `algorithm`.
  static bool supports([[maybe_unused]] const digest_algorithm& algorithm) {
#if __has_include(<blake2.h>)
    return true;
#else
    return !algorithm.evp_name().empty();
#endif
  }

  /// Throws `std::runtime_error` when the algorithm is not to be had (see `supports`; also OpenSSL's FIPS mode).
  explicit digest(digest_algorithm algorithm) : algorithm_{std::move(algorithm)} {
    if (algorithm_.evp_name().empty()) {
#if __has_include(<blake2.h>)
      blake_ = std::make_unique<blake2b_state>();
      if (blake2b_init(blake_.get(), algorithm_.bits() / 8) == 0) return;
#endif
      throw std::runtime_error{"digest " + algorithm_.name() + " is not available"};
    }
    // OpenSSL crashes where the memory did not suffice to set it up
    if (OSSL_LIB_CTX_get0_global_default() == nullptr) throw std::bad_alloc{};
    context_.reset(EVP_MD_CTX_new());
    const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> method{
        EVP_MD_fetch(nullptr, algorithm_.evp_name().c_str(), nullptr), &EVP_MD_free};
    if (!context_ || !method || EVP_DigestInit_ex2(context_.get(), method.get(), nullptr) != 1) {
      throw std::runtime_error{"digest " + algorithm_.name() + " is not available from OpenSSL"};
    }
  }

  [[nodiscard]] const digest_algorithm& algorithm() const noexcept { return algorithm_; }

  void update(byte_view bytes) {
#if __has_include(<blake2.h>)
    if (blake_) {
      blake2b_update(blake_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      return;
    }
#endif
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) {
      throw std::runtime_error{"OpenSSL failed to digest"};
    }
  }

  /// The digest in lower-case hex. Once; nothing may follow.
  [[nodiscard]] std::string finish() { return to_hex(finish_bytes(out_)); }

  /// The digest's bytes, valid for this object's life. Once; nothing may follow.
  [[nodiscard]] byte_view finish_raw() { return finish_bytes(out_); }

 private:
  struct free_context {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };

  byte_view finish_bytes(std::array<std::byte, EVP_MAX_MD_SIZE>& out) {
    unsigned length = algorithm_.bits() / 8;
#if __has_include(<blake2.h>)
    if (blake_) {
      blake2b_final(blake_.get(), reinterpret_cast<std::uint8_t*>(out.data()), length);
      return byte_view{out}.first(length);
    }
#endif
    if (EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(out.data()), &length) != 1) {
      throw std::runtime_error{"OpenSSL failed to finish a digest"};
    }
    return byte_view{out}.first(length);
  }

  digest_algorithm algorithm_;
  std::unique_ptr<EVP_MD_CTX, free_context> context_;
#if __has_include(<blake2.h>)
  std::unique_ptr<blake2b_state> blake_;
#endif
  std::array<std::byte, EVP_MAX_MD_SIZE> out_{};
};

/// SHA-256 of `bytes` in lower-case hex.
inline std::string sha256_of(std::string_view bytes) {
  digest hash{digest_algorithm::sha256()};
  hash.update(std::as_bytes(std::span{bytes.data(), bytes.size()}));
  return hash.finish();
}

}  // namespace knowngood
