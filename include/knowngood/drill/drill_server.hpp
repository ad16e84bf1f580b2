// drill_server: where a drill loads its dumps: a PostgreSQL of its own in the scratch directory, or databases of its
// own on a server that is given. Started when the first dump needs it.
//
// Layer: drill. Never touches a database that it did not create, and drops those that it did.
//   drill_server server{settings, scratch, user};
//   load_target target = server.create_database("UTF8");
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/drill/drill_settings.hpp"
#include "knowngood/drill/given_server.hpp"
#include "knowngood/load/dump_loader.hpp"
#include "knowngood/sandbox/control_group.hpp"
#include "knowngood/sandbox/system_user.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/postgres_programs.hpp"
#include "knowngood/server/postgres_server.hpp"
#include "knowngood/server/server_session.hpp"

namespace knowngood {

class drill_server {
 public:
  /// `directory`: in the scratch, for a server of our own; it does not exist yet. `id` tells this drill from others.
  drill_server(const drill_settings& settings, std::filesystem::path directory, std::optional<system_user> user,
               std::string id, server_bounds bounds = {})
      : settings_{settings},
        directory_{std::move(directory)},
        user_{std::move(user)},
        id_{std::move(id)},
        bounds_{bounds} {}

  drill_server(const drill_server&) = delete;
  drill_server& operator=(const drill_server&) = delete;

  /// Starts it, or connects to the one that is given. Throws `environment_error`.
  void start() {
    if (started_) return;
    settings_.server.empty() ? start_own() : use_given();
    started_ = true;
  }

  /// Databases of a drill that was killed, which starting found on the given server and dropped.
  [[nodiscard]] std::vector<std::string> removed_leftovers() const {
    return given_ ? given_->removed_leftovers() : std::vector<std::string>{};
  }

  /// The same, which could not be dropped, and why.
  [[nodiscard]] std::vector<std::string> leftovers() const {
    return given_ ? given_->leftovers() : std::vector<std::string>{};
  }

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool is_own() const noexcept { return own_ != nullptr; }
  /// `15.18`.
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

  /// An empty database in `encoding`, owned by the role that is to load into it, which is no superuser.
  load_target create_database(std::string_view encoding) {
    const std::string name = fmt::format("knowngood_drill_{}_{}", id_, ++databases_made_);
    server_session admin{given_ ? given_->maintenance() : admin_, location{"PostgreSQL"}};
    // template0 takes any encoding; C goes with each, and orders alike everywhere
    admin.query(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE {}",
                            quote_identifier(name), quote_identifier(loader_role_),
                            quote_literal(std::string{encoding}),
                            quote_literal(encoding == "UTF8" && is_own() ? ctype_ : "C")));
    load_target target;
    if (given_) {
      given_->remember(name);
      admin.query(fmt::format("COMMENT ON DATABASE {} IS {}", quote_identifier(name), quote_literal(given_->mark())));
      target.made = [this](const std::string& another) { given_->remember(another); };
    }
    target.admin = admin_;
    target.loader = loader_;
    target.database = name;
    target.throw_away = is_own();
    target.loader_role = loader_role_;
    return target;
  }

  /// Stops the server of our own; drops from a given one what was created there, and proves that it is gone, unless it
  /// is to be kept: then `kept` has the names. Returns what could not be removed, for people; empty when all is.
  std::vector<std::string> shut_down(bool keep, std::vector<std::string>& kept) {
    std::vector<std::string> left;
    if (own_) {
      try {
        own_->stop();
      } catch (const environment_error& error) {
        left.emplace_back(error.what());
      }
      own_.reset();
    } else if (given_) {
      left = given_->shut_down(keep, kept);
    }
    given_.reset();
    started_ = false;
    return left;
  }

  /// Conninfo of the loader's role in `database`. Whatever looks at a restored database does so as this role: planning
  /// a query may run functions that stand in the dump.
  [[nodiscard]] std::string loader_in(const std::string& database) const {
    return conninfo_with(loader_, "dbname", database);
  }

 private:
  static constexpr std::string_view own_loader = "knowngood_loader";

  void start_own() {
    const auto programs = find_postgres(settings_.postgres);
    if (programs.empty()) {
      throw environment_error{
          location{"PostgreSQL"}, "no PostgreSQL server is installed here: initdb and postgres were not found",
          "install one (Debian: apt-get install postgresql), or name its programs with --postgres DIR"};
    }
    server_settings with;
    with.jobs = settings_.jobs;
    own_ = postgres_server::create({programs.front(), directory_, user_, with, settings_.stop, bounds_});
    version_ = programs.front().version;
    admin_ = own_->dsn("postgres", own_->superuser());
    loader_ = own_->dsn("postgres", own_loader);
    loader_role_ = own_loader;
    ctype_ = with.locale;
    server_session admin{admin_, location{"PostgreSQL"}};
    admin.query(fmt::format("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS",
                            quote_identifier(loader_role_)));
    // a dump may take an owner's rights on its own tables away
    if (admin.server_version() >= 140'000)
      admin.query(fmt::format("GRANT pg_read_all_data TO {}", quote_identifier(loader_role_)));
  }

  void use_given() {
    given_.emplace(settings_.server, id_);
    version_ = given_->version();
    given_->make_role();
    admin_ = given_->admin();
    loader_ = given_->loader();
    loader_role_ = given_->role();
  }

  const drill_settings& settings_;
  std::filesystem::path directory_;
  std::optional<system_user> user_;
  std::string id_;
  server_bounds bounds_;
  std::unique_ptr<postgres_server> own_;
  std::string admin_;
  std::string loader_;
  std::string loader_role_;
  std::string ctype_ = "C";
  std::string version_;
  std::optional<detail::given_server> given_;
  bool started_ = false;
  unsigned databases_made_ = 0;
};

}  // namespace knowngood
