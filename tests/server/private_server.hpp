// A PostgreSQL server of a test's own, and its client programs beside it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/sandbox/process.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/postgres_programs.hpp"
#include "knowngood/server/postgres_server.hpp"
#include "knowngood/server/sql_error.hpp"
#include "knowngood/testing/scratch_directory.hpp"

namespace knowngood {

class private_server {
 public:
  /// `extra`: settings of the server, NAME=VALUE.
  explicit private_server(std::vector<std::string> extra = {}) {
    for (const char* variable : {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGTZ", "PGOPTIONS", "PGSERVICE"})
      ::unsetenv(variable);
    if (::chmod(here_.path().c_str(), 0711) != 0) throw std::runtime_error{"chmod"};
    server_settings settings;
    settings.locale = "C";  // which allows databases of any encoding
    settings.extra = std::move(extra);
    server_ =
        postgres_server::create({find_postgres().front(), here_.path() / "server", unprivileged_user(), settings});
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

/// Tests of one server that all suites of a process share: it is started when it is first asked for, and stopped after
/// the last test. What a test makes on it has a name of its own.
class server_test : public testing::Test {
 protected:
  static private_server& server() {
    if (!shared_->server) shared_->server = std::make_unique<private_server>();
    return *shared_->server;
  }

  /// What the server says of what `run` does, which fails.
  static sql_error error_of(const std::function<void()>& run) {
    try {
      run();
    } catch (const sql_error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return sql_error{"", ""};
  }

 private:
  struct shared_server final : testing::Environment {
    void TearDown() override { server.reset(); }
    std::unique_ptr<private_server> server;
  };
  inline static shared_server* const shared_ = [] {
    auto* const made = new shared_server;
    testing::AddGlobalTestEnvironment(made);  // which owns it
    return made;
  }();
};

}  // namespace knowngood
