// server_session: a session that asks a PostgreSQL server questions, or administers it, over libpqxx.
//
// Layer: server. Each statement is a transaction by itself (catalog_session.hpp: all are one). Errors of the server are
// `sql_error`; a server that cannot be reached, or goes away, is an `environment_error`. The session starts in
// client_encoding UTF8 (unless the description says another), TimeZone UTC, DateStyle ISO; PG* variables have no say.
// COPY and the statements of a dump go through server/connection.hpp: docs/decisions/0011 says why.
//   server_session admin{conninfo, where, stop};
//   for (const auto& row : admin.query("SELECT datname FROM pg_database")) use(view_of(row[0]));
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>
#include <pqxx/version>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/sql_error.hpp"
#include "knowngood/server/statement_watch.hpp"

namespace knowngood {

/// A value as the server writes it; empty for NULL. Valid as long as the result that it is of.
inline std::string_view view_of(const pqxx::field& value) { return {value.c_str(), value.size()}; }

class server_session {
 public:
  /// Connects. `where` names the server in errors. A statement ends when `stop` is requested, or after `limit` (0:
  /// none). Throws `environment_error` when it cannot connect, `usage_error` when `conninfo` is no description of a
  /// connection.
  explicit server_session(const std::string& conninfo, location where, stop_flag stop = {},
                          std::chrono::milliseconds limit = {})
      : where_{std::move(where)},
        stop_{stop},
        session_(connect(conninfo, where_)),
        quiet_{session_},
        watch_{session_, where_, stop, limit} {
    forbid_reconnecting();
    work_ = std::make_unique<pqxx::nontransaction>(session_);
    query("SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, MDY'; SET geqo TO on; SET lock_timeout TO '10min'");
  }
  server_session(const server_session&) = delete;
  server_session& operator=(const server_session&) = delete;

  /// Runs `sql`; without parameters it may hold several statements, and the last one's result is returned. `$1`, `$2`,
  /// … stand for the parameters. Throws the first `sql_error`, `interrupted` when it was to stop.
  template <typename... Parameters>
  pqxx::result query(const std::string& sql, const Parameters&... parameters) {
    return run([&] { return execute(*work_, sql, parameters...); });
  }

  /// Runs exactly one statement, whatever its text looks like: the server refuses more.
  pqxx::result query_one(const std::string& statement) {
    return run([&] {
      pqxx::result result = work_->exec_params(statement);
      if (!is_copy(result)) return result;
      work_->exec("SELECT");  // the rows are let go while the clock still runs
      throw sql_error{"42601", "rows were to be copied, which nobody asked for"};
    });
  }

  /// The only value of the only row, as text. Throws `sql_error` 21000 when there is another number of rows.
  template <typename... Parameters>
  std::string value(const std::string& sql, const Parameters&... parameters) {
    const pqxx::result result = query(sql, parameters...);
    if (result.size() != 1 || result.columns() != 1) throw sql_error{"21000", "not one row with one column: " + sql};
    return std::string{view_of(result[0][0])};
  }

  /// Whether the only value of the only row is true.
  template <typename... Parameters>
  bool holds(const std::string& sql, const Parameters&... parameters) {
    return value(sql, parameters...) == "t";
  }

  /// What one statement returns, or nothing when the server refuses it, which spoils no transaction.
  template <typename... Parameters>
  std::optional<pqxx::result> try_query(const std::string& sql, const Parameters&... parameters) {
    try {
      return attempt(sql, parameters...);
    } catch (const sql_error&) {
      return std::nullopt;
    }
  }

  /// Runs one statement. Returns the server's error, if any, which spoils no transaction.
  template <typename... Parameters>
  std::optional<sql_error> try_execute(const std::string& sql, const Parameters&... parameters) {
    try {
      attempt(sql, parameters...);
    } catch (const sql_error& error) {
      return error;
    }
    return std::nullopt;
  }

  /// From here on all statements are one transaction, which only reads and sees one moment: that of `snapshot` (of
  /// pg_export_snapshot) or, where it is empty, now.
  void begin_snapshot(const std::string& snapshot = {}) {
    work_.reset();
    work_ = run([&] { return std::make_unique<snapshot_transaction>(session_); });
    in_snapshot_ = true;
    if (!snapshot.empty()) query("SET TRANSACTION SNAPSHOT " + quote_literal(snapshot));
  }

