// statement_watch: ends what a libpqxx session waits for, when it is to stop or has used up its time.
//
// Layer: server. libpqxx blocks until the server answers; so another thread looks at the flag and the clock and calls
// cancel_query, again every second, for a function may catch a cancellation. A server that does not answer that either
// loses the connection after twenty seconds. Without a flag and a limit there is no thread.
//   statement_watch watch{session, where, stop, std::chrono::minutes{5}};  watch([&] { return work.exec(sql); });
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <pqxx/connection>
#include <utility>

#include "knowngood/base/background_threads.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"

namespace knowngood {

class statement_watch {
 public:
  /// `session` outlives the watch, as the bool behind `stop` does. `limit`: for each statement; 0: none.
  /// `patience`: how long a server is asked before the connection is cut.
  statement_watch(pqxx::connection& session, location where, stop_flag stop, std::chrono::milliseconds limit,
                  std::chrono::milliseconds patience = std::chrono::seconds{20})
      : session_{session}, where_{std::move(where)}, stop_{stop}, limit_{limit}, patience_{patience} {}
  statement_watch(const statement_watch&) = delete;
  statement_watch& operator=(const statement_watch&) = delete;

  /// Runs `statement`, which throws what libpqxx throws: for one that was ended here `pqxx::sql_error` 57014, or
  /// `pqxx::broken_connection`. Throws `environment_error` when the thread that is to watch cannot be started.
  template <typename Statement>
  auto operator()(Statement&& statement) {
    const running now{*this};
    return std::forward<Statement>(statement)();
  }

  /// The connection was given up, because the server did not obey.
  [[nodiscard]] bool gave_up() const {
    const std::lock_guard lock{mutex_};
    return gave_up_;
  }

 private:
  using clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds tick{50};
  static constexpr std::chrono::seconds repetition{1};

  struct running {
    explicit running(statement_watch& of) : watch{of} { watch.begin(); }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() { watch.end(); }
    statement_watch& watch;
  };

  void begin() {
    if (!stop_.watched() && limit_.count() == 0) return;
    if (!std::exchange(watched_, true)) watcher_.require(where_, [this] { look_on(); });
    const std::lock_guard lock{mutex_};
    started_ = clock::now();
    cancelled_.reset();
  }

  // A cancellation that is under way is waited for, so that it cannot hit the next statement.
  void end() {
    const std::lock_guard lock{mutex_};
    started_.reset();
  }

  void close() {
    {
      const std::lock_guard lock{mutex_};
      closing_ = true;
    }
    changed_.notify_all();
  }

  void look_on() {
    std::unique_lock lock{mutex_};
    while (!closing_) {
      changed_.wait_for(lock, tick);
      if (started_ && !closing_) look();
    }
  }

  void look() {
    const auto now = clock::now();
    const bool late = limit_.count() > 0 && now - *started_ > limit_;
    if (!stop_.requested() && !late) return;
    if (!cancelled_) {
      cancelled_ = now;
    } else if (now - *cancelled_ > patience_) {
      if (!std::exchange(gave_up_, true)) ::shutdown(session_.sock(), SHUT_RDWR);
      return;
    } else if (now - repeated_ < repetition) {
      return;
    }
    repeated_ = now;
    try {
      session_.cancel_query();
    } catch (const std::exception&) {  // it cannot be asked now: it is asked again
    }
  }

  pqxx::connection& session_;
  location where_;
  stop_flag stop_;
  std::chrono::milliseconds limit_;
  std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<clock::time_point> started_;  // nothing: no statement runs
  std::optional<clock::time_point> cancelled_;
  clock::time_point repeated_;
  bool gave_up_ = false;
  bool closing_ = false;
  bool watched_ = false;
  background_threads watcher_{[this] { close(); }};  // last: it uses everything above
};

}  // namespace knowngood
