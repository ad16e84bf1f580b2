// A line on standard error that says how far a run is, redrawn a few times a second.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>

#include <fmt/format.h>

#include "command_line.hpp"
#include "knowngood/base/background_threads.hpp"
#include "knowngood/base/byte_size.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/verify/progress_board.hpp"

namespace knowngood::tool {

class progress_line {
 public:
  /// Draws while it lives. `board` outlives it.
  explicit progress_line(const progress_board& board) : board_{board} {
    drawn_ = threads_.start([this] { draw(); });  // a run without a line is as good
  }

  ~progress_line() {
    close();
    threads_.join();
    if (drawn_) write_all(STDERR_FILENO, "\r\x1b[K");
  }

  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

 private:
  void close() {
    {
      const std::lock_guard lock{mutex_};
      done_ = true;
    }
    changed_.notify_all();
  }

  void draw() {
    std::unique_lock lock{mutex_};
    try {
      while (!changed_.wait_for(lock, std::chrono::milliseconds{250}, [this] { return done_; })) {
        write_all(STDERR_FILENO, "\r" + line(board_.now()) + "\x1b[K");
      }
    } catch (const std::exception&) {
      // out of memory: the run itself will say so
    }
  }

  static std::string line(const progress_board::state& now) {
    std::string text =
        fmt::format("{}/{}  {}", now.artifacts_done, now.artifacts_total, format_byte_size(now.bytes_done));
    if (now.bytes_total > 0) {
      text += fmt::format(" of {} ({:.0f}%)", format_byte_size(now.bytes_total),
                          100.0 * static_cast<double>(std::min(now.bytes_done, now.bytes_total)) /
                              static_cast<double>(now.bytes_total));
    }
    text += fmt::format("  {}/s", format_byte_size(static_cast<std::uint64_t>(now.bytes_per_second)));
    if (now.left && now.bytes_total > 0) text += fmt::format("  {} left", format_duration(*now.left));
    const std::size_t width = terminal_width(STDERR_FILENO, 100);
    const std::string name = printable(file_name_of(now.current));
    if (!name.empty() && text.size() + name.size() + 3 < width) text += "  " + name;
    return text;
  }

  const progress_board& board_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  bool drawn_ = false;
  background_threads threads_{[this] { close(); }};  // last: they use everything above
};

}  // namespace knowngood::tool
