// ledger_entry: one line of a ledger, which vouches for one report and for the line before it; as JSON and back.
//
// Layer: ledger. The document is `knowngood/ledger-line/1`; one entry is always written as the same bytes, and a line
// of this version that is written otherwise is refused. Example:
//   const ledger_entry entry = parse_ledger_line(line, location{"ledger.jsonl"} / "line 7");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/severity.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/ledger/in_toto_statement.hpp"
#include "knowngood/report/document_version.hpp"
#include "knowngood/report/json_reader.hpp"
#include "knowngood/report/json_text.hpp"

namespace knowngood {

inline constexpr std::string_view ledger_line_schema = "knowngood/ledger-line/1";

/// What the first line of a ledger says about the line before it.
inline const std::string ledger_beginning = std::string(64, '0');

struct ledger_entry {
  std::uint64_t sequence = 0;            ///< from 1
  moment recorded{};                     ///< when the line was written
  report_claim about;                    ///< what the report says, its size and its SHA-256
  std::string report;                    ///< its path below the ledger, `ledger_report_path(about)`
  std::optional<std::string> signature;  ///< SHA-256 of its envelope, beside it under `report` + `.dsse`
  bool recovered = false;                ///< written by a later run, for one that was killed before it could
  std::string previous;                  ///< SHA-256 of the line before, without its newline; `ledger_beginning`

  friend bool operator==(const ledger_entry&, const ledger_entry&) = default;
};

/// Whether a tool's name can stand in a path: `verify`, `drill`.
constexpr bool is_tool_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 32 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

/// Where a ledger keeps a report: `reports/2025/12/04/verify-20251204T030000Z-0123456789ab.json`, by its start and the
/// first digits of its SHA-256. The tool is `is_tool_name`.
inline std::string ledger_report_path(const report_claim& about) {
  const std::string at = to_rfc3339(about.started);  // 2025-12-04T03:00:00Z
  return fmt::format("reports/{}/{}/{}/{}-{}{}{}T{}{}{}Z-{}.json", at.substr(0, 4), at.substr(5, 2), at.substr(8, 2),
                     about.tool, at.substr(0, 4), at.substr(5, 2), at.substr(8, 2), at.substr(11, 2), at.substr(14, 2),
                     at.substr(17, 2), about.sha256.substr(0, 12));
}

/// Whether `path` has the form of `ledger_report_path`, for some report.
inline bool is_ledger_report_path(std::string_view path) {
  constexpr std::size_t before = std::string_view{"reports/2025/12/04/"}.size();
  constexpr std::size_t after = std::string_view{"-20251204T030000Z-0123456789ab.json"}.size();
  if (path.size() <= before + after || !path.starts_with("reports/") || !path.ends_with(".json")) return false;
  const std::string_view end = path.substr(path.size() - after);
  const auto moment_text = fmt::format("{}-{}-{}T{}:{}:{}Z", end.substr(1, 4), end.substr(5, 2), end.substr(7, 2),
                                       end.substr(10, 2), end.substr(12, 2), end.substr(14, 2));
  const auto started = parse_moment(moment_text);
  report_claim about;
  about.tool = path.substr(before, path.size() - before - after);
  about.sha256 = end.substr(18, 12);
  if (!started || !is_tool_name(about.tool) ||
      about.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return false;
  }
  about.started = *started;
  return ledger_report_path(about) == path;
}

/// The line, without a newline.
inline std::string to_json(const ledger_entry& entry) {
  const nlohmann::ordered_json line = {
      {"schema", ledger_line_schema},
      {"sequence", entry.sequence},
      {"recorded", to_rfc3339(entry.recorded)},
      {"tool", entry.about.tool},
      {"started", to_rfc3339(entry.about.started)},
      {"finished", to_rfc3339(entry.about.finished)},
      {"verdict", to_string(entry.about.verdict)},
      {"exit_code", entry.about.exit_code},
      {"complete", entry.about.complete},
      {"report", entry.report},
      {"bytes", entry.about.bytes},
      {"sha256", entry.about.sha256},
      {"signature", entry.signature ? nlohmann::ordered_json(*entry.signature) : nlohmann::ordered_json(nullptr)},
      {"recovered", entry.recovered},
      {"previous", entry.previous},
  };
  return line.dump();
}

/// The entry that a line, without its newline, holds. Throws `stream_error` with `ledger.line` at `where` for anything
/// else: a field missing or of another type, a report elsewhere than its digest and date demand, a newer major version.
inline ledger_entry parse_ledger_line(std::string_view line, const location& where) {
  try {
    const auto document = parse_json(line, "line");
    const json_reader in{document, "line"};
    const std::string schema = require_version(in, ledger_line_schema);
    ledger_entry entry;
    entry.sequence = in["sequence"].count();
    if (entry.sequence == 0) in["sequence"].refuse("a number from 1");
    entry.recorded = in["recorded"].at();
    entry.about.tool = in["tool"].text();
    if (!is_tool_name(entry.about.tool)) in["tool"].refuse("the name of a tool");
    entry.about.started = in["started"].at();
    entry.about.finished = in["finished"].at();
    entry.about.verdict = in["verdict"].word(parse_verdict, "a verdict");
    if (in["exit_code"].count() > 255) in["exit_code"].refuse("an exit code");
    entry.about.exit_code = static_cast<int>(in["exit_code"].count());
    entry.about.complete = in["complete"].truth();
    entry.about.bytes = in["bytes"].count();
    entry.about.sha256 = detail::read_sha256(in["sha256"]);
    entry.report = in["report"].text();
    // A path that follows from the other fields cannot lead anywhere else.
    if (const std::string path = ledger_report_path(entry.about); entry.report != path) in["report"].refuse(path);
    entry.signature = in["signature"].optional([](const json_reader& value) { return detail::read_sha256(value); });
    entry.recovered = in["recovered"].truth();
    entry.previous = detail::read_sha256(in["previous"]);
    if (schema == ledger_line_schema && to_json(entry) != line) {
      throw usage_error{"line: means what it should and is not written as knowngood writes it: it was edited"};
    }
    return entry;
  } catch (const usage_error& error) {
    throw stream_error{checks::ledger_line, where, error.what()};
  }
}

}  // namespace knowngood
