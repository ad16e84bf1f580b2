// copy_fan_out: COPY data of a dump, sent to the server over several connections at a time.
//
// Layer: load. The data is cut at row ends and dealt out to whichever connection has least to do; each works through
// its share in order, so that a small table is still being finished while the next one begins. Memory is bounded.
//   copy_fan_out copies{conninfo, where, {.connections = 2}};
//   copies.begin(statement, table, line, setup.sql()); copies.put(rows, count); copies.end(); copies.wait();
#pragma once

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/background_threads.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/load/load_lane.hpp"
#include "knowngood/server/connection.hpp"
#include "knowngood/server/sql_error.hpp"

namespace knowngood {

/// One COPY block that the server did not take, or not all of.
struct copy_failure {
  std::string table;       ///< as the dump writes it
  std::uint64_t line = 0;  ///< in the dump: of the row that the server names, or of the statement
  sql_error error;
};

/// Which line of COPY data an error is about, from 1: `COPY t, line 12, column a: "x"`.
inline std::optional<std::uint64_t> copy_line_of(const sql_error& error) {
  constexpr std::string_view mark = ", line ";
  const std::size_t at = error.context.find(mark);
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* begin = error.context.data() + at + mark.size();
  if (std::from_chars(begin, error.context.data() + error.context.size(), number).ec != std::errc{} || number == 0)
    return std::nullopt;
  return number;
}

class copy_fan_out {
 public:
  /// `conninfo` with dbname. Connects when the first data comes.
  copy_fan_out(std::string conninfo, location where, const lane_options& options)
      : conninfo_{std::move(conninfo)}, where_{std::move(where)}, options_{options} {
    const auto add = [&] { return lanes_.emplace_back(std::make_unique<lane>()).get(); };
    threads_.require(where_, [this, first = add()] { work(*first); });
    while (lanes_.size() < options.connections) {
      if (threads_.start([this, next = add()] { work(*next); })) continue;
      lanes_.pop_back();
      break;
    }
  }
  copy_fan_out(const copy_fan_out&) = delete;
  copy_fan_out& operator=(const copy_fan_out&) = delete;

  /// A block begins, of rows that are lines of text: its COPY statement, the table and line for messages, and what a
  /// session runs before it (see session_setup).
  void begin(std::string statement, std::string table, std::uint64_t line, std::shared_ptr<const std::string> setup) {
    block_ = std::make_shared<const block>(std::move(statement), std::move(table), line, std::move(setup));
    next_line_ = line + 1;
    bound_ = nullptr;
  }

  /// Its data, in order and of any size; `rows` lines end in it. Waits while all connections have enough to do.
  void put(std::string_view data, std::uint64_t rows) {
    pending_.append(data);
    pending_rows_ += rows;
    if (pending_.size() >= piece_bytes) send();
  }

  /// The block is complete.
  void end() {
    send();
    bound_ = nullptr;
    block_.reset();
  }

  /// The block breaks off: whole rows stay, a part of one is dropped.
  void break_off() {
    if (!block_) return;
    pending_.resize(whole_rows(pending_));
    if (pending_.empty() && bound_ != nullptr) hand_out({}, 0, share::given_up);
    end();
  }

