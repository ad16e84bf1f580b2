// start_workers: threads that share work with the one that starts them.
//
// Layer: base. A host that gives fewer threads than are asked for is no reason to end a run: the work is then shared by
// fewer. Example:
//   std::atomic<std::size_t> next{0};
//   const auto work = [&] { for (auto i = next++; i < all.size(); i = next++) look_at(all[i]); };
//   const auto others = start_workers(3, work);  work();  // joined at the end of the scope
#pragma once

#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace knowngood {

/// Starts `count` threads that each call `work`, or as many as the host gives. `work` outlives them, throws nothing,
/// and must be done by the caller too: there may be no thread at all.
template <typename Work>
[[nodiscard]] std::vector<std::jthread> start_workers(std::size_t count, const Work& work) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  try {
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work] { work(); });
  } catch (const std::system_error&) {
    // no more threads here
  }
  return threads;
}

}  // namespace knowngood
