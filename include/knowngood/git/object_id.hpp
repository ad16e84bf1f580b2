// object_id: the name of a git object, a SHA-1 or SHA-256 over its type, size and content; object_hasher computes it,
// and a pack's trailer.
//
// Layer: git. Example:
//   object_hasher h{object_format::sha1}; h.begin_object(git_type::blob, 5); h.update(bytes); h.finish().hex();
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/hash/digest.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

/// The hash that a repository names its objects by (`extensions.objectFormat`).
enum class object_format : unsigned char { sha1, sha256 };

constexpr std::string_view to_string(object_format format) noexcept {
  return format == object_format::sha1 ? "sha1" : "sha256";
}

/// Bytes of an object id.
constexpr std::size_t id_bytes(object_format format) noexcept { return format == object_format::sha1 ? 20 : 32; }

/// `unknown`: a delta on an object that is not in the pack or not known yet.
enum class git_type : unsigned char { unknown, commit, tree, blob, tag };

constexpr std::string_view to_string(git_type type) noexcept {
  switch (type) {
    case git_type::commit: return "commit";
    case git_type::tree: return "tree";
    case git_type::blob: return "blob";
    case git_type::tag: return "tag";
    case git_type::unknown: return "unknown";
  }
  return "unknown";
}

class object_id {
 public:
  object_id() = default;

  /// `bytes`: 20 or 32.
  explicit object_id(byte_view bytes) : size_{static_cast<unsigned char>(bytes.size())} {
    for (std::size_t i = 0; i < bytes.size() && i < bytes_.size(); ++i) bytes_[i] = bytes[i];
  }

  /// Hex digits of either case; nothing when they are not exactly as many as `format` has.
  static std::optional<object_id> from_hex(std::string_view hex, object_format format) {
    if (hex.size() != 2 * id_bytes(format)) return std::nullopt;
    object_id id;
    id.size_ = static_cast<unsigned char>(id_bytes(format));
    for (std::size_t i = 0; i < hex.size(); ++i) {
      const char c = hex[i];
      unsigned digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<unsigned>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<unsigned>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<unsigned>(c - 'A') + 10;
      } else {
        return std::nullopt;
      }
      id.bytes_[i / 2] |= static_cast<std::byte>(i % 2 == 0 ? digit << 4U : digit);
    }
    return id;
  }

  [[nodiscard]] std::string hex() const { return to_hex(byte_view{bytes_}.first(size_)); }

  /// The first eight bytes, by which many objects are told apart in little memory. Good against accident, not forgery.
  [[nodiscard]] std::uint64_t prefix() const noexcept { return prefix_of(bytes_); }

  /// Of the raw id in `bytes`.
  [[nodiscard]] static std::uint64_t prefix_of(byte_view bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
    return value;
  }

  friend bool operator==(const object_id&, const object_id&) = default;
  friend auto operator<=>(const object_id&, const object_id&) = default;

 private:
  std::array<std::byte, 32> bytes_{};
  unsigned char size_ = 0;
};

/// A reusable SHA-1 or SHA-256: a pack has a million objects, and the algorithm is looked up once.
class object_hasher {
 public:
  /// Throws `std::runtime_error` when OpenSSL lacks the algorithm (FIPS mode).
  explicit object_hasher(object_format format)
      : method_{EVP_MD_fetch(nullptr, format == object_format::sha1 ? "SHA1" : "SHA256", nullptr)},
        context_{EVP_MD_CTX_new()} {
    if (!method_ || !context_) throw std::runtime_error{"git's object hash is not available from OpenSSL"};
    begin();
  }

  void begin() { check(EVP_DigestInit_ex2(context_.get(), method_.get(), nullptr)); }

  /// Starts an object of `size` bytes: gitformat-loose's header comes first.
  void begin_object(git_type type, std::uint64_t size) {
    begin();
    std::string header{to_string(type)};
    header += ' ';
    header += std::to_string(size);
    header += '\0';
    update(std::as_bytes(std::span{header}));
  }

  void update(byte_view bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }

  /// Of all bytes since the last `begin`; `begin` again before more.
  [[nodiscard]] object_id finish() { return finish(*context_); }

  /// Of all bytes so far; more may follow.
  [[nodiscard]] object_id peek() const {
    const std::unique_ptr<EVP_MD_CTX, free_context> copy{EVP_MD_CTX_new()};
    check(copy ? EVP_MD_CTX_copy_ex(copy.get(), context_.get()) : 0);
    return finish(*copy);
  }

 private:
  struct free_context {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  struct free_method {
    void operator()(EVP_MD* method) const noexcept { EVP_MD_free(method); }
  };

  static void check(int result) {
    if (result != 1) throw std::runtime_error{"OpenSSL failed to digest"};
  }

  static object_id finish(EVP_MD_CTX& context) {
    std::array<std::byte, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    check(EVP_DigestFinal_ex(&context, reinterpret_cast<unsigned char*>(out.data()), &length));
    return object_id{byte_view{out}.first(length)};
  }

  std::unique_ptr<EVP_MD, free_method> method_;
  std::unique_ptr<EVP_MD_CTX, free_context> context_;
};

}  // namespace knowngood
