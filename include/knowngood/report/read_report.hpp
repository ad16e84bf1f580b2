// parse_report: the report that a document `knowngood/audit-report/1` holds, of this or another minor version.
//
// Layer: report. What report/report_json.hpp writes, and what earlier and later minor versions do. Example:
//   const report of = parse_report(text, "report.json");
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/base/error.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/report/document_version.hpp"
#include "knowngood/report/json_reader.hpp"
#include "knowngood/report/json_text.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_json.hpp"
#include "knowngood/report/row_outcome.hpp"

namespace knowngood {

/// What is read: this and its minor versions.
inline constexpr std::string_view report_schema_major = "knowngood/audit-report/1";

/// Inverse of `to_string(member_type)`; nothing for an unknown word.
constexpr std::optional<member_type> parse_member_type(std::string_view text) noexcept {
  for (const auto type :
       {member_type::file, member_type::directory, member_type::symlink, member_type::hard_link, member_type::other}) {
    if (text == to_string(type)) return type;
  }
  return std::nullopt;
}

namespace detail {

inline location read_location(const json_reader& in) {
  std::vector<std::string> chain;
  in["chain"].each([&](const json_reader& name) { chain.push_back(name.text()); });
  return location{std::move(chain), in["offset"].optional([](const json_reader& value) { return value.count(); })};
}

inline finding read_item(const json_reader& in, const finding* /*kind*/) {
  static_cast<void>(in["advice"].text_or_null());
  return {in["check"].text(),
          in["severity"].word(parse_severity, "a severity"),
          read_location(in["where"]),
          in["message"].text(),
          in["expected"].text_or_null(),
          in["actual"].text_or_null()};
}

inline unchecked_item read_item(const json_reader& in, const unchecked_item* /*kind*/) {
  return {read_location(in["where"]), in["message"].text(), in["advice"].text_or_null()};
}

inline property_fact read_item(const json_reader& in, const property_fact* /*kind*/) {
  return {read_location(in["where"]), in["name"].text(), in["value"].text()};
}

inline table_fact read_item(const json_reader& in, const table_fact* /*kind*/) {
  return {read_location(in["where"]), in["name"].text(), in["rows"].count(),
          in["fingerprint"].optional([](const json_reader& value) { return value.text(); })};
}

inline ref_fact read_item(const json_reader& in, const ref_fact* /*kind*/) {
  return {read_location(in["where"]), in["name"].text(), in["object"].text()};
}

inline member_fact read_item(const json_reader& in, const member_fact* /*kind*/) {
  const std::string octal = in["mode"].text();
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(octal.data(), octal.data() + octal.size(), mode, 8);
  if (error != std::errc{} || end != octal.data() + octal.size() || mode > 07777U) in["mode"].refuse("octal digits");
  member_fact fact;
  fact.where = read_location(in["where"]);
  fact.name = in["name"].text();
  fact.type = in["type"].word(parse_member_type, "a type of member");
  fact.size = in["size"].count();
  fact.modified = in["modified_seconds"].optional([](const json_reader& value) { return value.number(); });
  fact.mode = mode;
  fact.sha256 = in["sha256"].optional([](const json_reader& value) { return value.text(); });
  fact.kind = in["kind"].text_or_null();
  return fact;
}

inline component_report read_item(const json_reader& in, const component_report* kind);
inline artifact_report read_item(const json_reader& in, const artifact_report* kind);
inline step_report read_item(const json_reader& in, const step_report* kind);

inline std::optional<rows_fact> read_rows(const json_reader& in) {
  return in.optional([](const json_reader& fact) {
    return rows_fact{fact["rows"].count(),
                     fact["fingerprint"].optional([](const json_reader& value) { return value.text(); })};
  });
}

inline table_comparison read_item(const json_reader& in, const table_comparison* /*kind*/) {
  return {in["artifact"].text(),     in["database"].text_or_null(),
          in["name"].text(),         read_rows(in["dump"]),
          read_rows(in["capture"]),  read_rows(in["source"]),
          read_rows(in["restored"]), parse_row_outcome(in["outcome"].text())};
}

inline recovery_report read_item(const json_reader& in, const recovery_report* /*kind*/) {
  const auto seconds = [](const json_reader& value) { return value.whole(); };
  return {in["component"].text_or_null(),      in["seconds"].number(),
          in["rto_seconds"].optional(seconds), in["age_seconds"].optional(seconds),
          in["rpo_seconds"].optional(seconds), in["verdict"].word(parse_verdict, "a verdict")};
}

template <typename Item>
void read_items(const json_reader& in, std::vector<Item>& items) {
  in.each([&](const json_reader& one) { items.push_back(read_item(one, static_cast<const Item*>(nullptr))); });
}

inline component_report read_item(const json_reader& in, const component_report* /*kind*/) {
  component_report component;
  component.name = in["name"].text();
  component.kind = in["kind"].text_or_null();
  component.verdict = in["verdict"].word(parse_verdict, "a verdict");
  component.newest = in["newest"].optional([](const json_reader& value) { return value.text(); });
  component.newest_timestamp = in["newest_timestamp"].optional([](const json_reader& value) { return value.at(); });
  component.age_seconds = in["age_seconds"].optional([](const json_reader& value) { return value.whole(); });
  component.artifacts = in["artifacts"].count();
  read_items(in["findings"], component.findings);
  return component;
}

inline artifact_report read_item(const json_reader& in, const artifact_report* /*kind*/) {
  artifact_report artifact;
  artifact.path = in["path"].text();
  artifact.component = in["component"].text_or_null();
  artifact.kind = in["kind"].text_or_null();
  artifact.verdict = in["verdict"].word(parse_verdict, "a verdict");
  artifact.timestamp = in["timestamp"].optional([](const json_reader& value) { return value.at(); });
  artifact.modified = in["modified"].optional([](const json_reader& value) { return value.at(); });
  artifact.size = in["size"].optional([](const json_reader& value) { return value.count(); });
  artifact.bytes_read = in["bytes_read"].count();
  artifact.bytes_expanded = in["bytes_expanded"].count();
  artifact.seconds = in["seconds"].number();
  in["digests"].each_member([&](const std::string& algorithm, const json_reader& hex) {
    artifact.digests.emplace(from_json_text(algorithm), hex.text());
  });
  artifact.checksum_file = in["checksum_file"].text_or_null();
  artifact.manifest = in["manifest"].text_or_null();
  read_items(in["findings"], artifact.findings);
  read_items(in["unchecked"], artifact.unchecked);
  read_items(in["properties"], artifact.properties);
  read_items(in["tables"], artifact.tables);
  read_items(in["refs"], artifact.refs);
  artifact.member_count = in["member_count"].count();
  read_items(in["members"], artifact.members);
  return artifact;
}

inline step_report read_item(const json_reader& in, const step_report* /*kind*/) {
  step_report step;
  step.name = in["name"].text();
  step.component = in["component"].text_or_null();
  step.artifact = in["artifact"].text_or_null();
  step.verdict = in["verdict"].word(parse_verdict, "a verdict");
  step.skipped = in["skipped"].truth();
  step.reason = in["reason"].text_or_null();
  step.started = in["started"].optional([](const json_reader& value) { return value.at(); }).value_or(moment{});
  step.seconds = in["seconds"].number();
  step.bytes = in["bytes"].count();
  step.output = in["output"].text_or_null();
  read_items(in["properties"], step.properties);
  read_items(in["findings"], step.findings);
  read_items(in["unchecked"], step.unchecked);
  return step;
}

/// The version that a report's `schema` states: `1`, `1.1`. Throws `usage_error` for what is no report, or of another
/// major version.
inline std::string require_report(const json_reader& in, std::string_view name) {
  constexpr std::string_view family = "knowngood/audit-report/";
  const std::string schema = in["schema"].text();
  if (!schema.starts_with(family)) {
    throw usage_error{fmt::format("{}: is no audit report: its schema is \"{}\", {} is expected", printable(name),
                                  printable(schema, 80), report_schema_major)};
  }
  std::string version = schema.substr(family.size());
  if (!is_minor_version_of(version, "1")) {
    throw usage_error{
        fmt::format("{}: is a {}, knowngood {} reads {}: read it with the version that wrote it, or a "
                    "newer one",
                    printable(name), printable(schema, 80), version_text, report_schema_major)};
  }
  return version;
}

// More in the summary than here is what a newer minor version may count; less means that findings were added, or that
// the summary was made to look better.
inline void require_summary(const json_reader& in, const report_summary& counted) {
  const ordered_json ours = make_json(counted);
  for (const auto& [key, value] : ours.items()) {
    const json_reader stated = in[key.c_str()];
    if (stated.count() < value.get<std::uint64_t>()) {
      stated.refuse(fmt::format("at least {}, which is what the report itself holds,", value.dump()));
    }
  }
}

}  // namespace detail

/// The report that a document of the same major version holds. Fields that this version does not know are passed over.
/// `name` is the document's, for messages. Throws `usage_error` for what is no such document: not JSON, cut short, a
/// field missing or of another type, a newer major version, a summary that counts less than the document holds.
inline report parse_report(std::string_view json, std::string_view name) {
  const nlohmann::ordered_json document = parse_json(json, name);
  const json_reader in{document, std::string{name}};
  const std::string version = detail::require_report(in, name);
  report result;
  result.tool = in["tool"]["name"].text();
  result.version = in["tool"]["version"].text();
  result.host = in["host"].text();
  result.command = in["command"].text();
  result.policy = in["policy"]["path"].text_or_null();
  result.policy_sha256 = in["policy"]["sha256"].text_or_null();
  if (version != "1" && version != "1.0") {
    result.estate = in["estate"].text_or_null();
    result.strict = in["strict"].truth();
    in["limited_to"].each([&](const json_reader& one) { result.limited_to.push_back(one.text()); });
    result.simulated = in["simulated"].truth();
    if (in.has("confinement")) result.confinement = in["confinement"].text();
  }
  result.started = in["started"].at();
  result.finished = in["finished"].at();
  static_cast<void>(in["seconds"].number());
  result.complete = in["complete"].truth();
  result.verdict = in["verdict"].word(parse_verdict, "a verdict");
  if (in["exit_code"].count() > 255) in["exit_code"].refuse("an exit code");
  result.exit_code = static_cast<int>(in["exit_code"].count());
  detail::read_items(in["findings"], result.findings);
  detail::read_items(in["unchecked"], result.unchecked);
  detail::read_items(in["components"], result.components);
  detail::read_items(in["artifacts"], result.artifacts);
  detail::read_items(in["steps"], result.steps);
  detail::read_items(in["comparisons"], result.comparisons);
  detail::read_items(in["recoveries"], result.recoveries);
  detail::require_summary(in["summary"], summarise(result));
  return result;
}

}  // namespace knowngood
