// signing_key, verification_key: Ed25519 keys in PEM files, and signatures with them. OpenSSL does the arithmetic.
//
// Layer: ledger. A private key is PKCS#8, its file readable by its owner alone, which is enforced; a public key is a
// SubjectPublicKeyInfo. Whoever has openssl can make and use both without knowngood: docs/ledger.md. Example:
//   make_key_files("backup01"); const auto key = load_signing_key("backup01.key"); key.sign("text");
#pragma once

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

namespace detail {

inline constexpr std::size_t largest_key_file = 65'536;
inline constexpr std::size_t ed25519_signature_size = 64;

struct free_key {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct free_bio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
struct free_sign_context {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using key_handle = std::shared_ptr<EVP_PKEY>;
using bio_handle = std::unique_ptr<BIO, free_bio>;

inline key_handle own_key(EVP_PKEY* key) { return key_handle{key, free_key{}}; }

inline bio_handle memory_bio(std::string_view bytes) {
  bio_handle bio{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
  if (!bio) throw std::bad_alloc{};
  return bio;
}

/// What was written into a memory BIO.
inline std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string{};
}

/// Text that is wiped from memory when it is no longer needed.
class secret {
 public:
  explicit secret(std::string text = {}) : text_{std::move(text)} {}
  secret(secret&& other) noexcept : text_{std::move(other.text_)} { other.wipe(); }
  secret& operator=(secret&& other) noexcept {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
    return *this;
  }
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  ~secret() { wipe(); }
  [[nodiscard]] std::string& text() noexcept { return text_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void wipe() noexcept {
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
  }
  std::string text_;
};

/// A small file as it is; pipes too, for `<(command)`. With `private_to_owner`, throws `usage_error` for a file that
/// anybody but its owner may read or change, before it is read.
inline secret read_key_file(const std::string& path, bool private_to_owner) {
  const location where{path};
  const file_descriptor opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (opened.get() < 0) throw system_error(where, "open the key file", errno);
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) throw system_error(where, "look at the key file", errno);
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
    throw usage_error{fmt::format("{}: is no key file: neither a regular file nor a pipe", printable(path))};
  }
  if (private_to_owner && (status.st_mode & 077U) != 0) {
    throw usage_error{
        fmt::format("{}: may be read or changed by others, its mode is {:04o}, 0600 is expected: "
                    "chmod 600 it, and replace the key if others may have had it",
                    printable(path), status.st_mode & 07777U)};
  }
  const uid_t self = ::geteuid();
  if (private_to_owner && self != 0 && status.st_uid != self && status.st_uid != 0) {
    throw usage_error{fmt::format("{}: belongs to user {}, who could replace it; expected is user {}: chown it",
                                  printable(path), status.st_uid, self)};
  }
  secret content{std::string(largest_key_file + 1, '\0')};
  std::size_t length = 0;
  while (length < content.text().size()) {
    const ssize_t got = ::read(opened.get(), content.text().data() + length, content.text().size() - length);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(where, "read the key file", errno);
    length += static_cast<std::size_t>(got);
  }
  if (length > largest_key_file) throw usage_error{fmt::format("{}: is too large for a key file", printable(path))};
  content.text().resize(length);
  return content;
}

/// The words of the first `-----BEGIN words-----`; empty without one.
inline std::string pem_label(std::string_view pem) {
  constexpr std::string_view mark = "-----BEGIN ";
  const std::size_t begin = pem.find(mark);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = pem.find("-----", begin + mark.size());
  if (end == std::string_view::npos) return {};
  return std::string{pem.substr(begin + mark.size(), end - begin - mark.size())};
}

inline bool holds_several(std::string_view pem) {
  constexpr std::string_view mark = "-----BEGIN ";
  const std::size_t first = pem.find(mark);
  return first != std::string_view::npos && pem.find(mark, first + mark.size()) != std::string_view::npos;
}

struct passphrase_request {
  const secret* passphrase;
  bool asked = false;
};

inline int give_passphrase(char* buffer, int size, int /*writing*/, void* data) {
  auto* request = static_cast<passphrase_request*>(data);
  request->asked = true;
  if (request->passphrase == nullptr) return -1;
  const std::string& text = request->passphrase->text();
  if (size < 0 || text.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, text.data(), text.size());
  return static_cast<int>(text.size());
}

inline void require_ed25519(EVP_PKEY* key, std::string_view name) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return;
  const char* type = EVP_PKEY_get0_type_name(key);
  throw usage_error{fmt::format("{}: is a key of type {}, ED25519 is expected: make one with audit keygen",
                                printable(name), type == nullptr ? "unknown" : printable(type, 40))};
}

inline std::string public_key_info(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  if (length <= 0) throw std::runtime_error{"OpenSSL cannot encode a public key"};
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace detail

/// A public key. Copies share it; several threads may use it at once.
class verification_key {
 public:
  /// A key from PEM; `name` is for messages. Throws `usage_error` for what is no Ed25519 public key.
  static verification_key parse(std::string_view pem, std::string_view name) {
    const std::string label = detail::pem_label(pem);
    if (label.ends_with("PRIVATE KEY")) {
      throw usage_error{
          fmt::format("{}: holds a private key, a public one is expected: name the .pub file, and keep "
                      "this one to yourself",
                      printable(name))};
    }
    if (label != "PUBLIC KEY" || detail::holds_several(pem)) {
      throw usage_error{fmt::format("{}: one PEM block \"PUBLIC KEY\" is expected, found {}", printable(name),
                                    label.empty()           ? "no PEM at all"
                                    : label != "PUBLIC KEY" ? fmt::format("\"{}\"", printable(label, 60))
                                                            : "several blocks")};
    }
    const auto bio = detail::memory_bio(pem);
    const auto key = detail::own_key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!key) throw usage_error{fmt::format("{}: the public key in it is damaged", printable(name))};
    detail::require_ed25519(key.get(), name);
    return verification_key{key};
  }

  /// SHA-256 of the SubjectPublicKeyInfo in DER, lower-case hex.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// SubjectPublicKeyInfo as PEM.
  [[nodiscard]] std::string pem() const {
    const detail::bio_handle bio{BIO_new(BIO_s_mem())};
    if (!bio || PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1)
      throw std::runtime_error{"OpenSSL cannot write a key"};
    return detail::bio_text(bio.get());
  }

  /// Whether `signature`, 64 bytes, is this key's of `message` (RFC 8032, Ed25519).
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const {
    if (signature.size() != detail::ed25519_signature_size) return false;
    const std::unique_ptr<EVP_MD_CTX, detail::free_sign_context> context{EVP_MD_CTX_new()};
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1) {
      throw std::runtime_error{"OpenSSL cannot verify Ed25519 signatures"};
    }
    const bool good =
        EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
    ERR_clear_error();
    return good;
  }

