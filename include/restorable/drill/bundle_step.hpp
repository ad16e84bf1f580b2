// restore_bundle: clones a git bundle and checks the clone.
//
// Layer: drill. Step `clone-bundle`.
#pragma once

#include <string>
#include <utility>

#include "restorable/audit/report.hpp"
#include "restorable/drill/archive_step.hpp"
#include "restorable/drill/drill_item.hpp"
#include "restorable/drill/drill_scene.hpp"
#include "restorable/drill/git_rehearsal.hpp"

namespace restorable {

inline void restore_bundle(const drill_item& item, drill_scene& scene) {
  scene.steps.run({"clone-bundle", item.component, item.label}, item.wishes.allow_skip, [&](step_report& step) {
    bundle_request request;
    request.bundle = item.path;
    request.directory = scene.make_directory(item.name);
    request.refs = &item.refs;
    request.required_refs = item.wishes.required_refs;
    request.repository = item.wishes.repository;
    request.now = scene.result.started;
    request.stop = scene.settings.stop;
    git_rehearsal cloned = rehearse_bundle(request);
    if (cloned.stopped) throw interrupted{};
    for (auto& [key, value] : cloned.properties) step.properties.push_back({item.where, std::move(key), std::move(value)});
    if (!cloned.checkout.empty()) scene.tell("RESTORABLE_REPOSITORY", cloned.checkout.string());
    detail::add_findings(step, std::move(cloned.findings), std::move(cloned.unchecked), item);
  });
}

}  // namespace restorable
