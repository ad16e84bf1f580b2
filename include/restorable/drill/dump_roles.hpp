// dump_roles: the roles that a dump names and that a server of the drill's own does not have. They are made when they are
// missed, as roles that may do nothing, and lent to the role that runs the dump.
//
// Layer: drill. The administrator acts on names only, never on the text of a statement.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restorable/drill/connection.hpp"
#include "restorable/drill/conninfo.hpp"
#include "restorable/drill/dump_statement.hpp"

namespace restorable {

class dump_roles {
 public:
  /// `admin`: conninfo with the database that is restored into. `allowed`: false on a server that is not the drill's own.
  dump_roles(const std::string& admin, location where, std::string loader_role, bool allowed)
      : admin_{admin, std::move(where)}, loader_role_{std::move(loader_role)}, allowed_{allowed} {
    // what a dump has put into other schemas must not stand in for what is meant here
    admin_.query("SET search_path TO pg_catalog");
  }

  /// Makes good what `error` says is missing for `statement`: a role, or the right to create in a schema or the database,
  /// of a new owner or of `acting`, the role that the dump has set. False when it is something else; then the error stands.
  bool mend(const sql_error& error, std::string_view statement, const std::string& acting = {}) {
    if (!allowed_) return false;
    if (error.is("42704") || error.is("28000")) {
      const auto role = named_in(error.message, "role \"");
      return role && make(*role);
    }
    auto owner = parse_new_owner(statement);
    if (!owner && !acting.empty()) owner = acting;
    if (!error.is("42501") || !owner || !is_lent(*owner)) return false;
    if (const auto schema = trailing_name(error.message, "permission denied for schema ")) return lend("SCHEMA " + quote_identifier(*schema), *owner);
    if (trailing_name(error.message, "permission denied for database ")) {
      return lend("DATABASE " + quote_identifier(admin_.value("SELECT current_database()")), *owner);
    }
    return false;
  }

  /// Takes back the rights that were lent for making good; those that the dump itself has granted stay.
  void take_back() {
    for (const auto& object : lent_) run("REVOKE ALL ON " + object + " FROM " + quote_identifier(creators));
    lent_.clear();
  }

  /// Makes a role that nobody can log in as. False when that is not possible.
  bool make(const std::string& name) {
    if (!allowed_) return false;
    if (made_.contains(name)) return true;
    if (name.empty() || name.starts_with("pg_") || name == loader_role_ || name == creators) return false;
    const query_result known = admin_.query(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR rolcanlogin FROM pg_catalog.pg_roles "
        "WHERE rolname = $1", {name});
    if (known.rows() > 0 && known.at(0, 0) != "f") return false;  // the drill's own; one of an earlier dump may do nothing
    if (known.rows() == 0 && !run("CREATE ROLE " + quote_identifier(name) + " NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")) return false;
    made_.insert(name);
    return run("GRANT " + quote_identifier(name) + " TO " + quote_identifier(loader_role_));
  }

  [[nodiscard]] const std::set<std::string>& made() const noexcept { return made_; }

 private:
  // The role that runs the dump may act as it already, so that it gains nothing by what it is given.
  bool is_lent(const std::string& role) {
    if (role.starts_with("pg_")) return false;
    return admin_.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1 AND NOT rolsuper AND pg_has_role($2::name, oid, 'MEMBER')",
                        {role, loader_role_}).rows() > 0;
  }

  // By way of a role of its own, so that what is granted to the owner himself is only what the dump says. (A superuser, as
  // whom dumps are restored in earnest, gives away what he likes to whom he likes.)
  bool lend(const std::string& object, const std::string& owner) {
    if (admin_.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", {std::string{creators}}).rows() == 0 &&
        !run("CREATE ROLE " + quote_identifier(creators) + " NOLOGIN")) {
      return false;
    }
    lent_.insert(object);
    return run("GRANT CREATE ON " + object + " TO " + quote_identifier(creators)) &&
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
  static std::optional<std::string> trailing_name(std::string_view message, std::string_view head) {
    if (!message.starts_with(head)) return std::nullopt;
    return std::string{message.substr(head.size())};
  }

  static constexpr std::string_view creators = "restorable_creators";

  connection admin_;
  std::string loader_role_;
  bool allowed_;
  std::set<std::string> made_;
  std::set<std::string> lent_;  // schemas and databases, as SQL names them
};

}  // namespace restorable
