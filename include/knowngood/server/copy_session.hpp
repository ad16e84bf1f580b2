// open_copy_session: a session that streams rows out of a database, whoever made that database (COPY … TO STDOUT).
//
// Layer: server. As catalog_session.hpp, over the connection that COPY takes.
//   connection rows = open_copy_session(conninfo, where, stop, reader.export_snapshot());
#pragma once

#include <string>
#include <utility>

#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/catalog_settings.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/conninfo.hpp"

namespace knowngood {

/// Connects, sets the session up by `settings` after those of catalog_settings.hpp, and begins to read in `snapshot`
/// or, where it is empty, one of its own. Throws as `connection` does, and its `sql_error`s.
inline connection open_copy_session(const std::string& conninfo, location where, stop_flag stop,
                                    const std::string& snapshot, const std::string& settings = {}) {
  connection session{conninfo, std::move(where)};
  session.set_stop(stop);
  session.query(catalog_settings(session.value("SHOW server_encoding")));
  if (!settings.empty()) session.query(settings);
  session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!snapshot.empty()) session.query("SET TRANSACTION SNAPSHOT " + quote_literal(snapshot));
  return session;
}

}  // namespace knowngood
