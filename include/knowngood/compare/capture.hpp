// capture: the row sets of every table in the very snapshot that a backup was made in; and its document
// `knowngood/capture/1`, which stands beside the artifact as `<artifact>.capture.json`.
//
// Layer: compare. docs/schema/capture-1.schema.json is the JSON Schema. Every field is always there; tables stand one
// to a line, for diff and grep.
//   write_file_atomically(path, to_json(taken), location{path}); const capture again = parse_capture(text, path);
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
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/report/document_version.hpp"
#include "knowngood/report/drill_report.hpp"
#include "knowngood/report/json_lines.hpp"
#include "knowngood/report/json_reader.hpp"
#include "knowngood/report/json_text.hpp"
#include "knowngood/server/read_row_sets.hpp"
#include "knowngood/server/table_name.hpp"

namespace knowngood {

inline constexpr std::string_view capture_schema = "knowngood/capture/1";

struct captured_table {
  std::string name;                  ///< `public.incidents`, quoted where its bytes need it
  std::vector<std::string> columns;  ///< unquoted, in the order of the rows' text
  std::uint64_t rows = 0;
  std::string fingerprint;  ///< 32 hex digits
};

struct captured_artifact {
  std::string path;  ///< as given
  std::string sha256;
  std::uint64_t size = 0;  ///< bytes
};

struct capture {
  std::string version;  ///< of knowngood
  std::string host;     ///< on which it was taken
  moment started{};
  moment finished{};
  std::string server_version;  ///< `15.18 (Debian 15.18-0+deb12u1)`
  std::string database;
  row_session session;                    ///< that the rows' text was written in
  std::string snapshot;                   ///< as exported
  std::vector<std::string> command;       ///< with the snapshot put in
  std::vector<std::string> only_schemas;  ///< to which it was limited; both empty: the whole database
  std::vector<std::string> only_tables;
  std::optional<captured_artifact> artifact;  ///< that the command made, where it was named
  std::vector<captured_table> tables;

  /// Of `15.18`: 15. 0 for what is no version.
  [[nodiscard]] unsigned server_major() const { return leading_number(server_version); }
  [[nodiscard]] bool limited() const { return !only_schemas.empty() || !only_tables.empty(); }

  static unsigned leading_number(std::string_view text) {
    unsigned number = 0;
    for (std::size_t i = 0; i < text.size() && i < 6 && text[i] >= '0' && text[i] <= '9'; ++i) {
      number = number * 10 + static_cast<unsigned>(text[i] - '0');
    }
    return number;
  }
};

namespace detail {

inline nlohmann::ordered_json json_texts(const std::vector<std::string>& texts) {
  auto array = nlohmann::ordered_json::array();
  for (const auto& text : texts) array.push_back(to_json_text(text));
  return array;
}

inline std::vector<std::string> read_texts(const json_reader& in) {
  std::vector<std::string> texts;
  in.each([&](const json_reader& text) { texts.push_back(text.text()); });
  return texts;
}

inline std::string read_hex(const json_reader& in, std::size_t digits) {
  std::string text = in.text();
  if (text.size() != digits || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    in.refuse(fmt::format("{} lower-case hex digits", digits));
  }
  return text;
}

}  // namespace detail

/// The document, ended by a newline: valid JSON in valid UTF-8 without control characters, whatever the names in it.
inline std::string to_json(const capture& of) {
  using json = nlohmann::ordered_json;
  json artifact = nullptr;
  if (of.artifact) {
    artifact = {
        {"path", to_json_text(of.artifact->path)}, {"sha256", of.artifact->sha256}, {"size", of.artifact->size}};
  }
  json tables = json::array();
  for (const auto& table : of.tables) {
    tables.push_back({{"name", to_json_text(table.name)},
                      {"rows", table.rows},
                      {"fingerprint", table.fingerprint},
                      {"columns", detail::json_texts(table.columns)}});
  }
  const json document = {
      {"schema", capture_schema},
      {"tool", {{"name", "drill"}, {"version", to_json_text(of.version)}}},
      {"host", to_json_text(of.host)},
      {"started", to_rfc3339(of.started)},
      {"finished", to_rfc3339(of.finished)},
      {"source",
       {{"server_version", to_json_text(of.server_version)},
        {"database", to_json_text(of.database)},
        {"encoding", to_json_text(of.session.encoding)},
        {"time_zone", to_json_text(of.session.time_zone)},
        {"lc_monetary", to_json_text(of.session.lc_monetary)},
        {"bytea_output", to_json_text(of.session.bytea_output)}}},
      {"snapshot", to_json_text(of.snapshot)},
      {"command", detail::json_texts(of.command)},
      {"only", {{"schemas", detail::json_texts(of.only_schemas)}, {"tables", detail::json_texts(of.only_tables)}}},
      {"artifact", std::move(artifact)},
      {"tables", std::move(tables)},
  };
  return escape_invisible("{\n" + print_members(document, "  ") + "\n}\n");
}

/// The capture that a document of the same major version holds; fields that this version does not know are passed over.
/// `name` is the document's, for messages. Throws `usage_error` for anything else: not JSON, cut short, a field missing
/// or of another type, a table twice.
inline capture parse_capture(std::string_view text, std::string_view name) {
  const nlohmann::ordered_json document = parse_json(text, name);
  const json_reader in{document, std::string{name}};
  static_cast<void>(require_version(in, capture_schema));
  capture result;
  result.version = in["tool"]["version"].text();
  result.host = in["host"].text();
  result.started = in["started"].at();
  result.finished = in["finished"].at();
  const json_reader source = in["source"];
  result.server_version = source["server_version"].text();
  result.database = source["database"].text();
  result.session.encoding = source["encoding"].text();
  result.session.time_zone = source["time_zone"].text();
  result.session.lc_monetary = source["lc_monetary"].text();
  result.session.bytea_output = source["bytea_output"].text();
  result.snapshot = in["snapshot"].text();
  result.command = detail::read_texts(in["command"]);
  result.only_schemas = detail::read_texts(in["only"]["schemas"]);
  result.only_tables = detail::read_texts(in["only"]["tables"]);
  result.artifact = in["artifact"].optional([](const json_reader& artifact) {
    return captured_artifact{artifact["path"].text(), detail::read_hex(artifact["sha256"], 64),
                             artifact["size"].count()};
  });
  std::set<table_name> names;
  in["tables"].each([&](const json_reader& table) {
    captured_table one{table["name"].text(), detail::read_texts(table["columns"]), table["rows"].count(),
                       detail::read_hex(table["fingerprint"], 32)};
    const auto parsed = parse_table_name(one.name);
    if (!parsed || parsed->schema.empty()) table["name"].refuse("schema.table");
    if (!names.insert(*parsed).second) table["name"].refuse("a table that was not listed before");
    result.tables.push_back(std::move(one));
  });
  return result;
}

/// The finding `capture.other-artifact` when the capture was made with another artifact than the one whose SHA-256 is
/// `sha256`; nothing when it is the same, the capture names none, or the artifact's is not known. `where` is the
/// artifact's.
inline std::optional<finding> check_captured_artifact(const capture& of, std::string_view sha256, location where) {
  if (!of.artifact || sha256.empty() || of.artifact->sha256 == sha256) return std::nullopt;
  return make_finding(checks::capture_other_artifact, std::move(where),
                      "the artifact is not the one that the capture was made with", "SHA-256 " + of.artifact->sha256,
                      fmt::format("SHA-256 {}", sha256));
}

}  // namespace knowngood
