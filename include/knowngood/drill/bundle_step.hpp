// restore_bundle: clones a git bundle and checks the clone.
//
// Layer: drill. Step `clone-bundle`.
#pragma once

#include <string>
#include <utility>

#include "knowngood/drill/archive_step.hpp"
#include "knowngood/drill/drill_item.hpp"
#include "knowngood/drill/drill_scene.hpp"
#include "knowngood/rehearse/bundle_rehearsal.hpp"
#include "knowngood/report/drill_steps.hpp"
#include "knowngood/report/report.hpp"

namespace knowngood {

inline void restore_bundle(const drill_item& item, drill_scene& scene) {
  scene.steps.run({drill_steps::clone_bundle, item.component, item.label}, item.policy.allow_skip,
                  [&](step_report& step) {
                    bundle_request request;
                    request.bundle = item.path;
                    request.directory = scene.make_directory(item.name);
                    request.refs = &item.refs;
                    request.required_refs = item.policy.required_refs;
                    request.repository = item.policy.repository;
                    request.now = scene.result.started;
                    request.stop = scene.settings.stop;
                    bundle_result cloned = rehearse_bundle(request);
                    for (auto& [key, value] : cloned.properties)
                      step.properties.push_back({item.where, std::move(key), std::move(value)});
                    if (!cloned.checkout.empty())
                      scene.add_probe_variable("KNOWNGOOD_REPOSITORY", cloned.checkout.string());
                    detail::add_findings(step, std::move(cloned.findings), std::move(cloned.unchecked), item);
                  });
}

}  // namespace knowngood
