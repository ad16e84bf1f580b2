// inspect_dump: a plain dump checked, with what it holds as facts; and what is said of content that should be a dump
// and is none.
//
// Layer: inspect. Example:  inspect_dump(std::move(sql), where, out);
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/inspect/detect_content.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/inspect/name_claims.hpp"
#include "knowngood/inspect/recognise_content.hpp"
#include "knowngood/io/lookahead.hpp"
#include "knowngood/io/source.hpp"
#include "knowngood/postgres/dump_check.hpp"
#include "knowngood/postgres/dump_head.hpp"

namespace knowngood::detail {

inline void learn_tables(const dump_summary& summary, const location& where, sink& out) {
  for (const auto& table : summary.tables) {
    table_fact fact{table.database.empty() ? where : where / table.database, table.name,
                    table.rows.rows() + table.inserted, std::nullopt};
    if (table.inserted == 0) fact.fingerprint = table.rows.fingerprint();
    out.learn(std::move(fact));
  }
}

/// Reads `from` to its end. Throws what reading a plain dump throws.
inline void inspect_dump(std::unique_ptr<source> from, const location& where, sink& out) {
  const dump_summary summary = check_plain_dump(std::move(from), where, out);
  const auto property = [&](std::string_view name, std::string value) {
    if (!value.empty()) out.learn(property_fact{where, std::string{name}, std::move(value)});
  };
  property("server_version", summary.server_version);
  property("dump_version", summary.dump_version);
  property("encoding", summary.encoding);
  if (summary.line_endings != "LF") property("line_endings", summary.line_endings);
  property("objects", fmt::format("{}", summary.objects));
  learn_tables(summary, where, out);
}

/// The same of a script that holds the data of one table or large object, of the dump at `where`.
inline void inspect_dump_data(std::unique_ptr<source> from, const location& where, sink& out) {
  learn_tables(check_plain_dump(std::move(from), where, out, dump_extent::part), where, out);
}

/// The same of a script that holds all of a dump but its data, which was read: `has_data`.
inline void inspect_dump_without_data(std::unique_ptr<source> from, const location& where, bool has_data, sink& out) {
  if (!has_data) return inspect_dump(std::move(from), where, out);
  const dump_summary summary = check_plain_dump(std::move(from), where, out, dump_extent::part);
  out.learn(property_fact{where, "server_version", summary.server_version});
  out.learn(property_fact{where, "dump_version", summary.dump_version});
  out.learn(property_fact{where, "encoding", summary.encoding});
  out.learn(property_fact{where, "objects", fmt::format("{}", summary.objects)});
}

/// Whatever is not a dump is not a dump: an error message, a web page, the one line of a shell.
inline void report_no_dump(byte_view first, const location& where, sink& out) {
  out.report(make_finding(checks::dump_error_text, where, "the content is text, and no SQL", "a dump",
                          printable(chars_of(first.first(std::min<std::size_t>(first.size(), 120))))));
}

/// A script under a dump's name that makes nothing. Larger ones do.
inline void report_no_statements(lookahead& script, const location& where, sink& out) {
  constexpr std::size_t most = std::size_t{64} << 10U;
  const std::string_view text = chars_of(script.peek(most));
  if (text.size() >= most || !holds_settings_only(text)) return;
  out.report(make_finding(checks::dump_error_text, where,
                          "the script sets up a session and makes nothing in it: no dump is in it",
                          "statements that make tables and rows", fmt::format("{} bytes of settings", text.size())));
}

inline void report_utf16(byte_view first, const location& where, const name_claims& claims, sink& out) {
  const std::string text = ascii_of_utf16(chars_of(first));
  if (claims.inner != content::plain_dump && !look_at_dump_head(text).is_dump()) return;
  out.report(make_finding(checks::dump_utf16, where,
                          "the content is UTF-16, as Windows PowerShell's redirection (>) writes it; psql "
                          "restores nothing of it",
                          "the bytes that pg_dump writes", printable(text.substr(0, 120))));
}

}  // namespace knowngood::detail
