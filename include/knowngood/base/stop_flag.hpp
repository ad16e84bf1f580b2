// stop_flag: how whoever started something says that it shall end, and how what was started says that it did.
//
// Layer: base. A flag is a view of a bool that a signal handler or another thread sets; it is copied freely and owns
// nothing. Whatever takes time looks at it at least once a second of work. Example:
//   std::atomic<bool> asked{false};  verify_artifact(task, {.stop = asked});  // ends with `interrupted` once asked is
//   true
#pragma once

#include <atomic>

namespace knowngood {

/// Thrown by what was asked to stop, and by nothing else. No error: whoever asked catches it.
struct interrupted {};

class stop_flag {
 public:
  /// Nobody will ask.
  constexpr stop_flag() noexcept = default;

  /// `asked` outlives the flag and all copies of it.
  constexpr stop_flag(const std::atomic<bool>& asked) noexcept : asked_{&asked} {}

  [[nodiscard]] bool requested() const noexcept { return asked_ != nullptr && asked_->load(std::memory_order_relaxed); }

  /// False: nobody can ever ask, so that a wait need not wake up to look.
  [[nodiscard]] bool watched() const noexcept { return asked_ != nullptr; }

  /// Throws `interrupted` once somebody asked.
  void throw_if_requested() const {
    if (requested()) throw interrupted{};
  }

 private:
  const std::atomic<bool>* asked_ = nullptr;
};

}  // namespace knowngood
