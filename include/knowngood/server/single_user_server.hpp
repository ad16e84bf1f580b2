// single_user_server: runs statements in a restored cluster before anything connects to it, as its first superuser
// whatever his name, with nothing of the cluster's own in the way: in PostgreSQL's single-user mode settings of
// databases and roles are not applied, event triggers do not fire, and databases that take no connections are open.
//
// Layer: server. Each run starts a server of its own and ends it; the first recovers the cluster after a crash.
//   single_user_server alone{request, data};  alone.run("postgres", {"DELETE FROM pg_catalog.pg_db_role_setting"});
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/sandbox/hand_over.hpp"
#include "knowngood/sandbox/process.hpp"
#include "knowngood/server/server_log.hpp"
#include "knowngood/server/server_process.hpp"

namespace knowngood {

/// What came of statements that were run alone.
struct single_user_result {
  bool opened = false;  ///< false: the database could not be opened, and nothing was run
  std::string output;   ///< rows, as single-user mode shows them
  std::string errors;   ///< the lines of its log that complain, for `log_reason`; empty: all went well
};

class single_user_server {
 public:
  /// `data` belongs to the request's user. Makes the request's directory. Throws `environment_error`.
  single_user_server(server_request request, std::filesystem::path data)
      : request_{std::move(request)}, data_{std::move(data)} {
    make_directory(request_.directory);
    detail::write_server_files(request_.directory);
  }

  /// Runs `statements` in `database`, one after another, whatever becomes of those before. Each is one line. Errors
  /// that hold one of `expected` are none. Throws `environment_error` when the host is at fault, `interrupted`.
  single_user_result run(const std::string& database, const std::vector<std::string>& statements,
                         const std::vector<std::string>& expected = {}) const {
    process_request process = detail::server_process(request_, data_, {});
    process.arguments.insert(process.arguments.begin() + 1, "--single");
    process.arguments.insert(process.arguments.end(), {"--", database});  // whose name may look like an option
    for (const auto& one : statements) process.input += one + "\n";
    process.time_limit = detail::longest_start;
    process.stop = request_.stop;
    single_user_result result;
    process.on_output = [&](std::string_view text) {
      constexpr std::size_t most = std::size_t{64} << 20;
      result.output += text.substr(0, most - std::min(most, result.output.size()));
    };
    const process_result said = run_process(process);
    result.opened = result.output.find("backend> ") != std::string::npos;
    for (std::string_view rest = said.output; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const bool complains = line.find("ERROR:") != std::string_view::npos ||
                             line.find("FATAL:") != std::string_view::npos ||
                             line.find("PANIC:") != std::string_view::npos;
      const bool counts = complains && std::none_of(expected.begin(), expected.end(), [&](const std::string& one) {
                            return line.find(one) != std::string_view::npos;
                          });
      if (counts) result.errors.append(line).append("\n");
    }
    if (!said.timed_out) result.errors += log_of_end(said.exit_code);
    if (result.errors.empty() && said.exit_code != 0) {
      result.errors = said.timed_out ? "FATAL:  it takes longer than it may" : said.output;
      if (result.errors.empty()) result.errors = "FATAL:  it ended without a word";
    }
    if (log_blames_host(result.errors)) {
      throw environment_error{location{"PostgreSQL"},
                              "the server cannot be run on this host: " + log_reason(result.errors),
                              "give it what it asks for, or choose another directory with --scratch DIR"};
    }
    return result;
  }

 private:
  server_request request_;
  std::filesystem::path data_;
};

}  // namespace knowngood
