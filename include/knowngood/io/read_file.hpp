// read_file: the whole of a file that a person names: a policy, a key, a report; is_file: whether there is one.
//
// Layer: io. What lies in a backup is read through a confined_directory or as a stream. Example:
//   const std::string text = read_file(path, location{path}, 65'536);
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/file_source.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood {

/// Whether `path` is a regular file, or a link to one.
inline bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// What lies at a path, links followed; `not_found` where nothing does. Throws `environment_error` when that cannot be
/// told.
inline std::filesystem::file_type type_of_file(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::none) throw system_error(location{path}, "look at", error.value());
  return type;
}

/// The bytes of the file or pipe at `path`. Throws `environment_error` when it cannot be read, and for more than `most`
/// bytes; `stream_error` when it changes meanwhile.
inline std::string read_file(const std::string& path, const location& where, std::uint64_t most) {
  file_source file{path, where};
  std::string text;
  for (byte_view chunk = file.next(); !chunk.empty(); chunk = file.next()) {
    text.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
    if (text.size() > most) {
      throw environment_error{where,
                              fmt::format("is too large to be read, at most {} are expected", format_byte_size(most)),
                              "check that it is the file that you mean"};
    }
  }
  return text;
}

}  // namespace knowngood
