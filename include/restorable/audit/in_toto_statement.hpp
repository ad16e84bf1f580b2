// in_toto_statement: what a signature of restorable says, as an in-toto Statement (version 1), and back.
//
// Layer: audit. Two kinds: about a report (its subjects are the report and the artifacts it looked at), and about the
// head of a ledger (its subject is the ledger's last line). docs/ledger.md describes both for people. Example:
//   sign_payload(in_toto_payload_type, make_report_statement(parse_report(text, "r"), text, "r.json"), key)
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "restorable/audit/document_version.hpp"
#include "restorable/audit/json_reader.hpp"
#include "restorable/audit/json_text.hpp"
#include "restorable/audit/report.hpp"
#include "restorable/audit/report_json.hpp"
#include "restorable/audit/signing_key.hpp"
#include "restorable/base/checks.hpp"
#include "restorable/base/error.hpp"
#include "restorable/base/time.hpp"

namespace restorable {

inline constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view report_predicate_type = "https://restorable.dev/attestation/audit-report/v1";
inline constexpr std::string_view head_predicate_type = "https://restorable.dev/attestation/ledger-head/v1";
inline constexpr std::string_view report_predicate_schema = "restorable/statement-predicate/1";
inline constexpr std::string_view head_predicate_schema = "restorable/ledger-head/1";

/// What a signed report says about itself; what a reader of the statement gets back.
struct report_claim {
  std::string tool;
  moment started{};
  moment finished{};
  restorable::verdict verdict = verdict::unchecked;
  int exit_code = 0;
  bool complete = false;
  std::uint64_t bytes = 0;  ///< of the report
  std::string sha256;       ///< of the report's bytes

  friend bool operator==(const report_claim&, const report_claim&) = default;
};

/// What the signed head of a ledger says about the last line.
struct ledger_head {
  std::uint64_t sequence = 0;
  std::string sha256;  ///< of the line's bytes without its newline
  moment recorded{};

