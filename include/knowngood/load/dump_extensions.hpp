// dump_extensions: the extensions that a dump asks for, made by the administrator from an allow-list, never by the
// dump, and before anything of the dump is run: their scripts run as a superuser.
//
// Layer: load. Trusted extensions, which any owner of a database may create, are always allowed.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

class dump_extensions {
 public:
  /// `admin`: conninfo with the database that is restored into.
  dump_extensions(std::string admin, location where, std::string loader_role, std::vector<std::string> allowed)
      : admin_{std::move(admin)},
        where_{std::move(where)},
        loader_role_{std::move(loader_role)},
        allowed_{std::move(allowed)} {}

  /// Creates it, unless it was tried before. To be called while nothing of the dump is in the database.
  void create(const extension_wanted& wanted) {
    if (!tried_.contains(wanted.name)) tried_.emplace(wanted.name, try_to_create(wanted));
  }

  /// Why an extension was not created, for people; empty when it was.
  [[nodiscard]] std::string why_not(const std::string& name) const {
    const auto tried = tried_.find(name);
    if (tried != tried_.end()) return tried->second;
    return "the dump asks for it after rows, or after too much else, which a superuser's session must not be among";
  }

  /// Whether a statement is about an extension that is the administrator's, or would make or drop the schema that one
  /// was put into: it is done, or not the dump's to do. `words`: its first dozen.
  [[nodiscard]] bool stand_for(const std::vector<std::string>& words) const {
    if (begins(words, {"comment", "on", "extension"}) || begins(words, {"drop", "extension"})) return true;
    if (words.size() < 3 || words[1] != "schema" || (words[0] != "drop" && words[0] != "create")) return false;
    const auto name = std::find_if(words.begin() + 2, words.end(), [](const std::string& word) {
      return word != "if" && word != "not" && word != "exists";
    });
    return name != words.end() && schemas_.contains(unquoted(*name));
  }

 private:
  std::string try_to_create(const extension_wanted& wanted) {
    server_session session{admin_, where_};
    // what a dump has put into other schemas must not stand in for what is meant here
    session.query("SET search_path TO pg_catalog");
    const pqxx::result known = session.query(
        "SELECT bool_or(v.trusted) FROM pg_catalog.pg_available_extension_versions v WHERE v.name = $1 HAVING count(*) "
        "> 0",
        wanted.name);
    if (known.empty()) return "it is not installed on this host";
    const bool trusted = known[0][0].as<bool>();
    if (!trusted && wanted.name != "plpgsql" &&
        std::find(allowed_.begin(), allowed_.end(), wanted.name) == allowed_.end()) {
      return "the policy does not name it under drill.extensions";
    }
    std::string schema;
    if (!wanted.schema.empty()) {
      schema = " WITH SCHEMA " + quote_identifier(wanted.schema);
      make_schema(session, wanted.schema);
    }
    if (const auto error =
            session.try_execute("CREATE EXTENSION IF NOT EXISTS " + quote_identifier(wanted.name) + schema)) {
      return printable(error->message);
    }
    lend_tables(session, wanted.name);
    return {};
  }

  // Those of the dump are not there yet.
  void make_schema(server_session& session, const std::string& name) {
    if (!schemas_.insert(name).second || name.starts_with("pg_")) return;
    if (session.holds("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)", name)) return;
    session.query("CREATE SCHEMA " + quote_identifier(name) + " AUTHORIZATION " + quote_identifier(loader_role_));
  }

  // Rows of an extension's configuration tables are in the dump too.
  void lend_tables(server_session& session, const std::string& name) {
    const pqxx::result tables = session.query(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_extension e "
        "JOIN pg_catalog.pg_class c ON c.oid = ANY (e.extconfig) JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace WHERE e.extname = $1",
        name);
    for (const auto& row : tables) {
      session.query(fmt::format("GRANT ALL ON {} TO {}", view_of(row[0]), quote_identifier(loader_role_)));
    }
  }

  std::string admin_;
  location where_;
  std::string loader_role_;
  std::vector<std::string> allowed_;
  std::map<std::string, std::string> tried_;  // by name: why not, empty for those that are there
  std::set<std::string> schemas_;             // that they were put into
};

}  // namespace knowngood
