// keygen, sign and check-signature: keys, and signatures of single reports (docs/ledger.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "audit_input.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/ledger/check_signature.hpp"
#include "knowngood/ledger/signing_key.hpp"

namespace knowngood::tool {

struct key_arguments {
  std::string out;
  std::string passphrase_file;
  std::string document;
  std::string signature;
  std::string sign_with;
  std::vector<std::string> keys;
};

struct key_commands {
  const CLI::App* keygen;
  const CLI::App* sign;
  const CLI::App* check_signature;
};

inline key_commands declare(CLI::App& app, key_arguments& keys) {
  CLI::App* keygen = app.add_subcommand("keygen", "make a key: NAME.key and NAME.pub");
  keygen->add_option("--out", keys.out, "name of both files, without the ending")->required()->type_name("NAME");
  keygen->add_option("--passphrase-file", keys.passphrase_file, "encrypt the private key with its first line")
      ->type_name("FILE");
  CLI::App* sign = app.add_subcommand("sign", "sign a report");
  sign->add_option("REPORT", keys.document, "the report")->required();
  sign->add_option("--key", keys.sign_with, "the private key")->required()->type_name("NAME.key");
  sign->add_option("--passphrase-file", keys.passphrase_file, "of an encrypted key")->type_name("FILE");
  sign->add_option("--out", keys.signature, "the signature (default: REPORT.dsse)")->type_name("FILE");
  CLI::App* check = app.add_subcommand("check-signature", "check the signature of a report");
  check->add_option("REPORT", keys.document, "the report")->required();
  check->add_option("--key", keys.keys, "a public key that may have signed; may be repeated")
      ->required()
      ->allow_extra_args(false)
      ->type_name("NAME.pub");
  check->add_option("--signature", keys.signature, "the signature (default: REPORT.dsse)")->type_name("FILE");
  return {keygen, sign, check};
}

inline std::optional<std::string> passphrase(const key_arguments& given) {
  return given.passphrase_file.empty() ? std::nullopt : std::optional{given.passphrase_file};
}

inline int run_keygen(const key_arguments& given) {
  const signing_key key = make_key_files(given.out, passphrase(given));
  fmt::print(
      "{0}.key  the private key: keep it where the programs run, mode 0600\n{0}.pub  the public key: give it to "
      "whoever checks\nkey id {1}\n",
      given.out, key.public_key().id());
  return exit_code::sound;
}

inline int run_sign(const key_arguments& given) {
  const signing_key key = load_signing_key(given.sign_with, passphrase(given));
  const std::string document = read_document(given.document);
  const std::string out = given.signature.empty() ? given.document + ".dsse" : given.signature;
  if (type_of_file(out) != std::filesystem::file_type::not_found) {
    // One of an older document of this name has had its day; any other is somebody's evidence.
    try {
      if (names_document(read_document(out), document, location{out})) {
        throw usage_error{fmt::format(
            "{}: signs this very document already: name another file with --out, or look at it with check-signature",
            printable(out))};
      }
    } catch (const stream_error&) {
      throw usage_error{fmt::format(
          "{}: is there already, and is no signature of a report: name another file with --out", printable(out))};
    }
  }
  write_file_atomically(out, to_json(sign_report(document, file_name_of(given.document), key)), location{out});
  fmt::print("{}\n", out);
  return exit_code::sound;
}

inline int run_check_signature(const key_arguments& given) {
  const std::string envelope = given.signature.empty() ? given.document + ".dsse" : given.signature;
  const auto keys = load_keys(given.keys);
  if (type_of_file(envelope) == std::filesystem::file_type::not_found) {
    print_findings({make_finding(checks::signature_missing, location{given.document},
                                 "there is no signature beside the report", envelope, "no such file")},
                   {});
    return exit_code::unsound;
  }
  const signature_result result =
      check_signature(read_document(given.document), read_document(envelope), keys, location{envelope});
  print_findings(result.findings, {});
  if (has_error(result.findings)) return exit_code::unsound;
  for (const auto& id : result.signed_by)
    fmt::print("{}: signed by key {}\n", printable(given.document), printable(id));
  return exit_code::sound;
}

}  // namespace knowngood::tool
