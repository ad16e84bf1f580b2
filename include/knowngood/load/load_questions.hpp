// rows_need_order, orders_unlike_its_source: what the loader asks of the database that it loads into, over the very
// connection that runs the dump, so that what the dump has not committed yet counts too.
//
// Layer: load. Every name is qualified: the dump may have set any search_path.
//   if (rows_need_order(main)) … one connection for all rows
#pragma once

#include <string>

#include "knowngood/server/connection.hpp"

namespace knowngood {

/// Whether rows may look at other rows, by foreign keys, triggers, rules, or functions in checks and defaults, and so
/// must find what came before them. Throws `sql_error`.
inline bool rows_need_order(connection& session) {
  return session.value(
             "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contype = 'f')"
             " OR EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal)"
             " OR EXISTS (SELECT FROM pg_catalog.pg_class WHERE relkind = 'r' AND relhasrules AND oid >= 16384)"
             " OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = "
             "'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'n'"
             "  AND d.classid IN ('pg_catalog.pg_constraint'::pg_catalog.regclass, "
             "'pg_catalog.pg_attrdef'::pg_catalog.regclass)"
             "  AND d.objid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.refclassid"
             "   AND e.objid = d.refobjid AND e.deptype = 'e'))") == "t";
}

/// Whether texts are in another order here than where the dump is from, as far as anybody can know, and tables are
/// partitioned by that order: of an ordinary dump nobody knows the locale of its database. Throws `sql_error`.
inline bool orders_unlike_its_source(connection& session) {
  return session.value(
             "SELECT datcollate = 'C' AND EXISTS (SELECT FROM pg_catalog.pg_partitioned_table WHERE partstrat = 'r' "
             "AND 100 = ANY (partcollation::pg_catalog.oid[]))"
             " FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()") == "t";
}

}  // namespace knowngood
