// Runs a compressor of the system on bytes, so that knowngood is held against what people really use.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

namespace knowngood {

inline bool has_tool(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT(concurrency-mt-unsafe)
}

/// What a tool made of its input: its output and exit status.
struct tool_result {
  std::string output;
  int status = 0;
};

/// `command` run by the shell with `input` on its standard input; its complaints are dropped.
inline tool_result run_tool(const std::string& command, const std::string& input) {
  std::string path = testing::TempDir() + "knowngood-codec-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0) throw std::runtime_error{"no temporary file"};
  ::close(fd);
  std::ofstream{path, std::ios::binary} << input;
  const std::string line = "( " + command + " ) < '" + path + "' 2>/dev/null";
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error{"cannot run " + command};
  tool_result result;
  std::array<char, 65536> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), got);
  }
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ::unlink(path.c_str());
  return result;
}

/// The output of a tool that has to succeed.
inline std::string made_by(const std::string& command, const std::string& input) {
  tool_result result = run_tool(command, input);
  if (result.status != 0) throw std::runtime_error{command + " failed"};
  return std::move(result.output);
}

}  // namespace knowngood
