// What the subcommands of audit share: documents, keys and times that are named, and findings as they print them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "command_line.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/io/atomic_file.hpp"
#include "knowngood/io/read_file.hpp"
#include "knowngood/ledger/ledger_reader.hpp"
#include "knowngood/ledger/signing_key.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood::tool {

inline std::string read_document(const std::string& path) { return read_file(path, location{path}, largest_report); }

/// Writes a page or a document; `-` is standard output, whose reader may go away. Throws `environment_error`.
inline void write_out(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  if (path == "-") return print(text);
  write_file_atomically(path, text, location{path});
}

inline std::vector<verification_key> load_keys(const std::vector<std::string>& paths) {
  std::vector<verification_key> keys;
  for (const auto& path : paths) keys.push_back(load_verification_key(path));
  return keys;
}

inline moment time_now(const std::string& given) {
  if (given.empty()) return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto now = parse_moment(given);
  if (!now) throw usage_error{fmt::format("--now {}: not a time: write it as 2025-12-04T03:00:00Z", given)};
  return *now;
}

inline void print_findings(const std::vector<finding>& findings, const std::vector<unchecked_item>& unchecked) {
  for (const auto& one : findings) {
    fmt::print("{:<8} {}  {}\n         {}\n", to_string(one.severity), printable(one.check), one.where.to_string(),
               printable(one.message));
    if (!one.expected.empty()) fmt::print("         expected  {}\n", printable(one.expected));
    if (!one.actual.empty()) fmt::print("         actual    {}\n", printable(one.actual));
    if (const auto advice = advice_for(one.check); !advice.empty()) fmt::print("         -> {}\n", advice);
  }
  for (const auto& one : unchecked)
    fmt::print("unchecked {}: {}\n         -> {}\n", one.where.to_string(), printable(one.message),
               printable(one.advice));
}

inline void print_left_out(std::uint64_t errors, std::uint64_t others) {
  if (errors > 0) fmt::print("and {} more errors\n", errors);
  if (others > 0) fmt::print("and {} more warnings and notes\n", others);
}

}  // namespace knowngood::tool
