// log_complaints and its like: what a PostgreSQL server's log, or one of its programs, says about why it failed.
//
// Layer: server. For people: printable, short, and what stopped it rather than what it said last.
//   throw environment_error{where, "initdb failed: " + log_reason(output), …};
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/printable.hpp"

namespace knowngood {

/// The last lines of `text`, without the newline at its end.
inline std::string last_lines(std::string_view text, std::size_t lines) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t at = text.size();
  while (lines > 0 && at != std::string_view::npos && at > 0) {
    at = text.rfind('\n', at - 1);
    --lines;
  }
  return std::string{at == std::string_view::npos || at == 0 ? text : text.substr(at + 1)};
}

/// The errors in `text`, some 600 bytes at most; empty when there is none.
inline std::string log_complaints(std::string_view text) {
  std::string complaints;
  while (!text.empty() && complaints.size() < 600) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    for (const std::string_view word :
         {"FATAL:", "PANIC:", "ERROR:", "HINT:", "DETAIL:", "error:", "terminated by signal"}) {
      const std::size_t found = line.find(word);
      if (found == std::string_view::npos) continue;
      complaints += complaints.empty() ? "" : "; ";
      complaints += printable(word == "terminated by signal" ? line : line.substr(found));
      break;
    }
  }
  return complaints;
}

/// What a server's own log lacks when a signal ended it: a line such as it has for its processes. `exit_code`: 128 +
/// the signal; empty for any other.
inline std::string log_of_end(int exit_code) {
  if (exit_code <= 128) return {};
  const char* name = ::strsignal(exit_code - 128);
  return fmt::format("the server was terminated by signal {}: {}\n", exit_code - 128, name == nullptr ? "" : name);
}

/// The errors in `text`, or else its last lines.
inline std::string log_reason(std::string_view text) {
  const std::string complaints = log_complaints(text);
  return complaints.empty() ? printable(last_lines(text, 3), 600) : complaints;
}

namespace detail {

// `could not open file "/usr/share/postgresql/15/timezonesets/Default"`: what was installed is not there. What lies in
// a data directory is named without its path.
inline bool lacks_installed_file(std::string_view text) {
  for (std::size_t at = text.find("could not "); at != std::string_view::npos; at = text.find("could not ", at + 1)) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    const std::size_t quote = line.find("\"/");
    if (quote == std::string_view::npos) continue;
    const std::string_view path = line.substr(quote + 1, line.find('"', quote + 1) - quote - 1);
    if (path.find("/share/") != std::string_view::npos || path.find("/lib/postgresql/") != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace detail

/// Whether what `text` says is the host's doing, and says nothing of what was restored: space, memory, processes, files
/// that are not installed, a signal that no damage brings about.
inline bool log_blames_host(std::string_view text) {
  for (const std::string_view sign :
       {"No space left on device", "could not write", "Disk quota exceeded", "File too large", "Cannot allocate memory",
        "out of memory", "Too many open files", "could not create shared memory segment",
        "could not map anonymous shared memory", "could not resize shared memory", "could not create semaphores",
        "Input/output error", "Read-only file system", "could not create Unix socket", "could not fork",
        "Resource temporarily unavailable", "error while loading shared libraries", "symbol lookup error",
        "could not change directory", "could not access directory",
        // killed by somebody, out of memory (9, 15, 1, 2), over a limit of time or sizes (24, 25), in a mapped file
        // without space (7)
        "terminated by signal 9:", "terminated by signal 15:", "terminated by signal 1:", "terminated by signal 2:",
        "terminated by signal 24:", "terminated by signal 25:", "terminated by signal 7:"}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return detail::lacks_installed_file(text);
}

}  // namespace knowngood
