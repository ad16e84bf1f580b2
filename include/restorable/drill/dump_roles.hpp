// dump_roles: the roles that a dump names and that a server of the drill's own does not have. They are made when they are
// missed, as roles that may do nothing, and lent to the role that runs the dump.
//
// Layer: drill. The administrator acts on names only, never on the text of a statement.
#pragma once

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
      : admin_{admin, std::move(where)}, loader_role_{std::move(loader_role)}, allowed_{allowed} {}

  /// Makes good what `error` says is missing for `statement`: a role, or a new owner's right to create in a schema or the
  /// database. False when it is something else; then the error stands.
  bool mend(const sql_error& error, std::string_view statement) {
    if (!allowed_) return false;
    if (error.is("42704") || error.is("28000")) {
      const auto role = named_in(error.message, "role \"");
      return role && make(*role);
    }
    const auto owner = parse_new_owner(statement);
    if (!error.is("42501") || !owner) return false;
    if (const auto schema = trailing_name(error.message, "permission denied for schema ")) {
      return run("GRANT USAGE, CREATE ON SCHEMA " + quote_identifier(*schema) + " TO " + quote_identifier(*owner));
    }
    if (trailing_name(error.message, "permission denied for database ")) {
      return run("GRANT CREATE ON DATABASE " + quote_identifier(admin_.value("SELECT current_database()")) + " TO " + quote_identifier(*owner));
    }
    return false;
  }

  /// Makes a role that nobody can log in as. False when that is not possible.
  bool make(const std::string& name) {
    if (!allowed_) return false;
    if (made_.contains(name)) return true;
    if (name.empty() || name.starts_with("pg_") || name == loader_role_) return false;
    if (admin_.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", {name}).rows() > 0) return false;  // the drill's own
    if (!run("CREATE ROLE " + quote_identifier(name) + " NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")) return false;
    made_.insert(name);
    return run("GRANT " + quote_identifier(name) + " TO " + quote_identifier(loader_role_));
  }

  [[nodiscard]] const std::set<std::string>& made() const noexcept { return made_; }

 private:
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

  connection admin_;
  std::string loader_role_;
  bool allowed_;
  std::set<std::string> made_;
};

}  // namespace restorable
