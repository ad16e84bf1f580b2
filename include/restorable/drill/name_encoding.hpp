// name_in_catalog: a name as a dump writes it, in the dump's encoding, as the catalog session has it.
//
// Layer: drill. Example: a LATIN1 dump's "Gr\xf6\xdfe" is "Größe" in a session of open_catalog_session.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "restorable/drill/connection.hpp"

namespace restorable {

/// `name`, converted where it needs to be; unchanged where the server cannot, which finds nothing then.
inline std::string name_in_catalog(connection& session, const std::string& name, std::string_view encoding) {
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
  if (ascii || encoding.empty() || encoding == "UTF8" || encoding == "SQL_ASCII" ||
      session.parameter("client_encoding") == "SQL_ASCII") {
    return name;
  }
  std::string hex = "\\x";
  for (const char c : name) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  try {
    const query_result converted = session.query("SELECT convert_from($1::bytea, $2)", {hex, std::string{encoding}});
    return std::string{converted.at(0, 0)};
  } catch (const sql_error&) {
    return name;
  }
}

}  // namespace restorable
