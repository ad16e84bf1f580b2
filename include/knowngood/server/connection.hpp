// connection: a session that streams rows into or out of a PostgreSQL server (COPY) and runs the statements of a dump,
// over libpq: waits that do not block, all fields of an error. For anything else see server_session.hpp.
//
// Layer: server. Errors of the server are `sql_error`; a server that cannot be reached, or goes away, is an
// `environment_error`. Every wait obeys a stop flag and a time limit. The session starts in client_encoding UTF8
// (unless the description says another), TimeZone UTC, DateStyle ISO; PG* variables have no say (see conninfo.hpp).
//   connection rows{conninfo, where};  rows.begin_copy_in("COPY t FROM STDIN");  rows.put("1\n");  rows.finish_copy();
#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/conninfo.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// What a statement returned. Views live as long as the result.
class query_result {
 public:
  query_result() = default;
  explicit query_result(PGresult* result) : result_{result} {}

  [[nodiscard]] std::size_t rows() const noexcept { return static_cast<std::size_t>(PQntuples(result_.get())); }
  [[nodiscard]] std::size_t columns() const noexcept { return static_cast<std::size_t>(PQnfields(result_.get())); }
  /// As text; empty for NULL.
  [[nodiscard]] std::string_view at(std::size_t row, std::size_t column) const {
    return {PQgetvalue(result_.get(), static_cast<int>(row), static_cast<int>(column)),
            static_cast<std::size_t>(PQgetlength(result_.get(), static_cast<int>(row), static_cast<int>(column)))};
  }
  /// Rows that the last command touched; 0 for one that touches none.
  [[nodiscard]] std::uint64_t affected() const {
    const std::string_view text = PQcmdTuples(result_.get());
    std::uint64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
  }
  [[nodiscard]] const PGresult* get() const noexcept { return result_.get(); }

 private:
  struct clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  std::unique_ptr<PGresult, clear> result_;
};

class connection {
 public:
  /// Connects. `where` names the server in errors. Throws `environment_error` when it cannot, `usage_error` when
  /// `conninfo` is no description of a connection.
  explicit connection(const std::string& conninfo, location where)
      : where_{std::move(where)}, session_{PQconnectdb(isolated_conninfo(conninfo).c_str())} {
    if (PQstatus(session()) != CONNECTION_OK) {
      throw environment_error{where_, "cannot connect to PostgreSQL: " + last_message(),
                              "check that the server runs, and who may connect to it"};
    }
    cancel_.reset(PQgetCancel(session()));
    PQsetNoticeReceiver(
        session(), [](void*, const PGresult*) {}, nullptr);  // notices are nobody's business
    PQsetnonblocking(session(), 1);
    query("SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, MDY'; SET geqo TO on; SET lock_timeout TO '10min'");
  }
  connection(connection&&) = default;
  connection& operator=(connection&&) = default;

  /// Once `stop` is asked for, the statement that is waited for is cancelled and throws its `sql_error` 57014.
  void set_stop(stop_flag stop) noexcept { stop_ = stop; }
  /// A statement that takes longer is cancelled likewise; 0: no limit. COPY data may take as long as it comes.
  void set_time_limit(std::chrono::milliseconds limit) noexcept { time_limit_ = limit; }
  /// Runs `sql`, which may hold several statements, and returns the last one's result. Throws the first `sql_error`;
  /// the session is ready for the next statement then.
  query_result query(const std::string& sql) {
    return run([&] { return PQsendQuery(session(), sql.c_str()); });
  }

  /// The only value of the only row, as text. Throws `sql_error` 21000 when there is another number of rows.
  std::string value(const std::string& sql) {
    const query_result result = query(sql);
    if (result.rows() != 1 || result.columns() != 1) throw sql_error{"21000", "not one row with one column: " + sql};
    return std::string{result.at(0, 0)};
  }

  /// Runs `sql`; the server refuses it when it is not exactly one statement, wherever the caller saw its end. Returns
  /// the error, if any.
  std::optional<sql_error> try_execute(const std::string& sql) {
    try {
      run([&] { return send_one(sql); });
    } catch (const sql_error& error) {
      return error;
    }
    return std::nullopt;
  }

