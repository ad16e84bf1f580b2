// verify_plan: what a run is to do, and what is known before it starts.
//
// Layer: verify. Made by path_plan.hpp or policy_plan.hpp, carried out by run.hpp.
#pragma once

#include <functional>
#include <vector>

#include "knowngood/base/unchecked_item.hpp"
#include "knowngood/report/report.hpp"
#include "knowngood/verify/artifact_task.hpp"

namespace knowngood {

struct verify_plan {
  std::vector<artifact_task> tasks;
  std::vector<artifact_report> lists;        ///< checksum lists, verified already
  std::vector<component_report> components;  ///< with a policy: presence and size, judged already
  std::vector<finding> findings;             ///< about the run as a whole
  std::vector<unchecked_item> unchecked;
  std::function<void(report&)> finish;  ///< judges what takes several artifacts' digests; may be empty
};

}  // namespace knowngood
