// load_lane: one of the connections that a dump is loaded over, beside the main one.
//
// Layer: load. It works under the settings that the dump has made on the main one.
//   load_lane lane{conninfo, where, options}; if (const auto error = lane.prepare(setup.sql())) ...
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "knowngood/base/stop_flag.hpp"
#include "knowngood/server/connection.hpp"

namespace knowngood {

struct lane_options {
  unsigned connections = 2;                 ///< side by side, at least 1
  std::chrono::milliseconds time_limit{0};  ///< for one statement; 0: none
  stop_flag stop = {};
};

class load_lane {
 public:
  /// Connects. Throws `environment_error`.
  load_lane(const std::string& conninfo, const location& where, const lane_options& options)
      : session_{conninfo, where} {
    session_.set_stop(options.stop);
    session_.set_time_limit(options.time_limit);
  }

  /// Runs `setup` unless it ran last. Returns its error, if any.
  std::optional<sql_error> prepare(const std::shared_ptr<const std::string>& setup) {
    if (setup == done_) return std::nullopt;
    try {
      if (!setup->empty()) session_.query(*setup);
    } catch (const sql_error& error) {
      return error;
    }
    done_ = setup;
    return std::nullopt;
  }

  [[nodiscard]] connection& session() noexcept { return session_; }

 private:
  connection session_;
  std::shared_ptr<const std::string> done_;
};

}  // namespace knowngood