  /// Starts COPY … FROM STDIN, `sql` one statement. Then `put` whole rows, and `finish_copy` or `abort_copy`.
  void begin_copy_in(const std::string& sql) {
    send([&] { return send_one(sql); });
    query_result first = next_result();
    const auto status = first.get() == nullptr ? PGRES_EMPTY_QUERY : PQresultStatus(first.get());
    if (status == PGRES_COPY_IN) return;
    finish(std::move(first));
    throw sql_error{"42601", "not a COPY FROM STDIN statement"};
  }

  /// Sends COPY data: rows with their newlines, in pieces of any size. An error of the server shows in `finish_copy`.
  void put(std::string_view data) {
    constexpr std::size_t most = std::size_t{8} << 20;
    while (!data.empty()) {
      const std::string_view piece = data.substr(0, most);
      int sent = 0;
      start_clock();
      while ((sent = PQputCopyData(session(), piece.data(), static_cast<int>(piece.size()))) == 0) flush();
      if (sent < 0) throw_lost();
      flush();
      data.remove_prefix(piece.size());
    }
  }

  /// Ends COPY data; returns the rows that the server took. Throws its `sql_error`.
  std::uint64_t finish_copy() { return end_copy(nullptr).affected(); }

  /// Ends COPY data so that nothing of it stays. The server's error says `why`, and is returned.
  sql_error abort_copy(const std::string& why) {
    try {
      end_copy(why.c_str());
    } catch (const sql_error& error) {
      return error;
    }
    return sql_error{"", "a COPY that was given up was taken"};
  }

  /// Runs COPY … TO STDOUT, one statement; `take` gets one or more whole rows with their newlines at a time (for text
  /// and CSV; a view valid for the call). When `take` throws, the copy is cancelled and the exception goes on. Returns
  /// the rows.
  std::uint64_t copy_out(const std::string& sql, const std::function<void(std::string_view rows)>& take) {
    send([&] { return send_one(sql); });
    query_result first = next_result();
    if (first.get() == nullptr || PQresultStatus(first.get()) != PGRES_COPY_OUT) {
      finish(std::move(first));
      throw sql_error{"42601", "not a COPY TO STDOUT statement"};
    }
    for (;;) {
      char* row = nullptr;
      const int size = PQgetCopyData(session(), &row, 1);
      if (size > 0) {
        const std::unique_ptr<char, void (*)(void*)> owned{row, &PQfreemem};
        try {
          take({row, static_cast<std::size_t>(size)});
        } catch (...) {
          cancel();
          drop_rest();
          throw;
        }
      } else if (size == 0) {
        read_more();
      } else if (size == -1) {
        return finish(next_result()).affected();
      } else {
        throw_lost();
      }
    }
  }

  /// Asks the server to end what this session runs; from any thread, and any time. What runs then throws 57014.
  void cancel() const noexcept {
    std::array<char, 256> ignored{};
    if (cancel_) PQcancel(cancel_.get(), ignored.data(), static_cast<int>(ignored.size()));
  }

