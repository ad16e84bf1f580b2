// catalog_session: a session that reads a database, whoever made that database, without obeying what stands in it.
//
// Layer: server. One transaction that only reads and sees one moment, under catalog_settings.hpp.
//   catalog_session reader{conninfo, where, stop};
//   const std::string snapshot = reader.export_snapshot();  // before anything is tried that may fail
#pragma once

#include <string>
#include <utility>

#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/catalog_settings.hpp"
#include "knowngood/server/server_session.hpp"

namespace knowngood {

class catalog_session : public server_session {
 public:
  /// Connects and begins, in `snapshot` (of another session's `export_snapshot`) or, where it is empty, one of its own.
  /// Throws as `server_session` does, and its `sql_error`s.
  explicit catalog_session(const std::string& conninfo, location where, stop_flag stop = {},
                           const std::string& snapshot = {})
      : server_session{conninfo, std::move(where), stop} {
    query(catalog_settings(setting("server_encoding")));
    begin_snapshot(snapshot);
  }

  /// The name by which other sessions see the same moment, as long as this one lives.
  std::string export_snapshot() { return value("SELECT pg_export_snapshot()"); }
};

}  // namespace knowngood
