// run_process: runs a program to its end, in a process group of its own, and keeps what it prints.
//
// Layer: sandbox. Nothing but what the request names is inherited; see start_process.hpp.
//   const process_result git = run_process({.arguments = {"git", "fsck", "--full"}, .directory = clone});
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/io/file_descriptor.hpp"
#include "knowngood/io/system_error.hpp"
#include "knowngood/sandbox/start_process.hpp"

namespace knowngood {

struct process_result {
  int exit_code = -1;  ///< 128 + signal for one that was killed
  bool timed_out = false;
  std::string output;
  double seconds = 0;
};

namespace detail {

/// The beginning and the end of a text of any length.
class bounded_text {
 public:
  explicit bounded_text(std::size_t most) : head_most_{most / 2}, tail_most_{most - most / 2} {}

  void add(std::string_view text) {
    const std::size_t room = head_most_ - head_.size();
    head_ += text.substr(0, room);
    if (text.size() <= room) return;
    tail_ += text.substr(room);
    if (tail_.size() > 2 * tail_most_ + 4096) cut();
  }

  [[nodiscard]] std::string take() {
    cut();
    if (left_out_ == 0) return std::move(head_) + tail_;
    return fmt::format("{}\n[… {} bytes left out …]\n{}", head_, left_out_, tail_);
  }

 private:
  void cut() {
    if (tail_.size() <= tail_most_) return;
    left_out_ += tail_.size() - tail_most_;
    tail_.erase(0, tail_.size() - tail_most_);
  }

  std::size_t head_most_;
  std::size_t tail_most_;
  std::string head_;
  std::string tail_;
  std::size_t left_out_ = 0;
};

/// What a child prints: both pipes, read without waiting for either.
class process_streams {
 public:
  /// `of` outlives this object. Throws `environment_error`.
  process_streams(const process_request& of, const location& where) : request_{of}, kept_{of.output_bytes} {
    for (stream* one : {&out_, &err_}) {
      std::array<int, 2> ends{-1, -1};
      if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error(where, "make a pipe", errno);
      one->ours = file_descriptor{ends[0]};
      one->childs = file_descriptor{ends[1]};
      ::fcntl(one->ours.get(), F_SETFL, O_NONBLOCK);
    }
  }

  /// Descriptors for the child, the same where nobody wants standard output by itself.
  [[nodiscard]] int output() const { return out_.childs.get(); }
  [[nodiscard]] int error() const { return request_.on_output ? err_.childs.get() : out_.childs.get(); }
  /// After it was started: their end shows only when nobody holds them here.
  void child_has_them() {
    out_.childs = file_descriptor{};
    err_.childs = file_descriptor{};
  }

  /// Waits a moment for output, or for `end` to become readable; negative: there is no such descriptor.
  void wait_and_read(int end) {
    std::array<pollfd, 3> all{{{out_.ours.get(), POLLIN, 0}, {err_.ours.get(), POLLIN, 0}, {end, POLLIN, 0}}};
    ::poll(all.data(), all.size(), end >= 0 ? 50 : 5);
    if (all[0].revents != 0) read(out_);
    if (all[1].revents != 0) read(err_);
  }

  /// What is kept of it, once the child has ended: what it wrote last is still in the pipes, which hold less than one
  /// round reads; who left its group may write on.
  [[nodiscard]] std::string take_output() {
    read(out_);
    read(err_);
    return kept_.take();
  }

 private:
  struct stream {
    file_descriptor ours;
    file_descriptor childs;
  };

  // Not more than some at a time: a child that never stops writing has a time limit too.
  void read(stream& from) {
    for (int round = 0; from.ours.get() >= 0 && round < 32; ++round) {
      const ssize_t got = ::read(from.ours.get(), buffer_.data(), buffer_.size());
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        from.ours = file_descriptor{};
        return;
      }
      const std::string_view text{buffer_.data(), static_cast<std::size_t>(got)};
      if (&from == &out_ && request_.on_output) {
        request_.on_output(text);
      } else {
        kept_.add(text);
      }
    }
  }

  const process_request& request_;
  bounded_text kept_;
  stream out_;
  stream err_;
  std::vector<char> buffer_ = std::vector<char>(65'536);
};

}  // namespace detail

/// Runs a program to its end, or until its time is up or `stop` is asked for; then its process group gets SIGTERM, and
/// two seconds later SIGKILL. Processes that it leaves behind in its group are ended. Throws `environment_error` when
/// it cannot be started, `interrupted`, and what `on_output` throws, once it is ended.
inline process_result run_process(const process_request& request) {
  using clock = std::chrono::steady_clock;
  const auto started = clock::now();
  const location where{request.arguments.at(0)};
  detail::process_streams streams{request, where};
  detail::child_guard child{detail::start_process(request, streams.output(), streams.error(), SIGKILL)};
  const pid_t pid = child.pid;
  const file_descriptor end = detail::end_of(pid);
  streams.child_has_them();

  process_result result;
  std::optional<clock::time_point> asked_to_end;
  bool stopped = false;
  bool killed = false;
  for (bool ended = false; !ended;) {
    streams.wait_and_read(end.get());
    ended = detail::has_ended(pid);
    const auto now = clock::now();
    if (!ended && !asked_to_end) {
      stopped = request.stop.requested();
      result.timed_out = !stopped && request.time_limit.count() > 0 && now - started >= request.time_limit;
      if (stopped || result.timed_out) {
        ::kill(-pid, SIGTERM);
        asked_to_end = now;
      }
    } else if (!ended && !killed && now - *asked_to_end > std::chrono::seconds{2}) {
      ::kill(-pid, SIGKILL);
      killed = true;
    }
  }
  child.pid = -1;
  const std::optional<int> status = detail::reap(pid);  // with whatever would keep the pipes open
  if (stopped) throw interrupted{};
  if (!status) {
    throw environment_error{where, "how it ended is not known: something else in this process waited for it",
                            "run the drill on its own"};
  }
  result.exit_code = detail::exit_code_of_status(status);
  result.output = streams.take_output();
  result.seconds = std::chrono::duration<double>(clock::now() - started).count();
  return result;
}

}  // namespace knowngood
