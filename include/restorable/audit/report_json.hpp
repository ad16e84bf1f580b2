// to_json, parse_report: a report as the document `restorable/audit-report/1`, and back.
//
// Layer: audit. docs/report.md describes the fields, docs/schema/audit-report-1.schema.json is the JSON Schema. Every
// field is always there, null or empty where there is nothing; keys have one order; findings, tables and members stand
// one to a line, for diff and grep. Example: parse_report(to_json(report), "report.json")
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
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
#include "restorable/base/error.hpp"
#include "restorable/base/printable.hpp"
#include "restorable/base/version.hpp"

namespace restorable {

/// What the field `schema` of a report says. A minor version, which only adds fields, would follow as `/1.2`.
inline constexpr std::string_view report_schema = "restorable/audit-report/1";

constexpr std::string_view to_string(member_type type) noexcept {
  switch (type) {
    case member_type::file: return "file";
    case member_type::directory: return "directory";
    case member_type::symlink: return "symlink";
    case member_type::hard_link: return "hard-link";
    case member_type::other: return "other";
  }
  return "other";
}

/// Inverse of `to_string(member_type)`; nothing for an unknown word.
constexpr std::optional<member_type> parse_member_type(std::string_view text) noexcept {
  for (const auto type : {member_type::file, member_type::directory, member_type::symlink, member_type::hard_link,
                          member_type::other}) {
    if (text == to_string(type)) return type;
  }
  return std::nullopt;
}

namespace detail {

using ordered_json = nlohmann::ordered_json;

inline ordered_json text_or_null(std::string_view raw) {
  return raw.empty() ? ordered_json(nullptr) : ordered_json(to_json_text(raw));
}

// RFC 3339 has four digits for a year; a file's time may lie anywhere.
inline constexpr moment first_moment{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
inline constexpr moment last_moment{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + std::chrono::hours{23}};

inline ordered_json moment_or_null(const std::optional<moment>& at) {
  return at && *at >= first_moment && *at <= last_moment ? ordered_json(to_rfc3339(*at)) : ordered_json(nullptr);
}

inline ordered_json number_or_null(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? ordered_json(*number) : ordered_json(nullptr);
}

inline double finite_seconds(double seconds) { return std::isfinite(seconds) ? std::max(seconds, 0.0) : 0.0; }

template <typename Value>
ordered_json value_or_null(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

inline ordered_json make_json(const location& where) {
  auto chain = ordered_json::array();
  for (const auto& name : where.chain()) chain.push_back(to_json_text(name));
  return {{"chain", std::move(chain)}, {"offset", value_or_null(where.offset())}};
}

inline ordered_json make_json(const finding& one) {
  return {{"check", to_json_text(one.check)},
          {"severity", to_string(one.severity)},
          {"where", make_json(one.where)},
          {"message", to_json_text(one.message)},
          {"expected", text_or_null(one.expected)},
          {"actual", text_or_null(one.actual)},
          {"advice", text_or_null(advice_for(one.check))}};
}

inline ordered_json make_json(const unchecked_item& one) {
  return {{"where", make_json(one.where)},
          {"message", to_json_text(one.message)},
          {"advice", text_or_null(one.advice)}};
}

inline ordered_json make_json(const property_fact& fact) {
  return {{"where", make_json(fact.where)}, {"name", to_json_text(fact.name)}, {"value", to_json_text(fact.value)}};
}

inline ordered_json make_json(const table_fact& fact) {
  return {{"where", make_json(fact.where)},
          {"name", to_json_text(fact.name)},
          {"rows", fact.rows},
          {"fingerprint", value_or_null(fact.fingerprint)}};
}

inline ordered_json make_json(const ref_fact& fact) {
  return {{"where", make_json(fact.where)}, {"name", to_json_text(fact.name)}, {"object", to_json_text(fact.object)}};
}

inline ordered_json make_json(const member_fact& fact) {
  return {{"where", make_json(fact.where)},
          {"name", to_json_text(fact.name)},
          {"type", to_string(fact.type)},
          {"size", fact.size},
          {"mode", fmt::format("{:04o}", fact.mode & 07777U)},
          {"modified_seconds", number_or_null(fact.modified)},
          {"sha256", value_or_null(fact.sha256)},
          {"kind", text_or_null(fact.kind)}};
}

inline ordered_json make_json(const std::optional<rows_fact>& fact) {
  if (!fact) return nullptr;
  return {{"rows", fact->rows}, {"fingerprint", value_or_null(fact->fingerprint)}};
}

inline ordered_json make_json(const table_comparison& table) {
  return {{"artifact", to_json_text(table.artifact)}, {"database", text_or_null(table.database)},
          {"name", to_json_text(table.name)},         {"outcome", to_json_text(table.outcome)},
          {"dump", make_json(table.dump)},            {"capture", make_json(table.capture)},
          {"source", make_json(table.source)},        {"restored", make_json(table.restored)}};
}

inline ordered_json make_json(const recovery_report& recovery) {
  return {{"component", text_or_null(recovery.component)},
          {"verdict", to_string(recovery.verdict)},
          {"seconds", finite_seconds(recovery.seconds)},
          {"rto_seconds", value_or_null(recovery.rto_seconds)},
          {"age_seconds", value_or_null(recovery.age_seconds)},
          {"rpo_seconds", value_or_null(recovery.rpo_seconds)}};
}

template <typename Item>
ordered_json make_json_array(const std::vector<Item>& items) {
  auto array = ordered_json::array();
  for (const auto& item : items) array.push_back(make_json(item));
  return array;
}

inline ordered_json make_json(const component_report& component) {
  return {{"name", to_json_text(component.name)},
          {"kind", text_or_null(component.kind)},
          {"verdict", to_string(component.verdict)},
          {"newest", component.newest ? ordered_json(to_json_text(*component.newest)) : ordered_json(nullptr)},
          {"newest_timestamp", moment_or_null(component.newest_timestamp)},
          {"age_seconds", value_or_null(component.age_seconds)},
          {"artifacts", component.artifacts},
          {"findings", make_json_array(component.findings)}};
}

inline ordered_json make_json(const artifact_report& artifact) {
  auto digests = ordered_json::object();
  for (const auto& [algorithm, hex] : artifact.digests) digests[to_json_text(algorithm)] = to_json_text(hex);
  return {{"path", to_json_text(artifact.path)},
          {"component", text_or_null(artifact.component)},
          {"kind", text_or_null(artifact.kind)},
          {"verdict", to_string(artifact.verdict)},
          {"timestamp", moment_or_null(artifact.timestamp)},
          {"modified", moment_or_null(artifact.modified)},
          {"size", value_or_null(artifact.size)},
          {"bytes_read", artifact.bytes_read},
          {"bytes_expanded", artifact.bytes_expanded},
          {"seconds", finite_seconds(artifact.seconds)},
          {"digests", std::move(digests)},
          {"checksum_file", text_or_null(artifact.checksum_file)},
          {"manifest", text_or_null(artifact.manifest)},
          {"findings", make_json_array(artifact.findings)},
          {"unchecked", make_json_array(artifact.unchecked)},
          {"properties", make_json_array(artifact.properties)},
          {"tables", make_json_array(artifact.tables)},
          {"refs", make_json_array(artifact.refs)},
          {"member_count", artifact.member_count},
          {"members", make_json_array(artifact.members)}};
}

inline ordered_json make_json(const step_report& step) {
  return {{"name", to_json_text(step.name)},
          {"component", text_or_null(step.component)},
          {"artifact", text_or_null(step.artifact)},
          {"verdict", to_string(step.verdict)},
          {"skipped", step.skipped},
          {"reason", text_or_null(step.reason)},
          {"started", moment_or_null(step.started)},
          {"seconds", finite_seconds(step.seconds)},
          {"bytes", step.bytes},
          {"output", text_or_null(step.output)},
          {"properties", make_json_array(step.properties)},
          {"findings", make_json_array(step.findings)},
          {"unchecked", make_json_array(step.unchecked)}};
}

inline ordered_json make_json(const report_summary& sum) {
  return {{"artifacts", sum.artifacts},         {"sound", sum.sound},
          {"unprotected", sum.unprotected},     {"unchecked", sum.unchecked},
          {"unsound", sum.unsound},             {"steps", sum.steps},
          {"steps_skipped", sum.steps_skipped}, {"tables_compared", sum.tables_compared},
          {"errors", sum.findings.errors},      {"warnings", sum.findings.warnings},
          {"notes", sum.findings.notes},        {"bytes_read", sum.bytes_read},
          {"bytes_expanded", sum.bytes_expanded}};
}

/// The members of `object`, each on its own line behind `indent`; elements of an array on lines of their own.
inline std::string print_members(const ordered_json& object, const std::string& indent) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    text += fmt::format("{}{}\"{}\": ", text.empty() ? "" : ",\n", indent, key);
    if (!value.is_array() || value.empty()) {
      text += value.dump();
      continue;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      text += fmt::format("{}\n{}  {}", i == 0 ? "[" : ",", indent, value[i].dump());
    }
    text += fmt::format("\n{}]", indent);
  }
  return text;
}

/// A member `key`, an array of objects that take many lines each; they are made and printed one by one, as a
/// report of many archives is large.
template <typename Item>
std::string print_blocks(const char* key, const std::vector<Item>& items) {
  std::string text = fmt::format("  \"{}\": [", key);
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += fmt::format("{}\n    {{\n", i == 0 ? "" : ",");
    text += print_members(make_json(items[i]), "      ");
    text += "\n    }";
  }
  return text += items.empty() ? "]" : "\n  ]";
}

}  // namespace detail