  /// Waits until everything sent is done, and returns what failed since. Throws `environment_error` when the server
  /// went away, `interrupted`.
  std::vector<copy_failure> wait() {
    {
      std::unique_lock lock{mutex_};
      draining_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] {
        return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& one) { return one->idle(); });
      });
      draining_ = false;
    }
    if (failure_) std::rethrow_exception(failure_);
    if (stopped()) throw interrupted{};
    return std::exchange(failures_, {});
  }

 private:
  static constexpr std::size_t piece_bytes = std::size_t{512} << 10;
  static constexpr std::size_t queued_pieces = 6;  ///< of one connection

  struct block {
    block(std::string of_statement, std::string of_table, std::uint64_t at_line,
          std::shared_ptr<const std::string> with_setup)
        : statement{std::move(of_statement)}, table{std::move(of_table)}, line{at_line}, setup{std::move(with_setup)} {}

    std::string statement;
    std::string table;
    std::uint64_t line;
    std::shared_ptr<const std::string> setup;
    mutable std::atomic<bool> failed{false};  ///< whatever of it comes after that is dropped
  };
  enum class share : unsigned char {
    next,      ///< goes into the COPY that is in progress
    long_row,  ///< begins a row of which more follows: in a COPY of its own, which can be given up without other rows
    given_up,  ///< the row that was begun never ends
  };
  struct piece {
    std::shared_ptr<const block> of;
    std::string data;
    std::uint64_t line;  ///< in the dump, of its first row
    std::uint64_t rows;
    share what;
  };
  struct lane {
    std::deque<piece> queue;
    bool busy = false;  ///< with a piece, or with a block that is not finished
    std::optional<load_lane> link;
    std::shared_ptr<const block> open;                          ///< the block whose COPY is in progress
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sent;  ///< of it: line in the dump and rows of each piece

    [[nodiscard]] bool idle() const { return queue.empty() && !busy; }
  };

  void close() {
    {
      const std::lock_guard lock{mutex_};
      closing_ = true;
    }
    changed_.notify_all();
  }

  [[nodiscard]] bool stopped() const { return options_.stop.requested(); }

  /// How much of `data` is rows with their ends.
  static std::size_t whole_rows(std::string_view data) {
    const std::size_t newline = data.rfind('\n');
    return newline == std::string_view::npos ? 0 : newline + 1;
  }

  void send() {
    if (pending_.empty()) return;
    std::string data = std::exchange(pending_, {});
    const std::string rest = data.substr(whole_rows(data));
    data.resize(data.size() - rest.size());
    if (!data.empty()) hand_out(std::move(data), std::exchange(pending_rows_, 0), share::next);
    if (!rest.empty()) hand_out(rest, 0, bound_ == nullptr ? share::long_row : share::next);
    pending_.reserve(piece_bytes + (std::size_t{64} << 10));
  }

  void hand_out(std::string data, std::uint64_t rows, share what) {
    const bool inside_row = !data.empty() && data.back() != '\n';
    piece one{block_, std::move(data), next_line_, rows, what};
    next_line_ += rows;
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return failure_ != nullptr || stopped() || target().queue.size() < queued_pieces; });
    if (failure_ || stopped()) return;  // `wait` says so
    lane& to = target();
    to.queue.push_back(std::move(one));
    bound_ = inside_row ? &to : nullptr;  // the rest of a row goes where its beginning went
    lock.unlock();
    changed_.notify_all();
  }

  [[nodiscard]] lane& target() const {
    if (bound_ != nullptr) return *bound_;
    return **std::min_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
      return a->queue.size() + (a->busy ? 1 : 0) < b->queue.size() + (b->busy ? 1 : 0);
    });
  }

  void work(lane& own) {
    for (;;) {
      std::optional<piece> next;
      {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return closing_ || !own.queue.empty() || (draining_ && own.busy); });
        if (!own.queue.empty()) {
          own.busy = true;
          next = std::move(own.queue.front());
          own.queue.pop_front();
        } else if (closing_ && !own.busy) {
          return;
        }
      }
      changed_.notify_all();
      try {
        const bool dead = failure_seen();
        if (next && !dead) take(own, std::move(*next));
        if (!next && !dead) finish(own);
      } catch (...) {
        const std::lock_guard lock{mutex_};
        if (!failure_) failure_ = std::current_exception();
      }
      {
        const std::lock_guard lock{mutex_};
        // an open COPY is finished when another block comes, or somebody waits
        own.busy = own.open != nullptr && !failure_;
        if (failure_) {
          own.queue.clear();
          own.open.reset();
        }
      }
      changed_.notify_all();
    }
  }

  bool failure_seen() {
    const std::lock_guard lock{mutex_};
    return failure_ != nullptr;
  }

  void take(lane& own, piece one) {
    if (one.what == share::given_up) return give_up(own);
    if (own.open != nullptr && (own.open != one.of || one.what == share::long_row)) finish(own);
    if (own.open == nullptr) {
      if (one.of->failed) return;
      if (!own.link) own.link.emplace(conninfo_, where_, options_);
      if (const auto error = own.link->prepare(one.of->setup))
        return report({one.of->table, one.of->line, *error}, *one.of);
      try {
        own.link->session().begin_copy_in(one.of->statement);
      } catch (const sql_error& error) {
        return report({one.of->table, one.of->line, error}, *one.of);
      }
      own.open = one.of;
      own.sent.clear();
    }
    own.sent.emplace_back(one.line, one.rows);
    own.link->session().put(one.data);
  }

  static void give_up(lane& own) {
    if (own.open == nullptr) return;
    own.open.reset();
    own.link->session().abort_copy("the dump ends inside a row");
  }

  void finish(lane& own) {
    if (own.open == nullptr) return;
    const auto done = std::exchange(own.open, nullptr);
    try {
      own.link->session().finish_copy();
    } catch (const sql_error& error) {
      report({done->table, line_of(own, error).value_or(done->line), error}, *done);
    }
  }

  // The server counts the lines that this connection sent it.
  static std::optional<std::uint64_t> line_of(const lane& own, const sql_error& error) {
    auto number = copy_line_of(error);
    if (!number) return std::nullopt;
    for (const auto& [line, rows] : own.sent) {
      if (*number <= rows) return line + *number - 1;
      *number -= rows;
    }
    return std::nullopt;
  }

  // Of one block that fails on every connection alike, once.
  void report(copy_failure failure, const block& of) {
    if (of.failed.exchange(true)) return;
    const std::lock_guard lock{mutex_};
    failures_.push_back(std::move(failure));
  }

  std::string conninfo_;
  location where_;
  lane_options options_;
  std::shared_ptr<const block> block_;  // that data comes for
  std::uint64_t next_line_ = 0;
  std::string pending_;
  std::uint64_t pending_rows_ = 0;
  lane* bound_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<lane>> lanes_;
  std::vector<copy_failure> failures_;
  std::exception_ptr failure_;
  bool draining_ = false;
  bool closing_ = false;
  background_threads threads_{[this] { close(); }};  // last: they use everything above
};

}  // namespace knowngood
