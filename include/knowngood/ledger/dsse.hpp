// dsse_envelope: a payload and its signatures (Dead Simple Signing Envelope, version 1), as JSON and back.
//
// Layer: ledger. What is signed is not the JSON but the pre-authentication encoding of type and payload, so that no
// JSON has to be canonical. Key ids are hints: every known key is tried. Example:
//   auto envelope = sign_payload(in_toto_payload_type, statement, key); verify_envelope(envelope, {key.public_key()});
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/ledger/base64.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/report/json_reader.hpp"
#include "knowngood/report/json_text.hpp"

namespace knowngood {

inline constexpr std::string_view in_toto_payload_type = "application/vnd.in-toto+json";

struct dsse_signature {
  std::string key_id;  ///< what the envelope says; empty where it says nothing. Not signed
  std::string bytes;
};

struct dsse_envelope {
  std::string payload_type;
  std::string payload;
  std::vector<dsse_signature> signatures;

  static constexpr std::size_t largest_count = 100;  ///< of signatures; each is tried with each key
};

/// The bytes that are signed: `DSSEv1 LEN(type) type LEN(body) body`, lengths in bytes as ASCII decimals.
inline std::string pre_authentication_encoding(std::string_view type, std::string_view body) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, body.size(), body);
}

/// Adds the signature of `key`; an envelope may carry those of several.
inline void add_signature(dsse_envelope& envelope, const signing_key& key) {
  envelope.signatures.push_back(
      {key.id(), key.sign(pre_authentication_encoding(envelope.payload_type, envelope.payload))});
}

inline dsse_envelope sign_payload(std::string_view type, std::string_view payload, const signing_key& key) {
  dsse_envelope envelope{std::string{type}, std::string{payload}, {}};
  add_signature(envelope, key);
  return envelope;
}

/// The envelope as one line of JSON, ended by a newline. One envelope is always written in the same way.
inline std::string to_json(const dsse_envelope& envelope) {
  auto signatures = nlohmann::ordered_json::array();
  for (const auto& one : envelope.signatures) {
    signatures.push_back({{"keyid", to_json_text(one.key_id)}, {"sig", encode_base64(one.bytes)}});
  }
  const nlohmann::ordered_json document = {{"payloadType", to_json_text(envelope.payload_type)},
                                           {"payload", encode_base64(envelope.payload)},
                                           {"signatures", std::move(signatures)}};
  return escape_invisible(document.dump()) + "\n";
}

/// The envelope that a text holds; unknown fields are passed over, as DSSE demands. `where` is the signature's place.
/// Throws `stream_error` with `signature.malformed` for anything else: no JSON, no base64, no signature.
inline dsse_envelope parse_envelope(std::string_view text, const location& where) {
  const auto decode = [](const json_reader& field) {
    auto bytes = decode_base64(field.text());
    if (!bytes) field.refuse("base64");
    return std::move(*bytes);
  };
  try {
    const auto document = parse_json(text, "envelope");
    const json_reader in{document, "envelope"};
    dsse_envelope envelope{in["payloadType"].text(), decode(in["payload"]), {}};
    in["signatures"].each([&](const json_reader& one) {
      if (envelope.signatures.size() == dsse_envelope::largest_count) {
        in["signatures"].refuse(fmt::format("at most {} signatures", dsse_envelope::largest_count));
      }
      std::string key_id;
      one.each_member([&](const std::string& key, const json_reader& value) {
        if (key == "keyid") key_id = value.text_or_null();
      });
      envelope.signatures.push_back({std::move(key_id), decode(one["sig"])});
    });
    if (envelope.signatures.empty()) in["signatures"].refuse("a signature");
    return envelope;
  } catch (const usage_error& error) {
    throw stream_error{checks::signature_malformed, where, error.what()};
  }
}

/// Which of the keys have signed: for each signature the id of the known key that it verifies with, or nothing.
inline std::vector<std::string> verify_envelope(const dsse_envelope& envelope,
                                                const std::vector<verification_key>& keys) {
  const std::string message = pre_authentication_encoding(envelope.payload_type, envelope.payload);
  std::vector<std::string> signers;
  for (const auto& signature : envelope.signatures) {
    std::string signer;
    for (const auto& key : keys) {
      if (signer.empty() && key.verifies(message, signature.bytes)) signer = key.id();
    }
    signers.push_back(std::move(signer));
  }
  return signers;
}

}  // namespace knowngood
