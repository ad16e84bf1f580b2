// drill_settings: how a drill is to be carried out.
//
// Layer: drill.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "restorable/base/limits.hpp"
#include "restorable/base/time.hpp"
#include "restorable/verify/artifact_verifier.hpp"
#include "restorable/verify/progress_board.hpp"

namespace restorable {

struct drill_settings {
  limits bounds;
  const std::atomic<bool>* stop = nullptr;   ///< when it turns true, the drill ends, cleans up and reports what it did
  std::function<moment()> clock;             ///< must be given
  unsigned jobs = 2;                         ///< connections, verifications and index builds side by side; at least 1
  bool strict = false;                       ///< warnings fail the drill too
  bool keep = false;                         ///< leave the scratch directory for inspection
  std::filesystem::path scratch;             ///< directory in which the scratch directory is made
  std::string postgres;                      ///< directory of PostgreSQL's programs to look in first; empty: the usual places
  std::string server;                        ///< conninfo of a running server to restore into; empty: one of our own
  std::string source;                        ///< conninfo of the live database, over the policy's
  std::set<std::string> skip;                ///< names of steps not to run
  progress_board* progress = nullptr;        ///< kept up to date where given
};

}  // namespace restorable
