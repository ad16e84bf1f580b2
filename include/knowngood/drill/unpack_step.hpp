// restore_packed_dump: restores a dump whose files lie in a tar, as pg_dump's tar format and a tar of its directory
// format are: unpacked into the scratch first, and then loaded from there.
//
// Layer: drill. Step `unpack-dump`, and then those of a dump.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "knowngood/base/location.hpp"
#include "knowngood/drill/archive_step.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/inspect/dump_files_watch.hpp"
#include "knowngood/rehearse/archive_rehearsal.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

namespace detail {

/// Directories that hold a table of contents, in order.
inline std::vector<std::filesystem::path> find_dump_directories(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
    if (entry.path().filename() == dump_contents_name &&
        entry.symlink_status().type() == std::filesystem::file_type::regular)
      found.push_back(entry.path().parent_path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace detail

/// `restore` restores each dump in it.
inline void restore_packed_dump(const drill_item& item, drill_scene& scene,
                                const std::function<void(const drill_item&)>& restore) {
  const std::filesystem::path directory = scene.make_directory(item.name);
  bool whole = false;
  scene.steps.run({drill_steps::unpack_dump, item.component, item.label}, item.policy.allow_skip,
                  [&](step_report& step) {
                    archive_request request;
                    request.artifact = item.path;
                    request.directory = directory;
                    request.bounds = scene.settings.bounds;
                    request.stop = scene.settings.stop;
                    archive_result restored = rehearse_archive(request);
                    step.bytes = restored.restored.bytes;
                    whole = restored.restored.complete;
                    detail::add_findings(step, std::move(restored.findings), std::move(restored.unchecked), item);
                  });
  const auto dumps = whole ? detail::find_dump_directories(directory) : std::vector<std::filesystem::path>{};
  if (dumps.empty()) {
    scene.steps.forgo({drill_steps::load_dump, item.component, item.label}, "the dump could not be unpacked",
                      item.policy.allow_skip, scene.steps.last());
    return;
  }
  for (const auto& one : dumps) {
    drill_item dump = item;
    dump.path = one.string();
    dump.packed = false;
    if (dumps.size() > 1) {
      const std::string inside = one.lexically_relative(directory).string();
      dump.where = item.where / inside;
      dump.label = dump.where.to_string();
      std::erase_if(dump.tables, [&](const table_fact& table) { return table.where != dump.where; });
    }
    restore(dump);
  }
}

}  // namespace knowngood
