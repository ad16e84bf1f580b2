// Shell commands as processes, and whether a process is still there.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "knowngood/sandbox/start_process.hpp"

namespace knowngood {

inline process_request shell(const std::string& command) {
  process_request request;
  request.arguments = {"sh", "-c", command};
  return request;
}

/// A zombie is not.
inline bool is_alive(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  return static_cast<bool>(std::getline(status, text)) && text.find(") Z ") == std::string::npos;
}

/// Whether it is gone within two seconds.
inline bool ends_soon(pid_t pid) {
  for (int i = 0; i < 200 && is_alive(pid); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return !is_alive(pid);
}

}  // namespace knowngood
