// dump_extensions: the extensions that a dump asks for, made by the administrator from an allow-list, never by the dump.
//
// Layer: drill. Trusted extensions, which any owner of a database may create, are always allowed.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/printable.hpp"
#include "restorable/drill/connection.hpp"
#include "restorable/drill/conninfo.hpp"
#include "restorable/drill/dump_statement.hpp"

namespace restorable {

class dump_extensions {
 public:
  /// `admin`: conninfo with the database that is restored into.
  dump_extensions(std::string admin, location where, std::string loader_role, std::vector<std::string> allowed)
      : admin_{std::move(admin)}, where_{std::move(where)}, loader_role_{std::move(loader_role)}, allowed_{std::move(allowed)} {}

  /// Creates it. Returns why that was not done, for people; empty when it was.
  std::string create(const extension_wanted& wanted) {
    connection session{admin_, where_};
    // what a dump has put into other schemas must not stand in for what is meant here
    session.query("SET search_path TO pg_catalog");
    const query_result known = session.query(
        "SELECT bool_or(v.trusted) FROM pg_catalog.pg_available_extension_versions v WHERE v.name = $1 HAVING count(*) > 0", {wanted.name});
    if (known.rows() == 0) return "it is not installed on this host";
    const bool trusted = known.at(0, 0) == "t";
    if (!trusted && wanted.name != "plpgsql" && std::find(allowed_.begin(), allowed_.end(), wanted.name) == allowed_.end()) {
      return "the policy does not name it under drill.extensions";
    }
    const std::string schema = wanted.schema.empty() ? "" : " WITH SCHEMA " + quote_identifier(wanted.schema);
    if (const auto error = session.try_execute("CREATE EXTENSION IF NOT EXISTS " + quote_identifier(wanted.name) + schema)) {
      return printable(error->message);
    }
    lend_tables(session, wanted.name);
    return {};
  }

 private:
  // Rows of an extension's configuration tables are in the dump too.
  void lend_tables(connection& session, const std::string& name) {
    const query_result tables = session.query(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_extension e "
        "JOIN pg_catalog.pg_class c ON c.oid = ANY (e.extconfig) JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE e.extname = $1",
        {name});
    for (const std::string_view table : tables.column(0)) {
      session.query(fmt::format("GRANT ALL ON {} TO {}", table, quote_identifier(loader_role_)));
    }
  }

  std::string admin_;
  location where_;
  std::string loader_role_;
  std::vector<std::string> allowed_;
};

}  // namespace restorable
