// to_json: a report as the document `knowngood/audit-report/1.1`.
//
// Layer: report. docs/report.md describes the fields, docs/schema/audit-report-1.schema.json is the JSON Schema. Every
// field is always there, null or empty where there is nothing; keys have one order; findings, tables and members stand
// one to a line, for diff and grep. report/read_report.hpp reads it. Example: write(path, to_json(report));
#pragma once

#include <algorithm>
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

#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/json_lines.hpp"
#include "knowngood/report/json_text.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// What the field `schema` of a report says. The first version had neither `estate` nor what follows it in the document
/// up to `simulated`; later minor versions only add fields.
inline constexpr std::string_view report_schema = "knowngood/audit-report/1.1";

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
  return {
      {"where", make_json(one.where)}, {"message", to_json_text(one.message)}, {"advice", text_or_null(one.advice)}};
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
  return {{"artifact", to_json_text(table.artifact)},
          {"database", text_or_null(table.database)},
          {"name", to_json_text(table.name)},
          {"outcome", to_string(table.outcome)},
          {"dump", make_json(table.dump)},
          {"capture", make_json(table.capture)},
          {"source", make_json(table.source)},
          {"restored", make_json(table.restored)}};
}

inline ordered_json make_json(const recovery_report& recovery) {
  return {{"component", text_or_null(recovery.component)},      {"verdict", to_string(recovery.verdict)},
          {"seconds", finite_seconds(recovery.seconds)},        {"rto_seconds", value_or_null(recovery.rto_seconds)},
          {"age_seconds", value_or_null(recovery.age_seconds)}, {"rpo_seconds", value_or_null(recovery.rpo_seconds)}};
}

inline ordered_json make_json(const std::string& name) { return to_json_text(name); }

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
  return {{"artifacts", sum.artifacts},
          {"sound", sum.sound},
          {"unprotected", sum.unprotected},
          {"unchecked", sum.unchecked},
          {"unsound", sum.unsound},
          {"steps", sum.steps},
          {"steps_skipped", sum.steps_skipped},
          {"tables_compared", sum.tables_compared},
          {"errors", sum.findings.errors},
          {"warnings", sum.findings.warnings},
          {"notes", sum.findings.notes},
          {"bytes_read", sum.bytes_read},
          {"bytes_expanded", sum.bytes_expanded}};
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
/// it: see report/json_text.hpp. A number that is not finite and a moment outside of the years 0 to 9999 become null.
inline std::string to_json(const report& of) {
  using detail::text_or_null;
  detail::ordered_json head = {
      {"schema", report_schema},
      {"tool", {{"name", to_json_text(of.tool)}, {"version", to_json_text(of.version)}}},
      {"host", to_json_text(of.host)},
      {"command", to_json_text(of.command)},
      {"policy", {{"path", text_or_null(of.policy)}, {"sha256", text_or_null(of.policy_sha256)}}},
      {"estate", text_or_null(of.estate)},
      {"strict", of.strict},
      {"limited_to", detail::make_json_array(of.limited_to)},
      {"simulated", of.simulated},
      {"confinement", to_json_text(of.confinement)},
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
  if (of.confinement.empty()) head.erase("confinement");
  return escape_invisible(fmt::format(
      "{{\n{},\n{},\n{},\n{}\n}}\n", print_members(head, "  "), detail::print_blocks("components", of.components),
      detail::print_blocks("steps", of.steps), detail::print_blocks("artifacts", of.artifacts)));
}

}  // namespace knowngood
