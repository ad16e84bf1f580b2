// promised_by: what a policy's kind promises of a component's artifacts, for the one place that judges promises.
//
// Layer: verify. Example: promised_by(component_kind::logs) == promised_content::archive.
#pragma once

#include "knowngood/catalog/component_policy.hpp"
#include "knowngood/inspect/promise.hpp"

namespace knowngood {

constexpr promised_content promised_by(component_kind kind) noexcept {
  switch (kind) {
    case component_kind::postgres_dump: return promised_content::dump;
    case component_kind::git_bundle: return promised_content::bundle;
    case component_kind::models:
    case component_kind::configuration:
    case component_kind::volume:
    case component_kind::logs:
    case component_kind::full_system:
    case component_kind::archive: return promised_content::archive;
    case component_kind::any: break;
  }
  return promised_content::nothing;
}

}  // namespace knowngood
