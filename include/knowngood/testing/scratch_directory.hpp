// scratch_directory: runs real tools in a directory that vanishes afterwards, for comparison with them.
//
// Layer: testing. Example: scratch_directory here; here.write("a", bytes); EXPECT_EQ(here.run("gzip -t a").status, 0);
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace knowngood {

struct tool_run {
  int status = -1;     ///< exit status, 128 + signal
  std::string output;  ///< standard output, and standard error where the command joins it
};

inline tool_run run_tool(const std::string& command) {
  tool_run run;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return run;
  char buffer[65'536];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) run.output.append(buffer, got);
  const int status = ::pclose(pipe);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

/// A directory that vanishes with this object.
class scratch_directory {
 public:
  scratch_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "knowngood-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make a scratch directory"};
    path_ = name;
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Runs a shell command in it, in the C locale.
  [[nodiscard]] tool_run run(const std::string& command) const {
    return run_tool("cd '" + path_.string() + "' && export LC_ALL=C && { " + command + "\n}");
  }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream out{path_ / name, std::ios::binary};
    out << bytes;
    if (!out.flush()) throw std::runtime_error{"cannot write " + name};
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in{path_ / name, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + name};
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return std::move(bytes).str();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace knowngood
