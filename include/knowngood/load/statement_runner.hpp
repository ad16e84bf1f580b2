// statement_runner: runs the statements of a dump in order, and makes good what they lack by no fault of the dump:
// roles that are not here, rights of new owners, a superuser's sight of what lies in the database.
//
// Layer: load. On the connection that runs the dump, and, for roles alone, by the administrator (dump_roles.hpp).
//   if (const auto error = runner.run(text, words, place)) judge(*error);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/load/dump_roles.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/load/load_findings.hpp"
#include "knowngood/load/load_run.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

class statement_runner {
 public:
  /// Both outlive this object.
  statement_runner(load_run& run, connection& main)
      : run_{run},
        main_{main},
        roles_{run.target.admin, run.where, run.target.loader_role, run.target.throw_away, run.roles_declared},
        // a table of a server that is thrown away needs no write-ahead log; 18 refuses unlogged partitioned tables
        unlogged_{run.target.throw_away && main.server_version() < 180'000} {}

  /// Returns the error that stands, if any.
  std::optional<sql_error> run(std::string_view statement, const std::vector<std::string>& words,
                               const statement_place& at) {
    const std::string text = unlogged_ ? without_log(statement) : std::string{statement};
    std::optional<sql_error> error = main_.try_execute(text);
    for (int tries = 0; error && tries < 100 && !main_.in_transaction() && roles_.mend(*error, text, main_, acting_);
         ++tries) {
      error = main_.try_execute(text);
    }
    if (error && unlogged_ && error->is("22023") && begins(words, {"alter", "publication"}) && log_table_of(text))
      error = main_.try_execute(text);
    if (error && error->is("42501") && !main_.in_transaction() && reads_rows(words))
      error = try_as_of_superuser(text, *error, at);
    return error;
  }

  /// The dump has set this role; empty: none.
  void act_as(std::string role) {
    acting_ = std::move(role);
    if (!acting_.empty()) roles_.make(acting_);
  }

  [[nodiscard]] dump_roles& roles() noexcept { return roles_; }

 private:
  // A publication takes only tables with a log.
  bool log_table_of(std::string_view statement) {
    const auto table = parse_published_table(statement);
    return table && !main_.try_execute("ALTER TABLE " + *table + " SET LOGGED");
  }

  // Of a role's being a superuser in the source a dump of one database says nothing, and what a superuser built reads
  // what nobody else may. Returns the error that stands.
  std::optional<sql_error> try_as_of_superuser(const std::string& text, sql_error first, const statement_place& at) {
    constexpr std::size_t most = 16;
    const std::vector<std::string> roles = roles_.may_be_superusers();
    if (roles.size() > most) return first;
    for (const auto& role : roles) {
      if (!roles_.stand_in_for_superuser(role)) continue;
      if (main_.try_execute(text)) {
        roles_.stand_down(role);
        continue;
      }
      finding needed = make_finding(
          checks::load_role, at.where,
          fmt::format(
              "line {} takes rights that {} has only where it is a superuser, which this dump does not say: for "
              "the rest of the rehearsal it has them for what lies in the database",
              at.line, printable(role)),
          "rights that the dump grants", printable(first.message, 300));
      needed.severity = severity::warning;
      run_.found.add(std::move(needed));
      return std::nullopt;
    }
    return first;
  }

  load_run& run_;
  connection& main_;
  dump_roles roles_;
  bool unlogged_;
  std::string acting_;
};

}  // namespace knowngood
