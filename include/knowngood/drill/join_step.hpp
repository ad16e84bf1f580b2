// restore_joined: restores what lies there in parts: the parts are put together in the scratch first, as they would be
// in a recovery.
//
// Layer: drill. Step `join-parts`, and then those of what they are parts of.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>

#include "knowngood/base/error.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/io/joined_source.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

/// `restore` restores the whole.
inline void restore_joined(const drill_item& item, drill_scene& scene,
                           const std::function<void(const drill_item&)>& restore) {
  drill_item whole = item;
  whole.parts.clear();
  const std::filesystem::path file = scene.new_path(item.name);
  whole.path = file.string();
  const bool joined = scene.steps.run(
      {drill_steps::join_parts, item.component, item.label}, item.policy.allow_skip, [&](step_report& step) {
        joined_source parts{item.parts};
        std::ofstream out{file, std::ios::binary};
        for (byte_view chunk = parts.next(); out && !chunk.empty(); chunk = parts.next()) {
          scene.settings.stop.throw_if_requested();
          out.write(reinterpret_cast<const char*>(chunk.data()), static_cast<std::streamsize>(chunk.size()));
          step.bytes += chunk.size();
        }
        errno = 0;
        out.close();
        if (!out) throw system_error(location{whole.path}, "write the joined parts", errno != 0 ? errno : ENOSPC);
      });
  if (joined) {
    restore(whole);
  } else {
    scene.steps.forgo({drill_steps::restore, item.component, item.label}, "the parts could not be put together",
                      item.policy.allow_skip, scene.steps.last());
  }
  std::error_code gone;
  std::filesystem::remove(file, gone);  // with the scratch otherwise
}

}  // namespace knowngood