  /// `150018` for 15.18.
  [[nodiscard]] int server_version() const { return session_.server_version(); }
  /// Of a setting, as SHOW has it.
  [[nodiscard]] std::string setting(const std::string& name) { return value("SHOW " + name); }
  [[nodiscard]] const location& where() const noexcept { return where_; }

 private:
#if PQXX_VERSION_MAJOR >= 7
  using snapshot_transaction = pqxx::transaction<pqxx::isolation_level::repeatable_read, pqxx::write_policy::read_only>;
#else
  using snapshot_transaction = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;
#endif

  static pqxx::connection connect(const std::string& conninfo, const location& where) {
    const std::string complete = isolated_conninfo(conninfo);
    try {
      return pqxx::connection{complete};
    } catch (const pqxx::broken_connection& error) {
      throw environment_error{where, "cannot connect to PostgreSQL: " + printable(trimmed(error.what())),
                              "check that the server runs, and who may connect to it"};
    }
  }

  static std::string trimmed(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  // A new session would have none of the settings of this one. (From libpqxx 7 on it never reconnects.)
  void forbid_reconnecting() {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    session_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
  }

  template <typename... Parameters>
  static pqxx::result execute(pqxx::transaction_base& work, const std::string& sql, const Parameters&... parameters) {
    if constexpr (sizeof...(parameters) == 0) {
      return work.exec(sql);
    } else {
      return work.exec_params(sql, parameters...);
    }
  }

  // Its result has columns without names.
  static bool is_copy(const pqxx::result& result) {
    if (result.columns() == 0) return false;
    try {
      result.column_name(0);
    } catch (const pqxx::range_error&) {
      return true;
    }
    return false;
  }

  template <typename... Parameters>
  pqxx::result attempt(const std::string& sql, const Parameters&... parameters) {
    if (!in_snapshot_) return query(sql, parameters...);
    // pqxx::subtransaction of 6.4 begins with a statement without parameters, and is left as a savepoint when it ends
    return run([&] {
      work_->exec("SAVEPOINT attempt");
      try {
        pqxx::result result = work_->exec_params(sql, parameters...);
        work_->exec("RELEASE SAVEPOINT attempt");
        return result;
      } catch (const pqxx::sql_error&) {
        work_->exec("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt");
        throw;
      }
    });
  }

  template <typename Statement>
  auto run(Statement&& statement) -> decltype(statement()) {
    stop_.throw_if_requested();
    try {
      return watch_(std::forward<Statement>(statement));
    } catch (const pqxx::sql_error& error) {
      require_session(error.what());
      throw sql_error::of(state_of(error), error.what());
#if PQXX_VERSION_MAJOR < 7  // later ones are sql_errors, and have their state
    } catch (const pqxx::deadlock_detected& error) {
      throw sql_error::of("40P01", error.what());
    } catch (const pqxx::transaction_rollback& error) {
      throw sql_error::of("40001", error.what());
#endif
    } catch (const pqxx::usage_error& error) {  // of a transaction that an error has ended before
      throw sql_error::of("25P02", error.what());
    } catch (const pqxx::failure& error) {
      require_session(error.what());
      throw sql_error::of("", error.what());
    }
  }

  // 6.4 hands no state on with one of its kinds of errors.
  static std::string state_of(const pqxx::sql_error& error) {
    std::string state = error.sqlstate();
    if (state.empty() && dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) state = "42501";
    return state;
  }

  // An error that only says that we, or the server, ended it.
  void require_session(std::string_view why) {
    stop_.throw_if_requested();
    if (watch_.gave_up()) {
      throw environment_error{where_, "a statement does not end although it was cancelled",
                              "look at the server's log; stop the server"};
    }
    if (session_.is_open()) return;
    throw environment_error{where_, "the connection to PostgreSQL was lost: " + sql_error::of("", why).message,
                            "look at the server's log; run the drill again"};
  }

  location where_;
  stop_flag stop_;
  pqxx::connection session_;
  pqxx::quiet_errorhandler quiet_;  // notices are nobody's business
  statement_watch watch_;
  std::unique_ptr<pqxx::transaction_base> work_;
  bool in_snapshot_ = false;  // `work_` is one transaction
};

}  // namespace knowngood
