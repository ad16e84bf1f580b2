// run_drill: rehearses a plan: verifies, unpacks, clones, boots, loads, compares, and cleans up, whatever happens.
//
// Layer: drill. Steps stand in the report in the order they began, each with its time and findings.
//   report result; run_drill(plan, settings, result); return result.exit_code;
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/base/exit_code.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/base/printable.hpp"
#include "knowngood/base/stop_flag.hpp"
#include "knowngood/base/time.hpp"
#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/drill/archive_step.hpp"
#include "knowngood/drill/bundle_step.hpp"
#include "knowngood/drill/database_step.hpp"
#include "knowngood/drill/drill_plan.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/drill/drill_settings.hpp"
#include "knowngood/drill/full_system_step.hpp"
#include "knowngood/drill/join_step.hpp"
#include "knowngood/drill/probe_step.hpp"
#include "knowngood/drill/recoveries.hpp"
#include "knowngood/drill/select_artifacts.hpp"
#include "knowngood/drill/step_recorder.hpp"
#include "knowngood/drill/time_limit.hpp"
#include "knowngood/drill/unpack_step.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/report/report_verdict.hpp"
#include "knowngood/report/restored.hpp"
#include "knowngood/verify/run.hpp"

namespace knowngood {

namespace detail {

/// Restores one artifact in its own way. Full backups have been taken apart before.
inline void restore(const drill_item& item, drill_scene& scene) {
  switch (item.how) {
    case restore_kind::dump:
      if (!item.packed) return restore_dump(item, scene);
      return restore_packed_dump(item, scene, [&](const drill_item& dump) { restore(dump, scene); });
    case restore_kind::bundle: return restore_bundle(item, scene);
    case restore_kind::archive: return restore_archive(item, scene);
    case restore_kind::full_system:
      return restore_full_system(item, scene, [&](const drill_item& inner) { restore(inner, scene); });
    case restore_kind::by_hand:
    case restore_kind::none: break;
  }
  scene.steps.run({drill_steps::restore, item.component, item.label}, item.policy.allow_skip,
                  [&](step_report& step) { step.unchecked.push_back(not_rehearsed(item.where)); });
}

/// Whether a file is no backup: notes and other text that lie in a directory of backups.
inline bool is_remark(const drill_item& item) {
  const std::string_view kind = innermost_kind(item.kind_found);
  return item.found && !claims_of(item.path).any() &&
         (kind == to_string(content::text) || kind == to_string(content::json) || kind == to_string(content::empty));
}

/// Restores what lies in the estate: as it is, or put together first.
inline void restore_stored(const drill_item& item, drill_scene& scene) {
  if (is_remark(item)) return;
  if (item.parts.empty()) return restore(item, scene);
  restore_joined(item, scene, [&](const drill_item& whole) { restore(whole, scene); });
}

/// SQL that is to be loaded: a dump's, or that of the newest dump in a full backup, as far as its members tell.
inline std::uint64_t dumped_bytes(const drill_item& item) {
  if (item.how == restore_kind::dump) return item.expanded;
  std::uint64_t largest = 0;
  if (item.how != restore_kind::full_system) return 0;
  for (const auto& member : item.members) {
    constexpr std::uint64_t expansion = 6;
    if (restore_kind_of(member) == restore_kind::dump) {
      largest = std::max(largest, member.size * (member.kind.find('>') == std::string::npos ? 1 : expansion));
    }
  }
  return largest;
}

/// What the items take in the scratch directory once they are restored, with the server where it is the drill's own.
/// Databases stay until the drill's end.
inline std::uint64_t needed_space(const std::vector<drill_item>& items, bool on_given_server) {
  std::uint64_t bytes = std::uint64_t{64} << 20;
  std::uint64_t dumps = 0;
  for (const auto& item : items) {
    bytes += item.how == restore_kind::dump && !item.packed ? 0 : item.expanded;
    if (!item.parts.empty()) bytes += item.stored;
    dumps += dumped_bytes(item);
  }
  // tables and indexes take about what the script does, twice where there are many indexes; WAL and the catalogue
  // besides
  if (dumps > 0 && !on_given_server) bytes += dumps * 2 + (std::uint64_t{256} << 20);
  return bytes;
}

// What goes wrong between the steps of one artifact is no reason to leave out the others, nor to leave anything behind.
template <typename Action>
void attempt(const location& where, report& result, Action action) {
  try {
    action();
  } catch (const environment_error& error) {
    result.unchecked.push_back({error.where(), error.what(), error.advice()});
  } catch (const std::exception& error) {
    result.unchecked.push_back({where, fmt::format("the rehearsal broke off: {}", printable(error.what())),
                                "run the drill again; if it stays so, report it with this text"});
  }
}

inline void judge_drill(const drill_plan& plan, report& result) {
  judge_recoveries(plan, result);
  const unchecked_item nothing{location{}, "nothing was restored", "check the paths, or what the policy names"};
  judge_report(result, was_restored(result, "") ? nullptr : &nothing);
}

}  // namespace detail

/// Carries out `plan` and fills in all of `result` but who ran it, when and how. Whatever is in the way of one artifact
/// is a finding, and the drill goes on with the next. `result.exit_code` is 4 when something could not be cleaned up.
inline void run_drill(const drill_plan& plan, const drill_settings& wanted, report& result) {
  const time_limit limit{wanted.stop, wanted.time_limit};
  drill_settings settings = wanted;
  settings.stop = limit.flag();
  result.components = plan.components;
  result.findings = plan.findings;
  result.unchecked = plan.unchecked;
  step_recorder steps{{settings.clock, settings.skip, settings.stop, settings.progress}};
  bool left_behind = false;
  result.complete = true;
  try {
    std::vector<drill_item> items = select_artifacts(plan, settings, steps, result.artifacts);
    introduce_parts(items);
    if (items.empty()) {
      forgo_probes(plan, steps);
    } else {
      drill_scene scene{plan, settings, steps, result};
      if (scene.prepare(detail::needed_space(items, !settings.server.empty()))) {
        try {
          for (const auto& item : items)
            detail::attempt(item.where, result, [&] { detail::restore_stored(item, scene); });
          if (!plan.capture.empty() && !scene.capture_read()) {
            result.unchecked.push_back(
                {location{plan.capture}, "the capture was compared with nothing: no dump was restored",
                 "give it with the dump that it was made with, or the full backup which holds that"});
          }
          detail::attempt(location{"probe"}, result, [&] { run_probes(scene); });
        } catch (const interrupted&) {
          result.complete = false;
        }
      } else {
        forgo_probes(plan, steps);
      }
      left_behind = !scene.clean_up();
    }
  } catch (const interrupted&) {
    result.complete = false;
  }
  if (limit.expired()) {
    result.unchecked.push_back(
        {location{"drill"},
         fmt::format("the drill was ended after {}, its time limit", format_duration(wanted.time_limit)),
         "allow it more time, or find out what it waits for"});
  }
  result.steps = steps.take();
  detail::judge_drill(plan, result);
  if (left_behind) result.exit_code = exit_code::left_behind;
}

}  // namespace knowngood
