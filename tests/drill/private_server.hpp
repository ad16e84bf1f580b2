// A PostgreSQL server of a test's own, and its client programs beside it.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "restorable/drill/connection.hpp"
#include "restorable/drill/postgres_programs.hpp"
#include "restorable/drill/postgres_server.hpp"
#include "restorable/drill/process.hpp"
#include "restorable/testing/scratch_directory.hpp"

namespace restorable {

class private_server {
 public:
  private_server() {
    for (const char* variable : {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGTZ", "PGOPTIONS", "PGSERVICE"})
      ::unsetenv(variable);
    if (::chmod(here_.path().c_str(), 0711) != 0) throw std::runtime_error{"chmod"};
    server_settings settings;
    settings.locale = "C";  // which allows databases of any encoding
    server_ = postgres_server::create(find_postgres().front(), here_.path() / "server", unprivileged_user(), settings,
                                      nullptr);
  }

  [[nodiscard]] const scratch_directory& here() const { return here_; }
  [[nodiscard]] std::string conninfo(const std::string& database,
                                     const std::string& user = std::string{postgres_server::own_superuser}) const {
    return server_->dsn(database, user);
  }

  /// Runs a shell command in a directory of our own, with the server's programs on the PATH and their connections to
  /// it.
  [[nodiscard]] tool_run run(const std::string& command) const {
    return here_.run("export PATH='" + server_->programs().directory.string() + "':\"$PATH\" PGHOST='" +
                     server_->sockets().string() + "' PGUSER=" + server_->superuser() + "; " + command);
  }
  /// The same, which must succeed.
  std::string must(const std::string& command) const {
    const tool_run ran = run("{ " + command + "\n} 2>&1");
    if (ran.status != 0) throw std::runtime_error{command + ": " + ran.output};
    return ran.output;
  }
  /// SQL in a database, by psql, stopping at the first error.
  void sql(const std::string& database, const std::string& statements) const {
    here_.write("statements.sql", statements);
    must("psql -X -q -v ON_ERROR_STOP=1 -d " + database + " -f statements.sql");
  }
  /// Makes a database anew.
  void create(const std::string& database, const std::string& options = "") const {
    must("psql -X -q -v ON_ERROR_STOP=1 -d postgres -c 'DROP DATABASE IF EXISTS " + database +
         "' -c \"CREATE DATABASE " + database + " " + options + "\"");
  }

 private:
  scratch_directory here_;
  std::unique_ptr<postgres_server> server_;
};

}  // namespace restorable
