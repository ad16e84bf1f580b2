// role_powers: what roles of a server may do beyond databases of their own: attributes, and memberships in roles of the
// server and of superusers. Loading a dump gives nobody any; whoever has gained some was given it by hostile content.
//
// Layer: load. A session of the administrator's in a database that nothing of a dump is in.
//   const role_powers before{admin, ""};  load(…);  for (const auto& power : role_powers{admin, ""}.beyond(before)) …
#pragma once

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "knowngood/server/server_session.hpp"

namespace knowngood {

class role_powers {
 public:
  /// Of all roles but the server's own, or of `role` alone where it is not empty. Row security and pg_read_all_data
  /// matter within databases only. Throws `sql_error`.
  role_powers(server_session& admin, const std::string& role) {
    for (const auto& row : admin.query(std::string{powers}, role)) all_.emplace(view_of(row[0]));
  }

  /// Those that were not there before: `knowngood_loader: superuser`, `app: member of pg_write_server_files`.
  [[nodiscard]] std::vector<std::string> beyond(const role_powers& before) const {
    std::vector<std::string> gained;
    std::set_difference(all_.begin(), all_.end(), before.all_.begin(), before.all_.end(), std::back_inserter(gained));
    return gained;
  }

 private:
  static constexpr std::string_view powers =
      "SELECT r.rolname || ': ' || a.power FROM pg_catalog.pg_roles r CROSS JOIN LATERAL (VALUES"
      " ('superuser', r.rolsuper), ('may make roles', r.rolcreaterole), ('may make databases', r.rolcreatedb),"
      " ('may replicate', r.rolreplication), ('may log in', r.rolcanlogin)) a(power, has)"
      " WHERE a.has AND r.oid >= 16384 AND ($1 = '' OR r.rolname = $1)"
      " UNION ALL SELECT r.rolname || ': member of ' || g.rolname FROM pg_catalog.pg_auth_members m"
      " JOIN pg_catalog.pg_roles r ON r.oid = m.member JOIN pg_catalog.pg_roles g ON g.oid = m.roleid"
      " WHERE r.oid >= 16384 AND ($1 = '' OR r.rolname = $1) AND g.rolname <> 'pg_read_all_data'"
      " AND (g.oid < 16384 OR g.rolsuper OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication)";

  std::set<std::string> all_;
};

}  // namespace knowngood
