// check_signature: whether a signed document is what its signer signed.
//
// Layer: ledger. The document is a report, the signature a DSSE envelope around an in-toto statement about it.
// Example: const auto result = check_signature(report_text, envelope_text, {load_verification_key("backup01.pub")},
//   location{"report.json.dsse"}); it is good when `!result.signed_by.empty() && no_errors(result.findings)`.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/ledger/dsse.hpp"
#include "knowngood/ledger/in_toto_statement.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/report/read_report.hpp"
#include "knowngood/report/report_json.hpp"

namespace knowngood {

/// What became of a signature.
struct signature_result {
  std::vector<finding> findings;       ///< no error among them: the signature holds
  std::vector<std::string> signed_by;  ///< ids of the known keys whose signatures verify
};

/// The signed envelope of a report; `text` is the report's bytes, `name` what it is called. Throws `usage_error` when
/// the bytes are no report.
inline dsse_envelope sign_report(std::string_view text, std::string_view name, const signing_key& key) {
  return sign_payload(in_toto_payload_type, make_report_statement(parse_report(text, name), text, name), key);
}

namespace detail {

/// Signature by signature: at least one known key must have signed. What another key signed is mentioned, no more: a
/// document may be signed for several readers.
inline void check_signers(const dsse_envelope& envelope, std::string_view text,
                          const std::vector<verification_key>& keys, const location& where, signature_result& result) {
  const auto is_known = [&](const std::string& id) {
    return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.id() == id; });
  };
  const auto signers = verify_envelope(envelope, keys);
  struct unknown_signer {
    std::string id;
    bool known;  // the signature names a key that is known, and is not that key's
  };
  std::vector<unknown_signer> unknown_signers;
  bool rewritten = to_json(envelope) != text;
  for (std::size_t i = 0; i < signers.size(); ++i) {
    const std::string& said = envelope.signatures[i].key_id;
    if (!signers[i].empty()) {
      rewritten = rewritten || said != signers[i];
      result.signed_by.push_back(signers[i]);
    } else {
      unknown_signers.push_back({said.empty() ? "a key without id" : printable(said, 80), is_known(said)});
    }
  }
  std::string expected;
  for (const auto& key : keys) expected += (expected.empty() ? "" : " or ") + key.id();
  if (result.signed_by.empty()) {
    result.findings.push_back(make_finding(checks::signature_invalid, where,
                                           unknown_signers.front().known
                                               ? "the signature does not verify with the key that it names"
                                               : "no signature verifies with a known key",
                                           expected, unknown_signers.front().id));
    return;
  }
  for (const auto& [id, known] : unknown_signers) {
    auto problem = make_finding(checks::signature_invalid, where,
                                known ? "a further signature does not verify with the key that it names"
                                      : "a further signature is of a key that is not known here",
                                expected, id);
    if (!known) problem.severity = severity::note;
    result.findings.push_back(std::move(problem));
  }
  if (rewritten) {
    auto problem =
        make_finding(checks::signature_malformed, where,
                     "the envelope is not written as knowngood writes it; what it signs is as it was signed");
    problem.severity = severity::note;
    result.findings.push_back(std::move(problem));
  }
}

/// The claim that a signed envelope makes, as far as it may be believed: none without a good signature. Without keys
/// nothing is known about the signer, and `signed_by` stays empty.
inline std::optional<report_claim> open_envelope(std::string_view text, const std::vector<verification_key>& keys,
                                                 const location& where, signature_result& result) {
  try {
    const dsse_envelope envelope = parse_envelope(text, where);
    if (!keys.empty()) check_signers(envelope, text, keys, where, result);
    if (!keys.empty() && result.signed_by.empty()) return std::nullopt;
    if (envelope.payload_type != in_toto_payload_type) {
      throw stream_error{checks::signature_other, where, "the envelope holds no in-toto statement",
                         std::string{in_toto_payload_type}, printable(envelope.payload_type, 80)};
    }
    return read_report_statement(envelope.payload, where);
  } catch (const stream_error& error) {
    result.findings.push_back(error.as_finding());
    return std::nullopt;
  }
}

/// Compares what was signed with what the report says; `is()` reads the report, only when its digest is the signed one.
template <typename ReadClaim>
void compare_claims(const report_claim& said, std::string_view sha256, ReadClaim is, const location& where,
                    signature_result& result) {
  if (said.sha256 != sha256) {
    result.findings.push_back(make_finding(checks::signature_other, where,
                                           "the signature is of a document with another SHA-256", said.sha256,
                                           std::string{sha256}));
    return;
  }
  const report_claim actual = is();
  if (said == actual) return;
  const auto words = [](const report_claim& claim) {
    return fmt::format("{} of {}, {}, exit code {}", printable(claim.tool, 40), to_rfc3339(claim.started),
                       to_string(claim.verdict), claim.exit_code);
  };
  result.findings.push_back(make_finding(checks::signature_other, where,
                                         "the signed statement does not say what the report says", words(actual),
                                         words(said)));
}

}  // namespace detail

/// Checks the signature of a report: `document` and `envelope` are the bytes of both files, `where` is the envelope's
/// place. An artifact among the statement's subjects is not the signed document. Throws `usage_error` without keys, and
/// for a document that is signed, but no report of a version that is read here.
inline signature_result check_signature(std::string_view document, std::string_view envelope,
                                        const std::vector<verification_key>& keys, const location& where) {
  if (keys.empty()) throw usage_error{"a signature cannot be checked without a public key: name one"};
  signature_result result;
  if (const auto said = detail::open_envelope(envelope, keys, where, result)) {
    detail::compare_claims(
        *said, sha256_of(document), [&] { return make_claim(parse_report(document, "signed report"), document); },
        where, result);
  }
  return result;
}

/// Whether an envelope names the SHA-256 of these very bytes, whoever signed it: nothing is verified. Throws
/// `stream_error` for what is no envelope around a statement about a report.
inline bool names_document(std::string_view envelope, std::string_view document, const location& where) {
  return read_report_statement(parse_envelope(envelope, where).payload, where).sha256 == sha256_of(document);
}

}  // namespace knowngood
