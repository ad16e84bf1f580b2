// mask_passwords: text that a person gave, a command line or a connection's description, without the passwords in it.
//
// Layer: base. For whatever is printed, written or listed: a report outlives the password's secrecy. What might be one
// is masked even where it is not well-formed. Example:
//   mask_passwords("postgresql://app:hunter2@db/ner11?sslpassword=x") ==
//   "postgresql://app:***@db/ner11?sslpassword=***"
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/base/ascii.hpp"

namespace knowngood {

namespace detail {

class password_mask {
 public:
  explicit password_mask(std::string_view text) : text_{text} {
    decode();
    for (std::size_t at = text_.find("://"); at != std::string_view::npos; at = text_.find("://", at + 3))
      mask_user(at + 3);
    for (const std::string_view word : {"password", "passwd"}) {
      for (std::size_t at = decoded_.find(word); at != std::string::npos; at = decoded_.find(word, at + 1))
        mask_value(at + word.size());
    }
  }

  [[nodiscard]] std::string result() const {
    std::string out;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (!secret_[i]) {
        out += text_[i];
      } else if (i == 0 || !secret_[i - 1]) {
        out += "***";
      }
    }
    return out;
  }

 private:
  static constexpr std::string_view blanks = " \t\r\n";

  static int hex_value(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  }

  // Letters that a URI writes as %70 are those letters in the name of a parameter too; nothing else is decoded.
  void decode() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      char c = text_[i];
      std::size_t length = 1;
      if (c == '%' && i + 2 < text_.size()) {
        const int high = hex_value(text_[i + 1]);
        const int low = hex_value(text_[i + 2]);
        const int value = high * 16 + low;
        if (high >= 0 && low >= 0 && ((value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z'))) {
          c = static_cast<char>(value);
          length = 3;
        }
      }
      decoded_ += to_lower(c);
      place_.push_back(i);
      i += length - 1;
    }
    place_.push_back(text_.size());
  }

  void mask(std::size_t from, std::size_t to) {
    for (; from < to; ++from) secret_[from] = true;
  }

  // `user:password@host` from `at` on. Where the password was not encoded as it should be, more than it is masked.
  void mask_user(std::size_t at) {
    const std::size_t end = std::min(text_.find_first_of(blanks, at), text_.size());
    const std::string_view word = text_.substr(at, end - at);
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return;
    const std::size_t slash = std::min(word.find('/'), word.size());
    std::size_t sign = word.substr(0, slash).rfind('@');
    if (sign == std::string_view::npos) {
      const std::string_view digits = word.substr(colon + 1, std::min(slash, word.find(',')) - colon - 1);
      const bool port = slash > colon && digits.find_first_not_of("0123456789") == std::string_view::npos;
      if (!port) sign = word.rfind('@');
    }
    if (sign != std::string_view::npos && sign > colon) mask(at + colon + 1, at + sign);
  }

  // A value that follows a name which ends at `at` of the decoded text: `= value`, in quotes or not.
  void mask_value(std::size_t at) {
    const std::size_t sign = decoded_.find_first_not_of(blanks, at);
    if (sign == std::string::npos || decoded_[sign] != '=') return;
    const std::size_t equals = place_[sign];
    const bool of_uri = [&] {
      const std::size_t word = text_.find_last_of(blanks, equals);
      return text_.substr(word == std::string_view::npos ? 0 : word, equals).find('?') != std::string_view::npos &&
             text_.substr(0, equals).find("://") != std::string_view::npos;
    }();
    std::size_t from = text_.find_first_not_of(of_uri ? "" : blanks, equals + 1);
    if (from == std::string_view::npos) return;
    const char quote = text_[from];
    std::size_t to = from;
    if (!of_uri && (quote == '\'' || quote == '"')) {
      for (to = ++from; to < text_.size() && text_[to] != quote; ++to) to += text_[to] == '\\' ? 1U : 0U;
    } else if (of_uri) {
      to = text_.find_first_of("& \t\r\n", from);
    } else {
      for (; to < text_.size() && blanks.find(text_[to]) == std::string_view::npos; ++to)
        to += text_[to] == '\\' ? 1U : 0U;
      // Not an environment's variable, which a command follows: words up to the next `name=` may belong to the
      // password.
      const char last = text_[place_[at - 1]];
      if (last >= 'a' && last <= 'z') to = end_of_stray_words(to);
    }
    mask(from, std::min(to, text_.size()));
  }

  [[nodiscard]] std::size_t end_of_stray_words(std::size_t to) const {
    for (;;) {
      const std::size_t word = text_.find_first_not_of(blanks, to);
      if (word == std::string_view::npos) return to;
      const std::size_t end = std::min(text_.find_first_of(blanks, word), text_.size());
      if (text_.substr(word, end - word).find('=') != std::string_view::npos) return to;
      to = end;
    }
  }

  std::string_view text_;
  std::string decoded_;             // lower-case
  std::vector<std::size_t> place_;  // of each byte of `decoded_` in the text, and of the end
  std::vector<bool> secret_ = std::vector<bool>(text_.size());
};

}  // namespace detail

/// `text` with `***` in place of passwords: those of `scheme://user:password@`, and values of what is called
/// `password`, `sslpassword`, `PGPASSWORD` or alike, whether written as `name = value` or as a URI's parameter.
inline std::string mask_passwords(std::string_view text) { return detail::password_mask{text}.result(); }

}  // namespace knowngood
