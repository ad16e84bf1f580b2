// require_version: the version of a document as its field `schema` states it, read or refused.
//
// Layer: report. `knowngood/ledger-line/1` may be followed by a minor version, `/1.2`, which only adds fields and is
// read; another major version is refused, saying what reads it. Example:
//   require_version(reader, ledger_line_schema);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/version.hpp"
#include "knowngood/report/json_reader.hpp"

namespace knowngood {

/// Whether `version` is `1` or `1` with minor versions behind it: `1.2`, `1.2.3`.
constexpr bool is_minor_version_of(std::string_view version, std::string_view major) noexcept {
  if (!version.starts_with(major)) return false;
  version.remove_prefix(major.size());
  while (!version.empty()) {
    if (version.front() != '.') return false;
    version.remove_prefix(1);
    const std::size_t digits = version.find_first_not_of("0123456789");
    if (digits == 0 || version.empty()) return false;
    version.remove_prefix(digits == std::string_view::npos ? version.size() : digits);
  }
  return true;
}

/// What the field `schema` says, when it is `expected`, such as `knowngood/ledger-line/1`, or a minor version of it.
/// Throws `usage_error` for any other.
inline std::string require_version(const json_reader& in, std::string_view expected) {
  const std::size_t slash = expected.rfind('/') + 1;
  std::string schema = in["schema"].text();
  if (!schema.starts_with(expected.substr(0, slash))) in["schema"].refuse(fmt::format("\"{}\"", expected));
  if (!is_minor_version_of(std::string_view{schema}.substr(slash), expected.substr(slash))) {
    throw usage_error{
        fmt::format("is a {}, knowngood {} reads {}: read it with the version that wrote it, or a newer one",
                    printable(schema, 80), version_text, expected)};
  }
  return schema;
}

}  // namespace knowngood
