// background_threads: threads that wait for something to do until they are told to end, and are joined however the one
// that started them ends. (workers.hpp: for those that share work which ends by itself.)
//
// Layer: base. A thread that the system refuses (its limits of processes and memory) ends nothing: the others go on
// without it, or, where it is needed, whoever asked has an `environment_error`.
//   background_threads threads{[&] { closing = true; changed.notify_all(); }};
//   threads.require(where, [&] { while (!closing) …; });
#pragma once

#include <functional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"

namespace knowngood {

class background_threads {
 public:
  background_threads() = default;
  /// `end` makes the work of all of them return, where it does not by itself. It is called before they are joined by
  /// the destructor, and does not throw.
  explicit background_threads(std::function<void()> end) : end_{std::move(end)} {}
  background_threads(const background_threads&) = delete;
  background_threads& operator=(const background_threads&) = delete;
  ~background_threads() {
    if (end_) end_();
  }

  /// Starts one more; `work` does not throw. False when the system refuses it.
  [[nodiscard]] bool start(std::function<void()> work) {
    try {
      threads_.emplace_back(std::move(work));
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }

  /// The same for one that nothing goes on without: throws `environment_error`, `where` being what it is for.
  void require(const location& where, std::function<void()> work) {
    if (!start(std::move(work)))
      throw environment_error{where, "the system refuses to start a thread",
                              "allow more processes (ulimit -u, TasksMax), or free some memory"};
  }

  /// Waits until all have returned.
  void join() { threads_.clear(); }

 private:
  std::function<void()> end_;
  std::vector<std::jthread> threads_;  // joined by their destructors, after `end_` was called
};

}  // namespace knowngood
