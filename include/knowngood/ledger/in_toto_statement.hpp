// in_toto_statement: what a signature of knowngood says, as an in-toto Statement (version 1), and back.
//
// Layer: ledger. Two kinds: about a report, with in-toto's own predicate for results of tests (its subjects are the
// report and the artifacts it looked at), and about the head of a ledger (its subject is the ledger's last line).
// docs/ledger.md describes both for people. Example:
//   sign_payload(in_toto_payload_type, make_report_statement(parse_report(text, "r"), text, "r.json"), key)
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/hash/digest.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/ledger/test_result.hpp"
#include "knowngood/report/document_version.hpp"
#include "knowngood/report/json_reader.hpp"
#include "knowngood/report/json_text.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_json.hpp"

namespace knowngood {

inline constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view report_predicate_type = "https://in-toto.io/attestation/test-result/v0.1";
inline constexpr std::string_view head_predicate_type = "urn:knowngood:ledger-head:1";

/// Under this name the report's descriptor is annotated with what the report says; the predicate has no place for that.
inline constexpr const char* report_annotation = "knowngood_report";
inline constexpr std::string_view report_annotation_schema = "knowngood/report-annotation/1";
inline constexpr std::string_view head_predicate_schema = "knowngood/ledger-head/1";

/// What a signed report says about itself; what a reader of the statement gets back.
struct report_claim {
  std::string tool;
  moment started{};
  moment finished{};
  knowngood::verdict verdict = verdict::unchecked;
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

namespace detail {

using statement_json = nlohmann::ordered_json;

/// What a reader of the statement gets back about the report, and each artifact's verdict: a signed digest alone would
/// vouch for damaged artifacts too.
inline statement_json annotation_of(const report& of, const report_claim& claim) {
  auto artifacts = statement_json::array();
  for (const auto& artifact : of.artifacts) {
    const auto digest = artifact.digests.find("SHA256");
    if (digest == artifact.digests.end()) continue;
    artifacts.push_back({{"name", to_json_text(artifact.path)},
                         {"sha256", to_json_text(digest->second)},
                         {"verdict", to_string(artifact.verdict)}});
  }
  return {{"schema", report_annotation_schema},
          {"tool", {{"name", to_json_text(of.tool)}, {"version", to_json_text(of.version)}}},
          {"host", to_json_text(of.host)},
          {"started", to_rfc3339(of.started)},
          {"finished", to_rfc3339(of.finished)},
          {"simulated", of.simulated},
          {"verdict", to_string(of.verdict)},
          {"exit_code", of.exit_code},
          {"complete", of.complete},
          {"bytes", claim.bytes},
          {"summary", make_json(summarise(of))},
          {"artifacts", std::move(artifacts)}};
}

inline statement_json names_of_tests(const test_results& tests, test_result which) {
  auto names = statement_json::array();
  for (const auto& name : tests.of(which)) names.push_back(to_json_text(name));
  return names;
}

}  // namespace detail

/// The statement about a report: `of` is what the bytes `text` hold, `name` what the report is called there.
inline std::string make_report_statement(const report& of, std::string_view text, std::string_view name) {
  using json = nlohmann::ordered_json;
  const report_claim claim = make_claim(of, text);
  auto subjects = json::array();
  subjects.push_back({{"name", to_json_text(name)}, {"digest", {{"sha256", claim.sha256}}}});
  std::set<std::pair<std::string, std::string>> named;
  for (const auto& artifact : of.artifacts) {
    const auto digest = artifact.digests.find("SHA256");
    if (digest == artifact.digests.end()) continue;
    const std::string path = to_json_text(artifact.path);
    const std::string hex = to_json_text(digest->second);
    if (named.emplace(path, hex).second) subjects.push_back({{"name", path}, {"digest", {{"sha256", hex}}}});
  }
  auto configuration = json::array();
  configuration.push_back({{"name", to_json_text(name)},
                           {"digest", {{"sha256", claim.sha256}}},
                           {"mediaType", "application/json"},
                           {"annotations", {{report_annotation, detail::annotation_of(of, claim)}}}});
  if (!of.policy_sha256.empty()) {
    configuration.push_back(
        {{"name", to_json_text(of.policy)}, {"digest", {{"sha256", to_json_text(of.policy_sha256)}}}});
  }
  const test_results tests = summarise_tests(of);
  const json statement = {
      {"_type", statement_type},
      {"subject", std::move(subjects)},
      {"predicateType", report_predicate_type},
      {"predicate",
       {{"result", to_string(tests.result())},
        {"configuration", std::move(configuration)},
        {"passedTests", detail::names_of_tests(tests, test_result::passed)},
        {"warnedTests", detail::names_of_tests(tests, test_result::warned)},
        {"failedTests", detail::names_of_tests(tests, test_result::failed)}}},
  };
  return escape_invisible(statement.dump());
}

/// The statement about the head of a ledger.
inline std::string make_head_statement(const ledger_head& head) {
  const nlohmann::ordered_json statement = {
      {"_type", statement_type},
      {"subject", {{{"name", fmt::format("ledger.jsonl#{}", head.sequence)}, {"digest", {{"sha256", head.sha256}}}}}},
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

/// What the annotation says of the report, whose digest stands beside it.
inline report_claim read_annotation(const json_reader& in) {
  static_cast<void>(require_version(in, report_annotation_schema));
  report_claim claim;
  claim.tool = in["tool"]["name"].text();
  claim.started = in["started"].at();
  claim.finished = in["finished"].at();
  claim.verdict = in["verdict"].word(parse_verdict, "a verdict");
  if (in["exit_code"].count() > 255) in["exit_code"].refuse("an exit code");
  claim.exit_code = static_cast<int>(in["exit_code"].count());
  claim.complete = in["complete"].truth();
  claim.bytes = in["bytes"].count();
  return claim;
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
/// another kind, such as another program's results of tests; `signature.malformed` for what is none, lacks a field, is
/// of a newer major version, or calls a report passed that says otherwise of itself. That an artifact is among its
/// subjects does not make the statement one about that artifact.
inline report_claim read_report_statement(std::string_view payload, const location& where) {
  return detail::read_statement(payload, where, report_predicate_type, [&](const json_reader& in) {
    const std::string result = in["result"].text();
    std::optional<report_claim> claim;
    in["configuration"].each([&](const json_reader& descriptor) {
      if (claim || !descriptor.has("annotations") || !descriptor["annotations"].has(report_annotation)) return;
      claim = detail::read_annotation(descriptor["annotations"][report_annotation]);
      claim->sha256 = detail::read_sha256(descriptor["digest"]["sha256"]);
    });
    if (!claim) {
      throw stream_error{checks::signature_other, where, "the signed results of tests are of no report of knowngood",
                         fmt::format("a configuration annotated as {}", report_annotation), "none"};
    }
    const bool good = claim->verdict <= verdict::unprotected && claim->complete &&
                      (claim->exit_code == exit_code::sound || claim->exit_code == exit_code::left_behind);
    if (result != to_string(test_result::failed) && !good) in["result"].refuse("FAILED, as the report says,");
    return *claim;
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

}  // namespace knowngood
