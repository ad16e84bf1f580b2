// drill_server: where a drill loads its dumps: a PostgreSQL of its own in the scratch directory, or databases of its own
// on a server that is given. Started when the first dump needs it.
//
// Layer: drill. Never touches a database that it did not create, and drops those that it did.
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
    connection admin{conninfo_with(admin_, "dbname", maintenance_database_), location{"PostgreSQL"}};
    // template0 takes any encoding; C goes with each, and orders alike everywhere
    admin.query(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE {}",
                            quote_identifier(name), quote_identifier(loader_role_), quote_literal(std::string{encoding}),
                            quote_literal(encoding == "UTF8" && is_own() ? ctype_ : "C")));
    admin.query(fmt::format("COMMENT ON DATABASE {} IS {}", quote_identifier(name), quote_literal(mark())));
    load_target target;
    target.admin = admin_;
    target.loader = loader_;
    target.database = name;
    target.throw_away = is_own();
    target.loader_role = loader_role_;
    return target;
  }

  /// Stops the server of our own; drops from a given one what was created there, and proves that it is gone. Returns
  /// what could not be removed, for people; empty when all is.
  std::vector<std::string> shut_down() {
    std::vector<std::string> left;
    if (own_) {
      try {
        own_->stop();
      } catch (const environment_error& error) {
        left.emplace_back(error.what());
      }
      own_.reset();
    } else if (started_) {
      drop_databases(left);
    }
    started_ = false;
    return left;
  }

  /// Conninfo of the loader's role in `database`. Whatever looks at a restored database does so as this role: planning a
  /// query may run functions that stand in the dump.
  [[nodiscard]] std::string loader_in(const std::string& database) const { return conninfo_with(loader_, "dbname", database); }

 private:
  static constexpr std::string_view own_loader = "restorable_loader";

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
  }

  void use_given() {
    admin_ = settings_.server;
    connection admin{admin_, location{"PostgreSQL"}};
    maintenance_database_ = admin.value("SELECT current_database()");
    version_ = admin.value("SHOW server_version");
    drop_leftovers(admin);
    if (admin.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "t") {
      loader_role_ = fmt::format("restorable_drill_{}", id_);
      password_ = random_password();
      admin.query(fmt::format("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS PASSWORD {}", quote_identifier(loader_role_),
                              quote_literal(password_)));
      role_created_ = true;
      loader_ = conninfo_with(conninfo_with(admin_, "user", loader_role_), "password", password_);
    } else {
      loader_role_ = admin.value("SELECT current_user");
      loader_ = admin_;
    }
  }

  // Who made a database: kept as its comment, for whoever finds it after a drill was killed.
  [[nodiscard]] std::string mark() const {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return fmt::format("restorable drill: process {} on {}", ::getpid(), host);
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

  // What a drill that was killed left on the given server: databases with the mark of a process that is gone.
  void drop_leftovers(connection& admin) {
    const query_result found = admin.query(
        "SELECT d.datname, shobj_description(d.oid, 'pg_database') FROM pg_database d "
        "WHERE d.datname LIKE 'restorable\\_drill\\_%' AND pg_has_role(d.datdba, 'MEMBER')");
    const std::string own = mark();
    const std::string host = own.substr(own.find(" on "));
    for (std::size_t row = 0; row < found.rows(); ++row) {
      const std::string_view text = found.at(row, 1);
      constexpr std::string_view head = "restorable drill: process ";
      if (!text.starts_with(head) || !text.ends_with(host)) continue;
      const std::string pid{text.substr(head.size(), text.find(' ', head.size()) - head.size())};
      if (pid.find_first_not_of("0123456789") != std::string::npos || std::filesystem::exists("/proc/" + pid)) continue;
      const std::string name{found.at(row, 0)};
      admin.query("DROP DATABASE " + quote_identifier(name));
      removed_.push_back(name);
      // the role of that drill bears the same id; it may own more elsewhere, and then stays
      const std::string role = name.substr(0, name.rfind('_'));
      static_cast<void>(admin.try_execute("DROP ROLE IF EXISTS " + quote_identifier(role)));
    }
  }

  void drop_databases(std::vector<std::string>& left) {
    try {
      connection admin{admin_, location{"PostgreSQL"}};
      const std::string ours = fmt::format("restorable_drill_{}_", id_);
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
      if (role_created_) {
        if (const auto error = admin.try_execute("DROP ROLE " + quote_identifier(loader_role_))) {
          left.push_back(fmt::format("role {}: {}", loader_role_, printable(error->message)));
        }
      }
      const query_result still = remaining();
      if (left.empty() && still.rows() > 0) left.push_back(fmt::format("database {}", printable(still.at(0, 0))));
    } catch (const environment_error& error) {
      left.push_back(fmt::format("databases restorable_drill_{}_*: {}", id_, error.what()));
    } catch (const sql_error& error) {
      left.push_back(fmt::format("databases restorable_drill_{}_*: {}", id_, printable(error.message)));
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
  std::string password_;
  std::string version_;
  bool role_created_ = false;
  bool started_ = false;
  unsigned databases_made_ = 0;
  std::vector<std::string> removed_;
};

}  // namespace restorable
