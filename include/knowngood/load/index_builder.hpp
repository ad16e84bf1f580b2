// index_builder: builds indexes, the constraints that are ones, and foreign keys, over several connections at a time.
//
// Layer: load. What costs most goes first, and what a foreign key waits for; indexes of one table are built side by
// side, a constraint has its table for itself, a foreign key follows what precedes it on both its tables.
//   index_builder builder{conninfo, where, {.connections = 2}}; builder.build(tasks, setup.sql());
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/workers.hpp"
#include "knowngood/load/dump_statement.hpp"
#include "knowngood/load/load_lane.hpp"
#include "knowngood/server/connection.hpp"

namespace knowngood {

struct index_task {
  std::string statement;
  index_statement what;
  std::uint64_t weight = 0;             ///< bytes of the table's rows
  std::optional<sql_error> error = {};  ///< afterwards: why it could not be built
};

namespace detail {

/// Which of the tasks may run now. Not safe for several threads by itself.
class index_queue {
 public:
  explicit index_queue(const std::vector<index_task>& tasks) : tasks_{tasks}, states_(tasks.size(), state::waiting) {
    std::map<std::string, std::size_t> numbers;
    const auto number_of = [&](const std::string& name) { return numbers.emplace(name, numbers.size()).first->second; };
    for (const auto& task : tasks) {
      const std::size_t table = number_of(task.what.table);
      tables_.emplace_back(table, task.what.references.empty() ? table : number_of(task.what.references));
    }
  }

  /// The best task that nothing is in the way of, now running; nothing when all that is left has to wait.
  std::optional<std::size_t> take() {
    std::optional<std::size_t> best;
    std::uint64_t best_weight = 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (states_[i] != state::waiting || !free(i)) continue;
      const std::uint64_t weight = urgency(i);
      if (best && weight <= best_weight) continue;
      best = i;
      best_weight = weight;
    }
    if (best) states_[*best] = state::running;
    return best;
  }

  void done(std::size_t task) { states_[task] = state::done; }

  [[nodiscard]] bool all_taken() const {
    return std::none_of(states_.begin(), states_.end(), [](state one) { return one == state::waiting; });
  }
  /// True when a task has the processors for itself, until it is done.
  [[nodiscard]] bool alone(std::size_t task) const {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (i != task && states_[i] != state::done && !(states_[i] == state::waiting && clash(i, task))) return false;
    }
    return true;
  }

 private:
  enum class state : unsigned char { waiting, running, done };
  using kind = index_statement::kind;

  [[nodiscard]] bool is_key(std::size_t i) const { return tasks_[i].what.what == kind::foreign_key; }
  [[nodiscard]] bool share_table(std::size_t a, std::size_t b) const {
    const auto& [a1, a2] = tables_[a];
    const auto& [b1, b2] = tables_[b];
    return a1 == b1 || a1 == b2 || a2 == b1 || a2 == b2;
  }
  // Their locks exclude each other.
  [[nodiscard]] bool clash(std::size_t a, std::size_t b) const {
    return share_table(a, b) && !(tasks_[a].what.what == kind::index && tasks_[b].what.what == kind::index);
  }

  [[nodiscard]] bool free(std::size_t task) const {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (states_[i] == state::running && clash(i, task)) return false;
      if (i < task && states_[i] != state::done && (is_key(i) || is_key(task)) && share_table(i, task)) return false;
    }
    return true;
  }

  // Its own weight, and that of the foreign keys that wait for it.
  [[nodiscard]] std::uint64_t urgency(std::size_t task) const {
    std::uint64_t weight = tasks_[task].weight;
    for (std::size_t i = task + 1; i < tasks_.size(); ++i) {
      if (states_[i] == state::waiting && is_key(i) && share_table(task, i)) weight += tasks_[i].weight;
    }
    return weight;
  }

  const std::vector<index_task>& tasks_;
  std::vector<state> states_;
  std::vector<std::pair<std::size_t, std::size_t>>
      tables_;  // of each task, as numbers: its own, and the one it refers to
};

}  // namespace detail

class index_builder {
 public:
  /// `conninfo` with dbname; connects when there is something to build.
  index_builder(std::string conninfo, location where, const lane_options& options)
      : conninfo_{std::move(conninfo)}, where_{std::move(where)}, options_{options} {}

  /// Runs all of `tasks`, which stand in the dump's order; errors stand in them afterwards. `setup`: statements that a
  /// session runs first. Throws `environment_error` when the server goes away, `interrupted`.
  void build(std::vector<index_task>& tasks, const std::shared_ptr<const std::string>& setup) {
    while (lanes_.size() < std::min<std::size_t>(options_.connections, tasks.size())) {
      lanes_.push_back(std::make_unique<load_lane>(conninfo_, where_, options_));
    }
    workload work{tasks};
    if (const std::size_t count = std::min(lanes_.size(), tasks.size()); count > 0) {
      std::atomic<std::size_t> next{1};
      const auto beside = [&] { run(*lanes_[next++], work, setup); };
      const auto others = start_workers(count - 1, beside);
      run(*lanes_[0], work, setup);
    }
    if (work.failure) std::rethrow_exception(work.failure);
    options_.stop.throw_if_requested();
  }

 private:
  struct workload {
    explicit workload(std::vector<index_task>& all) : tasks{all}, queue{all} {}
    std::vector<index_task>& tasks;
    std::mutex mutex;
    std::condition_variable changed;
    detail::index_queue queue;
    std::exception_ptr failure;
  };

  void run(load_lane& lane, workload& work, const std::shared_ptr<const std::string>& setup) const {
    std::unique_lock lock{work.mutex};
    try {
      while (!work.queue.all_taken() && !work.failure && !options_.stop.requested()) {
        const auto next = work.queue.take();
        if (!next) {
          work.changed.wait(lock);
          continue;
        }
        const bool alone = work.queue.alone(*next);
        lock.unlock();
        index_task& task = work.tasks[*next];
        task.error = lane.prepare(setup);
        if (!task.error) lane.session().query(settings_of(task, alone));
        if (!task.error) task.error = lane.session().try_execute(task.statement);
        lock.lock();
        work.queue.done(*next);
        work.changed.notify_all();
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (!work.failure) work.failure = std::current_exception();
    }
    work.changed.notify_all();
  }

  // Processors go to builds of their own first. Runs that fit the processor's cache are sorted in two thirds of the
  // time that one large one takes, as long as they can be merged at once, which some sixty can.
  [[nodiscard]] std::string settings_of(const index_task& task, bool alone) const {
    constexpr std::uint64_t least_kib = 16 * 1024;
    constexpr std::uint64_t most_kib = 256 * 1024;  // above that the server's own setting is for the best
    const std::uint64_t kib = std::max(task.weight / 64 / 1024, least_kib);
    const bool small_runs = task.what.btree && task.weight > 0 && kib <= most_kib;
    return fmt::format("SET max_parallel_maintenance_workers TO {}; SET maintenance_work_mem TO {}",
                       alone ? options_.connections - 1 : 0, small_runs ? fmt::format("'{}kB'", kib) : "DEFAULT");
  }

  std::string conninfo_;
  location where_;
  lane_options options_;
  std::vector<std::unique_ptr<load_lane>> lanes_;
};

}  // namespace knowngood
