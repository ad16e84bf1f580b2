// copy_fan_out: COPY data of a dump, sent to the server over several connections at a time.
//
// Layer: drill. The data is cut at row ends and dealt out to whichever connection has least to do; each works through its
// share in order, so that a small table is still being finished while the next one begins. Memory is bounded.
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
#include <thread>
#include <utility>
#include <vector>

#include "restorable/base/error.hpp"
#include "restorable/drill/connection.hpp"
#include "restorable/drill/load_lane.hpp"
#include "restorable/drill/sql_error.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

/// One COPY block that the server did not take, or not all of.
struct copy_failure {
  std::string table;         ///< as the dump writes it
  std::uint64_t line = 0;    ///< in the dump: of the row that the server names, or of the statement
  sql_error error;
};

/// Which line of COPY data an error is about, from 1: `COPY t, line 12, column a: "x"`.
inline std::optional<std::uint64_t> copy_line_of(const sql_error& error) {
  constexpr std::string_view mark = ", line ";
  const std::size_t at = error.context.find(mark);
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* begin = error.context.data() + at + mark.size();
  if (std::from_chars(begin, error.context.data() + error.context.size(), number).ec != std::errc{} || number == 0) return std::nullopt;
  return number;
}

class copy_fan_out {
 public:
  /// `conninfo` with dbname. Connects when the first data comes.
  copy_fan_out(std::string conninfo, location where, const lane_options& options)
      : conninfo_{std::move(conninfo)}, where_{std::move(where)}, options_{options} {
    for (unsigned i = 0; i < std::max(options.connections, 1U); ++i) lanes_.push_back(std::make_unique<lane>());
    for (auto& one : lanes_) one->thread = std::thread{[this, lane = one.get()] { work(*lane); }};
  }
  copy_fan_out(const copy_fan_out&) = delete;
  copy_fan_out& operator=(const copy_fan_out&) = delete;
  ~copy_fan_out() {
    {
      const std::lock_guard lock{mutex_};
      closing_ = true;
    }
    changed_.notify_all();
    for (auto& one : lanes_) one->thread.join();
  }

  /// A block begins, of rows that are lines of text: its COPY statement, the table and line for messages, and what a session
  /// runs before it (see session_setup).
  void begin(std::string statement, std::string table, std::uint64_t line, std::shared_ptr<const std::string> setup) {
    block_ = std::make_shared<block>(block{++blocks_, std::move(statement), std::move(table), line, std::move(setup)});
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
    const std::size_t newline = pending_.rfind('\n');
    if (bound_ == nullptr) pending_.resize(newline == std::string::npos ? 0 : newline + 1);
    end();
  }

  /// Waits until everything sent is done, and returns what failed since. Throws `environment_error` when the server went
  /// away, `interrupted`.
  std::vector<copy_failure> wait() {
    {
      std::unique_lock lock{mutex_};
      draining_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& one) { return one->idle(); }); });
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
    std::uint64_t id;        // from 1
    std::string statement;
    std::string table;
    std::uint64_t line;
    std::shared_ptr<const std::string> setup;
  };
  struct piece {
    std::shared_ptr<const block> of;
    std::string data;
    std::uint64_t line;   ///< in the dump, of its first row
    std::uint64_t rows;
  };
  struct lane {
    std::deque<piece> queue;
    bool busy = false;      ///< with a piece, or with a block that is not finished
    std::thread thread;
    std::optional<load_lane> link;
    std::shared_ptr<const block> open;             ///< the block whose COPY is in progress
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sent;  ///< of it: line in the dump and rows of each piece

    [[nodiscard]] bool idle() const { return queue.empty() && !busy; }
  };

  [[nodiscard]] bool stopped() const { return options_.stopped(); }

  void send() {
    if (pending_.empty()) return;
    const bool whole_rows = pending_.back() == '\n';
    piece one{block_, std::move(pending_), next_line_, pending_rows_};
    pending_ = {};
    pending_.reserve(piece_bytes + (std::size_t{64} << 10));
    next_line_ += pending_rows_;
    pending_rows_ = 0;
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return failure_ != nullptr || stopped() || target().queue.size() < queued_pieces; });
    if (failure_ || stopped()) return;  // `wait` says so
    lane& to = target();
    to.queue.push_back(std::move(one));
    bound_ = whole_rows ? nullptr : &to;  // the rest of a row goes where its beginning went
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
    if (own.open != nullptr && own.open != one.of) finish(own);
    if (own.open == nullptr) {
      if (failed_block_ == one.of->id) return;
      if (!own.link) own.link.emplace(conninfo_, where_, options_);
      if (const auto error = own.link->prepare(one.of->setup)) return report({one.of->table, one.of->line, *error}, *one.of);
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
    const std::lock_guard lock{mutex_};
    if (failed_block_ == of.id) return;
    failed_block_ = of.id;
    failures_.push_back(std::move(failure));
  }

  std::string conninfo_;
  location where_;
  lane_options options_;
  std::shared_ptr<const block> block_;   // that data comes for
  std::uint64_t blocks_ = 0;
  std::uint64_t next_line_ = 0;
  std::string pending_;
  std::uint64_t pending_rows_ = 0;
  lane* bound_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<lane>> lanes_;
  std::atomic<std::uint64_t> failed_block_{0};
  std::vector<copy_failure> failures_;
  std::exception_ptr failure_;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace restorable
