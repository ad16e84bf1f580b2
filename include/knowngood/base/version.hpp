// The version of knowngood, in its one place: CMake reads it from here.
//
// Layer: base.
#pragma once

#include <string_view>

namespace knowngood {

inline constexpr std::string_view version_text = "0.1.0";

}  // namespace knowngood