/// The document, ended by a newline. Always valid JSON in valid UTF-8 without control characters, whatever the names in
/// it: see audit/json_text.hpp. A number that is not finite and a moment outside of the years 0 to 9999 become null.
inline std::string to_json(const report& of) {
  using detail::text_or_null;
  const detail::ordered_json head = {
      {"schema", report_schema},
      {"tool", {{"name", to_json_text(of.tool)}, {"version", to_json_text(of.version)}}},
      {"host", to_json_text(of.host)},
      {"command", to_json_text(of.command)},
      {"policy", {{"path", text_or_null(of.policy)}, {"sha256", text_or_null(of.policy_sha256)}}},
      {"started", to_rfc3339(std::clamp(of.started, detail::first_moment, detail::last_moment))},
      {"finished", to_rfc3339(std::clamp(of.finished, detail::first_moment, detail::last_moment))},
      {"seconds", elapsed_seconds(of)},
      {"complete", of.complete},
      {"verdict", to_string(of.verdict)},
      {"exit_code", of.exit_code},
      {"summary", detail::make_json(summarise(of))},
      {"findings", detail::make_json_array(of.findings)},
      {"unchecked", detail::make_json_array(of.unchecked)},
      {"recoveries", detail::make_json_array(of.recoveries)},
      {"comparisons", detail::make_json_array(of.comparisons)},
  };
  return escape_invisible(fmt::format("{{\n{},\n{},\n{},\n{}\n}}\n", detail::print_members(head, "  "),
                                      detail::print_blocks("components", of.components),
                                      detail::print_blocks("steps", of.steps),
                                      detail::print_blocks("artifacts", of.artifacts)));
}

