// What the three programs share at their edges: arguments, terminal, signals, exit codes.
#pragma once

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "knowngood/base/location.hpp"
#include "knowngood/base/masked_passwords.hpp"
#include "knowngood/base/nearest.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/io/system_error.hpp"

namespace knowngood::tool {

/// The signal that asked the program to stop, or 0. Set by the handlers that `catch_stop_signals` installs.
inline std::atomic<bool> stop_requested{false};
inline std::atomic<int> stop_signal{0};

inline std::atomic<int> stop_signals_seen{0};

extern "C" inline void knowngood_on_stop_signal(int number) {
  stop_signal = number;
  stop_requested = true;
  if (++stop_signals_seen >= 3) ::_exit(128 + number);
}

/// SIGINT and SIGTERM ask to stop; a third one ends the program at once (whoever signals a process and then its group,
/// as timeout does, means it once). SIGPIPE is an error of the write instead.
inline void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = &knowngood_on_stop_signal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // a parent may ignore it, and then no child's exit status could be had
}

/// Writes all of `text`. False on an error, errno tells which.
inline bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd ready{descriptor, POLLOUT, 0};  // whoever shares the pipe with us made it non-blocking
      ::poll(&ready, 1, -1);
      continue;
    }
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Writes what was asked for to standard output, whose reader may go away. Throws `environment_error` when it cannot be
/// written.
inline void print(std::string_view text) {
  if (!write_all(STDOUT_FILENO, text) && errno != EPIPE) {
    throw write_error(location{"standard output"}, "write", errno);
  }
}

/// Says something on standard error, which nobody may hear: there is no other place to say that. Whatever names are in
/// it, no line of it acts on a terminal or commands a CI system.
inline void complain(std::string_view text) {
  std::string lines;
  for (bool more = true; more;) {
    const std::size_t end = text.find('\n');
    more = end != std::string_view::npos;
    lines += printable(text.substr(0, end), std::string_view::npos) + "\n";
    text.remove_prefix(more ? end + 1 : text.size());
  }
  write_all(STDERR_FILENO, lines);
}

/// A descriptor that whoever started us left closed would be given to the next file that is opened, and what is printed
/// would land in that. It is taken here by one that cannot be written to, so that whoever prints is told.
inline void hold_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) == 0 || errno != EBADF) continue;
    const int opened = ::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != number) {
      ::dup2(opened, number);
      ::close(opened);
    }
  }
}

/// Masks passwords in the arguments themselves, which everybody on this host can read (ps, /proc/PID/cmdline).
inline void mask_arguments(int count, char** arguments) {
  for (int i = 0; i < count; ++i) {
    const std::size_t length = std::strlen(arguments[i]);
    const std::string masked = mask_passwords({arguments[i], length});
    if (masked == std::string_view{arguments[i], length}) continue;
    std::memset(arguments[i], 0, length);
    std::memcpy(arguments[i], masked.data(), std::min(masked.size(), length));
  }
}

/// The message for a mistake in the arguments, with the nearest right option where there is one.
inline std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  std::string message = printable(mask_passwords(error.what()), std::string_view::npos);
  const CLI::App* command = &app;  // the innermost subcommand that was named
  for (auto inner = command->get_subcommands(); !inner.empty(); inner = command->get_subcommands())
    command = inner.front();
  std::vector<std::string> options;
  for (const CLI::Option* option : command->get_options()) {
    for (const auto& name : option->get_lnames()) options.push_back("--" + name);
  }
  for (const std::string& extra : app.remaining(true)) {
    if (!extra.starts_with('-')) continue;
    message = fmt::format("unknown option {}", printable(mask_passwords(extra)));
    const std::string name = extra.substr(0, extra.find('='));
    if (const std::string_view near = nearest(name, options); !near.empty())
      message += fmt::format(": did you mean {}?", near);
    break;
  }
  return message;
}

/// The arguments as a shell would take them back.
inline std::string shell_quoted(int count, const char* const* arguments) {
  std::string line;
  for (int i = 0; i < count; ++i) {
    const std::string_view word = arguments[i];
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                            "_-./=:,+@%") == std::string_view::npos;
    if (i > 0) line += ' ';
    if (plain) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    line += '\'';
  }
  return line;
}

/// True when colours are wanted on `descriptor`: `when` is auto, always or never; NO_COLOR forbids auto.
inline bool use_colour(std::string_view when, int descriptor) {
  if (when != "auto") return when == "always";
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return ::isatty(descriptor) == 1 && terminal != nullptr && std::string_view{terminal} != "dumb";
}

/// True when the environment's character set is UTF-8 (in cron it usually is not).
inline bool use_unicode() {
  std::setlocale(LC_CTYPE, "");
  return std::string_view{::nl_langinfo(CODESET)} == "UTF-8";
}

/// Whether a progress line is wanted: on a terminal, unless asked otherwise.
inline bool wants_progress(bool always, bool never) { return !never && (always || ::isatty(STDERR_FILENO) == 1); }

/// Columns of the terminal behind `descriptor`, or `otherwise`.
inline unsigned terminal_width(int descriptor, unsigned otherwise) {
  struct winsize size {};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return otherwise;
}

}  // namespace knowngood::tool
