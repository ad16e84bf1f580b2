// html_checking: how a reader of the HTML report checks that the evidence behind it is genuine.
//
// Layer: audit. Part of audit/report_html.hpp. openssl_commands is plain shell, which a test runs.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/audit/html_text.hpp"
#include "knowngood/ledger/dsse.hpp"

namespace knowngood::detail {

/// One word for a shell, whatever is in it.
inline std::string shell_word(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos && word.front() != '-')
    return std::string{word};
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
  return text + "'";
}

/// A file to read or write: one that begins with a dash is no option.
inline std::string shell_file(std::string_view path) {
  return shell_word(path.starts_with('-') ? "./" + std::string{path} : std::string{path});
}

/// Checks a report against its signature with jq and OpenSSL 3 alone; prints `Signature Verified Successfully` and
/// `the report is the one that was signed`, and leaves three files in the current directory.
inline std::string openssl_commands(std::string_view report, std::string_view key) {
  const std::string envelope = shell_file(std::string{report} + ".dsse");
  return fmt::format(
      "jq -r .payload {0} | base64 -d > statement.json\n"
      "jq -r '.signatures[0].sig' {0} | base64 -d > signature.bin\n"
      "{{ printf 'DSSEv1 {1} {2} %d ' \"$(wc -c < statement.json)\"; cat statement.json; }} > signed.bin\n"
      "openssl pkeyutl -verify -pubin -inkey {3} -rawin -in signed.bin -sigfile signature.bin\n"
      "test \"$(jq -r '.subject[0].digest.sha256' statement.json)\" = \"$(sha256sum < {4} | cut -d ' ' -f 1)\" &&\n"
      "  echo the report is the one that was signed\n",
      envelope, in_toto_payload_type.size(), in_toto_payload_type, shell_file(key), shell_file(report));
}

inline std::string html_commands(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    text += escape_markup(lines.substr(0, end)) + "\n";
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return "<pre><code>" + text + "</code></pre>\n";
}

/// `ledger` may be empty.
inline std::string html_checking(std::string_view report, std::string_view ledger, std::string_view key) {
  std::string own = fmt::format("audit check-signature {} --key {}\n", shell_file(report), shell_file(key));
  if (!ledger.empty()) own += fmt::format("audit ledger check {} --key {}\n", shell_file(ledger), shell_file(key));
  return "<p>This page is a view. The evidence is the report, its signature, and the ledger that chains all reports. "
         "Take the public key from "
         "somewhere else than the backups, and check:</p>\n" +
         html_commands(own) + "<details><summary>Without knowngood: with jq and OpenSSL 3</summary>\n" +
         html_commands(openssl_commands(report, key)) + "</details>\n";
}

}  // namespace knowngood::detail