namespace detail {

inline location read_location(const json_reader& in) {
  std::vector<std::string> chain;
  in["chain"].each([&](const json_reader& name) { chain.push_back(name.text()); });
  return location{std::move(chain), in["offset"].optional([](const json_reader& value) { return value.count(); })};
}

inline finding read_item(const json_reader& in, const finding* /*kind*/) {
  static_cast<void>(in["advice"].text_or_null());
  return {in["check"].text(),         in["severity"].word(parse_severity, "a severity"),
          read_location(in["where"]), in["message"].text(),
          in["expected"].text_or_null(), in["actual"].text_or_null()};
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
    return rows_fact{fact["rows"].count(), fact["fingerprint"].optional([](const json_reader& value) { return value.text(); })};
  });
}

inline table_comparison read_item(const json_reader& in, const table_comparison* /*kind*/) {
  return {in["artifact"].text(),      in["database"].text_or_null(), in["name"].text(),          read_rows(in["dump"]),
          read_rows(in["capture"]),   read_rows(in["source"]),       read_rows(in["restored"]),  in["outcome"].text()};
}

inline recovery_report read_item(const json_reader& in, const recovery_report* /*kind*/) {
  const auto seconds = [](const json_reader& value) { return value.whole(); };
  return {in["component"].text_or_null(),        in["seconds"].number(),
          in["rto_seconds"].optional(seconds),   in["age_seconds"].optional(seconds),
          in["rpo_seconds"].optional(seconds),   in["verdict"].word(parse_verdict, "a verdict")};
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

inline void require_schema(const json_reader& in, std::string_view name) {
  constexpr std::string_view family = "restorable/audit-report/";
  const std::string schema = in["schema"].text();
  if (!schema.starts_with(family)) {
    throw usage_error{fmt::format("{}: is no audit report: its schema is \"{}\", {} is expected", printable(name),
                                  printable(schema, 80), report_schema)};
  }
  const std::string_view version = std::string_view{schema}.substr(family.size());
  if (!is_minor_version_of(version, "1")) {
    throw usage_error{fmt::format("{}: is a {}, restorable {} reads {}: read it with the version that wrote it, or a "
                                  "newer one",
                                  printable(name), printable(schema, 80), version_text, report_schema)};
  }
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
  detail::require_schema(in, name);
  report result;
  result.tool = in["tool"]["name"].text();
  result.version = in["tool"]["version"].text();
  result.host = in["host"].text();
  result.command = in["command"].text();
  result.policy = in["policy"]["path"].text_or_null();
  result.policy_sha256 = in["policy"]["sha256"].text_or_null();
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

}  // namespace restorable