  friend bool operator==(const ledger_head&, const ledger_head&) = default;
};

/// What is claimed of a report whose bytes are `text`.
inline report_claim make_claim(const report& of, std::string_view text) {
  return {of.tool, of.started, of.finished, of.verdict, of.exit_code, of.complete, text.size(), sha256_of(text)};
}

/// The statement about a report: `of` is what the bytes `text` hold, `name` what the report is called there.
inline std::string make_report_statement(const report& of, std::string_view text, std::string_view name) {
  using json = nlohmann::ordered_json;
  const report_claim claim = make_claim(of, text);
  auto subjects = json::array();
  subjects.push_back({{"name", to_json_text(name)}, {"digest", {{"sha256", claim.sha256}}}});
  auto artifacts = json::array();
  std::set<std::pair<std::string, std::string>> named;
  for (const auto& artifact : of.artifacts) {
    const auto digest = artifact.digests.find("SHA256");
    if (digest == artifact.digests.end()) continue;
    const std::string path = to_json_text(artifact.path);
    const std::string hex = to_json_text(digest->second);
    // A signed digest alone would vouch for damaged artifacts too, so that each has its verdict beside it.
    artifacts.push_back({{"name", path}, {"sha256", hex}, {"verdict", to_string(artifact.verdict)}});
    if (named.emplace(path, hex).second) subjects.push_back({{"name", path}, {"digest", {{"sha256", hex}}}});
  }
  const json statement = {
      {"_type", statement_type},
      {"subject", std::move(subjects)},
      {"predicateType", report_predicate_type},
      {"predicate",
       {{"schema", report_predicate_schema},
        {"tool", {{"name", to_json_text(of.tool)}, {"version", to_json_text(of.version)}}},
        {"host", to_json_text(of.host)},
        {"started", to_rfc3339(of.started)},
        {"finished", to_rfc3339(of.finished)},
        {"verdict", to_string(of.verdict)},
        {"exit_code", of.exit_code},
        {"complete", of.complete},
        {"summary", detail::make_json(summarise(of))},
        {"policy", {{"sha256", detail::text_or_null(of.policy_sha256)}}},
        {"report", {{"name", to_json_text(name)}, {"bytes", claim.bytes}, {"sha256", claim.sha256}}},
        {"artifacts", std::move(artifacts)}}},
  };
  return escape_invisible(statement.dump());
}

/// The statement about the head of a ledger.
inline std::string make_head_statement(const ledger_head& head) {
  const nlohmann::ordered_json statement = {
      {"_type", statement_type},
      {"subject",
       {{{"name", fmt::format("ledger.jsonl#{}", head.sequence)}, {"digest", {{"sha256", head.sha256}}}}}},
      {"predicateType", head_predicate_type},
      {"predicate",
       {{"schema", head_predicate_schema},
        {"sequence", head.sequence},
        {"sha256", head.sha256},
        {"recorded", to_rfc3339(head.recorded)}}},
  };
  return statement.dump();
}

namespace detail {

inline std::string read_sha256(const json_reader& in) {
  std::string hex = in.text();
  if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    in.refuse("a SHA-256 in 64 lower-case hex digits");
  }
  return hex;
}

/// The predicate of a statement that has `sha256` among its subjects, by `read`. Problems become `stream_error`s.
template <typename Read>
auto read_statement(std::string_view payload, const location& where, std::string_view predicate_type, Read read) {
  try {
    const auto document = parse_json(payload, "statement");
    const json_reader in{document, "statement"};
    if (const std::string type = in["_type"].text(); type != statement_type) {
      in["_type"].refuse(fmt::format("\"{}\"", statement_type));
    }
    if (const std::string type = in["predicateType"].text(); type != predicate_type) {
      throw stream_error{checks::signature_other, where, "the signed statement is of another kind",
                         std::string{predicate_type}, printable(type)};
    }
    auto claim = read(in["predicate"]);
    bool named = false;
    in["subject"].each([&](const json_reader& subject) {
      static_cast<void>(subject["name"].text());
      subject["digest"].each_member([&](const std::string& algorithm, const json_reader& hex) {
        named = named || (algorithm == "sha256" && hex.text() == claim.sha256);
      });
    });
    if (!named) in["subject"].refuse(fmt::format("one of digest {}, which the predicate names,", claim.sha256));
    return claim;
  } catch (const usage_error& error) {
    throw stream_error{checks::signature_malformed, where, error.what()};
  }
}

}  // namespace detail

/// What a statement about a report claims. Throws `stream_error` at `where`: `signature.other` for a statement of
/// another kind, `signature.malformed` for what is none, lacks a field or is of a newer major version. That an artifact
/// is among its subjects does not make the statement one about that artifact.
inline report_claim read_report_statement(std::string_view payload, const location& where) {
  return detail::read_statement(payload, where, report_predicate_type, [](const json_reader& in) {
    static_cast<void>(require_version(in, report_predicate_schema));
    report_claim claim;
    claim.tool = in["tool"]["name"].text();
    claim.started = in["started"].at();
    claim.finished = in["finished"].at();
    claim.verdict = in["verdict"].word(parse_verdict, "a verdict");
    if (in["exit_code"].count() > 255) in["exit_code"].refuse("an exit code");
    claim.exit_code = static_cast<int>(in["exit_code"].count());
    claim.complete = in["complete"].truth();
    claim.bytes = in["report"]["bytes"].count();
    claim.sha256 = detail::read_sha256(in["report"]["sha256"]);
    return claim;
  });
}

/// What a statement about the head of a ledger claims. Throws as `read_report_statement`.
inline ledger_head read_head_statement(std::string_view payload, const location& where) {
  return detail::read_statement(payload, where, head_predicate_type, [](const json_reader& in) {
    static_cast<void>(require_version(in, head_predicate_schema));
    ledger_head head{in["sequence"].count(), detail::read_sha256(in["sha256"]), in["recorded"].at()};
    if (head.sequence == 0) in["sequence"].refuse("a number from 1");
    return head;
  });
}

}  // namespace restorable