  /// What a server stores of a password, computed here, so that no statement holds the password itself. Throws
  /// `environment_error`.
  [[nodiscard]] std::string password_verifier(const std::string& role, const std::string& password) const {
    const std::unique_ptr<char, void (*)(void*)> verifier{
        PQencryptPasswordConn(session(), password.c_str(), role.c_str(),
                              server_version() >= 100'000 ? "scram-sha-256" : "md5"),
        &PQfreemem};
    if (!verifier) throw environment_error{where_, "cannot make a password: " + last_message(), "run the drill again"};
    return verifier.get();
  }

  [[nodiscard]] bool in_transaction() const { return PQtransactionStatus(session()) != PQTRANS_IDLE; }
  /// In a transaction that only ROLLBACK can end.
  [[nodiscard]] bool in_failed_transaction() const { return PQtransactionStatus(session()) == PQTRANS_INERROR; }
  /// `150018` for 15.18.
  [[nodiscard]] int server_version() const { return PQserverVersion(session()); }
  [[nodiscard]] const location& where() const noexcept { return where_; }

 private:
  using clock = std::chrono::steady_clock;
  struct finish_session {
    void operator()(PGconn* session) const noexcept { PQfinish(session); }
  };
  struct free_cancel {
    void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
  };
  [[nodiscard]] PGconn* session() const noexcept { return session_.get(); }

  [[nodiscard]] std::string last_message() const {
    std::string text = PQerrorMessage(session());
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return printable(text);
  }

  [[noreturn]] void throw_lost() const {
    throw environment_error{where_, "the connection to PostgreSQL was lost: " + last_message(),
                            "look at the server's log; run the drill again"};
  }

  int send_one(const std::string& statement) const {
    return PQsendQueryParams(session(), statement.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
  }

  template <typename Send>
  void send(const Send& start) {
    start_clock();
    if (start() == 0) {
      if (PQstatus(session()) != CONNECTION_OK) throw_lost();
      throw sql_error{"", last_message()};
    }
    flush();
  }

  template <typename Send>
  query_result run(const Send& start) {
    send(start);
    return finish(next_result());
  }

  // Takes what is left of a statement's results; the last good one, or the first error thrown. A copy that nobody asked
  // for is ended.
  query_result finish(query_result result) {
    query_result last;
    std::optional<sql_error> failure;
    for (; result.get() != nullptr; result = next_result()) {
      switch (PQresultStatus(result.get())) {
        case PGRES_COPY_IN:
          PQputCopyEnd(session(), "nothing was to be copied");
          flush();
          break;
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
          if (!failure) failure.emplace("42601", "rows were copied out, which nobody asked for");
          drop_copy_out();
          break;
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE:
        case PGRES_NONFATAL_ERROR:
          if (!failure) failure = sql_error::of(result.get());
          break;
        default: last = std::move(result); break;
      }
      if (PQstatus(session()) != CONNECTION_OK) throw_lost();
    }
    if (PQstatus(session()) != CONNECTION_OK) throw_lost();
    if (failure) throw *failure;
    return last;
  }

  query_result end_copy(const char* why) {
    start_clock();
    int sent = 0;
    while ((sent = PQputCopyEnd(session(), why)) == 0) flush();
    if (sent < 0) throw_lost();
    flush();
    return finish(next_result());
  }

  void drop_copy_out() {
    for (;;) {
      char* row = nullptr;
      const int size = PQgetCopyData(session(), &row, 1);
      if (row != nullptr) PQfreemem(row);
      if (size == 0) read_more();
      if (size < 0) return;
    }
  }

  void drop_rest() {
    drop_copy_out();
    try {
      finish(next_result());
    } catch (const sql_error&) {  // of the cancellation
    }
  }

  query_result next_result() {
    while (PQisBusy(session()) != 0) read_more();
    return query_result{PQgetResult(session())};
  }

  void flush() {
    for (;;) {
      const int rest = PQflush(session());
      if (rest == 0) return;
      // A server that has ended the session says why before it does: that is read first.
      if (rest < 0 && PQconsumeInput(session()) == 0) throw_lost();
      if (rest < 0) return;
      if ((await(POLLIN | POLLOUT) & POLLIN) != 0 && PQconsumeInput(session()) == 0) throw_lost();
    }
  }

  void read_more() {
    await(POLLIN);
    if (PQconsumeInput(session()) == 0 && PQisBusy(session()) != 0) throw_lost();
  }

  void start_clock() {
    started_ = clock::now();
    cancelled_at_.reset();
  }

  // Waits until the socket is ready; meanwhile looks at the flag and the clock.
  short await(short events) {
    pollfd socket{PQsocket(session()), events, 0};
    for (;;) {
      const bool watched = stop_.watched() || time_limit_.count() > 0 || cancelled_at_;
      const int ready = ::poll(&socket, 1, watched ? 50 : -1);
      if (ready > 0) return socket.revents;
      if (ready < 0 && errno != EINTR) throw_lost();
      watch();
    }
  }

  void watch() {
    const auto now = clock::now();
    const bool stopped = stop_.requested();
    const bool late = time_limit_.count() > 0 && now - started_ > time_limit_;
    if (!stopped && !late) return;
    if (!cancelled_at_) {
      cancelled_at_ = now;
      repeated_at_ = now;
      cancel();
    } else if (now - *cancelled_at_ > std::chrono::seconds{20}) {
      throw environment_error{where_, "a statement does not end although it was cancelled",
                              "look at the server's log; stop the server"};
    } else if (now - repeated_at_ > std::chrono::seconds{1}) {
      repeated_at_ = now;
      cancel();
    }
  }

  location where_;
  std::unique_ptr<PGconn, finish_session> session_;
  std::unique_ptr<PGcancel, free_cancel> cancel_;
  stop_flag stop_;
  std::chrono::milliseconds time_limit_{0};
  clock::time_point started_;
  std::optional<clock::time_point> cancelled_at_;
  clock::time_point repeated_at_;
};

}  // namespace knowngood
