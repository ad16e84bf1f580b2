// given_server: a running server that a drill is given: databases and a role of the drill's own on it, all of which are
// dropped at the end, and seen to be gone.
//
// Layer: drill; part of drill_server.hpp. Nothing of a dump ever runs as the operator's own role, nor as anybody who
// may do more than write the drill's databases. Databases are known by their OID: a dump may have its own called
// otherwise. A session bears the drill's name as long as it lives: what belongs to a drill without one was left by a
// drill that was killed.
//   given_server given{dsn, "ab12cd"};  given.make_role();  given.shut_down(false, kept).empty()
#pragma once

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/host_name.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/server_session.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood::detail {

class given_server {
 public:
  /// Connects, and removes what killed drills have left. `id` tells this drill from others. Throws `environment_error`,
  /// also for a role that may not make what the drill needs.
  given_server(const std::string& dsn, std::string id)
      : id_{std::move(id)}, admin_{conninfo_with_environment(dsn)}, presence_{admin_, location{"PostgreSQL"}} {
    presence_.query("SET search_path TO pg_catalog");
    presence_.query("SET application_name TO " + quote_literal(role()));
    maintenance_database_ = presence_.value("SELECT current_database()");
    version_ = presence_.value("SHOW server_version");
    require_powers();
    drop_leftovers();
  }

  /// Makes the role that loads, which owns nothing else, and is known by its comment whatever becomes of us. Throws
  /// `environment_error` when it cannot log in; `shut_down` drops it then, too.
  void make_role() {
    const std::string password = random_password();
    const std::string name = quote_identifier(role());
    // the server may log its statements: of the password it sees what it stores
    presence_.query(fmt::format(
        "BEGIN; CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE{} PASSWORD {}; COMMENT ON ROLE {} IS {}; "
        "{}COMMIT",
        name, superuser_ ? " BYPASSRLS" : "", quote_literal(verifier_of(role(), password)), name, quote_literal(mark()),
        superuser_ ? "" : fmt::format("GRANT {} TO CURRENT_USER; ", name)));
    loader_ = conninfo_with(conninfo_with(admin_, "user", role()), "password", password);
    try {
      const server_session tried{conninfo_with(loader_, "dbname", maintenance_database_), location{"PostgreSQL"}};
    } catch (const environment_error& error) {
      throw environment_error{
          error.where(), fmt::format("the role that the drill made to load with cannot log in: {}", error.what()),
          "let it in with a password: name host=127.0.0.1 in --server, or add a line for scram-sha-256 to pg_hba.conf"};
    }
  }

  [[nodiscard]] const std::string& version() const noexcept { return version_; }
  [[nodiscard]] const std::string& admin() const noexcept { return admin_; }
  [[nodiscard]] const std::string& loader() const noexcept { return loader_; }
  /// `knowngood_drill_ab12cd`: of the session, the role, and the beginning of every database's name as it is made.
  [[nodiscard]] std::string role() const { return "knowngood_drill_" + id_; }
  /// Databases and roles of drills that were killed, which were found and dropped.
  [[nodiscard]] const std::vector<std::string>& removed_leftovers() const noexcept { return removed_; }
  /// The same, which could not be dropped, and why.
  [[nodiscard]] const std::vector<std::string>& leftovers() const noexcept { return stays_; }

  /// Remembers a database of the drill's, which was just made, whatever becomes of its name and its owner.
  void remember(const std::string& name) {
    for (const auto& row :
         presence_.query("SELECT oid::text FROM pg_catalog.pg_database WHERE datname = $1::name", name))
      oids_.emplace_back(view_of(row[0]));
  }

  /// Conninfo of the database that the operator named.
  [[nodiscard]] std::string maintenance() const { return conninfo_with(admin_, "dbname", maintenance_database_); }

  /// For whoever finds a database of the drill's.
  [[nodiscard]] std::string mark() const {
    return fmt::format("{}process {} on {}", mark_head, ::getpid(), host_name());
  }

  /// Drops what was created here and proves that it is gone, unless it is to be kept: then `kept` has the names.
  /// Returns what could not be removed, for people; empty when all is.
  std::vector<std::string> shut_down(bool keep, std::vector<std::string>& kept) {
    std::vector<std::string> left;
    try {
      keep ? keep_databases(kept) : drop_databases(left);
    } catch (const environment_error& error) {
      left.push_back(fmt::format("databases {}_*: {}", role(), error.what()));
    } catch (const sql_error& error) {
      left.push_back(fmt::format("databases {}_*: {}", role(), printable(error.message)));
    }
    return left;
  }

 private:
  struct database {
    std::string oid;
    std::string name;
  };

  static constexpr std::string_view mark_head = "knowngood drill: ";
  static constexpr std::string_view kept_mark = "knowngood drill: kept, to be looked at; remove it by hand";

  // What a dump runs as the operator's own role could change that role's password, and all that belongs to it.
  void require_powers() {
    const pqxx::result powers = presence_.query(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, current_user, quote_ident(current_user) FROM pg_roles WHERE "
        "rolname = current_user");
    superuser_ = powers[0][0].as<bool>();
    const bool makes_roles = powers[0][1].as<bool>();
    if (superuser_ || (makes_roles && powers[0][2].as<bool>())) return;
    throw environment_error{
        location{"PostgreSQL"},
        fmt::format(
            "the role {} may not make {}: a dump is only loaded by a role of the drill's own, since what it runs "
            "could change the password and the objects of any other",
            printable(view_of(powers[0][3])), makes_roles ? "databases" : "roles"),
        fmt::format("grant it what the drill needs: ALTER ROLE {} CREATEROLE CREATEDB",
                    printable(view_of(powers[0][4])))};
  }

  static std::string random_password() {
    std::array<unsigned char, 24> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      throw system_error(location{"random numbers"}, "get them", errno);
    }
    std::string hex;
    for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
    return hex;
  }

  [[nodiscard]] std::string verifier_of(const std::string& role, const std::string& password) const {
    return connection{maintenance(), location{"PostgreSQL"}}.password_verifier(role, password);
  }

  // Of a role, and those that are remembered: whatever they are called and whoever has them by now.
  static std::vector<database> databases_of(server_session& admin, const std::string& role,
                                            const std::vector<std::string>& oids) {
    std::vector<database> all;
    for (const auto& row : admin.query(
             "SELECT d.oid::text, d.datname FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_roles r ON r.oid = "
             "d.datdba WHERE r.rolname = $1::name OR d.oid::text = ANY ($2::text[]) ORDER BY d.oid",
             role, fmt::format("{{{}}}", fmt::join(oids, ","))))
      all.push_back({std::string{view_of(row[0])}, std::string{view_of(row[1])}});
    return all;
  }

  // A session of the operator's that waits for nobody long: what a dump has prepared may hold any lock.
  static void be_brief(server_session& admin) {
    admin.query("SET search_path TO pg_catalog; SET lock_timeout TO '10s'");
  }

  // One by one: some may be nobody's to end, the server's own among them.
  static void end_sessions(server_session& admin, const std::string& role, const std::vector<database>& in) {
    std::string sessions = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (usename = $1::name";
    for (const auto& one : in) sessions += " OR datid = " + one.oid;
    for (const auto& row : admin.query(sessions + ")", role))
      admin.try_execute(fmt::format("SELECT pg_terminate_backend({})", view_of(row[0])));
  }

  // As the role that prepared them: nobody with more rights has any business among what a dump has made. Where that
  // cannot log in any more, since a dump has seen to that or its password is forgotten (`loader_conninfo` is empty), by
  // a session of the operator's that becomes it before anything else, in which no setting of the database's counts, and
  // which runs nothing but this.
  static void end_prepared_transactions(server_session& admin, const database& of, const std::string& admin_conninfo,
                                        const std::string& loader, const std::string& loader_conninfo) {
    const pqxx::result all = admin.query(
        "SELECT quote_literal(gid) FROM pg_prepared_xacts x JOIN pg_database d ON d.datname = x.database WHERE d.oid = "
        "$1::text::oid",
        of.oid);
    if (all.empty()) return;
    const std::string name = quote_identifier(of.name);
    const std::string role = quote_identifier(loader);
    for (const char* opened : {"ALTER DATABASE {0} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT -1",
                               "ALTER DATABASE {0} RESET ALL", "ALTER ROLE {1} RESET ALL",
                               "ALTER ROLE {1} IN DATABASE {0} RESET ALL", "GRANT CONNECT ON DATABASE {0} TO {1}"})
      admin.try_execute(fmt::format(fmt::runtime(opened), name, role));
    const auto roll_back = [&](const std::string& conninfo, bool become) {
      constexpr std::string_view own_settings =
          "-c search_path=pg_catalog -c local_preload_libraries= -c statement_timeout=60000";
      server_session session{conninfo_with(conninfo_with(conninfo, "dbname", of.name), "options", own_settings),
                             location{"PostgreSQL"},
                             {},
                             std::chrono::minutes{1}};
      if (become) session.query("SET ROLE " + role);
      for (const auto& row : all) session.try_execute(fmt::format("ROLLBACK PREPARED {}", view_of(row[0])));
    };
    if (!loader_conninfo.empty()) {
      try {
        return roll_back(loader_conninfo, false);
      } catch (const environment_error&) {
        // it may not log in any more
      }
    }
    roll_back(admin_conninfo, true);
  }

  // Returns why it is still there.
  static std::optional<sql_error> drop(server_session& admin, const database& of) {
    const std::string name = quote_identifier(of.name);
    admin.try_execute("ALTER DATABASE " + name + " IS_TEMPLATE false");
    return admin.try_execute("DROP DATABASE " + name + (admin.server_version() >= 130'000 ? " WITH (FORCE)" : ""));
  }

  // All databases of a role, and the role: of this drill or of one that was killed. What was dropped goes to `gone`,
  // what could not be, and why, to `left`.
  static void drop_all(server_session& admin, const std::string& admin_conninfo, const std::string& role,
                       const std::string& loader_conninfo, const std::vector<std::string>& oids,
                       std::vector<std::string>& gone, std::vector<std::string>& left) {
    const std::size_t left_before = left.size();
    be_brief(admin);
    end_sessions(admin, role, databases_of(admin, role, oids));
    for (const auto& one : databases_of(admin, role, oids)) {
      try {
        end_prepared_transactions(admin, one, admin_conninfo, role, loader_conninfo);
      } catch (const environment_error&) {
        // then dropping says so
      } catch (const sql_error&) {
      }
    }
    // from here on nobody acts as it: what a database is called stays
    admin.try_execute(fmt::format("ALTER ROLE {} NOLOGIN", quote_identifier(role)));
    end_sessions(admin, role, databases_of(admin, role, oids));
    for (const auto& one : databases_of(admin, role, oids)) {
      if (const auto error = drop(admin, one)) {
        left.push_back(fmt::format("database {}: {}", printable(one.name), printable(error->message)));
      } else {
        gone.push_back(one.name);
      }
    }
    if (const auto error = admin.try_execute(fmt::format("DROP ROLE IF EXISTS {}", quote_identifier(role)))) {
      left.push_back(fmt::format("role {}: {}", role, printable(error->message)));
    } else {
      gone.push_back(fmt::format("role {}", role));
    }
    if (left.size() > left_before) return;
    for (const auto& one : databases_of(admin, role, oids))
      left.push_back(fmt::format("database {}", printable(one.name)));
  }

  // What a drill that was killed left: its role, known by its comment, and what belongs to that, whatever it is called.
  // Nobody is connected to any of it, and no session bears the drill's name.
  void drop_leftovers() {
    const pqxx::result roles = presence_.query(fmt::format(
        "SELECT rolname FROM pg_roles r WHERE rolname ~ '^knowngood_drill_[a-z0-9]+$' AND "
        "starts_with(shobj_description(oid, 'pg_authid'), {}) AND shobj_description(oid, 'pg_authid') <> {} AND "
        "pg_has_role(oid, 'MEMBER') AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = "
        "r.rolname) AND NOT EXISTS (SELECT FROM pg_stat_activity a JOIN pg_database d ON d.oid = a.datid WHERE "
        "d.datdba = r.oid)",
        quote_literal(mark_head), quote_literal(kept_mark)));
    if (roles.empty()) return;
    server_session admin{maintenance(), location{"PostgreSQL"}};
    for (const auto& row : roles) {
      // nobody knows the dead drill's password any more
      drop_all(admin, admin_, std::string{view_of(row[0])}, {}, {}, removed_, stays_);
    }
  }

  void keep_databases(std::vector<std::string>& kept) {
    server_session admin{maintenance(), location{"PostgreSQL"}};
    admin.query(fmt::format("COMMENT ON ROLE {} IS {}", quote_identifier(role()), quote_literal(kept_mark)));
    for (const auto& one : databases_of(admin, role(), oids_)) kept.push_back(one.name);
  }

  void drop_databases(std::vector<std::string>& left) {
    server_session admin{maintenance(), location{"PostgreSQL"}};
    std::vector<std::string> gone;
    drop_all(admin, admin_, role(), loader_, oids_, gone, left);
  }

  std::string id_;
  std::string admin_;
  std::string loader_;
  std::string version_;
  std::string maintenance_database_;
  bool superuser_ = false;
  server_session presence_;
  std::vector<std::string> oids_;     // of the databases that were made here
  std::vector<std::string> removed_;  // of killed drills
  std::vector<std::string> stays_;    // the same
};

}  // namespace knowngood::detail
