// drill_settings: how a drill is to be carried out.
//
// Layer: drill.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "knowngood/base/limits.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/verify/artifact_verifier.hpp"
#include "knowngood/verify/progress_board.hpp"

namespace knowngood {

struct drill_settings {
  limits bounds;
  stop_flag stop = {};  ///< asked: the drill ends, cleans up and reports what it did
  std::chrono::seconds time_limit = std::chrono::hours{24};  ///< of the whole drill; zero: none
  std::function<moment()> clock;                             ///< must be given
  unsigned jobs = 2;                   ///< connections, verifications and index builds side by side; at least 1
  bool keep = false;                   ///< leave the scratch directory for inspection
  std::filesystem::path scratch;       ///< directory in which the scratch directory is made
  std::string postgres;                ///< directory of PostgreSQL's programs to look in first; empty: the usual places
  std::string server;                  ///< conninfo of a running server to restore into; empty: one of our own
  std::string source;                  ///< conninfo of the live database, over the policy's
  std::set<std::string> skip;          ///< names of steps not to run
  progress_board* progress = nullptr;  ///< kept up to date where given
};

}  // namespace knowngood