 private:
  friend class signing_key;
  explicit verification_key(detail::key_handle key)
      : key_{std::move(key)}, id_{sha256_of(detail::public_key_info(key_.get()))} {}

  detail::key_handle key_;
  std::string id_;
};

/// A private key. Copies share it; several threads may use it at once.
class signing_key {
 public:
  /// A new key of OpenSSL's random numbers.
  static signing_key generate() {
    auto key = detail::own_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) throw std::runtime_error{"OpenSSL cannot make an Ed25519 key"};
    return signing_key{std::move(key)};
  }

  /// A key from PEM; `name` is for messages. An encrypted key needs `passphrase`: nobody is ever asked for one.
  /// Throws `usage_error` for what is no Ed25519 private key, or cannot be decrypted.
  static signing_key parse(std::string_view pem, std::string_view name, const detail::secret* passphrase = nullptr) {
    const std::string label = detail::pem_label(pem);
    if (label == "PUBLIC KEY") {
      throw usage_error{
          fmt::format("{}: holds a public key, a private one is expected: name the .key file", printable(name))};
    }
    if (!label.ends_with("PRIVATE KEY") || detail::holds_several(pem)) {
      throw usage_error{fmt::format("{}: one PEM block \"PRIVATE KEY\" is expected, found {}", printable(name),
                                    label.empty()                     ? "no PEM at all"
                                    : !label.ends_with("PRIVATE KEY") ? fmt::format("\"{}\"", printable(label, 60))
                                                                      : "several blocks")};
    }
    detail::passphrase_request request{passphrase};
    const auto bio = detail::memory_bio(pem);
    auto key = detail::own_key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &detail::give_passphrase, &request));
    ERR_clear_error();
    if (!key && request.asked) {
      throw usage_error{
          passphrase == nullptr
              ? fmt::format("{}: the key is encrypted: name a file with its passphrase, of mode 0600", printable(name))
              : fmt::format("{}: the passphrase does not open the key", printable(name))};
    }
    if (!key) throw usage_error{fmt::format("{}: the private key in it is damaged", printable(name))};
    detail::require_ed25519(key.get(), name);
    return signing_key{std::move(key)};
  }

  [[nodiscard]] const verification_key& public_key() const noexcept { return public_key_; }

  /// `public_key().id()`.
  [[nodiscard]] const std::string& id() const noexcept { return public_key_.id(); }

  /// The 64 bytes of the signature of `message`; always the same for the same message (RFC 8032, Ed25519).
  [[nodiscard]] std::string sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, detail::free_sign_context> context{EVP_MD_CTX_new()};
    std::array<unsigned char, detail::ed25519_signature_size> signature{};
    std::size_t length = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, public_key_.key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &length, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1 ||
        length != signature.size()) {
      ERR_clear_error();
      throw std::runtime_error{"OpenSSL cannot sign with the Ed25519 key"};
    }
    return {reinterpret_cast<const char*>(signature.data()), signature.size()};
  }

  /// PKCS#8 as PEM, encrypted (AES-256-CBC, PBKDF2) where there is a passphrase.
  [[nodiscard]] detail::secret pem(const detail::secret* passphrase = nullptr) const {
    const detail::bio_handle bio{BIO_new(BIO_s_secmem())};
    const EVP_CIPHER* cipher = passphrase == nullptr ? nullptr : EVP_aes_256_cbc();
    const char* phrase = passphrase == nullptr ? nullptr : passphrase->text().data();
    const int length = passphrase == nullptr ? 0 : static_cast<int>(passphrase->text().size());
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), public_key_.key_.get(), cipher, phrase, length, nullptr,
                                              nullptr) != 1) {
      throw std::runtime_error{"OpenSSL cannot write a key"};
    }
    return detail::secret{detail::bio_text(bio.get())};
  }

 private:
  explicit signing_key(detail::key_handle key) : public_key_{std::move(key)} {}

  verification_key public_key_;  // OpenSSL keeps both halves in one object
};

