// name_in_catalog: a name as a dump writes it, in the dump's encoding, as the catalog session has it.
//
// Layer: server. Example: a LATIN1 dump's "Gr\xf6\xdfe" is "Größe" in a catalog_session.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/server/server_session.hpp"

namespace knowngood {

/// `name`, converted where it needs to be; unchanged where the server cannot, which finds nothing then.
inline std::string name_in_catalog(server_session& session, const std::string& name, std::string_view encoding) {
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
  if (ascii || encoding.empty() || encoding == "UTF8" || encoding == "SQL_ASCII" ||
      session.setting("client_encoding") == "SQL_ASCII") {
    return name;
  }
  std::string hex = "\\x";
  for (const char c : name) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  const auto converted = session.try_query("SELECT convert_from($1::bytea, $2)", hex, std::string{encoding});
  return converted ? std::string{view_of((*converted)[0][0])} : name;
}

}  // namespace knowngood
