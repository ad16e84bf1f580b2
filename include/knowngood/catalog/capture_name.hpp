// is_capture_name, usual_capture_of: what a capture, the expected row sets of a dump, is called.
//
// Layer: catalog. Example: usual_capture_of("db.sql.gz") == "db.sql.gz.capture.json"
#pragma once

#include <string>
#include <string_view>

namespace knowngood {

/// The name that a capture has beside its artifact unless the policy says otherwise.
inline std::string usual_capture_of(std::string_view artifact) { return std::string{artifact} + ".capture.json"; }

constexpr bool is_capture_name(std::string_view name) noexcept { return name.ends_with(".capture.json"); }

}  // namespace knowngood