namespace detail {

/// The first line of a passphrase file, which is held to the same mode as a key.
inline std::optional<secret> load_passphrase(const std::optional<std::string>& path) {
  if (!path) return std::nullopt;
  secret content = read_key_file(*path, true);
  const std::size_t end = content.text().find_first_of("\r\n");
  if (end != std::string::npos) content.text().resize(end);
  if (content.text().empty()) throw usage_error{fmt::format("{}: holds no passphrase", printable(*path))};
  return content;
}

inline void create_key_file(const std::string& path, std::string_view content, mode_t mode) {
  const location where{path};
  const file_descriptor opened{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  if (opened.get() < 0 && errno == EEXIST) {
    throw usage_error{fmt::format(
        "{}: is there already, and is never overwritten: choose another name, or move it away", printable(path))};
  }
  if (opened.get() < 0) throw write_error(where, "create the key file", errno);
  try {
    if (::fchmod(opened.get(), mode) != 0) throw write_error(where, "set the mode of the key file", errno);
    write_and_sync(opened.get(), content, where);
    sync_directory(directory_prefix(path), where);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

}  // namespace detail

/// The private key in a PEM file that belongs to the user (or root) and that nobody else may read: mode 0600 or less.
/// An encrypted key takes `passphrase_file`, of the same mode, whose first line is the passphrase. Throws `usage_error`
/// for a file that is no such key or not private, `environment_error` for one that cannot be read.
inline signing_key load_signing_key(const std::string& path,
                                    const std::optional<std::string>& passphrase_file = std::nullopt) {
  const detail::secret pem = detail::read_key_file(path, true);
  const auto passphrase = detail::load_passphrase(passphrase_file);
  return signing_key::parse(pem.text(), path, passphrase ? &*passphrase : nullptr);
}

/// The public key in a PEM file. Throws as `load_signing_key`; the mode does not matter.
inline verification_key load_verification_key(const std::string& path) {
  return verification_key::parse(detail::read_key_file(path, false).text(), path);
}

/// Makes a key: NAME.key (PKCS#8, mode 0600, encrypted where there is a `passphrase_file`) and NAME.pub (mode 0644).
/// Neither is ever overwritten: throws `usage_error` where one is there, and then has made none. Returns the key.
inline signing_key make_key_files(const std::string& name,
                                  const std::optional<std::string>& passphrase_file = std::nullopt) {
  if (name.empty() || name.ends_with('/')) throw usage_error{"a key needs a name, such as backup01"};
  const auto passphrase = detail::load_passphrase(passphrase_file);
  auto key = signing_key::generate();
  detail::create_key_file(name + ".key", key.pem(passphrase ? &*passphrase : nullptr).text(), 0600);
  try {
    detail::create_key_file(name + ".pub", key.public_key().pem(), 0644);
  } catch (...) {
    ::unlink((name + ".key").c_str());
    throw;
  }
  return key;
}

}  // namespace knowngood
