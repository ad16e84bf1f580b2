// index_builder: builds indexes, and the constraints that are ones, over several connections at a time.
//
// Layer: drill. The largest tables first; a constraint has its table for itself, indexes of one table are built side by side.
//   index_builder builder{conninfo, where, 2, stop}; builder.build(statements, settings);
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
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "restorable/drill/connection.hpp"
#include "restorable/drill/dump_statement.hpp"
#include "restorable/verify/artifact_verifier.hpp"

namespace restorable {

struct index_task {
  std::string statement;
  index_statement what;
  std::uint64_t weight = 0;             ///< bytes of the table's rows
  std::optional<sql_error> error = {};  ///< afterwards: why it could not be built
};

class index_builder {
 public:
  /// `conninfo` with dbname; connects when there is something to build.
  index_builder(std::string conninfo, location where, unsigned connections, const std::atomic<bool>* stop)
      : conninfo_{std::move(conninfo)}, where_{std::move(where)}, connections_{std::max(connections, 1U)}, stop_{stop} {}

  /// Builds all of `tasks`; errors stand in them. `settings`: statements that a session runs first. Throws
  /// `environment_error` when the server goes away, `interrupted`.
  void build(std::vector<index_task>& tasks, const std::vector<std::string>& settings) {
    while (sessions_.size() < std::min<std::size_t>(connections_, tasks.size())) {
      sessions_.push_back({connection{conninfo_, where_}, 0});
      sessions_.back().link.set_stop(stop_);
    }
    workload_state workload{tasks, stop_};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < std::min(sessions_.size(), tasks.size()); ++i) {
      threads.emplace_back([&, i] { run(sessions_[i], workload, settings); });
    }
    for (auto& thread : threads) thread.join();
    if (workload.failure) std::rethrow_exception(workload.failure);
    if (stop_ != nullptr && stop_->load()) throw interrupted{};
  }

 private:
  struct session {
    connection link;
    std::size_t settings_done;
  };

  struct workload_state {
    workload_state(std::vector<index_task>& all, const std::atomic<bool>* stop_of) : stop{stop_of} {
      for (auto& task : all) waiting.push_back(&task);
      std::stable_sort(waiting.begin(), waiting.end(), [](const index_task* a, const index_task* b) { return a->weight > b->weight; });
    }

    // The next that no other one is in the way of; null when none is left.
    index_task* take(std::size_t& side_by_side) {
      std::unique_lock lock{mutex};
      for (;;) {
        if (waiting.empty() || failure || (stop != nullptr && stop->load())) return nullptr;
        for (auto one = waiting.begin(); one != waiting.end(); ++one) {
          const auto& [builders, exclusively] = busy[(*one)->what.table];
          if (exclusively || ((*one)->what.exclusive && builders > 0)) continue;
          index_task* task = *one;
          waiting.erase(one);
          auto& table = busy[task->what.table];
          ++table.first;
          table.second = task->what.exclusive;
          side_by_side = ++running + waiting.size();
          return task;
        }
        changed.wait(lock);
      }
    }

    void done(const index_task& task) {
      {
        const std::lock_guard lock{mutex};
        auto& table = busy[task.what.table];
        --table.first;
        table.second = false;
        --running;
      }
      changed.notify_all();
    }

    const std::atomic<bool>* stop;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<index_task*> waiting;
    std::map<std::string, std::pair<unsigned, bool>> busy;  // by table: how many build, and whether one excludes others
    std::size_t running = 0;
    std::exception_ptr failure;
  };

  void run(session& own, workload_state& workload, const std::vector<std::string>& settings) const {
    try {
      for (; own.settings_done < settings.size(); ++own.settings_done) {
        static_cast<void>(own.link.try_execute(settings[own.settings_done]));
      }
      std::size_t side_by_side = 0;
      while (index_task* task = workload.take(side_by_side)) {
        // cores go to builds of their own first
        own.link.query(fmt::format("SET max_parallel_maintenance_workers TO {}", side_by_side > 1 ? 0 : connections_ - 1));
        task->error = own.link.try_execute(task->statement);
        workload.done(*task);
      }
    } catch (...) {
      const std::lock_guard lock{workload.mutex};
      if (!workload.failure) workload.failure = std::current_exception();
    }
    workload.changed.notify_all();
  }

  std::string conninfo_;
  location where_;
  unsigned connections_;
  const std::atomic<bool>* stop_;
  std::vector<session> sessions_;
};

}  // namespace restorable
