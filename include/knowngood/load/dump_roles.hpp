// dump_roles: the roles that a dump names and that a server of the drill's own does not have. They are made when they
// are missed, as roles that may do nothing, and lent to the role that runs the dump. A role that is a superuser in the
// source gets a stand-in that may do what the other roles of the dump may, and read past row security: its views,
// materialized views and functions then find what they found there. Outside of the database it may do nothing either.
//
// Layer: load. The administrator acts on names only, never on the text of a statement.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

class dump_roles {
 public:
  /// `admin`: conninfo with a database that nothing of a dump is in. `allowed`: false on a server that is not the
  /// drill's own. `declared`: roles whose attributes the dump itself states; it outlives this object.
  dump_roles(const std::string& admin, location where, std::string loader_role, bool allowed,
             const std::set<std::string>& declared)
      : admin_{admin, std::move(where)}, loader_role_{std::move(loader_role)}, allowed_{allowed}, declared_{declared} {
    admin_.query("SET search_path TO pg_catalog");
  }

  /// Makes good what `statement` lacked when the server refused it with `error`: a role that it names; or the right of
  /// its new owner, or of `acting`, the role that the dump has set, to create where its object lies. That right is
  /// `loader`'s to give, the session that runs the dump: where it is not, nobody gets it. False when it is something
  /// else; then the error stands.
  bool mend(const sql_error& error, std::string_view statement, connection& loader, const std::string& acting = {}) {
    if (!allowed_) return false;
    if (error.is("42704") || error.is("28000")) {
      const auto role = named_in(error.message, "role \"");
      return role && names_role(statement, *role) && make(*role);
    }
    auto owner = parse_new_owner(statement);
    if (!owner && !acting.empty()) owner = acting;
    if (!error.is("42501") || !owner || !is_lent(*owner)) return false;
    if (!acting.empty()) loader.try_execute("RESET ROLE");
    const bool lent = lend(place_of_object(statement, loader), *owner, loader);
    if (!acting.empty()) loader.try_execute("SET ROLE " + quote_identifier(acting));
    return lent;
  }

  /// Takes back the rights that were lent for making good; those that the dump itself has granted stay.
  void take_back(connection& loader) {
    if (!lent_.empty()) loader.try_execute("RESET ROLE");
    for (const auto& [object, owner] : lent_)
      loader.try_execute("REVOKE ALL ON " + object + " FROM " + quote_identifier(creators));
    lent_.clear();
  }

  /// Makes a role that nobody can log in as. False when that is not possible.
  bool make(const std::string& name) {
    if (!allowed_) return false;
    if (made_.contains(name)) return true;
    if (name.empty() || name.starts_with("pg_") || name == loader_role_ || name == creators) return false;
    const pqxx::result known = admin_.query(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolcanlogin FROM pg_catalog.pg_roles "
        "WHERE rolname = $1",
        name);
    if (!known.empty() && known[0][0].as<bool>())
      return false;  // the drill's own; one of an earlier dump may do nothing
    if (known.empty() && !run("CREATE ROLE " + quote_identifier(name) + " NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"))
      return false;
    made_.insert(name);
    if (!run("GRANT " + quote_identifier(name) + " TO " + quote_identifier(loader_role_))) return false;
    // the name of the first superuser of nearly every cluster
    if (name == "postgres" && !declared_.contains(name)) return stand_in_for_superuser(name);
    for (const auto& one : roles_of_dumps(true)) {
      if (one != name) run("GRANT " + quote_identifier(name) + " TO " + quote_identifier(one));
    }
    return true;
  }

  /// Makes `name`, a role of the dump, the stand-in of a superuser. False where that is not possible.
  bool stand_in_for_superuser(const std::string& name) {
    const std::vector<std::string> others = roles_of_dumps(false);
    if (!allowed_ || std::find(others.begin(), others.end(), name) == others.end()) return false;
    const std::string role = quote_identifier(name);
    if (!run("ALTER ROLE " + role + " BYPASSRLS")) return false;
    for (const auto& other : others) {
      if (other != name) run("GRANT " + quote_identifier(other) + " TO " + role);
    }
    return admin_.server_version() < 140'000 || run("GRANT pg_read_all_data TO " + role);
  }

