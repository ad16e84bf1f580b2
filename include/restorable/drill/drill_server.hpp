// drill_server: where a drill loads its dumps: a PostgreSQL of its own in the scratch directory, or databases of its own
// on a server that is given. Started when the first dump needs it.
//
// Layer: drill. Never touches a database that it did not create, and drops those that it did. On a given server a session
// bears the drill's name as long as it lives: what belongs to a drill without one was left by a drill that was killed.
//   drill_server server{settings, scratch, user};
//   load_target target = server.create_database("UTF8");
#pragma once

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/base/error.hpp"
#include "restorable/drill/connection.hpp"
#include "restorable/drill/conninfo.hpp"
#include "restorable/drill/drill_settings.hpp"
#include "restorable/drill/dump_loader.hpp"
#include "restorable/drill/postgres_programs.hpp"
#include "restorable/drill/postgres_server.hpp"
#include "restorable/io/system_error.hpp"

namespace restorable {

class drill_server {
 public:
  /// `directory`: in the scratch, for a server of our own; it does not exist yet. `id` tells this drill from others.
  drill_server(const drill_settings& settings, std::filesystem::path directory, std::optional<system_user> user, std::string id)
      : settings_{settings}, directory_{std::move(directory)}, user_{std::move(user)}, id_{std::move(id)} {}

  drill_server(const drill_server&) = delete;
  drill_server& operator=(const drill_server&) = delete;

  /// Starts it, or connects to the one that is given. Throws `environment_error`.
  void start() {
    if (started_) return;
    settings_.server.empty() ? start_own() : use_given();
    started_ = true;
  }

  /// Databases of a drill that was killed, which starting found on the given server and dropped.
  [[nodiscard]] const std::vector<std::string>& removed_leftovers() const noexcept { return removed_; }

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool is_own() const noexcept { return own_ != nullptr; }
  /// `15.18`.
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

  /// An empty database in `encoding`, owned by the role that is to load into it, which is no superuser.
  load_target create_database(std::string_view encoding) {
    const std::string name = fmt::format("restorable_drill_{}_{}", id_, ++databases_made_);
    connection admin = administrator();
    // template0 takes any encoding; C goes with each, and orders alike everywhere
    admin.query(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE {}",
                            quote_identifier(name), quote_identifier(loader_role_), quote_literal(std::string{encoding}),
                            quote_literal(encoding == "UTF8" && is_own() ? ctype_ : "C")));
    if (!is_own()) admin.query(fmt::format("COMMENT ON DATABASE {} IS {}", quote_identifier(name), quote_literal(mark())));
    load_target target;
    target.admin = admin_;
    target.loader = loader_;
    target.database = name;
    target.throw_away = is_own();
    target.loader_role = loader_role_;
    return target;
  }

  /// Stops the server of our own; drops from a given one what was created there, and proves that it is gone, unless it is
  /// to be kept: then `kept` has the names. Returns what could not be removed, for people; empty when all is.
  std::vector<std::string> shut_down(bool keep, std::vector<std::string>& kept) {
    std::vector<std::string> left;
    if (own_) {
      try {
        own_->stop();
      } catch (const environment_error& error) {
        left.emplace_back(error.what());
      }
      own_.reset();
    } else if (presence_) {
      keep ? keep_databases(kept, left) : drop_databases(left);
    }
    presence_.reset();
    started_ = false;
    return left;
  }

  /// Conninfo of the loader's role in `database`. Whatever looks at a restored database does so as this role: planning a
  /// query may run functions that stand in the dump.
  [[nodiscard]] std::string loader_in(const std::string& database) const { return conninfo_with(loader_, "dbname", database); }

 private:
  static constexpr std::string_view own_loader = "restorable_loader";
  static constexpr std::string_view mark_head = "restorable drill: ";
  static constexpr std::string_view kept_mark = "restorable drill: kept, to be looked at; remove it by hand";

