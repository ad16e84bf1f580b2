// catalog_settings: what a session sets before it looks at a database whose own settings must not matter.
//
// Layer: server. A database brings settings of its own (ALTER DATABASE … SET), among them a search_path on which it may
// have put functions named like the server's, and time limits. Under these nothing but the server's own catalog is
// found by a bare name, limits are our own, row security does not hide rows, and names come as UTF-8, or as the raw
// bytes of a database whose encoding is SQL_ASCII.
//   session.query(catalog_settings(session.setting("server_encoding")));
#pragma once

#include <string>
#include <string_view>

namespace knowngood {

/// SQL, several statements. To be run outside of a transaction.
inline std::string catalog_settings(std::string_view server_encoding) {
  return std::string{"SET client_encoding TO "} + (server_encoding == "SQL_ASCII" ? "SQL_ASCII" : "UTF8") +
         "; SELECT pg_catalog.set_config('search_path', '', false)"
         "; SELECT set_config(name, CASE name WHEN 'statement_timeout' THEN '24h' WHEN 'lock_timeout' THEN '10min' ELSE"
         " '0' END, false) FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',"
         " 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')"
         "; SET row_security TO off; SET quote_all_identifiers TO off; SET bytea_output TO hex"
         "; SET IntervalStyle TO postgres; SET extra_float_digits TO 3; SET synchronize_seqscans TO off";
}

}  // namespace knowngood
