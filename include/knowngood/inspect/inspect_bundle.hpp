// inspect_bundle: a git bundle read, with its refs as facts, and whether it was proved to hold all that it names.
//
// Layer: inspect. Example:  result.unproven = inspect_bundle(*head, where, bounds, how, out);
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "knowngood/base/checks.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/git/bundle.hpp"
#include "knowngood/inspect/facts.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood::detail {

/// Reads `from` to its end. True when something could not be proved: that all that objects name is there, or what a ref
/// points to. Throws what `read_bundle` throws.
inline bool inspect_bundle(source& from, const location& where, const limits& bounds, const bundle_options& how,
                           sink& out) {
  bool unproven = false;
  const bundle_summary summary = read_bundle(from, where, bounds, out, how);
  if (!summary.pack.links_proven && summary.pack.unresolved_objects() > 0 && summary.prerequisites.empty()) {
    unproven = true;
    out.report(make_finding(checks::bundle_unproven, where,
                            "whether the pack holds everything that its objects name could not be determined",
                            "the name of every object",
                            fmt::format("{} of {} objects", summary.pack.objects - summary.pack.unresolved_objects(),
                                        summary.pack.objects)));
  }
  out.learn(property_fact{where, "objects", fmt::format("{}", summary.pack.objects)});
  out.learn(property_fact{where, "object_format", std::string{to_string(summary.format)}});
  for (const auto& ref : summary.refs) out.learn(ref_fact{where, ref.name, ref.object});
  if (summary.unproven_refs > 0) {
    unproven = true;
    out.report(make_finding(checks::bundle_ref_unproven, where,
                            fmt::format("{} of {} refs may point to objects that are stored as unresolved deltas",
                                        summary.unproven_refs, summary.refs.size())));
  }
  return unproven;
}

}  // namespace knowngood::detail
