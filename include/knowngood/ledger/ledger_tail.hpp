// ledger_tail: the last whole line of a ledger, and what a run that was killed left behind it.
//
// Layer: ledger. Read from the end, however long the ledger. Example:
//   const ledger_tail tail = read_ledger_tail(file, where); next = tail.last ? tail.last->sequence + 1 : 1;
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/ledger/ledger_directory.hpp"
#include "knowngood/ledger/ledger_line.hpp"
#include "knowngood/ledger/ledger_reader.hpp"

namespace knowngood {

struct ledger_tail {
  std::optional<ledger_entry> last;  ///< none in an empty ledger
  std::string last_sha256;           ///< of that line
  std::uint64_t size = 0;            ///< of the file up to the end of its last whole line
  std::string remainder;             ///< what stands behind it: a torn line
};

/// Throws `stream_error` with `ledger.line` where the end is no line of a ledger, `environment_error` where it cannot
/// be read.
inline ledger_tail read_ledger_tail(const ledger_file& file, const location& where) {
  const std::uint64_t length = std::min<std::uint64_t>(file.size, 4 * longest_ledger_line);
  const std::uint64_t start = file.size - length;
  std::string text = ledger_directory::read_at(file, start, length, where);
  if (text.size() != length) throw system_error(where, "read what was there a moment ago", EIO);
  const auto begin_of_last = [&](std::size_t end) {
    const std::size_t newline = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    if (newline == std::string::npos && start != 0) {
      throw stream_error{checks::ledger_line, where.at(start), fmt::format("has no line in its last {} bytes", length)};
    }
    return newline == std::string::npos ? 0 : newline + 1;
  };
  // A line that ends in a newline was written as a whole; zeros in it are what a power failure leaves of a file whose
  // length was stored before its content.
  std::size_t end = text.ends_with('\n') ? text.size() - 1 : text.size();
  std::size_t begin = begin_of_last(end);
  const bool torn = !text.ends_with('\n') || text.find('\0', begin) != std::string::npos;
  ledger_tail tail;
  if (!text.empty() && torn) {
    tail.remainder = text.substr(begin);
    text.resize(begin);
    end = begin == 0 ? 0 : begin - 1;
    begin = begin_of_last(end);
  }
  if (!text.empty()) {
    const std::string_view line = std::string_view{text}.substr(begin, end - begin);
    tail.last = parse_ledger_line(line, where.at(start + begin));
    tail.last_sha256 = sha256_of(line);
  }
  tail.size = start + text.size();
  return tail;
}

}  // namespace knowngood
