// open_catalog_session: a session that reads a database, whoever made that database, without obeying what stands in it.
//
// Layer: drill. A database brings settings of its own (ALTER DATABASE … SET), among them a search_path on which it may
// have put functions named like the server's, and time limits. Here nothing but the server's own catalog is found by a
// bare name, no limit applies, row security does not hide rows, and names come as UTF-8, or as the raw bytes of a
// database whose encoding is SQL_ASCII.
//   connection reader = open_catalog_session(conninfo, where, nullptr); reader.query("BEGIN READ ONLY"); ...
#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "restorable/base/location.hpp"
#include "restorable/drill/connection.hpp"
#include "restorable/drill/conninfo.hpp"

namespace restorable {

/// Connects, and sets the session up. Throws as `connection` does, and its `sql_error`s. `stop` outlives the session.
inline connection open_catalog_session(const std::string& conninfo, location where, const std::atomic<bool>* stop) {
  connection session{conninfo, std::move(where)};
  session.set_stop(stop);
  const bool raw = session.parameter("server_encoding") == "SQL_ASCII";
  session.query(
      std::string{"SET client_encoding TO "} + (raw ? "SQL_ASCII" : "UTF8") +
      "; SELECT pg_catalog.set_config('search_path', '', false)"
      "; SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',"
      " 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')"
      "; SET row_security TO off; SET quote_all_identifiers TO off; SET bytea_output TO hex"
      "; SET IntervalStyle TO postgres; SET extra_float_digits TO 3; SET synchronize_seqscans TO off");
  return session;
}

/// Begins a transaction that only reads, in `snapshot` (of pg_export_snapshot) or, where it is empty, a new one.
inline void begin_snapshot(connection& session, const std::string& snapshot) {
  session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!snapshot.empty()) session.query("SET TRANSACTION SNAPSHOT " + quote_literal(snapshot));
}

}  // namespace restorable