  void start_own() {
    const auto programs = find_postgres(settings_.postgres);
    if (programs.empty()) {
      throw environment_error{location{"PostgreSQL"}, "no PostgreSQL server is installed here: initdb and postgres were not found",
                              "install one (Debian: apt-get install postgresql), or name its programs with --postgres DIR"};
    }
    server_settings with;
    with.jobs = settings_.jobs;
    own_ = postgres_server::create(programs.front(), directory_, user_, with, settings_.stop);
    version_ = programs.front().version;
    admin_ = own_->dsn("postgres", own_->superuser());
    loader_ = own_->dsn("postgres", own_loader);
    loader_role_ = own_loader;
    ctype_ = with.locale;
    connection admin{admin_, location{"PostgreSQL"}};
    admin.query(fmt::format("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS", quote_identifier(loader_role_)));
    // a dump may take an owner's rights on its own tables away
    if (admin.server_version() >= 140'000) admin.query(fmt::format("GRANT pg_read_all_data TO {}", quote_identifier(loader_role_)));
  }

  void use_given() {
    admin_ = conninfo_with_environment(settings_.server);
    presence_.emplace(admin_, location{"PostgreSQL"});
    presence_->query("SET application_name TO " + quote_literal(drill_name()));
    maintenance_database_ = presence_->value("SELECT current_database()");
    version_ = presence_->value("SHOW server_version");
    const std::string powers = presence_->value(
        "SELECT CASE WHEN rolsuper THEN 'superuser' WHEN rolcreaterole THEN 'roles' ELSE 'none' END FROM pg_roles WHERE rolname = current_user");
    if (powers == "none") {
      loader_role_ = presence_->value("SELECT current_user");
      loader_ = admin_;
      refuse_owner();
      drop_leftovers();
    } else {
      drop_leftovers();
      create_loader(powers == "superuser");
    }
  }

  // What a dump runs as our own role could rename, alter and drop the databases of that role.
  void refuse_owner() {
    const query_result owned = presence_->query(
        "SELECT datname FROM pg_database WHERE pg_has_role(datdba, 'MEMBER') AND NOT starts_with(datname, 'restorable_drill_') ORDER BY 1");
    if (owned.rows() == 0) return;
    throw environment_error{location{"PostgreSQL"},
                            fmt::format("the role {} owns the database {}, which what a dump runs as that role could alter", printable(loader_role_),
                                        printable(owned.at(0, 0))),
                            "name a role with CREATEROLE and CREATEDB, so that the drill makes one of its own; or one that owns no database"};
  }

  // A role that owns nothing else, known by its comment whatever becomes of us.
  void create_loader(bool as_superuser) {
    loader_role_ = drill_name();
    const std::string password = random_password();
    const std::string role = quote_identifier(loader_role_);
    presence_->query(fmt::format("BEGIN; CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE{} PASSWORD {}; COMMENT ON ROLE {} IS {}; {}COMMIT", role,
                                 as_superuser ? " BYPASSRLS" : "", quote_literal(password), role, quote_literal(mark()),
                                 as_superuser ? "" : fmt::format("GRANT {} TO CURRENT_USER; ", role)));
    loader_ = conninfo_with(conninfo_with(admin_, "user", loader_role_), "password", password);
    try {
      const connection tried{conninfo_with(loader_, "dbname", maintenance_database_), location{"PostgreSQL"}};
    } catch (const environment_error& error) {
      throw environment_error{error.where(), fmt::format("the role that the drill made to load with cannot log in: {}", error.what()),
                              "let it in with a password: name host=127.0.0.1 in --server, or add a line for scram-sha-256 to pg_hba.conf"};
    }
  }

  /// `restorable_drill_ab12cd`: of the session, the role, and the beginning of every database's name.
  [[nodiscard]] std::string drill_name() const { return "restorable_drill_" + id_; }

  [[nodiscard]] connection administrator() const { return connection{conninfo_with(admin_, "dbname", maintenance_database_), location{"PostgreSQL"}}; }

  // For whoever finds it.
  [[nodiscard]] std::string mark() const {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return fmt::format("{}process {} on {}", mark_head, ::getpid(), host);
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

  // What a drill that was killed left on the given server: databases under a drill's name that belong to its role, or to our
  // own where we may not make roles; and such roles. Nobody is connected to them, and no session bears the drill's name.
  void drop_leftovers() {
    constexpr std::string_view dead =
        " AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = substring(name FROM '^restorable_drill_[a-z0-9]+'))";
    const query_result databases = presence_->query(fmt::format(
        "SELECT name FROM (SELECT d.datname::text AS name, d.oid, r.rolname, shobj_description(r.oid, 'pg_authid') AS of_role,"
        " shobj_description(d.oid, 'pg_database') AS said FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba) t"
        " WHERE name ~ '^restorable_drill_[a-z0-9]+_[0-9_]+$' AND (said IS NULL OR said <> {}) AND (rolname = {} OR rolname ="
        " substring(name FROM '^restorable_drill_[a-z0-9]+') AND starts_with(of_role, {}) AND pg_has_role(rolname, 'MEMBER'))"
        " AND NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.datname = name){}",
        quote_literal(kept_mark), quote_literal(loader_role_), quote_literal(mark_head), dead));
    for (const std::string_view name : databases.column(0)) {
      // one that somebody has connected to meanwhile stays
      if (!presence_->try_execute("DROP DATABASE " + quote_identifier(name))) removed_.emplace_back(name);
    }
    const query_result roles = presence_->query(fmt::format(
        "SELECT name FROM (SELECT rolname::text AS name, oid FROM pg_roles) t WHERE name ~ '^restorable_drill_[a-z0-9]+$'"
        " AND starts_with(shobj_description(oid, 'pg_authid'), {}) AND NOT EXISTS (SELECT FROM pg_database WHERE datdba = t.oid){}",
        quote_literal(mark_head), dead));
    for (const std::string_view name : roles.column(0)) {
      if (!presence_->try_execute("DROP ROLE " + quote_identifier(name))) removed_.emplace_back(fmt::format("role {}", name));
    }
  }

  void keep_databases(std::vector<std::string>& kept, std::vector<std::string>& left) {
    try {
      connection admin = administrator();
      const query_result found = admin.query("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", {drill_name() + "_"});
      for (const std::string_view name : found.column(0)) {
        admin.query(fmt::format("COMMENT ON DATABASE {} IS {}", quote_identifier(name), quote_literal(kept_mark)));
        kept.emplace_back(name);
      }
    } catch (const environment_error& error) {
      left.push_back(fmt::format("databases {}_*: {}", drill_name(), error.what()));
    } catch (const sql_error& error) {
      left.push_back(fmt::format("databases {}_*: {}", drill_name(), printable(error.message)));
    }
  }

  void drop_databases(std::vector<std::string>& left) {
    try {
      connection admin = administrator();
      const std::string ours = drill_name() + "_";
      const auto remaining = [&] {
        return admin.query("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", {ours});
      };
      const query_result found = remaining();
      for (const std::string_view name : found.column(0)) {
        const std::string quoted = quote_identifier(name);
        admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
                    {std::string{name}});
        if (const auto error = admin.try_execute("DROP DATABASE " + quoted)) {
          left.push_back(fmt::format("database {}: {}", printable(name), printable(error->message)));
        }
      }
      if (loader_role_ == drill_name()) {
        if (const auto error = admin.try_execute("DROP ROLE IF EXISTS " + quote_identifier(loader_role_))) {
          left.push_back(fmt::format("role {}: {}", loader_role_, printable(error->message)));
        }
      }
      const query_result still = remaining();
      if (left.empty() && still.rows() > 0) left.push_back(fmt::format("database {}", printable(still.at(0, 0))));
    } catch (const environment_error& error) {
      left.push_back(fmt::format("databases {}_*: {}", drill_name(), error.what()));
    } catch (const sql_error& error) {
      left.push_back(fmt::format("databases {}_*: {}", drill_name(), printable(error.message)));
    }
  }

  const drill_settings& settings_;
  std::filesystem::path directory_;
  std::optional<system_user> user_;
  std::string id_;
  std::unique_ptr<postgres_server> own_;
  std::string admin_;
  std::string loader_;
  std::string loader_role_;
  std::string maintenance_database_ = "postgres";
  std::string ctype_ = "C";
  std::string version_;
  std::optional<connection> presence_;  // on a given server
  bool started_ = false;
  unsigned databases_made_ = 0;
  std::vector<std::string> removed_;
};

}  // namespace restorable