  /// Undoes `stand_in_for_superuser`.
  void stand_down(const std::string& name) {
    const std::string role = quote_identifier(name);
    run("ALTER ROLE " + role + " NOBYPASSRLS");
    for (const auto& other : roles_of_dumps(false)) {
      if (other != name) run("REVOKE " + quote_identifier(other) + " FROM " + role);
    }
    if (admin_.server_version() >= 140'000) run("REVOKE pg_read_all_data FROM " + role);
  }

  /// Roles of which no dump says what they may do, and that are nobody's stand-in yet.
  [[nodiscard]] std::vector<std::string> may_be_superusers() {
    std::vector<std::string> names = allowed_ ? roles_of_dumps(false) : std::vector<std::string>{};
    std::erase_if(names, [&](const std::string& name) { return declared_.contains(name); });
    return names;
  }

  [[nodiscard]] const std::set<std::string>& made() const noexcept { return made_; }

 private:
  // The role that runs the dump may act as it already, so that it gains nothing by what it is given.
  bool is_lent(const std::string& role) {
    if (role.starts_with("pg_")) return false;
    return admin_.holds(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND NOT rolsuper AND pg_has_role($2::name, "
        "oid, 'MEMBER'))",
        role, loader_role_);
  }

  // As GRANT names it.
  static std::string place_of_object(std::string_view statement, connection& loader) {
    if (is_outside_of_schemas(first_words(statement, 3)))
      return "DATABASE " + quote_identifier(loader.value("SELECT pg_catalog.current_database()"));
    const auto schema = parse_schema_of_object(statement);
    return "SCHEMA " + quote_identifier(schema ? *schema : loader.value("SELECT pg_catalog.current_schema()"));
  }

  // By way of a role of its own, so that what is granted to the owner himself is only what the dump says. (A superuser,
  // as whom dumps are restored in earnest, gives away what he likes to whom he likes.)
  bool lend(const std::string& place, const std::string& owner, connection& loader) {
    if (place.starts_with("SCHEMA \"pg_") || place == "SCHEMA \"information_schema\"") return false;
    if (!lent_.emplace(place, owner).second) return false;  // that was not what it lacked
    if (!admin_.holds("SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", std::string{creators}) &&
        !run("CREATE ROLE " + quote_identifier(creators) + " NOLOGIN")) {
      return false;
    }
    return !loader.try_execute("GRANT CREATE ON " + place + " TO " + quote_identifier(creators)) &&
           run("GRANT " + quote_identifier(creators) + " TO " + quote_identifier(owner));
  }

  bool run(const std::string& sql) { return !admin_.try_execute(sql); }

  // `role "x" does not exist`, in a server whose messages are in English.
  static std::optional<std::string> named_in(std::string_view message, std::string_view head) {
    const std::size_t at = message.find(head);
    const std::size_t end = message.rfind("\" does not exist");
    if (at == std::string_view::npos || end == std::string_view::npos || end < at + head.size()) return std::nullopt;
    return std::string{message.substr(at + head.size(), end - at - head.size())};
  }

  // Of this dump and of those before it. No other role of the drill's server is without a login, and of these only the
  // stand-ins of superusers bypass row security.
  std::vector<std::string> roles_of_dumps(bool stand_ins) {
    const pqxx::result found = admin_.query(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE NOT rolcanlogin AND NOT rolsuper AND rolname "
        "NOT LIKE 'pg\\_%' AND rolname <> $1 AND rolbypassrls = $2::boolean ORDER BY 1",
        std::string{creators}, stand_ins);
    std::vector<std::string> names;
    for (const auto& row : found) names.emplace_back(view_of(row[0]));
    return names;
  }

  static constexpr std::string_view creators = "knowngood_creators";
  server_session admin_;
  std::string loader_role_;
  bool allowed_;
  const std::set<std::string>& declared_;
  std::set<std::string> made_;
  std::set<std::pair<std::string, std::string>> lent_;  // schemas and databases, as SQL names them, and to whom
};

}  // namespace knowngood
